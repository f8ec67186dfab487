"""Which fault bit of STATUS an event sets. Policy is this table."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from drag_edge.events import Event

FAULT_BITS = (
    "StatusFaultCamera",
    "StatusFaultModel",
    "StatusFaultPerception",
    "StatusFaultLate",
    "StatusFaultEgo",
    "StatusFaultBus",
    "StatusFaultOther",
)

# The first part of an event's name says which part it is about.
_BIT_OF_PREFIX = MappingProxyType(
    {
        "camera": "StatusFaultCamera",
        "frame": "StatusFaultCamera",
        "model": "StatusFaultModel",
        "lanes": "StatusFaultPerception",
        "objects": "StatusFaultPerception",
        "road": "StatusFaultPerception",
        "range": "StatusFaultPerception",
        "pitch": "StatusFaultPerception",
        "clock": "StatusFaultPerception",
        "loop": "StatusFaultLate",
        "late": "StatusFaultLate",
        "ego": "StatusFaultEgo",
        "speed": "StatusFaultEgo",
        "bus": "StatusFaultBus",
        "log": "StatusFaultBus",
    }
)
_GOOD_NEWS = ("_recovered", "_loaded", "_connected", "_ready")


def faults_of(events: Iterable[Event]) -> frozenset[str]:
    """The fault signals of STATUS that these events set."""
    return frozenset(
        _BIT_OF_PREFIX.get(event.name.split("_", 1)[0], "StatusFaultOther")
        for event in events
        if not event.name.endswith(_GOOD_NEWS)
    )
