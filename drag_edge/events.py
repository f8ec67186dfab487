"""Something that happened to a part, as data: it goes to the safety table, never as an exception."""

from __future__ import annotations

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
