"""What not everybody wants: a CAN interface at boot, stable device names, a window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from installing import layout
from installing.machine import InstallError, Machine
from installing.service import systemd_runs

_FIXED = (layout.UDEV_RULES, layout.DESKTOP, layout.AUTOSTART, layout.CAN_MODULE)
_CAN = re.compile(r"(?P<interface>[a-z][a-z0-9_.-]{0,14}):(?P<bitrate>[1-9][0-9]{3,6})")


@dataclass(frozen=True)
class Can:
    """An interface of SocketCAN and its bits per second."""

    interface: str
    bitrate: int


def parse_can(text: str) -> Can:
    """Read "can0:500000". Raises ValueError."""
    found = _CAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text}: like can0:500000 (interface, colon, bits per second)")
    return Can(found["interface"], int(found["bitrate"]))


def option_files(
    checkout: Path, cans: Iterable[Can], udev: bool, desktop: bool, jetson: bool
) -> dict[str, bytes]:
    """What was asked for: each file's path and content.

    jetson: its own CAN controllers have a driver that is not loaded at boot (denylist-mttcan.conf).
    """
    folder = checkout / "systemd/options"
    wanted: dict[str, bytes] = {}
    for can in cans:
        text = (folder / "can.network").read_text()
        text = text.replace("@INTERFACE@", can.interface).replace("@BITRATE@", str(can.bitrate))
        wanted[layout.network_file(can.interface)] = text.encode()
        if jetson:
            wanted[layout.CAN_MODULE] = (folder / "drag-edge-can.service").read_bytes()
    if udev:
        wanted[layout.UDEV_RULES] = (folder / "70-drag-edge.rules").read_bytes()
    if desktop:
        wanted[layout.DESKTOP] = (folder / "desktop.conf").read_bytes()
        wanted[layout.AUTOSTART] = (folder / "drag-edge-overlay.desktop").read_bytes()
    return wanted


def write_options(machine: Machine, wanted: Mapping[str, bytes]) -> None:
    """Put these files there."""
    before = machine.changes
    for path, content in wanted.items():
        machine.write(path, content)
    if machine.changes > before:
        reread(machine, wanted)
    if layout.DESKTOP in wanted and machine.is_this and not _has("xhost"):
        machine.note("xhost is missing: sudo apt-get install x11-xserver-utils")


def reread(machine: Machine, paths: Iterable[str]) -> None:
    """Tell those who read such files that they changed."""
    if not systemd_runs(machine):
        return
    if any(is_network_file(path) for path in paths):
        machine.command(
            "networkctl", "reload", why="let systemd-networkd read its files", must=False
        )
    if layout.UDEV_RULES in paths:
        machine.command("udevadm", "control", "--reload", why="let udev read its rules", must=False)


def is_network_file(path: str) -> bool:
    """Whether it is one of ours for systemd-networkd."""
    return bool(re.fullmatch(r"/etc/systemd/network/80-drag-edge-[a-z][a-z0-9_.-]*\.network", path))


def check_option_files(machine: Machine, options: Iterable[str]) -> None:
    """Refuse to remove anything that cannot be ours. Raises InstallError."""
    for path in options:
        if path not in _FIXED and not is_network_file(path):
            raise InstallError(f"{layout.RECORD} names {path}, which no installation writes")


def found_options(machine: Machine) -> tuple[str, ...]:
    """Those that are there, by their names alone."""
    networks = machine.at(layout.NETWORKS).glob("80-drag-edge-*.network")
    paths = (*_FIXED, *(f"{layout.NETWORKS}/{file.name}" for file in networks))
    return tuple(
        path
        for path in paths
        if machine.at(path).exists() and (path in _FIXED or is_network_file(path))
    )


def _has(program: str) -> bool:
    return any((Path(folder) / program).exists() for folder in ("/usr/bin", "/bin"))
