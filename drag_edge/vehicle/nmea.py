"""NMEA 0183: the speed over ground in RMC and VTG sentences, of whatever satellites."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

MPS_PER_KNOT = 1852.0 / 3600.0
MPS_PER_KMH = 1.0 / 3.6
LONGEST_SENTENCE = 128  # the standard says 82; some receivers send more digits
FASTEST_MPS = 150.0  # beyond any road vehicle: a receiver that has lost its mind

_SENTENCE = re.compile(rb"\$([A-Z]{2})(RMC|VTG),([\x20-\x7e]*)\*([0-9A-Fa-f]{2})\r?")
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{0,9})?")
# Modes that are measurements: autonomous, differential, precise, RTK fixed and float.
_MEASURED = frozenset("ADPRF")


@dataclass(frozen=True, slots=True)
class GroundSpeed:
    """What a sentence says. talker: GP, GL, GA, GB, GN … speed_mps: None while there is no fix."""

    talker: str
    sentence: str
    speed_mps: float | None


def parse_speed(line: bytes) -> GroundSpeed | None:
    """The speed in a line without its line feed; None for any other or damaged sentence."""
    if len(line) > LONGEST_SENTENCE:
        return None
    match = _SENTENCE.fullmatch(line)
    if match is None or checksum(line[1 : line.rindex(b"*")]) != int(match[4], 16):
        return None
    fields = match[3].decode("ascii").split(",")
    talker, sentence = match[1].decode(), match[2].decode()
    return GroundSpeed(talker, sentence, _rmc(fields) if sentence == "RMC" else _vtg(fields))


def checksum(content: bytes) -> int:
    """Exclusive or of all bytes between $ and *."""
    total = 0
    for byte in content:
        total ^= byte
    return total


def _rmc(fields: list[str]) -> float | None:
    """time, status A, latitude, N, longitude, E, knots, course, date, variation, E[, mode …]"""
    if len(fields) < 9 or fields[1] != "A":
        return None
    if len(fields) > 11 and fields[11] not in _MEASURED:
        return None
    return _speed(fields[6], MPS_PER_KNOT)


def _vtg(fields: list[str]) -> float | None:
    """course, T, course, M, knots, N, km/h, K[, mode]"""
    if len(fields) < 8 or fields[5] != "N" or fields[7] != "K":
        return None
    if len(fields) > 8 and fields[8] not in _MEASURED:
        return None
    knots = _speed(fields[4], MPS_PER_KNOT)
    return _speed(fields[6], MPS_PER_KMH) if knots is None else knots


def _speed(digits: str, factor: float) -> float | None:
    if not _NUMBER.fullmatch(digits):
        return None
    speed_mps = float(digits) * factor
    return speed_mps if math.isfinite(speed_mps) and speed_mps <= FASTEST_MPS else None
