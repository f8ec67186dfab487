"""/etc/drag-edge/drag-edge.yaml: a person's, from the moment that it is edited."""

from __future__ import annotations

import shutil
from pathlib import Path

from installing import layout
from installing.machine import Machine
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
        _give_to_service(machine, layout.SETTINGS_FILE)
    elif digest(default) == offered:
        machine.note(f"{layout.SETTINGS_FILE} is kept as you edited it")
    else:
        machine.write(new, default, _MODE)
        _give_to_service(machine, new)
        machine.note(
            f"{layout.SETTINGS_FILE} is kept as you edited it; the new default is beside it:\n"
            f"  diff {layout.SETTINGS_FILE} {new}"
        )
    schema = checkout / "configs/drag-edge.schema.json"
    machine.write(f"{layout.SETTINGS}/{schema.name}", schema.read_bytes())
    return digest(default)


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
    if machine.is_this and not machine.dry_run:
        shutil.chown(machine.at(path), group=layout.USER)
