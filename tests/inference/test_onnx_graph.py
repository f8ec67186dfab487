from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drag_edge.inference.engine import ModelError
from drag_edge.inference.onnx_graph import read_onnx_graph
from tests.inference import tiny_onnx

SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(folder: Path, *ops: str, weight: np.dtype | type = np.float32) -> Path:
    file = folder / "model.onnx"
    weights = [tiny_onnx.tensor("w", np.zeros((3, 2), weight))]
    inputs = [
        tiny_onnx.value("images", "float32", (1, 3, "height", 64)),
        tiny_onnx.value("w", "float32", (3, 2)),  # old exporters list weights here too
    ]
    nodes = [tiny_onnx.node(op, ["images"], ["output"]) for op in ops]
    outputs = [tiny_onnx.value("output", "float32", (1,))]
    file.write_bytes(tiny_onnx.model(nodes, inputs, outputs, weights))
    return file


def test_nodes_inputs_and_weights_are_told(tmp_path: Path) -> None:
    graph = read_onnx_graph(write(tmp_path, "Conv", "Relu"))
    assert [node.op for node in graph.nodes] == ["Conv", "Relu"]
    assert graph.inputs == {"images": (1, 3, None, 64)}
    assert not graph.quantised
    assert not graph.half
    assert read_onnx_graph(write(tmp_path, "Conv", weight=np.float16)).half
    assert read_onnx_graph(write(tmp_path, "QuantizeLinear", "Conv")).quantised
    assert not read_onnx_graph(write(tmp_path, "DynamicQuantizeLinear")).quantised


def test_real_networks_are_told_apart(shared_data: Path) -> None:
    quantised = {
        path.name
        for path in (shared_data / "models").glob("*.onnx")
        if read_onnx_graph(path).quantised
    }
    assert "twinlitenet_320x320_int8.onnx" in quantised
    assert "twinlitenet_320x320.onnx" not in quantised


@given(st.integers(0, 10_000))
@SAME_FOLDER
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, keep: int) -> None:
    file = write(tmp_path, "Conv", "Relu")
    data = file.read_bytes()
    file.write_bytes(data[: keep % (len(data) - 10)])
    with pytest.raises(ModelError):
        read_onnx_graph(file)


@given(st.binary(max_size=200), st.integers(0, 10_000))
@SAME_FOLDER
def test_any_bytes_are_read_or_refused(tmp_path: Path, junk: bytes, place: int) -> None:
    file = write(tmp_path, "Conv")
    data = file.read_bytes()
    place %= len(data)
    for damaged in (junk, data[:place] + junk + data[place + len(junk) :]):
        file.write_bytes(damaged)
        with contextlib.suppress(ModelError):
            read_onnx_graph(file)
