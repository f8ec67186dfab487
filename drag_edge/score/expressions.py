"""Small arithmetic in a row's YAML: "= 30 + 5 * speed_kmh / 3.6", and "{speed_kmh}" in a text."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

Parameters = Mapping[str, float | str]

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_CALLS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "sqrt": math.sqrt,
    "degrees": math.degrees,
    "atan": math.atan,
}


class ExpressionError(ValueError):
    """An expression that cannot be computed; says which."""


def filled_in(value: Any, parameters: Parameters) -> Any:
    """A YAML value with every expression computed and every {parameter} written out."""
    if isinstance(value, Mapping):
        return {
            filled_in(key, parameters): filled_in(one, parameters) for key, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [filled_in(one, parameters) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith("="):
        return computed(value[1:].strip(), parameters)
    return written(value, parameters)


def written(text: str, parameters: Parameters) -> str:
    """A text with {parameter} replaced; numbers without needless zeros."""
    for name, value in parameters.items():
        shown = value if isinstance(value, str) else f"{value:g}"
        text = text.replace("{" + name + "}", shown)
    return text


def computed(text: str, parameters: Parameters) -> Any:
    """The value of an expression of numbers, parameters, + - * / **, min, max, abs, sqrt, atan,
    degrees. Raises ExpressionError."""
    try:
        return _value(ast.parse(text, mode="eval").body, parameters)
    except (SyntaxError, TypeError, ArithmeticError, ValueError) as error:
        raise ExpressionError(f"“= {text}”: {error}") from error


def _value(node: ast.expr, parameters: Parameters) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.Name):
        if node.id not in parameters:
            known = ", ".join(sorted(parameters)) or "none"
            raise ExpressionError(f"no parameter {node.id}; there are: {known}")
        return parameters[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _value(node.left, parameters), _value(node.right, parameters)
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, parameters)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        call = _CALLS.get(node.func.id)
        if call is not None:
            return call(*(_value(one, parameters) for one in node.args))
    raise ExpressionError(f"not understood: {ast.unparse(node)}")
