"""The computer that is installed on, or a folder that stands for it; every change goes through."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

# The command, and whether nobody wants to read what it says.
Run = Callable[[Sequence[str], bool], int]


class InstallError(Exception):
    """Says what is wrong and what to do."""


def run_command(command: Sequence[str], quiet: bool) -> int:
    """Run it here; unless it is to be quiet its output is the person's."""
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, stdout=output, stderr=output, check=False).returncode


class Machine:
    """Changes files under `root` and says each change; with dry_run it only says.

    Paths are as on the installed system ("/etc/…"), wherever `root` is.
    """

    def __init__(
        self,
        root: Path,
        *,
        dry_run: bool = False,
        say: Callable[[str], None] = print,
        run: Run = run_command,
    ) -> None:
        self.root = root
        self.dry_run = dry_run
        self.changes = 0
        self.made_folders: list[str] = []
        self._say = say
        self._run = run

    @property
    def is_this(self) -> bool:
        """Whether it is the computer that we run on, not a folder."""
        return self.root == Path("/")

    def at(self, path: str) -> Path:
        """Where a path of the installed system lies now."""
        return self.root / path.lstrip("/")

    def note(self, text: str) -> None:
        """Something a person should know, no change."""
        self._say(text)

    def did(self, text: str) -> None:
        """A change, or with dry_run one that would be."""
        self.changes += 1
        self._say(f"would {text}" if self.dry_run else text)

    def write(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """A file with this content, whole or not at all; says nothing where it is so already."""
        target = self.at(path)
        if target.is_file() and not target.is_symlink() and target.read_bytes() == content:
            return
        self.did(f"write {path}")
        if self.dry_run:
            return
        self.make_folders(target.parent)
        unfinished = target.with_name(f".{target.name}.new")
        unfinished.write_bytes(content)
        unfinished.chmod(mode)
        os.replace(unfinished, target)

    def make_folders(self, folder: Path) -> None:
        """Remember those that were missing: they go again when they are empty."""
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        self.made_folders += [f"/{one.relative_to(self.root)}" for one in missing]

    def link(self, path: str, to: str) -> None:
        """A symbolic link; somebody else's file of that name is left alone."""
        target = self.at(path)
        if target.is_symlink() and os.readlink(target) == to:
            return
        if target.exists() and not target.is_symlink():
            self.note(f"{path} is somebody else's: left as it is")
            return
        self.did(f"link {path} to {to}")
        if not self.dry_run:
            self.make_folders(target.parent)
            target.unlink(missing_ok=True)
            target.symlink_to(to)

    def remove(self, path: str) -> None:
        """A file, a link or a whole folder."""
        target = self.at(path)
        if not (target.exists() or target.is_symlink()):
            return
        self.did(f"remove {path}")
        if self.dry_run:
            return
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink()

    def remove_if_empty(self, path: str) -> None:
        """A folder that nothing is left in; worth no line."""
        target = self.at(path)
        if target.is_dir() and not any(target.iterdir()) and not self.dry_run:
            target.rmdir()

    def ask(self, *words: str, quiet: bool = True) -> bool:
        """Whether a command that changes nothing succeeds."""
        try:
            return self._run(words, quiet) == 0
        except OSError:
            return False

    def command(self, *words: str, why: str, must: bool = True) -> bool:
        """Run a command of the system; False where it failed and need not work."""
        self.did(why)
        if self.dry_run:
            return True
        try:
            code = self._run(words, False)
        except OSError as error:
            code, reason = 127, str(error)
        else:
            reason = f"exit code {code}"
        if code != 0 and must:
            raise InstallError(f"{' '.join(words)}: {reason}")
        if code != 0:
            self.note(f"  that did not work ({reason}): {' '.join(words)}")
        return code == 0
