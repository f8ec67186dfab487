"""A folder that stands for a computer, and what is installed on it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from installing import layout
from installing.install import Wishes
from installing.machine import Machine
from installing.options import Can
from installing.package import Package

CHECKOUT = Path(__file__).resolve().parent.parent.parent
TOOLS = CHECKOUT / "tools"
EVERYTHING = Wishes((Can("can0", 500_000),), udev=True, desktop=True)
BOTH = {f"user {layout.USER}", f"group {layout.USER}"}


class Computer:
    """A folder, the commands that would have run on it, and what was said."""

    users: ClassVar[set[str]] = set()

    def __init__(self, root: Path, *, dry_run: bool = False) -> None:
        self.said: list[str] = []
        self.commands: list[Sequence[str]] = []
        self.fails = ""
        self.machine = Machine(root, dry_run=dry_run, say=self.said.append, run=self._run)

    def _run(self, command: Sequence[str], quiet: bool) -> int:
        self.commands.append(command)
        line = " ".join(command)
        if self.fails and self.fails in line:
            return 1
        if command[0] in ("useradd", "groupadd"):
            self.users.add(f"{command[0][:-3]} {command[-1]}")
        if command[0] in ("userdel", "groupdel"):
            self.users.remove(f"{command[0][:-3]} {command[-1]}")
        if "-m venv" in line:
            programs = Path(command[-1]) / "bin"
            programs.mkdir(parents=True)
            (programs / "python").touch()
            version = platform.python_version()
            (programs.parent / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
        if "pip" in command and "install" in command:
            (Path(command[0]).parent / "drag-edge").touch()
        return 0

    def files(self) -> dict[str, bytes]:
        """Every file and link below the root."""
        root = self.machine.root
        return {
            str(path.relative_to(root)): os.readlink(path).encode() if path.is_symlink()
            else path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() or path.is_symlink()
        }  # fmt: skip


def package(wheels: Path | None = None) -> Package:
    return Package(CHECKOUT, wheels, (), sys.executable)


def installs_of(computer: Computer) -> list[Sequence[str]]:
    """What pip was told to install."""
    return [one for one in computer.commands if "pip" in one and "install" in one]


def new_default(tmp_path: Path) -> Package:
    """A checkout whose default settings are other ones."""
    checkout = tmp_path / "newer"
    checkout.mkdir()
    for entry in CHECKOUT.iterdir():
        if entry.name not in ("configs", ".git", ".venv"):
            (checkout / entry.name).symlink_to(entry)
    (checkout / "configs").mkdir()
    for entry in (CHECKOUT / "configs").iterdir():
        if entry.name != "service.yaml":
            (checkout / "configs" / entry.name).symlink_to(entry)
    text = (CHECKOUT / "configs/service.yaml").read_text()
    (checkout / "configs/service.yaml").write_text(text + "# of the next version\n")
    return Package(checkout, tmp_path / "wheels", (), sys.executable)
