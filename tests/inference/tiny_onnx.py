"""Tiny ONNX files for tests, written byte by byte: no package needed, and every fault can be made.

Field numbers: onnx.proto of ONNX 1.16 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_TYPES = {"float32": 1, "uint8": 2, "int64": 7, "float16": 10}
_IR_VERSION = 8
_OPSET = 13


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        encoded.append(low | (0x80 if number else 0))
        if not number:
            return bytes(encoded)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def tensor(name: str, array: NDArray) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    kind = _number(2, _TYPES[array.dtype.name])
    return dims + kind + _bytes(8, name) + _bytes(9, np.ascontiguousarray(array).tobytes())


def value(name: str, dtype: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(
        _bytes(1, _bytes(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )
    tensor_type = _number(1, _TYPES[dtype]) + _bytes(2, dims)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor_type))


def node(
    op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: int | float
) -> bytes:
    encoded = b"".join(_bytes(1, name) for name in inputs)
    encoded += b"".join(_bytes(2, name) for name in outputs) + _bytes(4, op)
    for key, setting in attributes.items():
        if isinstance(setting, float):
            attribute = _varint(2 << 3 | 5) + struct.pack("<f", setting) + _number(20, 1)
        else:
            attribute = _number(3, setting) + _number(20, 2)
        encoded += _bytes(5, _bytes(1, key) + attribute)
    return encoded


def model(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    weights: Sequence[bytes] = (),
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    graph = b"".join(_bytes(1, item) for item in nodes) + _bytes(2, "tiny")
    graph += b"".join(_bytes(5, item) for item in weights)
    graph += b"".join(_bytes(11, item) for item in inputs)
    graph += b"".join(_bytes(12, item) for item in outputs)
    encoded = _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, _number(2, _OPSET))
    for key, text in (metadata or {}).items():
        encoded += _bytes(14, _bytes(1, key) + _bytes(2, text))
    return encoded


def answers(
    path: Path,
    outputs: Mapping[str, NDArray],
    input_shape: Sequence[int | str] = (1, 3, 32, 64),
    input_dtype: str = "float32",
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """A network that always answers `outputs`, and NaN when the mean of its input is above 0.5.

    output = answer + 0·sqrt(0.5 - mean(input)); for uint8 inputs the mean is of pixels / 255.
    """
    nodes = [
        node("Cast", ["images"], ["real"], to=_TYPES["float32"]),
        node("Mul", ["real", "gain"], ["scaled"]),
        node("ReduceMean", ["scaled"], ["mean"], keepdims=0),
        node("Sub", ["half", "mean"], ["distance"]),
        node("Sqrt", ["distance"], ["root"]),
        node("Mul", ["root", "zero"], ["nothing"]),
    ]
    gain = 1 / 255 if input_dtype == "uint8" else 1.0
    weights = [
        tensor("gain", np.float32(gain).reshape(())),
        tensor("half", np.float32(0.5).reshape(())),
        tensor("zero", np.float32(0).reshape(())),
    ]
    values = []
    for name, array in outputs.items():
        weights.append(tensor(f"{name}_answer", array))
        dtype = array.dtype.name
        if dtype == "float32":
            nodes.append(node("Add", [f"{name}_answer", "nothing"], [name]))
        else:
            nodes.append(node("Identity", [f"{name}_answer"], [name]))
        values.append(value(name, dtype, array.shape))
    path.write_bytes(
        model(nodes, [value("images", input_dtype, input_shape)], values, weights, metadata)
    )
    return path


def echo(path: Path, shape: Sequence[int], metadata: Mapping[str, str] | None = None) -> Path:
    """A network whose output `output` is its input."""
    path.write_bytes(
        model(
            [node("Identity", ["images"], ["output"])],
            [value("images", "float32", shape)],
            [value("output", "float32", shape)],
            metadata=metadata,
        )
    )
    return path
