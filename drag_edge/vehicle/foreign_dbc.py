"""The DBC of somebody's vehicle: loaded leniently, refused with file and line."""

from __future__ import annotations

import re
from pathlib import Path

import cantools
from cantools.database import UnsupportedDatabaseFormatError
from cantools.database.can import Database
from cantools.database.errors import Error

from drag_edge.errors import InvalidConfigError

# What cantools' parser raises for files that are not quite DBC, besides its own errors.
_PARSER_ERRORS = (
    Error,
    UnsupportedDatabaseFormatError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
)


class DbcError(InvalidConfigError):
    """A DBC that cantools refuses; line and column count from 1, None where cantools names none."""

    def __init__(self, path: Path, line: int | None, column: int | None, reason: str) -> None:
        place = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(f"{place}: not a DBC that cantools can read: {reason}")
        self.path = path
        self.line = line
        self.column = column
        self.reason = reason


def load_dbc(path: Path) -> Database:
    """Read a DBC file. Raises DbcError."""
    try:
        # Not strict: many real files have signals that overlap, and are right where it matters.
        database = cantools.database.load_file(path, database_format="dbc", strict=False)
    except _PARSER_ERRORS as error:
        reason = _reason(error)
        line, column = _place(reason, path)
        raise DbcError(path, line, column, reason) from error
    assert isinstance(database, Database)
    return database


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    wrapped = re.fullmatch(r'DBC: "(.*)"', text)  # cantools tries formats, and names each
    return wrapped[1] if wrapped else text


def _place(reason: str, path: Path) -> tuple[int | None, int | None]:
    """Where in the file the trouble is: as cantools says, or by the names that it complains of."""
    told = re.search(r"line (\d+)(?:, column (\d+))?", reason)
    if told:
        return int(told[1]), int(told[2] or 1)
    message = re.search(r"in message (\w+)", reason)
    if message:
        return _line_with(path, rf"^\s*BO_\s+\d+\s+{re.escape(message[1])}\s*:")
    entry = re.search(r"((?:VAL_|CM_|BA_|SIG_GROUP_|SG_|BO_)\s+\d+(?:\s+\w+)?)", reason)
    if entry:
        words = r"\s+".join(re.escape(word) for word in entry[1].split())
        return _line_with(path, rf"^\s*{words}\b")
    return None, None


def _line_with(path: Path, pattern: str) -> tuple[int | None, int | None]:
    try:
        lines = path.read_text(encoding="cp1252", errors="replace").splitlines()
    except OSError:
        return None, None
    number = next((n for n, line in enumerate(lines, 1) if re.search(pattern, line)), None)
    return number, None if number is None else 1
