"""How many of our frames do not leave, as an event while it is too many."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from drag_edge.events import Event

_PARTS = 4
_PART_S = 0.25  # the event is repeated this often: adas/events.py lets it hold for longer


class SendLosses:
    """Emits can_send_fault while more than `most` (0 to 1) of a second's frames could not leave.

    A bus that is off is not its business: bus_off tells that.
    """

    def __init__(self, source: str, most: float, on_event: Callable[[Event], None]) -> None:
        self._source = source
        self._most = most
        self._on_event = on_event
        self._parts: deque[tuple[int, int]] = deque(maxlen=_PARTS)  # left, failed
        self._left = self._failed = 0
        self._part_ends_s: float | None = None

    def forget(self) -> None:
        """Start over."""
        self._parts.clear()
        self._left = self._failed = 0
        self._part_ends_s = None

    def failed(self) -> None:
        """A frame could not leave."""
        self._failed += 1

    def left(self, now_s: float, last_error: str) -> None:
        """A frame left. last_error: why the newest one that did not."""
        self._left += 1
        if self._part_ends_s is None:
            self._part_ends_s = now_s + _PART_S
        if now_s < self._part_ends_s:
            return
        self._parts.append((self._left, self._failed))
        self._left = self._failed = 0
        self._part_ends_s = now_s + _PART_S
        if len(self._parts) == _PARTS:
            self._judge(now_s, last_error)

    def _judge(self, now_s: float, last_error: str) -> None:
        failed = sum(failed for _, failed in self._parts)
        share = failed / (failed + sum(left for left, _ in self._parts))
        if share > self._most:
            detail = f"{share:.0%} of the last second's frames could not be sent: {last_error}"
            self._on_event(Event("can_send_fault", self._source, detail, now_s))
