"""What an ONNX network is made of, read without loading it: nodes, precision, inputs.

A light protobuf reader (onnx.proto3): weights are skipped by their length, so that a large network
costs milliseconds and no memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from drag_edge.inference.engine import ModelError

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5  # protobuf wire types
_GRAPH = 7  # of ModelProto
_NODE, _WEIGHT, _INPUT = 1, 5, 11  # of GraphProto
_FLOAT16, _BFLOAT16 = 10, 16  # TensorProto.DataType
_QUANTISING = frozenset(("QuantizeLinear", "DequantizeLinear"))


@dataclass(frozen=True, slots=True)
class OnnxNode:
    """A node of the graph; name may be empty."""

    name: str
    op: str


@dataclass(frozen=True, slots=True)
class OnnxGraph:
    """nodes: in the file's order. weight_types: TensorProto.DataType of each weight tensor.
    inputs: name → axes, None where the file leaves one open.
    """

    nodes: tuple[OnnxNode, ...]
    weight_types: frozenset[int]
    inputs: dict[str, tuple[int | None, ...]]

    @property
    def quantised(self) -> bool:
        """Whether it holds Q/DQ nodes."""
        return any(node.op in _QUANTISING for node in self.nodes)

    @property
    def half(self) -> bool:
        """Whether it holds 16-bit floating weights."""
        return bool(self.weight_types & {_FLOAT16, _BFLOAT16})


def read_onnx_graph(path: Path) -> OnnxGraph:
    """Read the graph's outline. Raises ModelError when it is not a whole ONNX file."""
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    except (EOFError, ValueError) as error:
        raise ModelError(f"{path}: not an ONNX file, or a damaged one: {error}") from error


def _read(file: BinaryIO, size: int) -> OnnxGraph:
    nodes: list[OnnxNode] = []
    weight_types: set[int] = set()
    weights: set[str] = set()
    inputs: dict[str, tuple[int | None, ...]] = {}
    for model_field, _, graph_end in _fields(file, size):
        if model_field != _GRAPH:
            continue
        for field, _, end in _fields(file, graph_end):
            if field == _NODE:
                nodes.append(_node(file, end))
            elif field == _WEIGHT:
                name, kind = _weight(file, end)
                weights.add(name)
                weight_types.add(kind)
            elif field == _INPUT:
                name, axes = _value_info(file, end)
                inputs[name] = axes
    if not nodes:
        raise ValueError("it has no graph with nodes")
    fed = {name: axes for name, axes in inputs.items() if name not in weights}
    return OnnxGraph(tuple(nodes), frozenset(weight_types), fed)


def _node(file: BinaryIO, end: int) -> OnnxNode:
    name = op = ""
    for field, _, stop in _fields(file, end):
        if field == 3:
            name = _text(file, stop)
        elif field == 4:
            op = _text(file, stop)
    return OnnxNode(name, op)


def _weight(file: BinaryIO, end: int) -> tuple[str, int]:
    name, kind = "", 0
    for field, number, stop in _fields(file, end):
        if field == 2:
            kind = number
        elif field == 8:
            name = _text(file, stop)
    return name, kind


def _value_info(file: BinaryIO, end: int) -> tuple[str, tuple[int | None, ...]]:
    """ValueInfoProto: name 1, type 2 → tensor_type 1 → shape 2 → dim 1 → dim_value 1."""
    name = ""
    axes: tuple[int | None, ...] = ()
    for field, _, stop in _fields(file, end):
        if field == 1:
            name = _text(file, stop)
        elif field == 2:
            axes = _axes(file, stop)
    return name, axes


def _axes(file: BinaryIO, end: int) -> tuple[int | None, ...]:
    axes: list[int | None] = []
    for kind, _, type_end in _fields(file, end):
        if kind != 1:
            continue
        for part, _, part_end in _fields(file, type_end):
            if part != 2:
                continue
            for _, _, dim_end in _fields(file, part_end):
                values = [number for field, number, _ in _fields(file, dim_end) if field == 1]
                axes.append(values[-1] if values and values[-1] > 0 else None)
    return tuple(axes)


def _fields(file: BinaryIO, end: int) -> Iterator[tuple[int, int, int]]:
    """(field number, number if it is one, end of its bytes) up to `end`.

    The file stands at the start of the field's bytes when it is yielded, and is moved past them
    afterwards, however much of them was read.
    """
    while file.tell() < end:
        tag = _varint(file)
        number, wire, value = tag >> 3, tag & 7, 0
        if wire == _VARINT:
            value = _varint(file)
            stop = file.tell()
        elif wire == _LENGTH:
            stop = _varint(file)
            stop += file.tell()
        elif wire in (_FIXED64, _FIXED32):
            stop = file.tell() + (8 if wire == _FIXED64 else 4)
        else:
            raise ValueError(f"wire type {wire} at byte {file.tell()}")
        if stop > end:
            raise EOFError(f"it ends at byte {end} and should go on to byte {stop}")
        yield number, value, stop
        file.seek(stop)


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise EOFError("it ends in the middle of a number")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError(f"a number without an end at byte {file.tell()}")


def _text(file: BinaryIO, stop: int) -> str:
    return file.read(stop - file.tell()).decode("utf-8", "replace")
