"""YAML as people expect it: 1.2's plain scalars, not 1.1's surprises.

Only true/false are booleans, only null/~/nothing is null. `off`, `yes`, `12:30`, `2024-01-01`,
`1_000` and `0123` are plain words; the field they are given to decides what to make of them.
Source: YAML 1.2.2, section 10.3 (core schema).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_PREFIX = "tag:yaml.org,2002:"
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_INT = re.compile(r"^[-+]?(?:0|[1-9][0-9]*|0o[0-7]+|0x[0-9a-fA-F]+)$")
_FLOAT = re.compile(
    r"^[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"
    r"|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
)
_MERGE = re.compile(r"^<<$")


class Loader(yaml.SafeLoader):
    """PyYAML's pure Python loader with 1.2's resolver; used to compose nodes only."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("null", _NULL, ["~", "n", "N", ""]),
    ("bool", _BOOL, list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
    ("merge", _MERGE, ["<"]),
):
    Loader.add_implicit_resolver(_PREFIX + _tag, _pattern, _first)


def scalar(node: yaml.Node) -> Any:
    """The Python value of a scalar node: None, bool, int, float (NaN and inf included) or str.

    Raises ValueError when the text does not fit a tag that was written before it ("!!int x").
    """
    text: str = node.value
    kind = node.tag.removeprefix(_PREFIX)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return _int(text)
    if kind == "float":
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def is_known(tag: str) -> bool:
    """Whether the tag is one of the core schema's (an explicit !tag of another kind is refused)."""
    kinds = ("null", "bool", "int", "float", "str", "seq", "map", "merge")
    return tag in {_PREFIX + kind for kind in kinds}


def is_merge(node: yaml.Node) -> bool:
    """Whether a key is `<<`."""
    return bool(node.tag == _PREFIX + "merge")


def _int(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    base = {"0x": 16, "0o": 8}.get(digits[:2], 10)
    return sign * int(digits, base)
