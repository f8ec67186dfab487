from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drag_edge.inference.engine import ModelError
from drag_edge.inference.onnx_file import read_onnx_metadata


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def onnx(metadata: dict[str, str], graph: bytes = b"graph") -> bytes:
    entries = b"".join(
        field(14, field(1, key.encode()) + field(2, value.encode()))
        for key, value in metadata.items()
    )
    return bytes([1 << 3, 8]) + field(7, graph) + entries


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_metadata_is_read_back(tmp_path: Path, metadata: dict[str, str]) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx(metadata))
    assert read_onnx_metadata(path) == metadata


@given(st.integers(1, 200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_cut_anywhere_inside_its_graph_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(onnx({"task": "detect"}, graph=b"g" * 300)[:keep])
    with pytest.raises(ModelError, match="not an ONNX file, or a damaged one"):
        read_onnx_metadata(path)


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_and_never_crash(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.onnx"
    path.write_bytes(data)
    with contextlib.suppress(ModelError):
        assert isinstance(read_onnx_metadata(path), dict)


def test_real_networks_are_read(shared_data: Path) -> None:
    for path in sorted((shared_data / "models").glob("*.onnx")):
        read_onnx_metadata(path)
    yolo = read_onnx_metadata(shared_data / "models" / "yolov8n_coco_320_int8.onnx")
    assert yolo["task"] == "detect"
