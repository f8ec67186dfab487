"""systemd: does it run here, is the unit installed, how does it do."""

from __future__ import annotations

from collections.abc import Iterator

from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject

_FOLDERS = ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
_PREFIXES = ("drag-edge", "drag_edge")
_PROPERTIES = ("LoadState", "ActiveState", "UnitFileState", "NRestarts", "NeedDaemonReload")


def check_service(subject: Subject) -> Iterator[Finding]:
    """Nothing of it is needed to drive by hand, so nothing is worse than a note."""
    machine = subject.machine
    if not machine.exists("/run/systemd/system"):
        yield Finding("systemd", State.NOTE, "does not run here: start drag-edge by hand")
        return
    socket = machine.variable("NOTIFY_SOCKET")
    told = "runs" + (", and listens for this process's readiness" if socket else "")
    yield Finding("systemd", State.OK, told)
    unit = _unit(machine)
    if unit is None:
        yield Finding("service", State.NOTE, "no drag-edge unit is installed")
        return
    yield _state(machine, unit)


def _unit(machine: Machine) -> str | None:
    for folder in _FOLDERS:
        for name in machine.names(folder):
            if name.startswith(_PREFIXES) and name.endswith(".service"):
                return name
    return None


def _state(machine: Machine, unit: str) -> Finding:
    ran = machine.run("systemctl", "show", unit, f"--property={','.join(_PROPERTIES)}")
    if ran is None or ran.code != 0:
        return Finding("service", State.NOTE, f"{unit} is installed; systemctl does not tell more")
    pairs = (line.partition("=") for line in ran.output.splitlines())
    state = {key: value for key, _, value in pairs}
    told = f"{unit}: {state.get('ActiveState', '?')}, {state.get('UnitFileState', '?')} at boot"
    if state.get("LoadState") not in ("loaded", None):
        advice = f"systemd-analyze verify {unit}"
        return Finding("service", State.BROKEN, f"{unit}: {state['LoadState']}", advice)
    if state.get("NeedDaemonReload") == "yes":
        return Finding(
            "service", State.NOTE, f"{told}; its file changed", "sudo systemctl daemon-reload"
        )
    if state.get("ActiveState") == "failed":
        return Finding("service", State.BROKEN, told, f"journalctl -u {unit} -n 50")
    if state.get("NRestarts", "0") not in ("0", ""):
        told += f", restarted {state['NRestarts']} times"
        return Finding("service", State.NOTE, told, f"journalctl -u {unit} -n 200")
    return Finding("service", State.OK, told)
