"""Install, and take away again: the steps in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from installing import layout, service
from installing.account import join_groups, make_group, make_user, remove_user
from installing.machine import InstallError, Machine
from installing.options import (
    Can,
    check_option_files,
    found_options,
    is_network_file,
    option_files,
    reread,
    write_options,
)
from installing.package import Package, install_package, on_jetson
from installing.record import Record, read_record, write_record
from installing.settings import install_settings, remove_settings, settings_hold
from installing.shared import copy_shared


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for."""

    cans: Sequence[Can] = ()
    udev: bool = False
    desktop: bool = False
    start: bool = True


def install(machine: Machine, package: Package, wishes: Wishes) -> bool:
    """All of it; again changes only what is not so yet. Raises InstallError.

    False where all is installed, and settings that were kept are refused by what is installed now.
    """
    record = read_record(machine) or Record()
    if not package.is_here and not record.package:
        raise InstallError(
            f"there is nothing to install: no drag_edge-*.whl in {package.wheels}, and "
            f"{package.checkout} is no checkout (it has no pyproject.toml)"
        )
    before = machine.changes
    try:
        _install_all(machine, package, wishes, record)
    finally:
        _keep(machine, record)  # after a step that failed too: an uninstall must know what is ours
    changed = machine.changes > before
    holds = not changed or settings_hold(machine, record.settings)
    service.start(machine, changed, wishes.start)
    if not changed:
        machine.note("everything was installed already")
    return holds


def _install_all(machine: Machine, package: Package, wishes: Wishes, record: Record) -> None:
    """Each step, entered into the record as soon as something is ours."""
    record.made_group |= make_group(machine)
    _keep(machine, record)  # now already: what follows may be killed
    record.made_user |= make_user(machine)
    _keep(machine, record)
    join_groups(machine)
    if package.is_here:
        # Until pip has succeeded, nobody knows what is in the environment.
        package_before, record.package = record.package, ""
        record.package = install_package(machine, package, package_before)
    else:
        machine.note("drag_edge itself stays as it is: an update comes from a checkout or a wheel")
    record.shared = copy_shared(machine, package.checkout, record.shared)
    machine.link(layout.PROGRAM, f"{layout.VENV}/bin/drag-edge")
    record.settings = install_settings(machine, package.checkout, record.settings)
    unit = (package.checkout / "systemd/drag-edge.service").read_bytes()
    machine.write(layout.UNIT, unit)
    options = option_files(package.checkout, wishes.cans, wishes.udev, wishes.desktop, on_jetson())
    record.options = tuple(dict.fromkeys((*record.options, *options)))
    write_options(machine, options)
    if layout.CAN_MODULE in options:
        service.start_can_module(machine)
    if any(is_network_file(path) for path in options):
        record.networkd |= service.start_networkd(machine)


def _keep(machine: Machine, record: Record) -> None:
    """Write the record, with the folders that were made by now."""
    folders = dict.fromkeys((*record.folders, *machine.made_folders))
    record.folders = tuple(path for path in folders if not path.startswith(layout.HOME))
    write_record(machine, record)


def uninstall(machine: Machine, purge: bool) -> None:
    """What `install` put there; what a person edited and what was learned only with `purge`."""
    record = read_record(machine) or _found(machine)
    if record is None:
        if purge:
            _remove_data(machine, purge)
            _remove_drop_ins(machine, purge)
            remove_settings(machine, "", purge)
        machine.note(f"nothing is installed in {layout.HOME}")
        return
    check_option_files(machine, record.options)
    service.stop(machine)
    if layout.CAN_MODULE in record.options:
        service.stop_can_module(machine)
    for path in record.options:
        machine.remove(path)
    reread(machine, record.options)
    if record.networkd:
        service.stop_networkd(machine)
    machine.remove(layout.UNIT)
    _remove_drop_ins(machine, purge)
    service.forget(machine)
    program = machine.at(layout.PROGRAM)
    if program.is_symlink():
        machine.remove(layout.PROGRAM)
    remove_settings(machine, record.settings, purge)
    _remove_data(machine, purge)
    remove_user(machine, record.made_user, record.made_group)
    machine.remove(layout.HOME)
    for path in sorted(record.folders, key=len, reverse=True):
        machine.remove_if_empty(path)


def _found(machine: Machine) -> Record | None:
    """Without a record: what can only be ours by its name; None where nothing of it is there."""
    if not any(machine.at(path).exists() for path in (layout.HOME, layout.UNIT)):
        return None
    machine.note(
        f"{layout.RECORD} is missing: what was there before stays, the user {layout.USER} too"
    )
    return Record(options=found_options(machine))


def _remove_data(machine: Machine, purge: bool) -> None:
    machine.remove(layout.CACHE)
    for path in (layout.STATE, layout.LOGS):
        if purge:
            machine.remove(path)
            continue
        machine.remove_if_empty(path)
        if machine.at(path).exists() and not machine.dry_run:
            machine.note(f"kept, being yours: {path} (rm -r removes it)")


def _remove_drop_ins(machine: Machine, purge: bool) -> None:
    """What `systemctl edit` wrote; ours are gone already."""
    if purge:
        machine.remove(layout.DROP_INS)
        return
    machine.remove_if_empty(layout.DROP_INS)
    folder = machine.at(layout.DROP_INS)
    if folder.is_dir() and not machine.dry_run:
        names = ", ".join(sorted(path.name for path in folder.iterdir()))
        machine.note(f"kept, being yours: {layout.DROP_INS} with {names} (rm -r removes it)")
