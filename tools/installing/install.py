"""Install, and take away again: the steps in their order."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installing import layout, service
from installing.account import join_groups, make_user, remove_user
from installing.machine import InstallError, Machine
from installing.options import (
    Can,
    check_option_files,
    is_network_file,
    option_files,
    reread,
    write_options,
)
from installing.package import Package, install_package
from installing.record import Record, files_of, read_record, write_record
from installing.settings import install_settings, remove_settings


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for."""

    cans: Sequence[Can] = ()
    udev: bool = False
    desktop: bool = False
    start: bool = True


def install(machine: Machine, package: Package, wishes: Wishes) -> None:
    """All of it; again changes only what is not so yet. Raises InstallError."""
    record = read_record(machine) or Record()
    before = machine.changes
    try:
        _install_all(machine, package, wishes, record)
    finally:
        _keep(machine, record)  # after a step that failed too: an uninstall must know what is ours
    changed = machine.changes > before
    service.start(machine, changed, wishes.start)
    if not changed:
        machine.note("everything was installed already")


def _install_all(machine: Machine, package: Package, wishes: Wishes, record: Record) -> None:
    """Each step, entered into the record as soon as something is ours."""
    record.made_user |= make_user(machine)
    _keep(machine, record)  # now already: what follows may be killed
    join_groups(machine)
    # Until pip has succeeded, nobody knows what is in the environment.
    package_before, record.package = record.package, ""
    record.package = install_package(machine, package, package_before)
    _copy_shared(machine, package.checkout)
    machine.link(layout.PROGRAM, f"{layout.VENV}/bin/drag-edge")
    record.settings = install_settings(machine, package.checkout, record.settings)
    unit = (package.checkout / "systemd/drag-edge.service").read_bytes()
    machine.write(layout.UNIT, unit)
    options = option_files(package.checkout, wishes.cans, wishes.udev, wishes.desktop)
    record.options = tuple(dict.fromkeys((*record.options, *options)))
    write_options(machine, options)
    if any(is_network_file(path) for path in options):
        record.networkd |= service.start_networkd(machine)


def _keep(machine: Machine, record: Record) -> None:
    """Write the record, with the folders that were made by now."""
    folders = dict.fromkeys((*record.folders, *machine.made_folders))
    record.folders = tuple(path for path in folders if not path.startswith(layout.HOME))
    write_record(machine, record)


def _copy_shared(machine: Machine, checkout: Path) -> None:
    """What the service needs beside the package."""
    for name in layout.SHARED:
        copy_folder(machine, checkout / name, f"{layout.SHARE}/{name}")
    for name in layout.SHARED_FILES:
        content = (checkout / name).read_bytes()
        mode = 0o755 if name == "tools/install" else 0o644
        machine.write(f"{layout.SHARE}/{name}", content, mode)


def uninstall(machine: Machine, purge: bool) -> None:
    """What `install` put there; what a person edited and what was learned only with `purge`."""
    record = read_record(machine)
    if record is None:
        if purge:
            _remove_data(machine, purge)
            _remove_drop_ins(machine, purge)
            remove_settings(machine, "", purge)
        machine.note(f"nothing is installed in {layout.HOME}")
        return
    check_option_files(machine, record.options)
    service.stop(machine)
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
    remove_user(machine, record.made_user)
    machine.remove(layout.HOME)
    for path in sorted(record.folders, key=len, reverse=True):
        machine.remove_if_empty(path)


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


def copy_folder(machine: Machine, source: Path, path: str) -> None:
    """The same files as in `source`, and no others; nothing where that is so already."""
    if not source.is_dir():
        raise InstallError(f"{source} is missing: is this a whole checkout?")
    target = machine.at(path)
    if _contents(source) == _contents(target):
        return
    machine.did(f"copy {source.name} to {path}")
    if machine.dry_run:
        return
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    _let_everybody_read(target)


def _let_everybody_read(folder: Path) -> None:
    """A checkout may be for its owner alone; the service runs as another user."""
    for path in (folder, *folder.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in files_of([folder])}
