"""An ONNX file's outermost layer, read without loading the network: microseconds, not a session.

The file is one protobuf ModelProto (onnx.proto3): a sequence of (tag, value); the graph is skipped
by its length, so that the size of the network does not matter.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from drag_edge.inference.engine import ModelError

_IR_VERSION, _GRAPH, _METADATA = 1, 7, 14  # field numbers of ModelProto
_KNOWN_FIELDS = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26))
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5  # protobuf wire types
_MOST_TEXT = 1 << 24  # metadata longer than this is not metadata


def read_onnx_metadata(path: Path) -> dict[str, str]:
    """The file's metadata_props. Raises ModelError when it is not a whole ONNX file."""
    try:
        with path.open("rb") as file:
            return _read_model(file, path.stat().st_size)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except (EOFError, ValueError) as error:
        raise ModelError(f"{path}: not an ONNX file, or a damaged one: {error}") from error


def _read_model(file: BinaryIO, size: int) -> dict[str, str]:
    metadata: dict[str, str] = {}
    seen = set()
    while file.tell() < size:
        tag = _varint(file)
        number, wire = tag >> 3, tag & 7
        if number not in _KNOWN_FIELDS:
            raise ValueError(f"field {number} at byte {file.tell()} is none of ONNX's")
        seen.add(number)
        if number == _METADATA and wire == _LENGTH:
            key, value = _entry(_bytes(file, _varint(file)))
            metadata[key] = value
        else:
            _skip(file, wire, size)
    missing = {_IR_VERSION: "version", _GRAPH: "graph"}
    for number, name in missing.items():
        if number not in seen:
            raise ValueError(f"it has no {name}")
    return metadata


def _skip(file: BinaryIO, wire: int, size: int) -> None:
    if wire == _VARINT:
        _varint(file)
        return
    if wire not in (_FIXED64, _LENGTH, _FIXED32):
        raise ValueError(f"wire type {wire} at byte {file.tell()}")
    length = {_FIXED64: 8, _FIXED32: 4}.get(wire)
    if length is None:
        length = _varint(file)
    end = file.tell() + length
    if end > size:
        raise EOFError(f"it ends at byte {size} and should go on to byte {end}")
    file.seek(end)


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = _bytes(file, 1)[0]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value
    raise ValueError(f"a number without an end at byte {file.tell()}")


def _bytes(file: BinaryIO, length: int) -> bytes:
    if length > _MOST_TEXT:
        raise ValueError(f"a text of {length} bytes at byte {file.tell()}")
    data = file.read(length)
    if len(data) < length:
        raise EOFError("it ends in the middle")
    return data


def _entry(data: bytes) -> tuple[str, str]:
    """A StringStringEntryProto: field 1 is the key, field 2 the value, both texts."""
    texts = {1: "", 2: ""}
    position = 0
    while position < len(data):
        number, position = data[position] >> 3, position + 1
        length, shift = 0, 0
        while True:
            if position >= len(data):
                raise EOFError("a metadata entry ends in the middle")
            byte = data[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        text = data[position : position + length]
        if number not in texts or len(text) < length:
            raise ValueError("a metadata entry that is no pair of texts")
        texts[number] = text.decode()
        position += length
    return texts[1], texts[2]
