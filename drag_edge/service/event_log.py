"""Events for a person: each told when it comes, and while it stays, seldom."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from drag_edge.adas.events import policy_of
from drag_edge.events import Event

log = logging.getLogger("drag_edge.events")

AGAIN_AFTER_S = 10.0


class EventLog:
    """Writes events to the log; one that repeats is told again after AGAIN_AFTER_S with its count.

    Events that change the mode, forbid something or raise an alert are warnings, others are
    information.
    """

    def __init__(self) -> None:
        self._told_s: dict[tuple[str, str], float] = {}
        self._untold: dict[tuple[str, str], int] = {}

    def write(self, events: Iterable[Event]) -> None:
        """Tell what is new."""
        for event in events:
            key = (event.name, event.source)
            told_s = self._told_s.get(key)
            # A clock that went back must not silence anything.
            if told_s is not None and 0 <= event.time_s - told_s < AGAIN_AFTER_S:
                self._untold[key] = self._untold.get(key, 0) + 1
                continue
            self._told_s[key] = event.time_s
            self._tell(event, self._untold.pop(key, 0))

    def _tell(self, event: Event, repeated: int) -> None:
        policy = policy_of(event.name)
        matters = policy.mode is not None or policy.alert is not None or bool(policy.forbids)
        again = f" (and {repeated} times since it was last told)" if repeated else ""
        log.log(
            logging.WARNING if matters else logging.INFO,
            "%s: %s: %s%s",
            event.name,
            event.source,
            event.detail,
            again,
        )
