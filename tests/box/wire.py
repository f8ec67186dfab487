"""The bus as another ECU hears it: candump's lines, decoded by cantools, judged by autosar-e2e."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import cantools
from e2e.p02 import e2e_p02_check

from drag_edge.vehicle.data_ids import DATA_IDS
from tests.box.payload import REPOSITORY

_LINE = re.compile(r"\((\d+\.\d+)\) (\w+) ([0-9A-F]{3})#([0-9A-F]*)")
_DATABASE = cantools.database.load_file(REPOSITORY / "drag_edge/vehicle/drag_edge.dbc")
_MESSAGES = {message.frame_id: message for message in _DATABASE.messages}


@dataclass(frozen=True)
class Heard:
    """One frame. time_s: the kernel's in the box."""

    time_s: float
    name: str
    identifier: int
    data: bytes

    @cached_property
    def values(self) -> dict[str, Any]:
        """By signal; choices as their names."""
        found = _MESSAGES[self.identifier].decode(self.data, decode_choices=True)
        return {name: str(value) for name, value in found.items()}

    @property
    def right(self) -> bool:
        """Whether the end-to-end check accepts its CRC."""
        data = self.data
        return bool(e2e_p02_check(data, DATA_IDS[self.name], length=len(data)))

    @property
    def counter(self) -> int:
        return self.data[1] & 0x0F


@dataclass(frozen=True)
class Verdict:
    """Of some frames. lost: by their counters."""

    frames: int
    messages: int
    wrong: int
    lost: int
    rate_hz: float

    def __str__(self) -> str:
        return (
            f"{self.frames} frames of {self.messages} messages, {self.rate_hz:.0f} a second; "
            f"{self.wrong} with a wrong CRC, {self.lost} missing by their counters"
        )


class Wire:
    """What candump wrote so far."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> int:
        """Where the file ends: frames after this are new."""
        return self._path.stat().st_size if self._path.exists() else 0

    def since(self, position: int) -> list[Heard]:
        """Frames of ours from there on."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(position)
            text = file.read().decode(errors="replace")
        found = []
        for line in text.splitlines()[:-1]:
            match = _LINE.fullmatch(line.strip())
            if match is None or int(match[3], 16) not in _MESSAGES:
                continue
            identifier = int(match[3], 16)
            name = _MESSAGES[identifier].name
            found.append(Heard(float(match[1]), name, identifier, bytes.fromhex(match[4])))
        return found


def judge(frames: list[Heard]) -> Verdict:
    """By the end-to-end check alone."""
    wrong = lost = 0
    last: dict[str, int] = {}
    for frame in frames:
        if not frame.right:
            wrong += 1
            continue
        if frame.name in last:
            lost += (frame.counter - last[frame.name] - 1) % 16
        last[frame.name] = frame.counter
    duration_s = frames[-1].time_s - frames[0].time_s if len(frames) > 1 else 0.0
    rate_hz = len(frames) / duration_s if duration_s > 0 else 0.0
    return Verdict(len(frames), len({one.name for one in frames}), wrong, lost, rate_hz)


def longest_silence(frames: Iterable[Heard], name: str) -> tuple[Heard, Heard] | None:
    """The two neighbours with the most time between them."""
    of_it = [frame for frame in frames if frame.name == name and frame.right]
    pairs = list(pairwise(of_it))
    return max(pairs, key=lambda pair: pair[1].time_s - pair[0].time_s, default=None)


def requests(frames: Iterable[Heard]) -> list[str]:
    """Signals by which a frame asks a receiver to act."""
    return [
        f"{frame.name}.{name}"
        for frame in frames
        for name, value in frame.values.items()
        if name.endswith(("Request", "Actuation")) and value == "YES"
    ]
