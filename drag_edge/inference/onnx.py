"""ONNX Runtime on the CPU: the engine that every machine has."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.metadata import parse_metadata

# Newer ones collect what they are used for, in the home folder, to be sent to their maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime as ort

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}
_LOG_ERRORS_ONLY = 3


class OnnxEngine:
    """A network in ONNX Runtime, inputs and outputs bound to fixed buffers.

    file: an ONNX file; where it leaves the input's size open, its metadata's imgsz decides.
    threads: CPU threads inside one operator; None: half of the cores, because the daemon's other
    threads need the rest, and an operator waits for its slowest thread (measured on two busy cores:
    a 7 ms network took 22 ms with two threads).
    Raises ModelError when the file is missing, no ONNX, or has tensors that we cannot bind.
    """

    def __init__(self, file: Path, threads: int | None = None) -> None:
        self._session = _open_session(file, threads)
        self._metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        input_size = parse_metadata(self._metadata).input_size
        self._inputs = tuple(_input_spec(node, input_size) for node in self._session.get_inputs())
        self._input_buffers = {spec.name: np.zeros(spec.shape, spec.dtype) for spec in self._inputs}
        self._output_buffers = self._first_run()
        self._outputs = tuple(
            TensorSpec(name, array.shape, array.dtype)
            for name, array in self._output_buffers.items()
        )
        self._binding = self._bind()

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The inputs, in the network's order."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs, in the network's order."""
        return self._outputs

    @property
    def metadata(self) -> Mapping[str, Any]:
        """ONNX metadata_props: strings."""
        return self._metadata

    @property
    def input_buffers(self) -> Mapping[str, NDArray[Any]]:
        """The arrays that a run reads."""
        return self._input_buffers

    def run(self) -> Mapping[str, NDArray[Any]]:
        """Run on what the input buffers hold; the arrays are overwritten by the next run."""
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # ONNX Runtime's errors share no other base
            raise ModelError(f"ONNX Runtime failed: {_one_line(error)}") from error
        return self._output_buffers

    def time_bare_s(self) -> float:
        """Seconds of the clock for one run."""
        started_s = time.perf_counter()
        self.run()
        return time.perf_counter() - started_s

    def close(self) -> None:
        """Drop the session and the buffers."""
        self._binding = None
        self._session = None
        self._input_buffers = {}
        self._output_buffers = {}

    def _first_run(self) -> dict[str, NDArray[Any]]:
        """Warm up, and learn the output shapes that the file leaves open."""
        names = [node.name for node in self._session.get_outputs()]
        try:
            arrays = self._session.run(names, self._input_buffers)
        except Exception as error:  # ONNX Runtime's errors share no other base
            raise ModelError(f"the first run failed: {_one_line(error)}") from error
        outputs = {}
        for name, array in zip(names, arrays, strict=True):
            if not isinstance(array, np.ndarray):
                raise ModelError(f"output {name!r} is a {type(array).__name__}, not a tensor")
            # Not the runtime's own memory: it belongs to the run that made it.
            outputs[name] = np.array(array, order="C")
        return outputs

    def _bind(self) -> Any:
        binding = self._session.io_binding()
        for name, array in self._input_buffers.items():
            binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        for name, array in self._output_buffers.items():
            binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        return binding


def _open_session(file: Path, threads: int | None) -> Any:
    if not file.is_file():
        raise ModelError(f"no such file: {file}")
    options = ort.SessionOptions()
    options.log_severity_level = _LOG_ERRORS_ONLY
    options.intra_op_num_threads = threads or max(1, _cores() // 2)
    try:
        return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no other base
        raise ModelError(f"{file.name} is no ONNX file we can load: {_one_line(error)}") from error


def _cores() -> int:
    """Cores that this process may use, which in a container is not what the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _input_spec(node: Any, input_size: tuple[int, int] | None) -> TensorSpec:
    dtype = _DTYPES.get(node.type)
    if dtype is None:
        raise ModelError(f"input {node.name!r} has the type {node.type}, which we cannot feed")
    shape = list(node.shape)
    if shape and not isinstance(shape[0], int):
        shape[0] = 1
    if len(shape) == 4 and input_size is not None:
        width, height = input_size
        shape[2:] = [
            dim if isinstance(dim, int) else size
            for dim, size in zip(shape[2:], (height, width), strict=True)
        ]
    if not all(isinstance(dim, int) and dim > 0 for dim in shape):
        raise ModelError(
            f"input {node.name!r} leaves its size open ({'×'.join(map(str, node.shape))}) and the "
            "file's metadata has no imgsz: export it with a fixed size"
        )
    return TensorSpec(node.name, tuple(shape), np.dtype(dtype))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
