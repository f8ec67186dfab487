"""Numbers that spell their unit: "1.3 m", "130 km/h"."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_QUANTITY = re.compile(rf"^\s*(?P<number>{_NUMBER})\s*(?P<unit>[^\W\d_].*?|[%°].*?|1/.*?)?\s*$")

# unit: (what it measures, how many of the SI unit it is)
_UNITS: dict[str, tuple[str, float]] = {
    "m": ("length", 1.0),
    "cm": ("length", 0.01),
    "mm": ("length", 0.001),
    "km": ("length", 1000.0),
    "s": ("time", 1.0),
    "ms": ("time", 0.001),
    "us": ("time", 1e-6),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "m/s": ("speed", 1.0),
    "km/h": ("speed", 1 / 3.6),
    "mph": ("speed", 0.44704),
    "m/s^2": ("acceleration", 1.0),
    "g": ("acceleration", 9.80665),
    "m/s^3": ("jerk", 1.0),
    "deg": ("angle", math.pi / 180),
    "rad": ("angle", 1.0),
    "deg/s": ("angular rate", math.pi / 180),
    "rad/s": ("angular rate", 1.0),
    "1/m": ("curvature", 1.0),
    "1/m/s": ("curvature rate", 1.0),
    "1/(m*s)": ("curvature rate", 1.0),
    "1/s": ("frequency", 1.0),
    "1/s^2": ("gain", 1.0),
    "Hz": ("frequency", 1.0),
    "kHz": ("frequency", 1000.0),
    "bit/s": ("bit rate", 1.0),
    "kbit/s": ("bit rate", 1000.0),
    "Mbit/s": ("bit rate", 1e6),
    "px": ("pixels", 1.0),
    "%": ("ratio", 0.01),
    "1": ("ratio", 1.0),
    "Nm": ("torque", 1.0),
    "N": ("force", 1.0),
    "B": ("memory", 1.0),
    "KiB": ("memory", 1024.0),
    "MB": ("memory", 1e6),
    "MiB": ("memory", 1024.0**2),
    "GiB": ("memory", 1024.0**3),
    "degC": ("temperature", 1.0),
}
_SPELLINGS = {
    "°": "deg",
    "°/s": "deg/s",
    "°c": "degC",
    "kph": "km/h",
    "kmh": "km/h",
    "mps": "m/s",
    "m/s2": "m/s^2",
    "m/s3": "m/s^3",
    "mps2": "m/s^2",
    "mps3": "m/s^3",
    "n*m": "Nm",
    "sec": "s",
    "pixel": "px",
    "pixels": "px",
    "degrees": "deg",
    "degree": "deg",
    "metres": "m",
    "meters": "m",
    "seconds": "s",
    "1pm": "1/m",
    "radps": "rad/s",
    "degps": "deg/s",
    "kmph": "km/h",
    "frac": "1",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as spelled; unit None when none was written, and may be one that nobody knows."""

    number: float
    unit: str | None


def parse(text: str) -> Quantity | None:
    """The number and unit that a text spells; None when it does not start with a number."""
    match = _QUANTITY.match(text)
    if match is None:
        return None
    unit = match["unit"]
    return Quantity(float(match["number"]), None if unit is None else canonical(unit))


def canonical(unit: str) -> str:
    """One spelling per unit: 'm/s²' and 'm/s2' are 'm/s^2', '°' is 'deg', 'hz' is 'Hz'."""
    plain = unit.replace("²", "^2").replace("³", "^3").replace("·", "*").replace(" ", "")
    if plain in _UNITS:
        return plain
    by_case = {name.lower(): name for name in _UNITS}
    return _SPELLINGS.get(plain.lower(), by_case.get(plain.lower(), plain))


def is_known(unit: str) -> bool:
    """Whether the unit, in its canonical spelling, is made of known ones ("m", "1/m^2/sqrt(s)")."""
    words = re.findall(r"[^\W\d_]+|%", unit)
    made = bool(words) and all(word in _UNITS or word == "sqrt" for word in words)
    return unit in _UNITS or made


def convert(number: float, unit: str, to: str) -> float | None:
    """The same quantity in another unit; None where the two do not measure the same thing."""
    if unit not in _UNITS or to not in _UNITS or _UNITS[unit][0] != _UNITS[to][0]:
        return None
    return number * _UNITS[unit][1] / _UNITS[to][1]


def of_key(name: str) -> tuple[str, str] | None:
    """('pitch', 'deg') for 'pitch_deg': the stem of a key and the unit its suffix spells."""
    stem, _, suffix = name.rpartition("_")
    if not stem:
        return None
    unit = canonical(suffix)
    return (stem, unit) if unit in _UNITS else None
