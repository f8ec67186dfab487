"""JetPack: which release this is, and which versions belong together on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject

_RELEASE = re.compile(r"R(\d+) \(release\), REVISION: ([\d.]+)")


@dataclass(frozen=True, slots=True)
class Combination:
    """What one JetPack brings: major and minor of each; numpy: the major that it was built for."""

    jetpack: str
    cuda: tuple[int, int]
    python: tuple[int, int]
    tensorrt: tuple[int, int]
    numpy: int


# Newest first: the first whose release does not come after the machine's is the one that counts.
COMBINATIONS = (
    Combination("7.2.2", (13, 2), (3, 12), (11, 4), 1),
    Combination("7.2", (13, 2), (3, 12), (10, 16), 1),
    Combination("6.1", (12, 6), (3, 10), (10, 3), 1),  # and 6.2
    Combination("6.0", (12, 2), (3, 10), (8, 6), 1),
    Combination("5.1", (11, 4), (3, 8), (8, 5), 1),
)

# Jetson Linux (L4T) → JetPack, from their release notes.
JETPACK_OF_L4T = {
    "35.2.1": "5.1", "35.3.1": "5.1.1", "35.4.1": "5.1.2", "35.5.0": "5.1.3", "35.6.0": "5.1.4",
    "36.3.0": "6.0", "36.4.0": "6.1", "36.4.3": "6.2", "36.4.4": "6.2.1",
    "38.2.0": "7.0", "38.4.0": "7.1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Jetson:
    """board: its own name. l4t: "36.4.3", "" if unknown. jetpack: "6.2", "" if unknown."""

    board: str
    l4t: str
    jetpack: str

    @property
    def combination(self) -> Combination | None:
        """What belongs together on this JetPack; None for one that the table does not know."""
        here = _numbers(self.jetpack)
        for one in COMBINATIONS:
            oldest = _numbers(one.jetpack)
            if here[:1] == oldest[:1] and here >= oldest:
                return one
        return None


def jetson(machine: Machine) -> Jetson | None:
    """The Jetson that this is; None on any other machine."""
    board = machine.text("/proc/device-tree/model") or ""
    release = _RELEASE.search(machine.text("/etc/nv_tegra_release") or "")
    if release is None and "jetson" not in board.lower():
        return None
    l4t = f"{release[1]}.{release[2]}" if release else ""
    if l4t.count(".") == 1:
        l4t += ".0"
    return Jetson(board or "Jetson", l4t, _installed(machine) or JETPACK_OF_L4T.get(l4t, ""))


def check_jetpack(subject: Subject) -> Iterator[Finding]:
    """Which board and release."""
    here = jetson(subject.machine)
    if here is None:
        processor = subject.machine.processor
        found = f"no Jetson ({processor}): models run on ONNX Runtime or a desktop's GPU"
        yield Finding("board", State.NOTE, found)
        return
    yield Finding("board", State.OK, here.board)
    told = f"JetPack {here.jetpack or 'unknown'}, Jetson Linux {here.l4t or 'unknown'}"
    major = _numbers(here.jetpack)[:1]
    if major and major < (6,):
        advice = "flash JetPack 6 or 7: an older one's Python and TensorRT are below what is needed"
        yield Finding("JetPack", State.BROKEN, told, advice)
    elif here.combination is None:
        advice = "nothing, if all below is ok: this release came after the doctor's table"
        yield Finding("JetPack", State.NOTE, told, advice)
    else:
        yield Finding("JetPack", State.OK, told)


def _installed(machine: Machine) -> str:
    """The version of the package nvidia-jetpack, "6.2" of "6.2+b77"; "" if it is not installed."""
    ran = machine.run("dpkg-query", "-W", "-f=${Version}", "nvidia-jetpack")
    if ran is None or ran.code != 0:
        return ""
    return re.split(r"[+~-]", ran.output.strip())[0]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
