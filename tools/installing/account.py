"""The system user that the service runs as."""

from __future__ import annotations

import grp
import pwd

from installing import layout
from installing.machine import Machine


def make_user(machine: Machine) -> bool:
    """True where it was made now."""
    if not machine.is_this:
        machine.note(f"not this computer: the user {layout.USER} is not made")
        return False
    made = not _exists()
    if made:
        machine.command(
            "useradd", "--system", "--user-group", "--home-dir", layout.STATE, "--no-create-home",
            "--shell", "/usr/sbin/nologin", layout.USER,
            why=f"make the system user {layout.USER}",
        )  # fmt: skip
    return made


def join_groups(machine: Machine) -> None:
    """Put the user into the groups of the devices that it needs, as present."""
    if not machine.is_this:
        return
    for group in groups_here():
        if layout.USER not in grp.getgrnam(group).gr_mem:
            machine.command(
                "usermod", "--append", "--groups", group, layout.USER,
                why=f"put {layout.USER} into the group {group}",
            )  # fmt: skip


def remove_user(machine: Machine, made: bool) -> None:
    """Where it is ours."""
    if machine.is_this and made and _exists():
        machine.command("userdel", layout.USER, why=f"remove the user {layout.USER}", must=False)


def groups_here() -> list[str]:
    """Those of the groups that this system has."""
    known = {group.gr_name for group in grp.getgrall()}
    return [group for group in layout.GROUPS if group in known]


def _exists() -> bool:
    try:
        pwd.getpwnam(layout.USER)
    except KeyError:
        return False
    return True
