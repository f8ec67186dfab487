from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from drag_edge.config.models import ModelSettings
from drag_edge.inference.choose import Choice, Here, choose
from drag_edge.inference.engine import ModelError
from tests.inference import tiny_onnx
from tests.inference.engines import ours
from tests.inference.fake_tensorrt import plan_bytes

ORIN = Here("10.3.0", "sm_87", "Orin")


@pytest.fixture
def onnx(tmp_path: Path) -> Path:
    return tiny_onnx.echo(tmp_path / "objects.onnx", (1, 3, 8, 8))


def chosen(file: Path, here: Here | None = ORIN, **settings: Any) -> Choice:
    """here None: nobody may look at the GPU."""

    def look() -> Here:
        assert here is not None
        return here

    return choose(ModelSettings(file=file, **settings), look)


def test_without_an_engine_it_is_onnx_runtime_and_no_gpu_is_opened(onnx: Path) -> None:
    choice = chosen(onnx, here=None)
    assert (choice.runtime, choice.file) == ("onnx", onnx)
    assert choice.reason == "ONNX Runtime: there is no objects.engine beside it"


def test_the_engine_of_this_onnx_and_device_is_taken(onnx: Path) -> None:
    engine = onnx.with_suffix(".engine")
    ours(engine, onnx)
    choice = chosen(onnx)
    assert (choice.runtime, choice.file) == ("tensorrt", engine)
    assert (
        choice.reason
        == "objects.engine: fp16, built from this ONNX on this device, TensorRT 10.3.0"
    )
    os.utime(onnx)  # copied again: what counts is what it holds
    assert chosen(onnx).runtime == "tensorrt"


@pytest.mark.parametrize(
    ("said", "here", "reason"),
    [
        ({}, Here("8.5.3", "sm_87", "Orin"), "was built by TensorRT 10.3.0.1, and 8.5.3 is here"),
        ({"tensorrt": "10.3.0", "sm": "sm_90"}, ORIN, "and this is Orin (sm_87)"),
        ({"device": "Orin Nano"}, ORIN, "was built on Orin Nano (sm_87)"),
        ({"onnx_sha256": "1" * 64}, ORIN, "was built from another ONNX"),
        ({}, Here(None, None, None, "no driver"), "cannot run here: no driver"),
    ],
)
def test_one_that_does_not_fit_is_named_and_onnx_runtime_taken(
    onnx: Path, said: dict[str, Any], here: Here, reason: str
) -> None:
    engine = onnx.with_suffix(".engine")
    ours(engine, None if "onnx_sha256" in said else onnx, **said)
    choice = chosen(onnx, here)
    assert (choice.runtime, choice.file) == ("onnx", onnx)
    assert reason in choice.reason
    mended_by_building = here.tensorrt is not None
    assert (f"(run drag-edge model build {onnx})" in choice.reason) == mended_by_building
    with pytest.raises(ModelError, match=r"needs an engine of objects\.onnx: objects\.engine"):
        chosen(onnx, here, runtime="tensorrt")


def test_an_engine_of_unknown_origin_or_a_damaged_one_opens_no_gpu(onnx: Path) -> None:
    engine = onnx.with_suffix(".engine")
    engine.write_bytes(plan_bytes("10.3.0"))
    assert "does not say which ONNX" in chosen(onnx, here=None).reason
    engine.write_bytes(b"ftrt")
    assert "truncated" in chosen(onnx, here=None).reason


def test_a_named_file_is_taken_as_it_is(tmp_path: Path, onnx: Path) -> None:
    for name, runtime in [
        ("a.engine", "tensorrt"),
        ("a.plan", "tensorrt"),
        ("a.pt", "ultralytics"),
    ]:
        file = tmp_path / name
        file.write_bytes(b"x")
        assert chosen(file, here=None).runtime == runtime
    ours(onnx.with_suffix(".engine"), onnx)
    assert chosen(onnx, here=None, runtime="onnx").runtime == "onnx"
    assert chosen(onnx, runtime="tensorrt").file.suffix == ".engine"


def test_tensorrt_demanded_without_an_engine_says_what_to_type(onnx: Path) -> None:
    with pytest.raises(ModelError, match=r"no objects\.engine beside it \(run drag-edge model"):
        chosen(onnx, here=None, runtime="tensorrt")
