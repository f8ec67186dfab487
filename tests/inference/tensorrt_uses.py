"""Which of TensorRT's names our source uses, and whether every release has them or is asked first.

A name that stands for one of TensorRT's objects is known by its spelling (ROLES), file by file; a
file that says `trt` and is not listed fails the test. A use is fine when every release has the
name, or when a question in the same function (hasattr, getattr with a default, Offers.has) keeps
it from every release that lacks it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.inference.tensorrt_names import VERSIONS, dotted_names

MODULE = ""
BUILDING = {"trt": MODULE, "self._trt": MODULE, "builder": "Builder", "config": "IBuilderConfig"}
# Source below drag_edge/ → expression → TensorRT's class.
ROLES: Mapping[str, Mapping[str, str]] = {
    "inference/building/builder.py": BUILDING,
    "inference/building/calibrator.py": BUILDING,
    "inference/building/compile.py": {
        **BUILDING,
        "network": "INetworkDefinition",
        "tensor": "ITensor",
    },
    "inference/building/config.py": {**BUILDING, "profile": "IOptimizationProfile"},
    "inference/building/offers.py": BUILDING,
    "inference/building/parsing.py": {
        **BUILDING,
        "network": "INetworkDefinition",
        "parser": "OnnxParser",
        "error": "ParserError",
    },
    "inference/building/progress.py": BUILDING,
    "inference/building/selector.py": {
        **BUILDING,
        "choice": "IAlgorithm",
        "choice.algorithm_variant": "IAlgorithmVariant",
    },
    "inference/building/timing_cache.py": {**BUILDING, "cache": "ITimingCache"},
    "inference/tensorrt.py": {
        "self._engine": "ICudaEngine",
        "self._context": "IExecutionContext",
        "self._runtime.trt": MODULE,
    },
    "inference/tensorrt_io.py": {
        "trt": MODULE,
        "engine": "ICudaEngine",
        "context": "IExecutionContext",
    },
    "inference/tensorrt_log.py": {"trt": MODULE},
    "inference/tensorrt_runtime.py": {
        "trt": MODULE,
        "self.trt": MODULE,
        "self._runtime": "Runtime",
    },
    "inference/tensorrt_sharing.py": {
        "trt": MODULE,
        "engine": "ICudaEngine",
        "context": "IExecutionContext",
        "strategy": "ExecutionContextAllocationStrategy",
    },
    "inference/versions.py": {"trt": MODULE},
    "doctor/child.py": {"trt": MODULE},
}
# What makes one of TensorRT's objects: its result may only get a name that has that role.
MAKES = {
    "Builder": "Builder",
    "OnnxParser": "OnnxParser",
    "Runtime": "Runtime",
    "Builder.create_network": "INetworkDefinition",
    "Builder.create_builder_config": "IBuilderConfig",
    "Builder.create_optimization_profile": "IOptimizationProfile",
    "IBuilderConfig.create_timing_cache": "ITimingCache",
    "IBuilderConfig.get_timing_cache": "ITimingCache",
    "ICudaEngine.create_execution_context": "IExecutionContext",
}
QUESTIONS = frozenset(("hasattr", "getattr"))


@dataclass(frozen=True)
class Use:
    """name: dotted. asked: the names that are asked for in the same function."""

    line: int
    name: str
    asked: frozenset[str]


def faults(source: str, roles: Mapping[str, str]) -> list[str]:
    """What is wrong in one file, a line each."""
    offered = {version: dotted_names(version) for version in VERSIONS}
    found = []
    uses, made = read_uses(source, roles)
    for use in uses:
        found += [
            f"line {use.line}: no release has {asked}, which is asked for"
            for asked in sorted(use.asked)
            if not any(asked in names for names in offered.values())
        ]
        for version, names in offered.items():
            if use.name not in names and use.asked <= names:
                found.append(f"line {use.line}: TensorRT {version} has no {use.name}")
    for line, target, owner in made:
        if roles.get(target) != owner:
            found.append(f"line {line}: {target} is a {owner}, which ROLES does not say")
    return list(dict.fromkeys(found))


def says_trt(source: str) -> bool:
    """Whether a file has a name `trt` or `_trt`, as a variable, parameter or attribute."""
    return any(
        (isinstance(node, ast.Name) and node.id == "trt")
        or (isinstance(node, ast.arg) and node.arg == "trt")
        or (isinstance(node, ast.Attribute) and node.attr in ("trt", "_trt"))
        for node in ast.walk(ast.parse(source))
    )


def read_uses(
    source: str, roles: Mapping[str, str]
) -> tuple[list[Use], list[tuple[int, str, str]]]:
    """Uses, and assignments of new TensorRT objects: (line, target, class)."""
    uses: list[Use] = []
    made: list[tuple[int, str, str]] = []
    for function in _functions(ast.parse(source)):
        nodes = list(_own_nodes(function))
        asked = frozenset(name for node in nodes for name in _asked(node, roles))
        for node in nodes:
            name = _used(node, roles)
            if name is not None:
                uses.append(Use(node.lineno, name, asked))
            made += _made(node, roles)
    return uses, made


def _functions(tree: ast.Module) -> Iterator[ast.AST]:
    """The module and every outermost function or method: what is nested is asked for outside."""
    yield tree
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from (
                child
                for child in node.body
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            )


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    if isinstance(function, ast.Module):
        for node in ast.iter_child_nodes(function):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield from ast.walk(node)
    else:
        yield from ast.walk(function)


def _role(node: ast.AST, roles: Mapping[str, str]) -> str | None:
    """The class that an expression stands for, MODULE for the module."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    said = roles.get(ast.unparse(node))
    if said is None and isinstance(node, ast.Attribute) and _role(node.value, roles) == MODULE:
        return node.attr
    return said


def _dotted(owner: str, name: str) -> str:
    return f"{owner}.{name}" if owner else name


def _used(node: ast.AST, roles: Mapping[str, str]) -> str | None:
    name, owner = "", None
    if isinstance(node, ast.Attribute):
        name, owner = node.attr, _role(node.value, roles)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("setattr", "getattr"):
        if len(node.args) == 3 and ast.unparse(node.func) == "getattr":
            return None  # has a default: a question
        owner = _role(node.args[0], roles)
        name = node.args[1].value if isinstance(node.args[1], ast.Constant) else ""
    if owner is None or not name or name.startswith("__"):
        return None
    return _dotted(owner, name)


def _asked(node: ast.AST, roles: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    last = node.args[-1] if len(node.args) < 2 else node.args[1]
    if not isinstance(last, ast.Constant) or not isinstance(last.value, str):
        return
    if isinstance(node.func, ast.Name) and node.func.id in QUESTIONS and len(node.args) > 1:
        owner = _role(node.args[0], roles)
        if owner is not None and not last.value.startswith("__"):
            yield _dotted(owner, last.value)
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "has":
        yield last.value


def _made(node: ast.AST, roles: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
        return
    maker = _used(node.value.func, roles)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if maker in MAKES:
        for target in targets:
            yield node.lineno, ast.unparse(target), MAKES[maker]


def source_of(name: str) -> str:
    """Of a file below drag_edge/."""
    folder = Path(__file__).resolve().parents[2] / "drag_edge"
    return (folder / name).read_text(encoding="utf-8")
