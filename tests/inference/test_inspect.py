from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from drag_edge.errors import InputMissingError, InvalidConfigError
from drag_edge.inference.inspect import inspect_model
from tests.inference import tiny_onnx

CELLS = 8 * 4 + 4 * 2 + 2


def test_a_detector_tells_its_tensors_its_metadata_and_its_use(tmp_path: Path) -> None:
    file = tiny_onnx.answers(
        tmp_path / "cars.onnx",
        {"output0": np.zeros((1, 6, CELLS), np.float32)},
        metadata={"task": "detect", "names": "{0: 'car', 1: 'toaster'}", "imgsz": "nonsense"},
    )
    report = inspect_model(file)
    text = "\n".join(report.lines())
    for said in ("images 1×3×32×64 float32", "output0 1×6×42", "yolov8", "letterbox", "toaster"):
        assert said in text
    assert "'imgsz' is not understood" in text
    document = json.loads(report.as_json())
    assert document["use"]["format"] == "yolov8"
    assert document["use"]["labels"] == {"0": "car"}
    assert document["use"]["unmapped"] == ["toaster"]
    assert document["inputs"] == [{"name": "images", "shape": [1, 3, 32, 64], "dtype": "float32"}]


def test_a_file_that_needs_the_yamls_help_says_which(tmp_path: Path) -> None:
    file = tiny_onnx.answers(
        tmp_path / "bare.onnx", {"output0": np.zeros((1, 6, CELLS), np.float32)}
    )
    report = inspect_model(file)
    assert report.plan is None
    assert "classes: {0: pedestrian" in report.obstacle
    assert json.loads(report.as_json())["use"] is None


def test_what_is_not_there_or_no_network_has_its_exit_code(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError):
        inspect_model(tmp_path / "gone.onnx")
    (tmp_path / "text.onnx").write_text("hello", encoding="utf-8")
    with pytest.raises(InvalidConfigError, match="no ONNX file"):
        inspect_model(tmp_path / "text.onnx")
