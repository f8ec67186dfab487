"""Nodes → plain values for pydantic: units, on/off, paths, included files, unknown keys."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from drag_edge.config import units
from drag_edge.config.loading import hints
from drag_edge.config.loading.files import Files, UnusableFileError
from drag_edge.config.loading.shape import Shape, fields_of
from drag_edge.config.loading.tree import KeyPath, Node, Where, dotted, problem_at
from drag_edge.config.loading.wording import expected
from drag_edge.config.report import UNSET, Kind, Problem, listed, nearest

_SWITCH = {"on": True, "off": False, "yes": True, "no": False, "true": True, "false": False}


@dataclass
class Interpreter:
    """Walks nodes along the schema; collects problems and goes on, so that all are told at once.

    After a walk `places` knows where every value came from, for problems that pydantic or a rule
    finds later, and `told` holds the paths that have been complained about.
    """

    files: Files
    problems: list[Problem] = field(default_factory=list)
    places: dict[KeyPath, Where] = field(default_factory=dict)
    values: dict[KeyPath, Any] = field(default_factory=dict)
    shapes: dict[KeyPath, Shape] = field(default_factory=dict)
    meant: dict[KeyPath, str] = field(default_factory=dict)

    @property
    def told(self) -> set[str]:
        """Dotted keys that already have a problem."""
        return {problem.key for problem in self.problems}

    def read(self, node: Node, shape: Shape, path: KeyPath, key_at: Where) -> Any:
        """The value of a node as pydantic should see it."""
        self.places[path] = key_at if isinstance(node.value, dict | list) else node.where
        self.values[path] = UNSET if isinstance(node.value, dict) else node.plain()
        self.shapes[path] = shape
        if node.value is None and not shape.null and (shape.sections or shape.values):
            node = replace(node, value={})  # "acc:" with every line below it commented out
        if isinstance(node.value, dict):
            return self._mapping(node, shape, path, key_at)
        if isinstance(node.value, list):
            return self._list(node, shape, path)
        return self._scalar(node, shape, path)

    def _mapping(self, node: Node, shape: Shape, path: KeyPath, key_at: Where) -> Any:
        if shape.sections:
            return self.section(node, _closest(shape.sections, node), path, key_at)
        if shape.values is None:
            return self._refuse(node, shape, path)
        self._suspect(node, path)
        as_text = shape.keys is not None and shape.keys.text and not shape.keys.numeric
        return {
            name if as_text else entry.key: self.read(
                entry.node, shape.values, (*path, name), entry.where
            )
            for name, entry in node.value.items()
        }

    def _suspect(self, node: Node, path: KeyPath) -> None:
        """An entry that --set made may be a slip: should it not be whole, say what was meant."""
        for name, entry in node.value.items():
            if entry.where.override is not None:
                close = nearest(name, [other for other in node.value if other != name])
                hint = f"did you mean {dotted((*path, close))}?" if close else ""
                self.meant[(*path, name)] = hint

    def section(
        self, node: Node, section: type[BaseModel], path: KeyPath, key_at: Where
    ) -> dict[str, Any]:
        """A mapping whose keys are a section's fields."""
        fields = fields_of(section)
        found: dict[str, Any] = {}
        for name, entry in node.value.items():
            if name in fields:
                found[name] = self.read(entry.node, fields[name], (*path, name), entry.where)
                continue
            known = f"one of {listed(list(fields))}"
            value, hint = _told(entry.node), hints.meant_key(name, fields)
            self._say(Kind.UNKNOWN_KEY, entry.where, (*path, name), value, known, hint)
        for name, shape in fields.items():
            if shape.required and name not in node.value:
                about = f" ({shape.description})" if shape.description else ""
                wanted, hint = f"{expected(shape)}{about}", self.meant.get(path, "")
                self._say(Kind.MISSING_KEY, key_at, (*path, name), UNSET, wanted, hint)
        return found

    def _list(self, node: Node, shape: Shape, path: KeyPath) -> Any:
        if shape.fixed and len(node.value) == len(shape.fixed):
            places = list(shape.fixed)
        elif shape.items is not None:
            places = [shape.items] * len(node.value)
        else:
            return self._refuse(node, shape, path)
        pairs = enumerate(zip(node.value, places, strict=True))
        return [self.read(item, of, (*path, str(i)), item.where) for i, (item, of) in pairs]

    def _scalar(self, node: Node, shape: Shape, path: KeyPath) -> Any:
        value = node.value
        if value is None:
            return None if shape.null else self._refuse(node, shape, path)
        if isinstance(value, bool):
            return self._boolean(node, shape, path)
        if isinstance(value, int | float):
            return self._number(node, shape, path)
        return self._text(node, shape, path)

    def _boolean(self, node: Node, shape: Shape, path: KeyPath) -> Any:
        word = "on" if node.value else "off"
        if shape.boolean:
            return node.value
        return word if word in shape.choices else self._refuse(node, shape, path)

    def _number(self, node: Node, shape: Shape, path: KeyPath) -> Any:
        if shape.path == "source" and isinstance(node.value, int):
            return str(node.value)  # `source: 0` is /dev/video0
        if not shape.numeric:
            if node.value in shape.choices:
                return node.value
            quoted = "put it in quotes" if shape.text or shape.path is not None else ""
            return self._refuse(node, shape, path, quoted)
        if not _finite(node.value):
            return self._refuse(node, shape, path, "it must be finite")
        return node.value

    def _text(self, node: Node, shape: Shape, path: KeyPath) -> Any:
        text: str = node.value
        if text in shape.choices:
            return text
        if shape.boolean and text.lower() in _SWITCH:
            return _SWITCH[text.lower()]
        if shape.numeric and (quantity := units.parse(text)) is not None:
            return self._quantity(node, quantity, shape, path)
        if shape.path is not None:
            return self._file(node, shape, path)
        if shape.text:
            return text
        close = nearest(text, [str(choice) for choice in shape.choices])
        hint = (
            f"did you mean {close}?"
            if close
            else hints.why_no_number(text)
            if shape.numeric
            else ""
        )
        return self._refuse(node, shape, path, hint)

    def _quantity(self, node: Node, spelled: units.Quantity, shape: Shape, path: KeyPath) -> Any:
        number, unit = spelled.number, spelled.unit
        if unit is not None and unit != units.canonical(shape.unit or "1"):
            plain = shape.unit in (None, "1")
            wanted = "a bare number" if plain else f"a number in {shape.unit}"
            hint = hints.converted(number, unit, shape.unit)
            self._say(Kind.UNIT, node.where, path, node.value, f"{wanted}, not in {unit}", hint)
            return node.value
        if not _finite(number):
            return self._refuse(node, shape, path, "it must be finite")
        return int(number) if not shape.number and number.is_integer() else number

    def _file(self, node: Node, shape: Shape, path: KeyPath) -> Any:
        """A path made absolute and checked; a section's file is read in its place."""
        try:
            if not shape.sections:
                return self.files.locate(node.value, shape.path or "", node.where)
            included = self.files.include(node.value, node.where)
        except UnusableFileError as problem:
            self._say(problem.kind, node.where, path, node.value, problem.expected, problem.hint)
            return node.value
        self.problems += included.problems
        if included.root is None:
            return included.file
        return self.read(included.root, replace(shape, path=None), path, included.root.where)

    def _refuse(self, node: Node, shape: Shape, path: KeyPath, hint: str = "") -> Any:
        hint = hint or hints.other_form(node, shape)
        self._say(Kind.VALUE, node.where, path, _told(node), expected(shape), hint)
        return node.plain()

    def _say(
        self, kind: Kind, where: Where, path: KeyPath, value: Any, expected: str, hint: str = ""
    ) -> None:
        self.problems.append(problem_at(where, kind, dotted(path), value, expected, hint))


def _told(node: Node) -> Any:
    """What a message shows of a value: scalars and lists, not whole sections."""
    return UNSET if isinstance(node.value, dict) else node.plain()


def _finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number too large for a float
        return False


def _closest(sections: tuple[type[BaseModel], ...], node: Node) -> type[BaseModel]:
    """Of several sections, the one most of whose keys are there."""
    return max(sections, key=lambda section: len(set(fields_of(section)) & set(node.value)))
