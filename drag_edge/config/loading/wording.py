"""What a field expects, in words."""

from __future__ import annotations

from drag_edge.config.loading.shape import Shape, fields_of
from drag_edge.config.report import listed

_LIMIT_WORDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


def expected(shape: Shape) -> str:
    """'a number in m, more than 0.1 and at most 5', 'one of front, left, right, rear' …"""
    parts = _simple(shape) + _nested(shape)
    words = " or ".join(parts)
    if shape.null:
        return f"{words}{',' if len(words) > 40 else ''} or null" if words else "null"
    return words


def _simple(shape: Shape) -> list[str]:
    parts = []
    if shape.choices:
        parts.append("one of " + listed([str(choice) for choice in shape.choices]))
    if shape.boolean:
        parts.append("true or false (on/off, yes/no)")
    if shape.numeric:
        parts.append(_number(shape))
    if shape.path in ("", "input"):
        parts.append("a file that exists")
    elif shape.path == "folder":
        parts.append("a folder to write into")
    elif shape.path == "output":
        parts.append("a file to write")
    if shape.text:
        parts.append("text" + (f" like {shape.pattern}" if shape.pattern else ""))
    return parts


def _nested(shape: Shape) -> list[str]:
    parts = [f"a section with {listed(list(fields_of(section)), 6)}" for section in shape.sections]
    if shape.values is not None:
        parts.append(f"a mapping of names, each to {expected(shape.values)}")
    if shape.items is not None:
        parts.append(f"a list{_length(shape)}, each {expected(shape.items)}")
    if shape.fixed:
        parts.append(f"a list of {len(shape.fixed)}: {_places(shape.fixed)}")
    return parts


def _number(shape: Shape) -> str:
    kind = "a number" if shape.number else "a whole number"
    unit = f" in {shape.unit}" if shape.unit not in (None, "1") else ""
    limits = [f"{word} {shape.limits[name]:g}" for name, word in _LIMIT_WORDS.items()
              if name in shape.limits]  # fmt: skip
    return f"{kind}{unit}" + (f", {' and '.join(limits)}" if limits else "")


def _length(shape: Shape) -> str:
    least, most = shape.lengths
    if least is not None and least == most:
        return f" of {least}"
    bounds = [f"at least {least}"] if least else []
    bounds += [f"at most {most}"] if most is not None else []
    return f" of {' and '.join(bounds)}" if bounds else ""


def _places(fixed: tuple[Shape, ...]) -> str:
    words = [expected(place) for place in fixed]
    return f"each {words[0]}" if len(set(words)) == 1 else "; ".join(words)
