"""What a fault is, which kinds there are, and how a person writes one down."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from drag_edge.config.report import listed, nearest
from drag_edge.errors import UsageError


class Part(Enum):
    """What a fault breaks; the value says how a person names its target."""

    CAMERA = "camera"
    MODEL = "model"
    MESSAGE = "message"
    LOOP = "loop"
    BUS = "bus"


@dataclass(frozen=True, slots=True)
class Kind:
    """part: what it breaks. says: one line for a person. parameters: name → usual value."""

    part: Part
    says: str
    parameters: Mapping[str, float] = field(default_factory=dict)


_SHARE = MappingProxyType({"share": 1.0})

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "freeze": Kind(Part.CAMERA, "the last picture again and again, with new times"),
        "black": Kind(Part.CAMERA, "a picture of one grey level", {"level": 0.0}),
        "drop": Kind(Part.CAMERA, "this share of the pictures never arrives", _SHARE),
        "delay": Kind(Part.CAMERA, "pictures arrive by_s later", {"by_s": 0.4}),
        "clock_jump": Kind(Part.CAMERA, "picture times jump by by_s", {"by_s": 5.0}),
        "nan": Kind(Part.MODEL, "this share of the answers is not a number", _SHARE),
        "inf": Kind(Part.MODEL, "this share of the answers is infinite", _SHARE),
        "empty": Kind(Part.MODEL, "the model answers that there is nothing", _SHARE),
        "negative": Kind(Part.MODEL, "boxes of negative size", _SHARE),
        "missing": Kind(Part.MODEL, "the model fails", _SHARE),
        "stall": Kind(Part.LOOP, "the main loop stands still"),
        "bus_off": Kind(Part.BUS, "no frame can be sent or received"),
        "unplugged": Kind(Part.BUS, "the adapter is gone, and cannot be opened either"),
        "mute": Kind(Part.BUS, "frames go nowhere, without an error: a cut wire, a killed sender"),
        "silence": Kind(Part.MESSAGE, "this message of the vehicle is not received"),
        "no_speed": Kind(Part.BUS, "the message with the vehicle's own speed is not received"),
        "crc": Kind(Part.MESSAGE, "this share of the frames has a wrong CRC, both ways", _SHARE),
        "counter": Kind(Part.MESSAGE, "frames repeat the last one, both ways", _SHARE),
    }
)
# Without a target these break everything of their part; the others must name one.
_MUST_NAME = frozenset({"silence"})

_SPEC = re.compile(
    r"(?P<kind>[\w-]+)(?::(?P<target>[^@]+))?@(?P<start>[^+,]+)(?:\+(?P<seconds>[^,]+))?"
    r"(?P<parameters>(?:,[^,=]+=[^,]+)*)"
)
HOW = "KIND[:TARGET]@START[+SECONDS][,parameter=value], for example freeze:front@5+2"


class FaultError(UsageError):
    """A fault that cannot be understood or does not fit the configuration."""

    def __str__(self) -> str:
        """As it is: KIND:TARGET@START only looks like a login."""
        return Exception.__str__(self)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. target: camera, model or message; None: all of them. start_s, seconds: when and
    how long (infinite: to the end), counted from the start of the drive. parameters: by name."""

    kind: str
    start_s: float
    seconds: float = math.inf
    target: str | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def end_s(self) -> float:
        """The first moment at which it is over."""
        return self.start_s + self.seconds

    @property
    def part(self) -> Part:
        """What it breaks."""
        return KINDS[self.kind].part

    def at(self, time_s: float) -> bool:
        """Whether it is there at time_s."""
        return self.start_s <= time_s < self.end_s

    def hits(self, name: str) -> bool:
        """Whether it breaks the camera, model or message of this name."""
        return self.target is None or self.target == name

    def parameter(self, name: str) -> float:
        """Its value, or the usual one of its kind."""
        return self.parameters.get(name, KINDS[self.kind].parameters[name])

    def __str__(self) -> str:
        target = "" if self.target is None else f":{self.target}"
        length = "" if math.isinf(self.seconds) else f"+{self.seconds:g}"
        more = "".join(f",{name}={value:g}" for name, value in self.parameters.items())
        return f"{self.kind}{target}@{self.start_s:g}{length}{more}"


def parse_fault(spec: str) -> Fault:
    """Read `KIND[:TARGET]@START[+SECONDS][,parameter=value]`. Raises FaultError."""
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise FaultError(f"fault {spec!r}: expected {HOW}")
    pairs = [pair.split("=", 1) for pair in match["parameters"].split(",") if pair]
    return fault_of(
        {
            "kind": match["kind"],
            "target": match["target"],
            "start_s": match["start"],
            "seconds": match["seconds"],
            **{name.strip(): value for name, value in pairs},
        },
        spec,
    )


def fault_of(values: Mapping[str, Any], spec: str | None = None) -> Fault:
    """Read a mapping as YAML gives it: kind, target, start_s, seconds and the kind's parameters.

    Raises FaultError that names what was meant; spec: what the person wrote.
    """
    said = f"fault {spec if spec is not None else dict(values)!r}"
    given = {name: value for name, value in values.items() if value is not None}
    kind = str(given.pop("kind", "")).replace("-", "_")
    if kind not in KINDS:
        raise FaultError(f"{said}: no kind {kind!r}{_hint(kind, tuple(KINDS), 'the kinds are')}")
    target = given.pop("target", None)
    if target is None and kind in _MUST_NAME:
        raise FaultError(f"{said}: {kind} names a {KINDS[kind].part.value}: {kind}:NAME@START")
    if target is not None and KINDS[kind].part in (Part.LOOP, Part.BUS):
        raise FaultError(f"{said}: {kind} has no target, it breaks the {KINDS[kind].part.value}")
    if "start_s" not in given:
        raise FaultError(f"{said}: start_s is missing; expected {HOW}")
    start_s = _number(said, "start", given.pop("start_s"))
    seconds = _number(said, "length", given.pop("seconds", math.inf))
    if start_s < 0 or seconds <= 0:
        raise FaultError(f"{said}: start ≥ 0 s and length > 0 s")
    known = tuple(KINDS[kind].parameters)
    for name in given:
        if name not in known:
            hint = _hint(name, known, "it has") if known else "; it has none"
            raise FaultError(f"{said}: {kind} has no parameter {name!r}{hint}")
    parameters = {name: _number(said, name, value) for name, value in given.items()}
    if not 0 <= parameters.get("share", 1.0) <= 1:
        raise FaultError(f"{said}: share is from 0 to 1")
    return Fault(kind, start_s, seconds, None if target is None else str(target), parameters)


def check_targets(faults: Sequence[Fault], known: Mapping[Part, Sequence[str]]) -> None:
    """Raise FaultError for a target that the configuration does not have."""
    for fault in faults:
        names = known.get(fault.part, ())
        if fault.target is not None and fault.target not in names:
            what = fault.part.value
            hint = _hint(fault.target, names, f"the {what}s are")
            raise FaultError(f"fault '{fault}': no {what} {fault.target!r}{hint}")


def _hint(word: str, known: Sequence[str], otherwise: str) -> str:
    close = nearest(word, known)
    return f"; did you mean {close}?" if close else f"; {otherwise} {listed(known, 20)}"


def _number(said: str, name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise FaultError(f"{said}: {name}: {value!r} is no number") from error
    if math.isnan(number):
        raise FaultError(f"{said}: {name}: {value!r} is no number")
    return number
