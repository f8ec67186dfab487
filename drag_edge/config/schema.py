"""The JSON schema that editors use, generated from the sections; never written by hand."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from drag_edge.config.loading.shape import Shape, described_section, fields_of
from drag_edge.config.root import Settings

_LIMITS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}
_SWITCH_WORDS = ("on", "off", "yes", "no")
_NUMBER = r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"

JsonSchema = dict[str, Any]


def schema_text() -> str:
    """The whole schema as JSON text, the same on every machine and Python."""
    definitions: dict[str, JsonSchema] = {}
    root = _section(Settings, definitions)
    document = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "drag_edge configuration",
        **root,
        "definitions": dict(sorted(definitions.items())),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _section(section: type[BaseModel], definitions: dict[str, JsonSchema]) -> JsonSchema:
    fields = fields_of(section)
    properties = {name: _field(shape, definitions) for name, shape in fields.items()}
    schema: JsonSchema = {
        "type": "object",
        "description": described_section(section),
        "additionalProperties": False,
        "properties": properties,
    }
    required = [name for name, shape in fields.items() if shape.required]
    if required:
        schema["required"] = required
    return schema


def _field(shape: Shape, definitions: dict[str, JsonSchema]) -> JsonSchema:
    unit = f" [{shape.unit}]" if shape.unit not in (None, "1") else ""
    schema = {"description": shape.description + unit, **_any_of(shape, definitions)}
    if not shape.required and _is_plain(shape.default):
        schema["default"] = _plain(shape.default)
    return schema


def _any_of(shape: Shape, definitions: dict[str, JsonSchema]) -> JsonSchema:
    """One alternative in place, several under anyOf."""
    ways = _scalars(shape) + _containers(shape, definitions)
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def _scalars(shape: Shape) -> list[JsonSchema]:
    ways: list[JsonSchema] = []
    if shape.choices:
        ways.append({"enum": list(shape.choices)})
    if shape.boolean:
        ways += [{"type": "boolean"}, {"enum": list(_SWITCH_WORDS)}]
    if shape.numeric:
        limits = {_LIMITS[name]: value for name, value in shape.limits.items()}
        ways.append({"type": "number" if shape.number else "integer", **limits})
        if shape.unit not in (None, "1"):
            ways.append({"type": "string", "pattern": rf"^{_NUMBER} *{_escaped(shape.unit)}$"})
    if shape.text or shape.path is not None:
        pattern = {} if shape.pattern is None else {"pattern": shape.pattern}
        least = {"minLength": shape.lengths[0]} if shape.text and shape.lengths[0] else {}
        ways.append({"type": "string", **pattern, **least})
    if shape.null:
        ways.append({"type": "null"})
    return ways


def _containers(shape: Shape, definitions: dict[str, JsonSchema]) -> list[JsonSchema]:
    ways: list[JsonSchema] = []
    for section in shape.sections:
        if section.__name__ not in definitions:
            definitions[section.__name__] = {}  # stops a section that contains itself
            definitions[section.__name__] = _section(section, definitions)
        ways.append({"$ref": f"#/definitions/{section.__name__}"})
    if shape.values is not None:
        values = _any_of(shape.values, definitions)
        ways.append({"type": "object", "additionalProperties": values})
    if shape.items is not None:
        least, most = shape.lengths
        bounds = {"minItems": least, "maxItems": most}
        bounds = {name: count for name, count in bounds.items() if count is not None}
        ways.append({"type": "array", "items": _any_of(shape.items, definitions), **bounds})
    if shape.fixed:
        places = [_any_of(place, definitions) for place in shape.fixed]
        alike = all(place == places[0] for place in places)
        items = places[0] if alike else places
        count = len(places)
        ways.append({"type": "array", "items": items, "minItems": count, "maxItems": count})
    return ways


def _escaped(unit: str | None) -> str:
    return "".join(f"\\{letter}" if letter in "^()*+." else letter for letter in unit or "")


def _is_plain(value: Any) -> bool:
    """Whether a default can be shown: not a whole section."""
    if isinstance(value, tuple | list):
        return all(_is_plain(item) for item in value)
    return isinstance(value, str | int | float | bool | Path)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
