"""YAML text → nodes that remember where they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from drag_edge.config.loading import yaml12
from drag_edge.config.report import UNSET, Kind, Problem

# Aliases can multiply a small text without end; a real configuration has a few hundred nodes.
_MOST_NODES = 50_000
_DEEPEST = 60

# A value's place in the sections: ("models", "road", "roi", "1").
KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """A place: in a file (line and column from 1), or on the command line (override)."""

    file: Path | None
    line: int | None
    column: int | None
    folder: Path
    override: str | None = None


@dataclass(slots=True)
class Entry:
    """One key of a mapping: the key as YAML read it, where it stands, and its value."""

    key: Any
    where: Where
    node: Node


@dataclass(slots=True)
class Node:
    """A value and where it starts.

    value: dict[str, Entry] with keys spelled as text ("1" for the key 1), list[Node], or a scalar.
    """

    where: Where
    value: Any = None

    def plain(self) -> Any:
        """The value as ordinary dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {entry.key: entry.node.plain() for entry in self.value.values()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


def problem_at(
    where: Where, kind: Kind, key: str, value: Any, expected: str, hint: str = ""
) -> Problem:
    """A Problem at a place."""
    return Problem(
        kind, where.file, where.line, where.column, key, value, expected, hint, where.override
    )


def place_of(path: KeyPath, places: Mapping[KeyPath, Where]) -> Where:
    """Where a value stands, or, where it is a default, the section that would hold it."""
    while path not in places:
        path = path[:-1]
    return places[path]


def placed(problem: Problem, places: Mapping[KeyPath, Where]) -> Problem:
    """A problem that knows only its key, with the place of that key.

    One that has a place in another file (a DBC) keeps it and says who named that file.
    """
    where = place_of(tuple(problem.key.split(".")), places)
    if problem.line is None:
        return replace(
            problem,
            file=where.file,
            line=where.line,
            column=where.column,
            override=where.override,
        )
    named = problem_at(where, problem.kind, problem.key, UNSET, "").place()
    return replace(problem, hint="; ".join(filter(None, (problem.hint, f"named in {named}"))))


def dotted(path: KeyPath) -> str:
    """'models.road.roi.1', as --set spells it too."""
    return ".".join(path)


@dataclass
class Reader:
    """Turns one YAML text into nodes; what is wrong with the text is collected in `problems`."""

    file: Path | None
    folder: Path
    override: str | None = None
    problems: list[Problem] = field(default_factory=list)
    _count: int = 0

    def read(self, text: str) -> Node | None:
        """The root node; None when the text is empty or is not YAML (then `problems` says why)."""
        try:
            root = yaml12.Loader(text).get_single_node()
        except yaml.reader.ReaderError as error:
            self._refuse(
                text[: error.position],
                f"character #x{error.character:04x}",
                "text without control characters",
            )
            return None
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
            return None
        except RecursionError:
            self._deep(Where(self.file, 1, 1, self.folder, self.override))
            return None
        return None if root is None else self._node(root, (), ())

    def where(self, mark: yaml.Mark | None) -> Where:
        """A mark of PyYAML's as ours."""
        if self.override is not None or mark is None:
            return Where(None, None, None, self.folder, self.override)
        return Where(self.file, mark.line + 1, mark.column + 1, self.folder)

    def _node(self, node: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> Node:
        where = self.where(node.start_mark)
        self._count += 1
        if id(node) in above:
            self._say(where, path, UNSET, "an alias that does not contain itself")
            return Node(where)
        if len(above) > _DEEPEST or self._count > _MOST_NODES:
            if not any("nested" in problem.expected for problem in self.problems):
                self._deep(where)
            return Node(where)
        above = (*above, id(node))
        if not yaml12.is_known(node.tag):
            self._say(where, path, node.tag, "a plain value without a !tag")
            return Node(where)
        if isinstance(node, yaml.MappingNode):
            return Node(where, self._mapping(node, path, above))
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return Node(where, [self._node(item, (*path, str(i)), above) for i, item in items])
        return Node(where, self._scalar(node, where, path))

    def _scalar(self, node: yaml.Node, where: Where, path: KeyPath) -> Any:
        try:
            return yaml12.scalar(node)
        except ValueError:
            self._say(where, path, node.value, f"text that fits its tag {node.tag}")
            return None

    def _mapping(
        self, node: yaml.MappingNode, path: KeyPath, above: tuple[int, ...]
    ) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        merged: list[Entry] = []
        for key_node, value_node in node.value:
            if yaml12.is_merge(key_node):
                merged += self._merge(value_node, path, above)
                continue
            where = self.where(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self._say(where, path, UNSET, "a key that is one word, not a list or mapping")
                continue
            key = self._scalar(key_node, where, path)
            name = str(key_node.value)
            if name in entries:
                first = entries[name].where
                expected = f"each key once; it is first given in line {first.line}"
                self._say(where, (*path, name), UNSET, expected, Kind.DUPLICATE_KEY)
                continue
            entries[name] = Entry(key, where, self._node(value_node, (*path, name), above))
        for entry in merged:
            entries.setdefault(str(entry.key), entry)
        return entries

    def _merge(self, node: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> Iterator[Entry]:
        """The entries that `<<: *other` (or a list of such) brings in."""
        found = self._node(node, path, above)
        for part in found.value if isinstance(found.value, list) else [found]:
            if isinstance(part.value, dict):
                yield from part.value.values()
            else:
                self._say(part.where, path, UNSET, "<<: to name a mapping")

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        said = ": ".join(part for part in (error.context, error.problem) if part)
        hint = ""
        if "'\\t'" in said:
            hint = "YAML indents with spaces; this is a tab"
        elif "mapping values are not allowed" in said:
            hint = "is the line above indented as it should be, or is a text with ': ' unquoted?"
        elif "expected <block end>" in said:
            hint = "is this line indented as its neighbours are?"
        where = self.where(error.problem_mark or error.context_mark)
        text = f"YAML: {said}"
        self.problems.append(problem_at(where, Kind.SYNTAX, "", UNSET, text, hint))

    def _refuse(self, before: str, value: str, expected: str) -> None:
        line, column = place_after(before)
        where = Where(self.file, line, column, self.folder, self.override)
        self.problems.append(problem_at(where, Kind.SYNTAX, "", value, expected))

    def _deep(self, where: Where) -> None:
        expected = f"at most {_DEEPEST} levels nested and {_MOST_NODES} values"
        self.problems.append(problem_at(where, Kind.SYNTAX, "", UNSET, expected))

    def _say(
        self,
        where: Where,
        path: KeyPath,
        value: Any,
        expected: str,
        kind: Kind = Kind.SYNTAX,
    ) -> None:
        self.problems.append(problem_at(where, kind, dotted(path), value, expected))


def place_after(before: str) -> tuple[int, int]:
    """Line and column, from 1, of the character that follows `before`."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
