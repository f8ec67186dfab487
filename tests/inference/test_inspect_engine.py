from __future__ import annotations

import json
from pathlib import Path

import pytest

from drag_edge import cli, errors
from drag_edge.errors import InvalidConfigError
from drag_edge.inference import cuda
from drag_edge.inference.cuda import CudaUnavailableError
from drag_edge.inference.inspect import inspect_model
from drag_edge.inference.sidecar import sidecar_path
from tests.inference import tiny_onnx
from tests.inference.engines import ours, with_header
from tests.inference.fake_tensorrt import plan_bytes


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a laptop, also where these tests meet one."""

    def refuse(ordinal: int = 0) -> None:
        raise CudaUnavailableError("there is no NVIDIA driver")

    monkeypatch.setattr(cuda.Gpu, "open", refuse)


def test_an_engine_of_ours_tells_all_but_its_types_without_a_gpu(tmp_path: Path) -> None:
    onnx = tiny_onnx.echo(tmp_path / "objects.onnx", (1, 3, 8, 8))
    engine = tmp_path / "objects.engine"
    shape = (1, 3, 32, 64)
    ours(engine, onnx, profile={"images": (shape, shape, shape)}, dla=1, calibration="/drives")
    report = inspect_model(engine)
    text = "\n".join(report.lines())
    for said in (
        "plan of TensorRT 10.3.0.1",
        "built from objects.onnx",
        "for Orin (sm_87), TensorRT 10.3.0, CUDA 12.6, fp16, DLA 1",
        "calibrated on /drives",
        "sizes   images 1×3×32×64 … 1×3×32×64",
        "input   images 1×3×32×64",
        "output  output0 1×6×42",
        "task: detect",
        "cannot run here: there is no NVIDIA driver",
    ):
        assert said in text
    assert "drag_edge:" not in text
    document = json.loads(report.as_json())
    assert document["engine"]["tensorrt"] == "10.3.0.1"
    assert document["engine"]["sidecar"]["precision"] == "fp16"
    assert document["metadata"] == {"task": "detect", "names": "{'0': 'car'}"}
    assert document["use"] is None


def test_what_the_sidecar_is_worth_is_said(tmp_path: Path) -> None:
    onnx = tiny_onnx.echo(tmp_path / "objects.onnx", (1, 3, 8, 8))
    engine = tmp_path / "objects.engine"

    def remark() -> str:
        facts = inspect_model(engine).engine
        assert facts is not None
        return facts.remark

    ours(engine, onnx)
    assert remark() == ""
    tiny_onnx.echo(onnx, (1, 3, 16, 16))
    assert "has changed since" in remark()
    onnx.unlink()
    assert "no longer there" in remark()
    sidecar_path(engine).write_text("{}")
    assert "not believed" in remark()
    sidecar_path(engine).unlink()
    assert "no sidecar" in remark()


def test_engines_of_others_tell_what_their_bytes_hold(tmp_path: Path) -> None:
    raw = tmp_path / "raw.trt"
    raw.write_bytes(plan_bytes("8.5.3"))
    assert "plan of TensorRT 8.5, 0.0 MB, raw" in "\n".join(inspect_model(raw).lines())
    named = tmp_path / "best.engine"
    named.write_bytes(with_header({"task": "pose", "imgsz": [64, 64]}, b"ftrt" + bytes(40)))
    report = inspect_model(named)
    assert report.metadata.task == "pose"
    assert "its bytes do not say which" in "\n".join(report.lines())
    nameless = tmp_path / "network.bin"
    nameless.write_bytes(plan_bytes("10.3.0"))
    assert inspect_model(nameless).runtime == "tensorrt"


def test_a_damaged_engine_is_no_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    engine = tmp_path / "objects.engine"
    ours(engine)
    engine.write_bytes(engine.read_bytes()[:-5])
    with pytest.raises(InvalidConfigError, match="truncated"):
        inspect_model(engine)
    assert cli.main(["model", "inspect", str(engine)]) == errors.CONFIG
    assert capfd.readouterr().err.count(str(engine)) == 1
    tiny_onnx.echo(engine, (1, 3, 8, 8))
    with pytest.raises(InvalidConfigError, match="looks like an ONNX file"):
        inspect_model(engine)
