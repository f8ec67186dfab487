from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drag_edge.inference.engine import ModelError
from drag_edge.inference.onnx import OnnxEngine
from tests.inference import tiny_onnx


def test_it_runs_what_its_input_buffers_hold(tmp_path: Path) -> None:
    engine = OnnxEngine(tiny_onnx.echo(tmp_path / "echo.onnx", (1, 3, 2, 4)), threads=1)
    picture = np.arange(24, dtype=np.float32).reshape(1, 3, 2, 4)
    for factor in (1, 2):
        engine.input_buffers["images"][:] = picture * factor
        np.testing.assert_array_equal(engine.run()["output"], picture * factor)


def test_buffers_are_the_same_for_its_whole_life(tmp_path: Path) -> None:
    engine = OnnxEngine(tiny_onnx.echo(tmp_path / "echo.onnx", (1, 3, 2, 4)))
    first = engine.input_buffers["images"], engine.run()["output"]
    assert engine.input_buffers["images"] is first[0]
    assert engine.run()["output"] is first[1]


def test_it_names_its_tensors_and_tells_the_files_metadata(tmp_path: Path) -> None:
    file = tiny_onnx.answers(
        tmp_path / "two.onnx",
        {"boxes": np.zeros((1, 6, 5), np.float32), "ids": np.zeros((1, 4), np.int64)},
        metadata={"task": "detect"},
    )
    engine = OnnxEngine(file)
    assert [str(spec) for spec in engine.inputs] == ["images 1×3×32×64 float32"]
    assert [str(spec) for spec in engine.outputs] == ["boxes 1×6×5 float32", "ids 1×4 int64"]
    assert engine.metadata == {"task": "detect"}


def test_an_open_size_is_fixed_by_the_metadata(tmp_path: Path) -> None:
    file = tiny_onnx.answers(
        tmp_path / "open.onnx",
        {"out": np.zeros((1, 2), np.float32)},
        input_shape=("batch", 3, "height", "width"),
        metadata={"imgsz": "[48, 80]"},
    )
    assert OnnxEngine(file).inputs[0].shape == (1, 3, 48, 80)


def test_an_open_size_without_metadata_is_refused(tmp_path: Path) -> None:
    file = tiny_onnx.answers(
        tmp_path / "open.onnx",
        {"out": np.zeros((1, 2), np.float32)},
        input_shape=("batch", 3, "height", "width"),
    )
    with pytest.raises(ModelError, match="leaves its size open"):
        OnnxEngine(file)


@pytest.mark.parametrize("content", [b"", b"not a network at all", b"\x08\x08\x3a\x05junk!"])
def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx is no ONNX file|first run failed"):
        OnnxEngine(file)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    file = tiny_onnx.echo(tmp_path / "whole.onnx", (1, 3, 2, 4))
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ModelError):
        OnnxEngine(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no such file: .*gone\.onnx"):
        OnnxEngine(tmp_path / "gone.onnx")


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    engine = OnnxEngine(tiny_onnx.echo(tmp_path / "echo.onnx", (1, 3, 2, 4)))
    engine.close()
    engine.close()


def test_nothing_is_collected_about_what_runs_here(tmp_path: Path) -> None:
    """The runtime's makers hear nothing of a vehicle: no file of theirs in the home folder."""
    file = tiny_onnx.echo(tmp_path / "echo.onnx", (1, 3, 2, 4))
    code = (
        "import sys; from pathlib import Path; from drag_edge.inference.onnx import OnnxEngine; "
        "OnnxEngine(Path(sys.argv[1])).run()"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ORT_")}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    command = [sys.executable, "-c", code, str(file)]
    subprocess.run(command, env=environment, check=True, timeout=60)
    assert list(home.rglob("*")) == []
