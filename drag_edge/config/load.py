"""YAML file → Settings, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from drag_edge.config.loading import overrides as command_line
from drag_edge.config.loading.files import Files, read_yaml
from drag_edge.config.loading.interpret import Interpreter
from drag_edge.config.loading.shape import Shape
from drag_edge.config.loading.translate import translated
from drag_edge.config.loading.tree import Where, placed
from drag_edge.config.report import ConfigError, Kind, Problem
from drag_edge.config.root import Settings
from drag_edge.config.rules import broken_rules

# What a room knows of its own part beyond the schema (does the DBC have that signal?). Its
# problems need no place: `key` is enough.
RoomCheck = Callable[[Settings], Iterable[Problem]]

_FILE_IS_MISSING = (Kind.MISSING_FILE, Kind.MISSING_INPUT)


def load(
    path: Path,
    overrides: Sequence[str] = (),
    *,
    check_files: bool = True,
    room_checks: Sequence[RoomCheck] = (),
) -> Settings:
    """Read, check and freeze a configuration.

    overrides: "dotted.key=value" as --set gives them; the value is YAML. check_files=False leaves
    out whether the files it names exist, and with it the rooms' checks, which look into them.
    Raises ConfigError with every problem that was found, each with its place. What spans several
    values is judged only when each of them is right by itself.
    """
    text = read_yaml(path)
    if text.root is None:
        raise ConfigError(text.problems)
    files = Files(check_files)
    problems = text.problems
    problems += command_line.apply(text.root, overrides, files, Path.cwd())

    read = Interpreter(files)
    top = Where(path, 1, 1, path.absolute().parent)
    data = read.read(text.root, Shape(sections=(Settings,)), (), top)
    problems += read.problems
    settings = None
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        problems += translated(error, read)
    if settings is not None and all(problem.kind in _FILE_IS_MISSING for problem in problems):
        checks = (broken_rules, *(room_checks if check_files else ()))
        told = {problem.key for problem in problems}
        found = [problem for check in checks for problem in check(settings)]
        problems += [placed(one, read.places) for one in found if one.key not in told]
    if problems or settings is None:
        raise ConfigError(sorted(problems, key=_order))
    return settings


def _order(problem: Problem) -> tuple[bool, str, int, int]:
    """By file and line; what the command line set comes last."""
    place = (problem.line or 0, problem.column or 0)
    return (problem.override is not None, str(problem.file), *place)
