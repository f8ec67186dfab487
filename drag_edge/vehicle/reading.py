"""From what a frame says to what is known: units, possible values, and ways to say "unknown"."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cantools.database.can import Message

Plain = float | bool | int


@dataclass(frozen=True, slots=True)
class Conversion:
    """From the DBC's physical value to that of EgoState; one of three kinds.

    Number: ((v + plus)·scale + offset), its magnitude where that is asked for, then between low
    and high; beyond `most` it is no value at all. Switch: `on` or `above`. Choice: `choices`, or
    the number itself.
    """

    kind: str
    scale: float = 1.0
    offset: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    most: float = math.inf
    magnitude: bool = False
    invert: bool = False
    on: tuple[float, ...] | None = None
    above: float | None = None
    choices: Mapping[float, int] = field(default_factory=dict)

    def __call__(self, physical: float) -> Plain | None:
        """The value, or None for one that cannot be."""
        if self.kind == "number":
            value = physical * self.scale + self.offset
            value = abs(value) if self.magnitude else value
            return None if value > self.most else min(max(value, self.low), self.high)
        if self.kind == "switch":
            return self._is_on(physical) != self.invert
        if not self.choices:
            return round(physical)
        return next((c for value, c in self.choices.items() if among(physical, (value,))), None)

    def _is_on(self, physical: float) -> bool:
        if self.above is not None:
            return physical > self.above
        return physical != 0 if self.on is None else among(physical, self.on)


@dataclass(frozen=True, slots=True)
class Source:
    """A signal of the DBC, and the physical values that the DBC says it can have.

    low, high: its [minimum|maximum], infinite where the DBC has none. grace: those are rounded.
    also: values beside these.
    """

    name: str
    low: float = -math.inf
    high: float = math.inf
    grace: float = 0.0
    also: tuple[float, ...] = ()

    def can_say(self, physical: float) -> bool:
        """Whether the DBC allows this value."""
        if self.low - self.grace <= physical <= self.high + self.grace:
            return True
        return among(physical, self.also)


@dataclass(frozen=True, slots=True)
class Reading:
    """value: None where it is not known. wrong: why the frame cannot be right; empty where nothing
    is wrong, and where the vehicle itself says that it does not know."""

    value: Plain | None
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class BoundSignal:
    """One thing to be read: which signals of which message, and how.

    name: key of the YAML. ego_field: of EgoState. timeout_s: older than this is unknown.
    invalid: values of `source` by which the vehicle says that it does not know.
    """

    name: str
    ego_field: str
    message: Message
    source: Source
    plus: Source | None
    conversion: Conversion
    invalid: tuple[float, ...]
    timeout_s: float

    def read(self, physical: Mapping[str, float]) -> Reading | None:
        """What a frame with these physical values says; None where it does not hold the signal."""
        value = physical.get(self.source.name)
        if value is None:
            return None
        if not math.isfinite(value) or among(value, self.invalid):
            return Reading(None)
        if not self.source.can_say(value):
            return _impossible(self.source, value)
        if self.plus is not None:
            more = physical.get(self.plus.name, 0.0)
            if not self.plus.can_say(more):
                return _impossible(self.plus, more)
            value += more
        known = self.conversion(value)
        if known is None and self.conversion.kind == "number":
            return Reading(None, f"{self.source.name} says {value:g}: no vehicle can be there")
        return Reading(known)


def among(value: float, values: Sequence[float]) -> bool:
    """Whether it is one of them, but for rounding."""
    return any(math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-9) for other in values)


def _impossible(source: Source, value: float) -> Reading:
    limits = f"[{source.low:g}|{source.high:g}]"
    return Reading(None, f"{source.name} says {value:g}, outside of the DBC's {limits}")
