"""YAML file → Settings, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from drag_edge.config.base import Section
from drag_edge.config.loading import overrides as command_line
from drag_edge.config.loading.files import Files, read_yaml
from drag_edge.config.loading.interpret import Interpreter
from drag_edge.config.loading.shape import Shape
from drag_edge.config.loading.translate import translated
from drag_edge.config.loading.tree import KeyPath, Where, placed
from drag_edge.config.report import ConfigError, Kind, Problem
from drag_edge.config.root import Settings
from drag_edge.config.rules import broken_rules

# What a room knows of its own part beyond the schema (does the DBC have that signal?). Its
# problems need no place: `key` is enough.
RoomCheck = Callable[[Settings], Iterable[Problem]]

AnySection = TypeVar("AnySection", bound=Section)

# Hears of a problem that is no reason to refuse.
Warn = Callable[[Problem], None]

_FILE_IS_MISSING = (Kind.MISSING_FILE, Kind.MISSING_INPUT)
_FILE_IS_UNUSABLE = (Kind.MISSING_FILE, Kind.DAMAGED_FILE)


def load(
    path: Path,
    overrides: Sequence[str] = (),
    *,
    check_files: bool = True,
    room_checks: Sequence[RoomCheck] = (),
    warn_of_models: Warn | None = None,
) -> Settings:
    """Read, check and freeze a configuration.

    overrides: "dotted.key=value" as --set gives them; the value is YAML. check_files=False leaves
    out whether the files it names exist, and with it the rooms' checks, which look into them.
    warn_of_models: where nothing else is wrong, hears of models whose file is missing or damaged,
    and that refuses nothing: each fails by itself when it is to run. It does with adas.actuation.
    Raises ConfigError with every problem that was found, each with its place. What spans several
    values is judged only when each of them is right by itself.
    """
    read = _read(path, Settings, overrides, check_files)
    problems = read.problems
    if read.value is not None and all(one.kind in _FILE_IS_MISSING for one in problems):
        checks = (broken_rules, *(room_checks if check_files else ()))
        told = {problem.key for problem in problems}
        found = [problem for check in checks for problem in check(read.value)]
        problems += [placed(one, read.places) for one in found if one.key not in told]
        contained = not read.value.adas.actuation and all(map(_is_models_own, problems))
        if warn_of_models is not None and contained:
            for problem in problems:
                warn_of_models(problem)
            return read.value
    return _whole(read)


def _is_models_own(problem: Problem) -> bool:
    """Whether all that is wrong is that one model's file is missing or damaged."""
    section, _, rest = problem.key.partition(".")
    return problem.kind in _FILE_IS_UNUSABLE and section == "models" and rest.endswith(".file")


def load_section(path: Path, section: type[AnySection]) -> AnySection:
    """Read a YAML file that holds one section of any kind, as strictly as a configuration.

    Raises ConfigError with every problem that was found.
    """
    return _whole(_read(path, section, (), check_files=True))


@dataclass
class _Read(Generic[AnySection]):
    """A file as far as it could be read: value is None where pydantic refused it."""

    value: AnySection | None
    problems: list[Problem]
    places: Mapping[KeyPath, Where]


def _read(
    path: Path, section: type[AnySection], overrides: Sequence[str], check_files: bool
) -> _Read[AnySection]:
    text = read_yaml(path)
    if text.root is None:
        return _Read(None, text.problems, {})
    files = Files(check_files)
    problems = text.problems
    problems += command_line.apply(text.root, overrides, files, Path.cwd())
    interpreter = Interpreter(files)
    top = Where(path, 1, 1, path.absolute().parent)
    data = interpreter.read(text.root, Shape(sections=(section,)), (), top)
    problems += interpreter.problems
    value = None
    try:
        value = section.model_validate(data)
    except ValidationError as error:
        problems += translated(error, interpreter)
    return _Read(value, problems, interpreter.places)


def _whole(read: _Read[AnySection]) -> AnySection:
    if read.problems or read.value is None:
        raise ConfigError(sorted(read.problems, key=_order))
    return read.value


def _order(problem: Problem) -> tuple[bool, str, int, int]:
    """By file and line; what the command line set comes last."""
    place = (problem.line or 0, problem.column or 0)
    return (problem.override is not None, str(problem.file), *place)
