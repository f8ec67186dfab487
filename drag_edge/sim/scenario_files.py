"""Scenarios by name or path, read strictly; every complaint says where."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from drag_edge.config.loading.tree import Entry, Node, Reader
from drag_edge.errors import InputMissingError, InvalidConfigError
from drag_edge.sim.scenario import Scenario

SCENARIO_FOLDER = Path(__file__).with_name("scenarios")


def known_scenarios() -> tuple[str, ...]:
    """Names of the scenarios that come with the project."""
    return tuple(sorted(path.stem for path in SCENARIO_FOLDER.glob("*.yaml")))


def load_scenario(target: str) -> Scenario:
    """What follows ``sim://``: a name of ours, or the path of a YAML file.

    Raises InputMissingError when there is no such scenario and InvalidConfigError, with
    file:line:column, key and what was expected, when it cannot be used.
    """
    path = _path_of(target)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputMissingError(f"sim://{target}: {path}: {error}") from error
    return read_scenario(text, path)


def read_scenario(text: str, path: Path) -> Scenario:
    """A scenario from YAML text; ``path`` is for messages. Raises InvalidConfigError."""
    reader = Reader(path, path.parent)
    root = reader.read(text)
    if reader.problems:
        raise InvalidConfigError("\n".join(str(problem) for problem in reader.problems))
    if root is None:
        raise InvalidConfigError(f"{path}: an empty file; expected a scenario")
    try:
        return Scenario.model_validate(root.plain())
    except ValidationError as error:
        problems = (_told(path, root, problem) for problem in error.errors())
        raise InvalidConfigError("\n".join(problems)) from error


def _path_of(target: str) -> Path:
    if "/" in target or target.endswith((".yaml", ".yml")):
        return Path(target)
    path = SCENARIO_FOLDER / f"{target}.yaml"
    if target not in known_scenarios():
        known = ", ".join(known_scenarios())
        raise InputMissingError(f"sim://{target}: no such scenario; there are: {known}")
    return path


def _told(path: Path, root: Node, problem: object) -> str:
    assert isinstance(problem, dict)
    location = [str(part) for part in problem["loc"]]
    node = _deepest(root, location)
    place = f"{path}:{node.where.line}:{node.where.column}"
    key = ".".join(location) or "scenario"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] in ("missing", "extra_forbidden"):
        return f"{place}: {key}: {'missing' if problem['type'] == 'missing' else 'unknown key'}"
    return f"{place}: {key} = {problem['input']!r}: {message}"


def _deepest(node: Node, location: list[str]) -> Node:
    """The node of a pydantic location, or the last one on the way that exists."""
    for part in location:
        inner: Node | None = None
        if isinstance(node.value, dict):
            entry = node.value.get(part)
            inner = entry.node if isinstance(entry, Entry) else None
        elif isinstance(node.value, list) and part.isdigit() and int(part) < len(node.value):
            inner = node.value[int(part)]
        if inner is None:
            return node
        node = inner
    return node
