"""A TensorRT engine's file, read without TensorRT: its header, its metadata, who may run it.

Two kinds: a raw plan as TensorRT wrote it, and Ultralytics' way, which puts an int32 (little
endian) and that many bytes of JSON in front of the plan. Ours is the second, with one more key.
What a plan's first bytes mean is what trtexec's --getPlanVersionOnly reads (TensorRT,
samples/common/sampleEngines.cpp, printPlanVersion) and what plans of 8.2 to 8.5 begin with.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from drag_edge.inference.engine import ModelError

MARKS_KEY = "drag_edge"  # our own key in the JSON header
_HEADER_BYTES = 28
_MAGICS = (b"ftrt", b"ptrt")  # from 8.6 on; up to 8.5
_VERSION_AT = 24  # of an "ftrt" plan: major, minor, patch, build, a byte each
_TAG_AT = 8  # of a "ptrt" plan: u32, the number of the serialisation format
_VERSION_OF_TAG = {232: "8.5", 213: "8.4", 205: "8.2"}
_TAG_WITH_SIZE = 232  # 8.5.3 writes a u64 at 16: how much follows the first 24 bytes (measured)
_SIZE_AT, _SIZED_FROM = 16, 24
_MOST_METADATA = 1 << 26
_AGAIN = "copy it again, or build it again (drag-edge model build … --force)"


@dataclass(frozen=True, slots=True)
class EngineFile:
    """What an engine's bytes say.

    metadata: the JSON header, {} for a raw plan. plan_offset, plan_bytes: where the plan lies.
    version: of the TensorRT that wrote it, as exactly as the bytes tell ("10.3.0.26", "8.5"), None
    where they do not.
    """

    path: Path
    metadata: Mapping[str, Any]
    plan_offset: int
    plan_bytes: int
    version: str | None
    kind: Literal["ultralytics", "raw"]


@dataclass(frozen=True, slots=True)
class Marks:
    """What our own builder leaves in the JSON header, so that damage shows before TensorRT sees it.

    sidecar_sha256: of the sidecar file that belongs to this very engine.
    """

    plan_bytes: int
    plan_sha256: str
    sidecar_sha256: str


def read_engine_file(path: Path) -> EngineFile:
    """Read the first bytes. Raises ModelError when it is no TensorRT engine, or not a whole one."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _read(path, file, size)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error


def plan_data(file: EngineFile) -> bytes:
    """The plan itself, for TensorRT. Raises ModelError when it is not what our builder wrote."""
    try:
        with file.path.open("rb") as stream:
            stream.seek(file.plan_offset)
            data = stream.read()
    except OSError as error:
        raise ModelError(f"{file.path}: {error.strerror or error}") from error
    if len(data) != file.plan_bytes:
        raise ModelError(f"{file.path} changed while it was read")
    marks = read_marks(file.metadata)
    if marks is not None and hashlib.sha256(data).hexdigest() != marks.plan_sha256:
        raise ModelError(
            f"{file.path} is damaged: its plan is not the one that was built (its SHA-256 "
            f"differs); {_AGAIN}"
        )
    return data


def read_marks(metadata: Mapping[str, Any]) -> Marks | None:
    """Our own marks, None in an engine that something else built."""
    said = metadata.get(MARKS_KEY)
    if not isinstance(said, dict):
        return None
    size, plan, sidecar = (said.get(key) for key in Marks.__slots__)
    if isinstance(size, int) and isinstance(plan, str) and isinstance(sidecar, str):
        return Marks(size, plan, sidecar)
    return None


def header(metadata: Mapping[str, Any], marks: Marks) -> bytes:
    """What goes in front of a plan: the length and the JSON."""
    said = {
        **metadata,
        MARKS_KEY: {key: getattr(marks, key) for key in Marks.__slots__},
    }
    text = json.dumps(said, ensure_ascii=False).encode("utf-8")
    return struct.pack("<i", len(text)) + text


def _read(path: Path, file: BinaryIO, size: int) -> EngineFile:
    if size == 0:
        raise ModelError(f"{path} is empty")
    first = file.read(_HEADER_BYTES)
    if first[:4] in _MAGICS:
        return _with_plan(path, {}, 0, first, size)
    metadata = _metadata(file, first, size)
    if metadata is None:
        raise ModelError(f"{path} is no TensorRT engine: {_looks_like(first)}")
    offset = file.tell()
    plan = file.read(_HEADER_BYTES)
    if not plan:
        raise ModelError(
            f"{path} is truncated: it ends after its metadata, where its plan begins; {_AGAIN}"
        )
    if plan[:4] not in _MAGICS:
        raise ModelError(f"{path} has metadata, but what follows them is no TensorRT plan")
    return _with_plan(path, metadata, offset, plan, size)


def _with_plan(
    path: Path, metadata: Mapping[str, Any], offset: int, plan: bytes, size: int
) -> EngineFile:
    marks = read_marks(metadata)
    whole = _own_size(plan) if marks is None else marks.plan_bytes
    if size - offset < whole:
        raise ModelError(f"{path} is truncated: it has {size} of {offset + whole} bytes; {_AGAIN}")
    if marks is not None and size - offset > whole:
        raise ModelError(
            f"{path} is damaged: {size - offset - whole} bytes follow its plan; {_AGAIN}"
        )
    return EngineFile(
        path=path,
        metadata=metadata,
        plan_offset=offset,
        plan_bytes=size - offset,
        version=_version(plan),
        kind="ultralytics" if offset else "raw",
    )


def _own_size(plan: bytes) -> int:
    """How long the plan itself says that it is; as long as its header where it does not say."""
    if len(plan) < _HEADER_BYTES or plan[:4] != b"ptrt":
        return _HEADER_BYTES
    (tag,) = struct.unpack_from("<I", plan, _TAG_AT)
    (rest,) = struct.unpack_from("<Q", plan, _SIZE_AT)
    return _SIZED_FROM + int(rest) if tag == _TAG_WITH_SIZE else _HEADER_BYTES


def _version(plan: bytes) -> str | None:
    """plan: at least _HEADER_BYTES that begin with one of _MAGICS."""
    if plan[:4] == b"ptrt":
        (tag,) = struct.unpack_from("<I", plan, _TAG_AT)
        return _VERSION_OF_TAG.get(tag)
    (layout,) = struct.unpack_from("<I", plan, 4)
    numbers = plan[_VERSION_AT:_HEADER_BYTES]
    if layout != 0 or numbers[0] < 8:
        return None
    return ".".join(map(str, numbers))


def _metadata(file: BinaryIO, first: bytes, size: int) -> dict[str, Any] | None:
    """The JSON object that Ultralytics puts in front, with `file` behind it; None if none is."""
    if len(first) < 4:
        return None
    (length,) = struct.unpack_from("<i", first)
    if not 0 < length <= min(size - 4, _MOST_METADATA):
        return None
    file.seek(4)
    try:
        said = json.loads(file.read(length).decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _looks_like(first: bytes) -> str:
    if first[:1] == b"\x08" and len(first) > 2 and first[2:3] in (b"\x12", b"\x3a", b"\x42"):
        return "it looks like an ONNX file (then name it .onnx, or build an engine from it)"
    if first[:4] == b"PK\x03\x04":
        return "it looks like a zip archive, as a PyTorch .pt file is"
    if first[:17] == b"version https://g":
        return "it is a Git LFS pointer: fetch the file itself (git lfs pull)"
    return "it begins with none of the marks of one"
