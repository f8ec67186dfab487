"""Data flows one way: each room imports only what its place in the house allows."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "drag_edge"
EVERYWHERE = {"clock", "errors", "events", ""}

MAY_IMPORT = {
    "config": set(),
    "frames": {"config"},
    "inference": {"config", "frames"},
    "perception": {"config", "inference.results"},
    "adas": {"config", "perception.ego", "perception.scene"},
    "vehicle": {"config", "perception.ego", "perception.scene", "adas.decision", "adas.alerts",
                "adas.events"},
    "display": {"config", "frames.frame", "inference.results", "perception.ego",
                "perception.scene", "perception.camera", "adas.decision", "adas.alerts"},
    "service": {"config", "adas.events"},
    "faults": {"config", "frames", "inference.results", "inference.pool", "vehicle"},
    "doctor": {"config", "checks", "frames.address", "inference"},
}  # fmt: skip
# The small world sees values and the wire, never how the daemon comes to its decisions.
SIM_MAY_NOT_IMPORT = {
    "daemon", "assemble", "display", "service", "inference.pool", "inference.onnx",
    "perception.perceive", "perception.tracks", "perception.lanes", "adas.acc", "adas.aeb",
    "adas.lka", "adas.bsd", "vehicle.sender", "vehicle.ego", "vehicle.link",
}  # fmt: skip
# The doctor looks at it in a process of its own.
PYCUDA_ROOMS = {"inference/cuda.py", "doctor/child.py"}
IMPORTS_PYCUDA = re.compile(r"(import|from) pycuda|import_module\(\s*[\"']pycuda")


def imports_of(path: Path) -> set[str]:
    """Modules of ours that a file imports, without the package's name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            module = next((n for n in reversed(names) if is_module(n)), node.module)
            found.add(module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name.removeprefix("drag_edge").lstrip(".") for name in found if ours(name)}


def ours(name: str) -> bool:
    return name == "drag_edge" or name.startswith("drag_edge.")


def is_module(name: str) -> bool:
    path = PACKAGE.parent / Path(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def allowed(module: str, room: str, grants: set[str]) -> bool:
    if module in EVERYWHERE or module == room or module.startswith(f"{room}."):
        return True
    return any(module == grant or module.startswith(f"{grant}.") for grant in grants)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_before_it(room: str) -> None:
    wrong = {
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in (PACKAGE / room).rglob("*.py")
        for module in imports_of(path)
        if not allowed(module, room, MAY_IMPORT[room])
    }
    assert not wrong


def test_no_files_import_each_other_in_a_circle_not_even_for_types() -> None:
    files = {path: path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")}
    graph = {".".join(name.parts).removesuffix(".__init__"): imports_of(path)
             for path, name in files.items()}  # fmt: skip
    TopologicalSorter(graph).prepare()  # raises a CycleError that shows the way round


def test_the_small_world_does_not_look_into_the_daemon() -> None:
    wrong = {
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in (PACKAGE / "sim").rglob("*.py")
        for module in imports_of(path)
        if module in SIM_MAY_NOT_IMPORT
    }
    assert not wrong


def test_only_the_assembly_and_the_reports_know_the_simulation() -> None:
    outside = [p for p in PACKAGE.rglob("*.py") if "sim" not in p.relative_to(PACKAGE).parts]
    knowing = {
        str(path.relative_to(PACKAGE))
        for path in outside
        if any(module.split(".")[0] == "sim" for module in imports_of(path))
    }
    judges = {one for one in knowing if one.startswith("score/")}
    assert knowing - judges <= {"assemble.py", "report.py", "checks.py"}


def test_heavy_runtimes_are_imported_only_where_they_are_used() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        name = str(path.relative_to(PACKAGE))
        assert name in PYCUDA_ROOMS or not IMPORTS_PYCUDA.search(text), name
        assert "import torch" not in text, name
        assert "import ultralytics" not in text or name.startswith("inference/"), name
