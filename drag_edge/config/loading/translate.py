"""pydantic's complaints as Problems: where the value stands, and what the field expects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from drag_edge.config.loading.interpret import Interpreter
from drag_edge.config.loading.tree import KeyPath, dotted, problem_at
from drag_edge.config.loading.wording import expected
from drag_edge.config.report import UNSET, Kind, Problem

# A section's own validators say in words what they expected ("key: …" points at one of its
# keys); every other message is ours.
_SPOKEN = ("value_error", "assertion_error")


def translated(error: ValidationError, read: Interpreter) -> list[Problem]:
    """A Problem per value that pydantic refused and that nothing was said about yet."""
    problems: dict[KeyPath, Problem] = {}
    for detail in error.errors(include_url=False):
        path, wanted = _named(_path(detail["loc"], read.places), _wanted(detail), read)
        if _is_told(path, read.told) or path in problems:
            continue
        problems[path] = _problem(path, wanted, read)
    # With a fault inside a value, what is said of the whole is only a union's other branch.
    return [problem for path, problem in problems.items() if not _has_deeper(path, problems)]


def _has_deeper(path: KeyPath, paths: Iterable[KeyPath]) -> bool:
    return any(len(one) > len(path) and one[: len(path)] == path for one in paths)


def _problem(path: KeyPath, wanted: str | None, read: Interpreter) -> Problem:
    value: Any = read.values.get(path, UNSET)
    wanted = wanted or expected(read.shapes[path])
    return problem_at(read.places[path], Kind.VALUE, dotted(path), value, wanted)


def _wanted(detail: ErrorDetails) -> str | None:
    """What a section's validator said; None where pydantic speaks."""
    if detail["type"] not in _SPOKEN:
        return None
    return str(detail.get("ctx", {}).get("error", detail["msg"]))


def _named(path: KeyPath, wanted: str | None, read: Interpreter) -> tuple[KeyPath, str | None]:
    """The key that a validator's message names, and the rest of the message."""
    name, colon, rest = (wanted or "").partition(": ")
    longer = (*path, name)
    return (longer, rest) if colon and longer in read.places else (path, wanted)


def _path(loc: Iterable[int | str], places: dict[KeyPath, Any]) -> KeyPath:
    """pydantic's location as a path of the YAML: the names of union branches are left out."""
    path: KeyPath = ()
    for part in loc:
        longer = (*path, str(part))
        if longer in places:
            path = longer
    return path


def _is_told(path: KeyPath, told: set[str]) -> bool:
    """Whether this value, or what it is part of, or a part of it was complained about already."""
    key = dotted(path)
    above = {dotted(path[:depth]) for depth in range(1, len(path) + 1)}
    return bool(above & told) or (bool(key) and any(one.startswith(key + ".") for one in told))
