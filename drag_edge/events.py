"""Something that happened to a part, as data: the safety table reads it, nobody raises it."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """A named occurrence.

    name: one of the names in the table of adas/events.py ("model_failed", "camera_lost" …).
    source: which camera, model, message or bus. detail: for a person, one line.
    time_s: on the daemon's monotonic clock, seconds.
    """

    name: str
    source: str
    detail: str
    time_s: float


class EventBox:
    """Where the parts put their events, from any thread; the loop empties it once a tick.

    While nobody empties it, repetitions go first: an event that the same source told again since
    then says nothing that the newer one does not, and a rare one must not be lost to them.
    """

    def __init__(self, size: int = 1000) -> None:
        self._size = size
        self._events: list[Event] = []
        self._using = threading.Lock()

    def put(self, event: Event) -> None:
        """Keep an event for the next tick."""
        with self._using:
            self._events.append(event)
            if len(self._events) > self._size:
                self._events = _newest_of_each(self._events)[-self._size :]

    def take(self) -> tuple[Event, ...]:
        """Everything since the last call, oldest first."""
        with self._using:
            events, self._events = self._events, []
        return tuple(events)


def _newest_of_each(events: list[Event]) -> list[Event]:
    """The last of each name and source, in the order in which they came."""
    newest: dict[tuple[str, str], Event] = {}
    for event in reversed(events):
        newest.setdefault((event.name, event.source), event)
    return list(reversed(newest.values()))
