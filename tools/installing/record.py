"""What an installation remembers of itself, so that the next one and the uninstall know."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from installing import layout
from installing.machine import InstallError, Machine


@dataclass
class Record:
    """package: digest of what is in the virtual environment. settings: digest of the default
    settings that were offered last. made_user, made_group: the system user and group are ours to
    remove. options: files outside our folders that were asked for. folders: those that were made
    for them. networkd: systemd-networkd runs for us alone. shared: files that were brought below
    share/."""

    package: str = ""
    settings: str = ""
    made_user: bool = False
    made_group: bool = False
    options: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    networkd: bool = False
    shared: tuple[str, ...] = ()


def read_record(machine: Machine) -> Record | None:
    """None where nothing is installed. Raises InstallError for a file that is not ours."""
    file = machine.at(layout.RECORD)
    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text())
        known = {field.name for field in fields(Record)}
        # Before there was made_group, the group came and went with the user.
        found.setdefault("made_group", found.get("made_user", False))
        record = Record(**{name: value for name, value in found.items() if name in known})
        for name in ("options", "folders", "shared"):
            setattr(record, name, tuple(getattr(record, name)))
    except (ValueError, TypeError, AttributeError) as error:
        raise InstallError(
            f"{layout.RECORD} is damaged ({error}). Without it an installation starts anew, and "
            f"--uninstall takes what can only be ours: sudo rm {layout.RECORD}, then try again"
        ) from error
    return record


def write_record(machine: Machine, record: Record) -> None:
    """Keep it."""
    content = json.dumps(asdict(record), indent=1) + "\n"
    machine.write(layout.RECORD, content.encode())


def digest(content: bytes) -> str:
    """Of one file's content."""
    return hashlib.sha256(content).hexdigest()


def digest_of(paths: Iterable[Path]) -> str:
    """Of files and folders, names included; caches of Python's left out."""
    whole = hashlib.sha256()
    for path in sorted(files_of(paths)):
        whole.update(str(path).encode() + b"\0" + digest(path.read_bytes()).encode())
    return whole.hexdigest()


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Every file below these, caches left out."""
    found: list[Path] = []
    for path in paths:
        below = path.rglob("*") if path.is_dir() else [path]
        found += [one for one in below if one.is_file() and "__pycache__" not in one.parts]
    return found
