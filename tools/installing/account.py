"""The system user and group that the service runs as."""

from __future__ import annotations

import grp
import pwd
from collections.abc import Callable

from installing import layout
from installing.machine import Machine


def make_group(machine: Machine) -> bool:
    """True where it was made now."""
    if not machine.is_this or group_exists():
        return False
    return machine.command(
        "groupadd", "--system", layout.USER, why=f"make the system group {layout.USER}"
    )


def make_user(machine: Machine) -> bool:
    """In that group; true where it was made now."""
    if not machine.is_this:
        machine.note(f"not this computer: the user {layout.USER} is not made")
        return False
    if user_exists():
        return False
    return machine.command(
        "useradd", "--system", "--gid", layout.USER, "--home-dir", layout.STATE, "--no-create-home",
        "--shell", "/usr/sbin/nologin", layout.USER,
        why=f"make the system user {layout.USER}",
    )  # fmt: skip


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


def remove_user(machine: Machine, made_user: bool, made_group: bool) -> None:
    """Those of both that are ours."""
    if not machine.is_this:
        return
    if made_user and user_exists():
        if not made_group:
            # userdel takes the user's own group along where it has the same name.
            machine.command(
                "usermod", "--gid", "nogroup", layout.USER, must=False,
                why=f"leave the group {layout.USER}, which was there before",
            )  # fmt: skip
        machine.command("userdel", layout.USER, why=f"remove the user {layout.USER}", must=False)
    if made_group and group_exists():
        machine.command("groupdel", layout.USER, why=f"remove the group {layout.USER}", must=False)


def groups_here() -> list[str]:
    """Those of the groups that this system has."""
    known = {group.gr_name for group in grp.getgrall()}
    return [group for group in layout.GROUPS if group in known]


def user_exists() -> bool:
    """Whether the service's user is there."""
    return _finds(pwd.getpwnam)


def group_exists() -> bool:
    """Whether the service's group is there."""
    return _finds(grp.getgrnam)


def _finds(by_name: Callable[[str], object]) -> bool:
    try:
        by_name(layout.USER)
    except KeyError:
        return False
    return True
