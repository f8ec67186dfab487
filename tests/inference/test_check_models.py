"""`drag-edge check` looks into the files that models name."""

from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.checks import models_are_networks
from drag_edge.config.models import ModelSettings
from drag_edge.config.root import Settings
from tests.inference import tiny_onnx
from tests.inference.engines import ours, with_header
from tests.inference.fake_tensorrt import plan_bytes


def told(**model: object) -> list[str]:
    """Problems of one model, as one line each."""
    settings = Settings.model_construct(models={"road": ModelSettings(**model)})
    return [f"{p.key}: {p.expected}; {p.hint}" for p in models_are_networks(settings)]


def test_whole_files_are_fine(tmp_path: Path) -> None:
    engine = tmp_path / "road.engine"
    ours(engine)
    assert not told(file=engine)
    assert not told(file=engine, task="detect")
    assert not told(file=tiny_onnx.echo(tmp_path / "road.onnx", (1, 3, 8, 8)))
    engine.write_bytes(plan_bytes("8.5.3"))
    assert not told(file=engine, runtime="tensorrt")


@pytest.mark.parametrize("runtime", ["auto", "tensorrt"])
def test_an_engine_that_is_none_is_found_before_anything_starts(
    tmp_path: Path, runtime: str
) -> None:
    engine = tmp_path / "road.engine"
    tiny_onnx.echo(engine, (1, 3, 8, 8))
    (problem,) = told(file=engine, runtime=runtime)
    assert problem.startswith("models.road.file: a TensorRT engine; ")
    assert "looks like an ONNX file" in problem
    engine.write_bytes(with_header({"task": "pose"}, plan_bytes("10.3.0")))
    (problem,) = told(file=engine, runtime=runtime, task="detect")
    assert problem.startswith("models.road.task: task pose")


def test_a_torch_file_is_not_looked_into(tmp_path: Path) -> None:
    file = tmp_path / "road.pt"
    file.write_bytes(b"PK")
    assert not told(file=file)
