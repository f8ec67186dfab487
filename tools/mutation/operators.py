"""The ways in which code is broken: each mutant is one change of one node of the syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One broken version of a file. where: function and class names around it, dotted."""

    file: str
    line: int
    where: str
    operator: str
    before: str
    after: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}: {self.operator}: {self.before}  →  {self.after}"


Operator = Callable[[ast.AST], Iterator[ast.AST]]

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}


def constant(node: ast.AST) -> Iterator[ast.AST]:
    """A number becomes one more and its half, a truth its opposite, a text another."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield ast.Constant(value + 1)
        if isinstance(value, float) and value:
            yield ast.Constant(value / 2)
    elif isinstance(value, str):
        yield ast.Constant(value + "!")


def comparison(node: ast.AST) -> Iterator[ast.AST]:
    """< becomes <= and >=, == becomes !=, is becomes is not, in becomes not in …"""
    if not isinstance(node, ast.Compare):
        return
    for index, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            changed = copy.deepcopy(node)
            changed.ops[index] = other()
            yield changed


def arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    """+ becomes -, * becomes /, << becomes >>, & becomes | …, a sign is lost."""
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        changed = copy.deepcopy(node)
        changed.op = _ARITHMETIC[type(node.op)]()
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand


def boolean(node: ast.AST) -> Iterator[ast.AST]:
    """`and` becomes `or`, one of its sides is left out, `not` is lost, a condition is turned."""
    if isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield changed
        for index in range(len(node.values)):
            rest = [value for i, value in enumerate(node.values) if i != index]
            yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, (ast.If, ast.While)):
        changed = copy.deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), node.test)
        yield changed


def return_none(node: ast.AST) -> Iterator[ast.AST]:
    """A function that returns something returns nothing."""
    if isinstance(node, ast.Return) and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))


def arguments(node: ast.AST) -> Iterator[ast.AST]:
    """Neighbouring arguments change places (not in min, max: all the same); min becomes max …"""
    if not isinstance(node, ast.Call):
        return
    named = node.func.id if isinstance(node.func, ast.Name) else ""
    for index in range(0 if named in ("min", "max") else len(node.args) - 1):
        changed = copy.deepcopy(node)
        changed.args[index], changed.args[index + 1] = node.args[index + 1], node.args[index]
        yield changed
    if named in _FUNCTIONS:
        changed = copy.deepcopy(node)
        changed.func = ast.Name(_FUNCTIONS[named], ast.Load())
        yield changed


def statement(node: ast.AST) -> Iterator[ast.AST]:
    """A statement is left out."""
    removable = (ast.Assign, ast.AugAssign, ast.If, ast.For, ast.Raise, ast.Return, ast.Expr)
    if isinstance(node, removable) and not _is_docstring(node):
        yield ast.Pass()


OPERATORS: dict[str, Operator] = {
    "constant": constant,
    "comparison": comparison,
    "arithmetic": arithmetic,
    "boolean": boolean,
    "return none": return_none,
    "arguments": arguments,
    "statement": statement,
}


def mutants_of(file: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    tree = ast.parse(source)
    for path, node, where in _nodes(tree, (), ""):
        for name, operator in OPERATORS.items():
            for changed in operator(node):
                code = _with(tree, path, changed)
                if code is None:
                    continue
                line = getattr(node, "lineno", 0)
                yield Mutant(file, line, where, name, _short(node), _short(changed), code)


Path = tuple[tuple[str, int | None], ...]  # field, index in its list


def _nodes(node: ast.AST, path: Path, where: str) -> Iterator[tuple[Path, ast.AST, str]]:
    """Every node that runs, with how to find it: no docstrings, annotations or imports."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        where = f"{where}.{node.name}".lstrip(".")
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "ctx", "op", "ops", "bases"):
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or isinstance(child, (ast.Import, ast.ImportFrom)):
                continue
            if _is_docstring(child):
                continue
            here = (*path, (name, index if isinstance(value, list) else None))
            yield here, child, where
            yield from _nodes(child, here, where)


def _with(tree: ast.AST, path: Path, changed: ast.AST) -> str | None:
    """The file's text with one node changed; None when that is the same text."""
    broken = copy.deepcopy(tree)
    parent: ast.AST = broken
    for name, index in path[:-1]:
        field = getattr(parent, name)
        parent = field if index is None else field[index]
    name, index = path[-1]
    if index is None:
        setattr(parent, name, changed)
    else:
        getattr(parent, name)[index] = changed
    text = ast.unparse(ast.fix_missing_locations(broken))
    return None if text == ast.unparse(tree) else text


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_none(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else text[:89] + "…"
