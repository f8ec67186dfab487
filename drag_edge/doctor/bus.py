"""The vehicle's bus and what hangs on serial ports: interface, controller, port, permission."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from drag_edge.config.vehicle import CanInterface, CanSettings
from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.jetpack import jetson
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject

_UP = 1  # IFF_UP of Linux
_CAN_DEVICE = "280"  # ARPHRD_CAN


def check_bus(subject: Subject) -> Iterator[Finding]:
    """The interface of the configuration, and its serial links."""
    if subject.settings is None:
        return
    vehicle, machine = subject.settings.vehicle, subject.machine
    yield _CHECKS[vehicle.can.interface](machine, vehicle.can)
    if vehicle.mcu is not None:
        good = f"serial port {vehicle.mcu.port}"
        yield _serial(machine, "microcontroller", vehicle.mcu.port, good, True)
    if vehicle.gnss is not None:
        good = f"serial port {vehicle.gnss.port} at {vehicle.gnss.baudrate} bit/s"
        yield _serial(machine, "GNSS", vehicle.gnss.port, good, False)


def _virtual(machine: Machine, can: CanSettings) -> Finding:
    return Finding("bus", State.OK, f"virtual {can.channel}: inside this process, reaches nobody")


def _socketcan(machine: Machine, can: CanSettings) -> Finding:
    name = can.channel
    up = f"sudo ip link set {name} up type can bitrate {can.bitrate}"
    kind = machine.text(f"/sys/class/net/{name}/type")
    if kind is None:
        there = [
            one
            for one in machine.names("/sys/class/net")
            if machine.text(f"/sys/class/net/{one}/type") == _CAN_DEVICE
        ]
        module = "sudo modprobe mttcan; " if jetson(machine) else ""
        seen = f"there is {', '.join(there)}" if there else "this machine has no CAN interface"
        found = f"socketcan {name} is not there; {seen}"
        advice = f"{module}plug in the adapter, or name another vehicle.can.channel; then {up}"
        return Finding("bus", State.MISSING, found, advice, needed=True)
    if kind != _CAN_DEVICE:
        advice = "name a CAN interface: ip -details link show type can"
        return Finding("bus", State.BROKEN, f"{name} is no CAN interface", advice, needed=True)
    if not _is_up(machine, name):
        return Finding("bus", State.BROKEN, f"socketcan {name} is down", up, needed=True)
    return _controller(can, _details(machine, name))


def _is_up(machine: Machine, name: str) -> bool:
    try:
        return bool(int(machine.text(f"/sys/class/net/{name}/flags") or "0", 16) & _UP)
    except ValueError:
        return False


def _details(machine: Machine, name: str) -> dict[str, Any]:
    """What `ip` knows of the controller; empty where it does not tell (vcan, no iproute2)."""
    ran = machine.run("ip", "-details", "-json", "link", "show", name)
    try:
        data = json.loads(ran.output)[0]["linkinfo"]["info_data"] if ran else {}
    except (ValueError, KeyError, IndexError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def _controller(can: CanSettings, details: dict[str, Any]) -> Finding:
    name = can.channel
    again = (
        f"sudo ip link set {name} down; sudo ip link set {name} up type can "
        f"bitrate {can.bitrate} restart-ms 100"
    )
    state = str(details.get("state", ""))
    timing = details.get("bittiming")
    bitrate = timing.get("bitrate") if isinstance(timing, dict) else None
    if state == "BUS-OFF":
        found = f"socketcan {name} is bus-off: wrong bitrate, no terminator, or nobody else there"
        return Finding("bus", State.BROKEN, found, again, needed=True)
    if bitrate is not None and bitrate != can.bitrate:
        found = f"socketcan {name} runs at {bitrate} bit/s, vehicle.can.bitrate is {can.bitrate}"
        return Finding("bus", State.NOTE, found, again)
    if state in ("ERROR-WARNING", "ERROR-PASSIVE"):
        found = f"socketcan {name} is up and counts errors ({state})"
        return Finding("bus", State.NOTE, found, "check wiring, both terminators, and the bitrate")
    told = f", {bitrate} bit/s" if bitrate else ""
    return Finding("bus", State.OK, f"socketcan {name} is up{told}")


def _slcan(machine: Machine, can: CanSettings) -> Finding:
    port = can.channel.partition("@")[0]
    return _serial(machine, "bus", port, f"slcan on {port}, bus at {can.bitrate} bit/s", True)


def _serial(machine: Machine, what: str, port: str, good: str, needed: bool) -> Finding:
    if not machine.exists(port):
        there = [name for name in machine.names("/dev") if name.startswith(("ttyACM", "ttyUSB"))]
        seen = ", ".join(f"/dev/{name}" for name in there) or "no serial adapter at all"
        advice = "plug in the adapter, and name its port: ls -l /dev/serial/by-id"
        return Finding(what, State.MISSING, f"{port} is not there ({seen})", advice, needed=needed)
    if not machine.may_use(port):
        group = machine.group_of(port) or "dialout"
        advice = f"sudo usermod -aG {group} $USER, then log in anew"
        found = f"{port} may not be opened by this user"
        return Finding(what, State.BROKEN, found, advice, needed=needed)
    return Finding(what, State.OK, good)


_CHECKS: dict[CanInterface, Callable[[Machine, CanSettings], Finding]] = {
    CanInterface.VIRTUAL: _virtual,
    CanInterface.SOCKETCAN: _socketcan,
    CanInterface.SLCAN: _slcan,
}
