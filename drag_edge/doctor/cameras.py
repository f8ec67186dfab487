"""Each camera: is the device, the host or the file there, and may this user open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from drag_edge.config.cameras import CameraSettings
from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.jetpack import jetson
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject, addresses
from drag_edge.frames.address import Address, Kind

_ARGUS_SOCKET = "/tmp/argus_socket"
_PORTS = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "http": 80, "https": 443}
CONNECT_LIMIT_S = 2.0


def check_cameras(subject: Subject) -> Iterator[Finding]:
    """In the configuration's order; what each sees is not looked at."""
    if subject.settings is None:
        return
    for name, address in addresses(subject.settings):
        what, settings = f"camera {name}", subject.settings.cameras[name]
        yield _CHECKS[address.kind](subject.machine, what, address)
        if isinstance(settings.intrinsics, Path):
            yield _lens(what, settings)


def _lens(what: str, settings: CameraSettings) -> Finding:
    found = f"no such file: {settings.intrinsics}"
    advice = "calibrate the lens, or write its numbers in place (cameras.*.intrinsics)"
    return Finding(f"{what}, lens", State.MISSING, found, advice, needed=True)


def _v4l2(machine: Machine, what: str, address: Address) -> Finding:
    node = address.target
    if not machine.exists(node):
        there = [name for name in machine.names("/dev") if name.startswith("video")]
        seen = ", ".join(f"/dev/{name}" for name in there) or "no /dev/video* at all"
        advice = "plug it in, and name it by /dev/v4l/by-path/…, which survives a reboot"
        return Finding(what, State.MISSING, f"{node} is not there ({seen})", advice, needed=True)
    if not machine.may_use(node):
        group = machine.group_of(node) or "video"
        advice = f"sudo usermod -aG {group} $USER, then log in anew"
        found = f"{node} may not be opened by this user"
        return Finding(what, State.BROKEN, found, advice, needed=True)
    number = machine.path(node).resolve().name  # /dev/v4l/by-path/… are links
    card = machine.text(f"/sys/class/video4linux/{number}/name")
    return Finding(what, State.OK, f"{node}{f': {card}' if card else ''}")


def _csi(machine: Machine, what: str, address: Address) -> Finding:
    source = f"csi://{address.target}"
    if not address.target.isdigit():
        advice = "csi:// takes a sensor number: csi://0"
        return Finding(what, State.BROKEN, source, advice, needed=True)
    if jetson(machine) is None:
        advice = "csi:// is a Jetson's; here take /dev/video0, a stream or a file"
        return Finding(what, State.MISSING, f"{source}: this is no Jetson", advice, needed=True)
    if not machine.exists(_ARGUS_SOCKET):
        advice = "sudo systemctl restart nvargus-daemon; in a container, mount /tmp/argus_socket"
        found = f"{source}: nvargus-daemon does not run ({_ARGUS_SOCKET} is not there)"
        return Finding(what, State.BROKEN, found, advice, needed=True)
    sensors = [name for name in machine.names("/dev") if name.startswith("video")]
    if int(address.target) >= len(sensors):
        advice = "power off and check the ribbon cable; sudo /opt/nvidia/jetson-io/jetson-io.py"
        found = f"{source}: the kernel found {len(sensors)} sensors"
        return Finding(what, State.MISSING, found, advice, needed=True)
    return Finding(what, State.OK, f"{source}, through nvargus-daemon")


def _stream(machine: Machine, what: str, address: Address) -> Finding:
    parts = urlsplit(address.target)
    try:
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        advice = "rtsp://user:password@host:554/path; %40 for an @ in the password"
        return Finding(what, State.BROKEN, f"{address}: no address", advice, needed=True)
    if parts.scheme in ("udp", "srt") or host is None or port is None:
        return Finding(what, State.NOTE, f"{address}: can be told only by opening it")
    why = machine.connect(host, port, CONNECT_LIMIT_S)
    if not why:
        return Finding(what, State.OK, f"{address}: {host} answers on port {port}")
    advice = f"is the camera powered and in this network? ping {host}; then its address and port"
    found = f"{address}: {host} port {port}: {why}"
    return Finding(what, State.MISSING, found, advice, needed=True)


def _pipeline(machine: Machine, what: str, address: Address) -> Finding:
    if "appsink" not in address.target:
        found, advice = "the pipeline does not end in appsink", "end it with: ! appsink drop=true"
        return Finding(what, State.BROKEN, found, advice, needed=True)
    return Finding(what, State.NOTE, "a pipeline: can be told only by starting it (gst-launch-1.0)")


def _file(machine: Machine, what: str, address: Address) -> Finding:
    path = Path(address.target)
    if not path.exists():
        advice = "put the recording there, or name another source"
        return Finding(what, State.MISSING, f"no such file: {path}", advice, needed=True)
    return Finding(what, State.OK, f"{address.kind.value} {path}")


def _simulation(machine: Machine, what: str, address: Address) -> Finding:
    return Finding(what, State.OK, f"sim://{address.target}: simulated")


_CHECKS: dict[Kind, Callable[[Machine, str, Address], Finding]] = {
    Kind.V4L2: _v4l2,
    Kind.CSI: _csi,
    Kind.STREAM: _stream,
    Kind.GSTREAMER: _pipeline,
    Kind.SIMULATION: _simulation,
    Kind.VIDEO_FILE: _file,
    Kind.IMAGE_FOLDER: _file,
}
