"""What was probably meant: the second half of a message."""

from __future__ import annotations

from drag_edge.config import units
from drag_edge.config.loading.shape import Shape, fields_of
from drag_edge.config.loading.tree import Node
from drag_edge.config.report import nearest


def meant_key(name: str, fields: dict[str, Shape]) -> str:
    """Which key was probably meant; a wrong unit suffix is told as such."""
    if name.isdecimal():
        return "a number with a comma before? Write it with a point"  # {x: 1,6} has a key 6
    spelled = units.of_key(name)
    for known in fields:
        other = units.of_key(known)
        if spelled and other and spelled[0] == other[0]:
            return f"did you mean {known}? It is in {fields[known].unit}, not {spelled[1]}"
        if other and other[0] == name:
            return f"did you mean {known}? The key names its unit"
    close = nearest(name, list(fields))
    return f"did you mean {close}?" if close else ""


def converted(number: float, unit: str, to: str | None) -> str:
    """'130 km/h is 36.1111 m/s', where the two units measure the same thing."""
    if not units.is_known(unit):
        return f"{unit} is no unit that is known here"
    value = units.convert(number, unit, units.canonical(to or "1"))
    if value is None:
        return ""
    shown = f"{value:.6g}" + (f" {to}" if to not in (None, "1") else "")
    return f"{number:g} {unit} is {shown}"


def why_no_number(text: str) -> str:
    """Why a text that looks like a number to a person is none."""
    digits = text.lstrip("+-")
    if not digits.isdecimal() or not digits.startswith("0"):
        return ""
    plain = digits.lstrip("0") or "0"
    return f"write {plain} without the leading zero; octal is 0o{plain}, hexadecimal 0x{plain}"


def other_form(node: Node, shape: Shape) -> str:
    """What to write instead where a section or mapping is expected and something else stands."""
    if isinstance(node.value, list) and (shape.values or shape.sections):
        return "names with a colon, without '-' before them"
    switch = isinstance(node.value, bool) or str(node.value).lower() in ("on", "off", "yes", "no")
    if switch and any("enabled" in fields_of(section) for section in shape.sections):
        return f"write enabled: {node.value} in it"
    return ""
