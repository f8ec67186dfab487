"""Something that happened to a part, as data: the safety table reads it, nobody raises it."""

from __future__ import annotations

from collections import deque
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
    """Where the parts put their events, from any thread; the loop empties it once a tick."""

    def __init__(self, size: int = 1000) -> None:
        self._events: deque[Event] = deque(maxlen=size)

    def put(self, event: Event) -> None:
        """Keep an event for the next tick; the oldest goes when nobody empties the box."""
        self._events.append(event)

    def take(self) -> tuple[Event, ...]:
        """Everything since the last call, oldest first."""
        return tuple(self._events.popleft() for _ in range(len(self._events)))
