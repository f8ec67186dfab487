"""What the service needs beside the package: examples, demo models, pages, this tool."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from installing import layout
from installing.machine import InstallError, Machine
from installing.record import files_of


def copy_shared(machine: Machine, checkout: Path, brought: Iterable[str]) -> tuple[str, ...]:
    """Bring every file, and take away what only the version before brought.

    Files of others in these folders stay: an engine that was built beside its ONNX, an example that
    somebody copied. brought: what the last installation returned. Returns paths below share/.
    """
    wanted = _wanted(checkout)
    _bring(machine, wanted)
    for name in brought:
        if name not in wanted and _is_inside(name):
            machine.remove(f"{layout.SHARE}/{name}")
    return tuple(wanted)


def _wanted(checkout: Path) -> dict[str, Path]:
    """Each file's path below share/, and where it comes from."""
    wanted = {name: checkout / name for name in layout.SHARED_FILES}
    for name in layout.SHARED:
        folder = checkout / name
        if not folder.is_dir():
            raise InstallError(f"{folder} is missing: is this a whole checkout?")
        wanted |= {f"{name}/{one.relative_to(folder)}": one for one in files_of([folder])}
    return wanted


def _bring(machine: Machine, wanted: Mapping[str, Path]) -> None:
    changed = {name: path for name, path in wanted.items() if not _is_there(machine, name, path)}
    for folder in sorted({_top(name) for name in changed}):
        machine.did(f"copy {folder} to {layout.SHARE}")
    if machine.dry_run:
        return
    for name, source in changed.items():
        target = machine.at(f"{layout.SHARE}/{name}")
        machine.make_folders(target.parent)
        # Whole or not at all; a checkout may be for its owner alone, the service is another user.
        unfinished = target.with_name(f".{target.name}.new")
        shutil.copyfile(source, unfinished)
        unfinished.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
        unfinished.replace(target)


def _is_there(machine: Machine, name: str, source: Path) -> bool:
    target = machine.at(f"{layout.SHARE}/{name}")
    return target.is_file() and target.read_bytes() == source.read_bytes()


def _top(name: str) -> str:
    """What a person reads of it: the folder, or the file itself."""
    return next((one for one in layout.SHARED if name.startswith(f"{one}/")), name)


def _is_inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in Path(name).parts
