from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drag_edge.inference.sidecar import onnx_of, read_sidecar, sidecar_path
from tests.inference.engines import CERTIFICATE, ours
from tests.inference.fake_tensorrt import plan_bytes


def test_it_is_read_back_whole(tmp_path: Path) -> None:
    engine = tmp_path / "objects.engine"
    shape = (1, 3, 32, 64)
    said = ours(
        engine,
        precision="int8",
        calibration="/drives/monday",
        profile={"images": (shape, shape, shape)},
        dla=1,
    )
    assert read_sidecar(engine) == said
    assert onnx_of(engine, said) == tmp_path / "objects.onnx"
    assert onnx_of(engine, replace(said, onnx="/else/where.onnx")) == Path("/else/where.onnx")


def test_one_of_another_engine_is_not_believed(tmp_path: Path) -> None:
    engine = tmp_path / "objects.engine"
    ours(engine)
    older = sidecar_path(engine).read_bytes()
    ours(engine, precision="fp32")
    sidecar_path(engine).write_bytes(older)
    assert read_sidecar(engine) is None


def test_a_raw_plan_has_none_whatever_lies_beside_it(tmp_path: Path) -> None:
    engine = tmp_path / "objects.engine"
    engine.write_bytes(plan_bytes("10.3.0"))
    sidecar_path(engine).write_text(CERTIFICATE.as_text())
    assert read_sidecar(engine) is None
    assert read_sidecar(tmp_path / "gone.engine") is None


@pytest.mark.parametrize("fault", ["{", "[]", "null", '{"tensorrt": 3}', "\x00"])
def test_nonsense_is_none(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = tmp_path / "objects.engine"
    monkeypatch.setattr(type(CERTIFICATE), "as_text", lambda self: fault)
    ours(engine)
    assert read_sidecar(engine) is None


def test_unknown_keys_of_a_newer_version_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = tmp_path / "objects.engine"
    text = json.dumps({**json.loads(CERTIFICATE.as_text()), "later": 1})
    monkeypatch.setattr(type(CERTIFICATE), "as_text", lambda self: text)
    ours(engine)
    assert read_sidecar(engine) == CERTIFICATE
