"""What a field of the schema accepts, read once from its annotation.

Loading, the JSON schema, the messages and the tests all look at fields through this one value.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_LIMITS = ("ge", "gt", "le", "lt")


@dataclass(frozen=True)
class Shape:
    """A field's type, taken apart. Several of these can be true at once (a union).

    sections: nested Section classes. values: the shape of a mapping's values (keys: of its keys).
    items: the shape of a list's items; fixed: one shape per place of a fixed-length list.
    choices: the words or numbers allowed (Literal and Enum). path: "input", "output", "folder",
    "source" (a text that may be a file) or "" (unmarked). limits: ge, gt, le, lt. lengths: least
    and most items or characters. pattern: a regular expression that a text must match.
    """

    sections: tuple[type[BaseModel], ...] = ()
    keys: Shape | None = None
    values: Shape | None = None
    items: Shape | None = None
    fixed: tuple[Shape, ...] = ()
    choices: tuple[Any, ...] = ()
    integer: bool = False
    number: bool = False
    boolean: bool = False
    text: bool = False
    path: str | None = None
    null: bool = False
    unit: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    lengths: tuple[int | None, int | None] = (None, None)
    pattern: str | None = None
    description: str = ""
    required: bool = False
    default: Any = None

    @property
    def numeric(self) -> bool:
        """Whether a number can be meant."""
        return self.integer or self.number


@cache
def fields_of(section: type[BaseModel]) -> dict[str, Shape]:
    """The shape of each field of a Section, by the key the YAML uses."""
    return {info.alias or name: of_field(info) for name, info in section.model_fields.items()}


def of_field(info: FieldInfo) -> Shape:
    """The shape of one field."""
    shape = _refined(_of(info.annotation), info)
    default = None if info.is_required() else info.get_default(call_default_factory=False)
    return replace(shape, required=info.is_required(), default=default)


def described_section(section: type[BaseModel]) -> str:
    """The first line of a section's docstring."""
    return (section.__doc__ or "").strip().split("\n")[0]


def _refined(shape: Shape, info: FieldInfo) -> Shape:
    """The shape with what pydantic's Field says: unit, limits, description."""
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    unit = extra.get("unit", shape.unit)
    path = extra.get("path", shape.path)
    words = extra.get("words")
    if isinstance(words, list):
        shape = replace(shape, choices=tuple(words), text=False)
    shape = replace(
        shape,
        description=info.description or shape.description,
        path=str(path) if path is not None else None,
    )
    for part in info.metadata:
        shape = _limited(shape, part)
    return _with_unit(shape, None if unit is None else str(unit))


def _limited(shape: Shape, part: Any) -> Shape:
    if isinstance(part, FieldInfo):
        return _refined(shape, part)
    if isinstance(part, annotated_types.Interval | annotated_types.Len):
        for single in part:
            shape = _limited(shape, single)
        return shape
    least, most = shape.lengths
    if isinstance(part, annotated_types.MinLen):
        return replace(shape, lengths=(part.min_length, most))
    if isinstance(part, annotated_types.MaxLen):
        return replace(shape, lengths=(least, part.max_length))
    limits = {name: getattr(part, name) for name in _LIMITS if hasattr(part, name)}
    limits = {name: value for name, value in limits.items() if value is not None}
    if limits:
        shape = replace(shape, limits={**shape.limits, **limits})
    pattern = getattr(part, "pattern", None)
    return shape if pattern is None else replace(shape, pattern=str(pattern))


def _with_unit(shape: Shape, unit: str | None) -> Shape:
    """The unit, handed down to the numbers inside lists and mappings."""
    if unit is None:
        return shape
    return replace(
        shape,
        unit=unit,
        items=shape.items and _with_unit(shape.items, shape.items.unit or unit),
        values=shape.values and _with_unit(shape.values, shape.values.unit or unit),
        fixed=tuple(_with_unit(place, place.unit or unit) for place in shape.fixed),
    )


def _of(annotation: Any) -> Shape:
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated:
        shape = _of(arguments[0])
        for part in arguments[1:]:
            shape = _limited(shape, part)
        return shape
    if origin in (typing.Union, types.UnionType):
        return _union([_of(argument) for argument in arguments])
    if origin is typing.Literal:
        return Shape(choices=arguments)
    if isinstance(origin, type):
        return _of_container(origin, arguments)
    return _of_plain(annotation)


def _of_container(origin: type, arguments: tuple[Any, ...]) -> Shape:
    if issubclass(origin, tuple) and arguments[-1:] != (Ellipsis,):
        return Shape(fixed=tuple(_of(argument) for argument in arguments))
    if issubclass(origin, Mapping):
        return Shape(keys=_of(arguments[0]), values=_of(arguments[1]))
    if issubclass(origin, Sequence | set | frozenset):
        return Shape(items=_of(arguments[0]))
    raise TypeError(f"the configuration's schema has no place for {origin}")


def _of_plain(annotation: Any) -> Shape:
    if annotation is None or annotation is type(None):
        return Shape(null=True)
    if not isinstance(annotation, type):
        raise TypeError(f"the configuration's schema has no place for {annotation}")
    if issubclass(annotation, BaseModel):
        return Shape(sections=(annotation,), description=described_section(annotation))
    if issubclass(annotation, Enum):
        return Shape(choices=tuple(member.value for member in annotation))
    plain = {
        bool: Shape(boolean=True),
        int: Shape(integer=True),
        float: Shape(number=True),
        str: Shape(text=True),
    }
    if annotation in plain:
        return plain[annotation]
    if issubclass(annotation, Path):
        return Shape(path="")
    raise TypeError(f"the configuration's schema has no place for {annotation}")


def _union(parts: list[Shape]) -> Shape:
    def first(name: str, empty: Any) -> Any:
        return next((getattr(p, name) for p in parts if getattr(p, name) != empty), empty)

    return Shape(
        sections=tuple(section for part in parts for section in part.sections),
        keys=first("keys", None),
        values=first("values", None),
        items=first("items", None),
        fixed=first("fixed", ()),
        choices=tuple(choice for part in parts for choice in part.choices),
        integer=any(part.integer for part in parts),
        number=any(part.number for part in parts),
        boolean=any(part.boolean for part in parts),
        text=any(part.text for part in parts),
        path=first("path", None),
        null=any(part.null for part in parts),
        limits={name: value for part in parts for name, value in part.limits.items()},
        lengths=first("lengths", (None, None)),
        pattern=first("pattern", None),
        description=first("description", ""),
        unit=first("unit", None),
    )
