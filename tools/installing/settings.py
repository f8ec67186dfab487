"""/etc/drag-edge/drag-edge.yaml: a person's, from the moment that it is edited."""

from __future__ import annotations

import grp
import os
import stat
from pathlib import Path

from installing import layout
from installing.environment import python_in
from installing.machine import InstallError, Machine
from installing.record import digest

# A camera's address may hold a password: readable by root and the service alone.
_MODE = 0o640


def default_settings(checkout: Path) -> bytes:
    """configs/service.yaml, its neighbours being where they are installed."""
    text = (checkout / "configs/service.yaml").read_text()
    return text.replace("../", f"{layout.SHARE}/").encode()


def install_settings(machine: Machine, checkout: Path, offered: str) -> str:
    """Put the default there, or beside what a person edited; returns the default's digest.

    offered: digest of the default that the last installation put there, "" for none.
    """
    default = default_settings(checkout)
    file = machine.at(layout.SETTINGS_FILE)
    new = f"{layout.SETTINGS_FILE}.new"
    if not file.exists() or digest(file.read_bytes()) == offered:
        machine.write(layout.SETTINGS_FILE, default, _MODE)
    elif digest(default) == offered:
        machine.note(f"{layout.SETTINGS_FILE} is kept as you edited it")
    else:
        machine.write(new, default, _MODE)
        machine.note(
            f"{layout.SETTINGS_FILE} is kept as you edited it; the new default is beside it:\n"
            f"  diff {layout.SETTINGS_FILE} {new}"
        )
    # Those that were kept, too: their group may be of an installation before, or root's.
    for path in (layout.SETTINGS_FILE, new):
        _give_to_service(machine, path)
    schema = checkout / "configs/drag-edge.schema.json"
    machine.write(f"{layout.SETTINGS}/{schema.name}", schema.read_bytes())
    return digest(default)


def settings_hold(machine: Machine, offered: str) -> bool:
    """Whether what is installed now takes settings that were kept; says it loudly where not.

    offered: digest of the default, which is right.
    """
    file = machine.at(layout.SETTINGS_FILE)
    if not machine.is_this or machine.dry_run or digest(file.read_bytes()) == offered:
        return True
    venv = machine.at(layout.VENV)
    words = (*python_in(venv), "-m", "drag_edge", "check", layout.SETTINGS_FILE)
    if machine.ask(*words):
        return True
    machine.note(f"\n!! {layout.SETTINGS_FILE} is refused; the service will not run with it:")
    machine.ask(*words, quiet=False)
    machine.note("!! mend it, then: sudo systemctl restart drag-edge\n")
    return False


def remove_settings(machine: Machine, offered: str, purge: bool) -> None:
    """Everything of ours; what a person edited only with `purge`."""
    file = machine.at(layout.SETTINGS_FILE)
    machine.remove(f"{layout.SETTINGS_FILE}.new")
    machine.remove(f"{layout.SETTINGS}/drag-edge.schema.json")
    if purge:
        machine.remove(layout.SETTINGS)
        return
    if file.exists() and digest(file.read_bytes()) == offered:
        machine.remove(layout.SETTINGS_FILE)
    machine.remove_if_empty(layout.SETTINGS)
    if machine.at(layout.SETTINGS).exists() and not machine.dry_run:
        machine.note(f"kept, being yours: {layout.SETTINGS} (rm -r removes it)")


def _give_to_service(machine: Machine, path: str) -> None:
    """Its group may read it, and nobody else who could not before."""
    file = machine.at(path)
    if not machine.is_this or machine.dry_run or not file.exists():
        return
    try:
        group_id = grp.getgrnam(layout.USER).gr_gid
    except KeyError as error:
        raise InstallError(
            f"there is no group {layout.USER}: sudo groupadd --system {layout.USER}"
        ) from error
    found = file.stat()
    if found.st_gid == group_id and found.st_mode & 0o040:
        return
    machine.did(f"let the service read {path}")
    os.chown(file, -1, group_id)
    file.chmod(stat.S_IMODE(found.st_mode) | 0o040)
