"""Which fault bits of STATUS are set: event → bit is this one table."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from drag_edge.adas.events import policy_of
from drag_edge.events import Event

# The first word of an event's name says which part it is about.
_BIT_OF_PART = MappingProxyType(
    {
        "camera": "StatusFaultCamera",
        "frame": "StatusFaultCamera",
        "calibration": "StatusFaultCamera",
        "model": "StatusFaultModel",
        "lanes": "StatusFaultPerception",
        "objects": "StatusFaultPerception",
        "detector": "StatusFaultPerception",
        "road": "StatusFaultPerception",
        "range": "StatusFaultPerception",
        "pitch": "StatusFaultPerception",
        "scene": "StatusFaultLate",
        "loop": "StatusFaultLate",
        "latency": "StatusFaultLate",
        "clock": "StatusFaultLate",
        "ego": "StatusFaultEgo",
        "bus": "StatusFaultBus",
        "can": "StatusFaultBus",
        "mcu": "StatusFaultBus",
        "log": "StatusFaultBus",
    }
)
OTHER_BIT = "StatusFaultOther"
FAULT_BITS = (*dict.fromkeys(_BIT_OF_PART.values()), OTHER_BIT)

# STATUS leaves every 100 ms: an event of one step must be seen by a receiver that misses a few.
_LEAST_HOLD_S = 0.5


class FaultMemory:
    """The faults that hold: an event sets its bit for as long as adas/events.py says it holds."""

    def __init__(self) -> None:
        self._last_s: dict[tuple[str, str], float] = {}

    def note(self, events: Iterable[Event], now_s: float) -> None:
        """Take the events of one step of the main loop."""
        for event in events:
            for name, source in list(self._last_s):
                if source == event.source and policy_of(name).until == event.name:
                    del self._last_s[name, source]
            if _is_fault(event):
                self._last_s[event.name, event.source] = now_s

    def bits(self, now_s: float) -> frozenset[str]:
        """The fault signals of STATUS that are set."""
        self._last_s = {
            key: last_s
            for key, last_s in self._last_s.items()
            if _holds(key[0], max(0.0, now_s - last_s))  # noted after the asker looked at the clock
        }
        return frozenset(fault_bit(name) for name, _ in self._last_s)


def fault_bit(event_name: str) -> str:
    """The signal of STATUS that an event of this name sets."""
    return _BIT_OF_PART.get(event_name.split("_", 1)[0], OTHER_BIT)


def _is_fault(event: Event) -> bool:
    """Events that only inform, by adas/events.py, set no bit."""
    policy = policy_of(event.name)
    return policy.hold_s > 0 or policy.until is not None


def _holds(name: str, age_s: float) -> bool:
    policy = policy_of(name)
    return policy.until is not None or age_s <= max(policy.hold_s, _LEAST_HOLD_S)
