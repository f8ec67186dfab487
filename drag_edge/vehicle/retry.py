"""When a bus or a port that is gone is opened again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Opened = TypeVar("Opened")


class Retry(Generic[Opened]):
    """When what is gone is opened again: at once, then after growing waits.

    open: opens it, or raises.
    """

    def __init__(
        self, open_: Callable[[], Opened], first_wait_s: float, longest_wait_s: float
    ) -> None:
        self.open = open_
        self._first_s, self._longest_s = first_wait_s, longest_wait_s
        self._wait_s = first_wait_s
        self._next_s: float | None = None

    def due(self, now_s: float) -> bool:
        """Whether to try now; the next time is later."""
        if self._next_s is not None and 0 < self._next_s - now_s <= self._longest_s:
            return False
        self._next_s = now_s + self._wait_s
        self._wait_s = min(2 * self._wait_s, self._longest_s)
        return True

    def worked(self) -> None:
        """A frame left: the next failure starts over."""
        self._wait_s, self._next_s = self._first_s, None
