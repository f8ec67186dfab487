"""What is wrong with a configuration, as data and as a person reads it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from drag_edge.config.redact import redact
from drag_edge.errors import CONFIG, NO_INPUT, InvalidConfigError


class Kind(str, Enum):
    """What sort of problem: the exit code depends on it."""

    SYNTAX = "syntax"
    UNKNOWN_KEY = "unknown key"
    DUPLICATE_KEY = "duplicate key"
    MISSING_KEY = "missing key"
    VALUE = "value"
    UNIT = "unit"
    MISSING_FILE = "missing file"
    DAMAGED_FILE = "damaged file"  # there, and not what it should be
    MISSING_INPUT = "missing input"  # the YAML itself, or the recording it plays


class Unset:
    """Stands for "no value" where None would mean YAML's null."""

    def __repr__(self) -> str:
        return "(nothing)"


UNSET = Unset()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where.

    line and column count from 1; both None when the value came from the command line (then
    `override` is the text as typed) or when the file could not be read at all. key is dotted
    ("models.road.roi.1"). value is what was found, as written; UNSET when nothing was.
    """

    kind: Kind
    file: Path | None
    line: int | None
    column: int | None
    key: str
    value: Any
    expected: str
    hint: str = ""
    override: str | None = None

    def place(self) -> str:
        """file:line:column, or the --set that said it."""
        if self.override is not None:
            return f"--set {_printable(self.override)}"
        name = _short(self.file)
        return name if self.line is None else f"{name}:{self.line}:{self.column}"

    def __str__(self) -> str:
        what = self.key or "the whole file"
        if not isinstance(self.value, Unset):
            what += f" = {_shown(self.value)}"
        text = f"{self.place()}: {self.kind.value}: {what}: expected {self.expected}"
        return redact(f"{text} ({self.hint})" if self.hint else text)


class ConfigError(InvalidConfigError):
    """A configuration that is refused; carries every problem that was found, in file order.

    exit_code is 66 when all that is wrong is an input that is not there, else 78.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
        only_input = all(problem.kind is Kind.MISSING_INPUT for problem in self.problems)
        self.exit_code = NO_INPUT if only_input else CONFIG


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that `word` was probably meant to be, if any is close."""
    by_folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def listed(words: Sequence[str], most: int = 12) -> str:
    """'a, b, c', cut after `most`."""
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown}, … ({len(words)} in all)"


def _short(file: Path | None) -> str:
    """The path as a person would type it from here."""
    if file is None:
        return "(no file)"
    relative = os.path.relpath(file)
    far = os.getcwd() == os.sep or relative.startswith(os.pardir + os.sep + os.pardir)
    return str(file) if far else relative


def _shown(value: Any, most: int = 60) -> str:
    text = value if isinstance(value, str) and value.strip() else repr(value)
    text = {"None": "null", "True": "true", "False": "false"}.get(text, text)
    text = " ".join(_printable(text).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _printable(text: str) -> str:
    """Text without passwords of URLs and without what a terminal cannot show."""
    return redact(text).encode("utf-8", "backslashreplace").decode("utf-8")
