"""How the doctor looks at a machine: files, programs, libraries. Each look has a limit in time.

Nothing here changes anything. Tests put a folder in the place of `/` and answers in the place of
programs and libraries.
"""

from __future__ import annotations

import grp
import importlib.metadata
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drag_edge.doctor.child import ANSWER

_MOST_BYTES = 1 << 16
_CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from drag_edge.doctor.child import main; main(sys.argv[2])"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished program. code: None when it took too long and was ended."""

    code: int | None
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child process found out about one topic.

    facts: None when it did not come to an answer; then `trouble` says how it ended. said: what
    libraries wrote meanwhile, on stdout or stderr.
    """

    facts: Mapping[str, Any] | None
    said: str = ""
    trouble: str = ""

    @property
    def error(self) -> str:
        """Why there is nothing to use, one line; "" when there is."""
        if self.facts is None:
            return self.trouble
        return str(self.facts.get("error", ""))

    def get(self, key: str) -> Any:
        """One fact, None where it is not known."""
        return None if self.facts is None else self.facts.get(key)


class Machine:
    """The machine that the doctor looks at."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self.python_version: tuple[int, int, int] = sys.version_info[:3]
        self.executable = sys.executable
        self.processor = platform.machine()
        self.kernel = platform.release()
        self._answers: dict[str, Answer] = {}

    def path(self, path: str) -> Path:
        """Where a path of the system lies."""
        return self.root / path.lstrip("/")

    def text(self, path: str) -> str | None:
        """A small file's text without NULs and blanks around it; None if it cannot be read."""
        try:
            with self.path(path).open("rb") as file:
                data = file.read(_MOST_BYTES)
        except OSError:
            return None
        return data.decode("utf-8", "replace").strip("\0 \t\r\n")

    def names(self, folder: str) -> list[str]:
        """What a folder holds, in order; empty if it cannot be read."""
        try:
            return sorted(entry.name for entry in self.path(folder).iterdir())
        except OSError:
            return []

    def exists(self, path: str) -> bool:
        """Whether it is there."""
        return os.path.exists(self.path(path))

    def may_use(self, path: str) -> bool:
        """Whether this user may read and write it."""
        return os.access(self.path(path), os.R_OK | os.W_OK)

    def group_of(self, path: str) -> str:
        """The name of the group that a device belongs to; "" if unknown."""
        try:
            return grp.getgrgid(self.path(path).stat().st_gid).gr_name
        except (OSError, KeyError):
            return ""

    def variable(self, name: str) -> str:
        """An environment variable; "" if it is not set."""
        return os.environ.get(name, "")

    def free_bytes(self, folder: Path) -> int | None:
        """Free space for this user; None if unknown."""
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            return None

    def distributions(self) -> Mapping[str, str]:
        """What pip knows to be installed: name → version. Of two with one name, Python's choice."""
        found: dict[str, str] = {}
        for one in importlib.metadata.distributions():
            name = str(one.metadata["Name"] or "").lower().replace("_", "-")
            found.setdefault(name, one.version)
        return found

    def run(self, *words: str, limit_s: float = 5.0) -> Ran | None:
        """Run a program that only looks; None when it is not installed."""
        return _run(words, limit_s)

    def ask(self, topic: str, limit_s: float = 60.0) -> Answer:
        """Let a child process look at a library (see child.py); remembered.

        A library that crashes, aborts or hangs when imported cannot take the doctor with it.
        """
        if topic not in self._answers:
            self._answers[topic] = self._ask(topic, limit_s)
        return self._answers[topic]

    def _ask(self, topic: str, limit_s: float) -> Answer:
        words = (self.executable, "-c", _CHILD, json.dumps(sys.path), topic)
        return answer_of(_run(words, limit_s), limit_s)

    def connect(self, host: str, port: int, limit_s: float = 2.0) -> str:
        """Open a TCP connection and close it again; "" if that works, else why not."""
        try:
            socket.create_connection((host, port), limit_s).close()
        except TimeoutError:
            return f"no answer within {limit_s:g} s"
        except OSError as error:
            return error.strerror or str(error)
        return ""


def answer_of(ran: Ran | None, limit_s: float) -> Answer:
    """What a child's output means."""
    if ran is None:
        return Answer(None, trouble="Python itself could not be started again")
    if ran.code is None:
        return Answer(None, ran.errors, f"it took longer than {limit_s:g} s")
    lines = ran.output.splitlines()
    for line in reversed(lines):
        if line.startswith(ANSWER):
            said = [*lines[: lines.index(line)], *ran.errors.splitlines()]
            return Answer(json.loads(line[len(ANSWER) :]), "\n".join(said))
    return Answer(None, ran.errors, f"its process {_ending(ran.code)}")


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _run(words: Sequence[str], limit_s: float) -> Ran | None:
    environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C"}
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=environment,
            start_new_session=True,  # so that what it started can be ended with it
        )
    except OSError:
        return None
    try:
        output, errors = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return Ran(None, "", "")
    return Ran(process.returncode, output, errors)
