"""The files of an engine: never half-written, never half-new."""

from __future__ import annotations

import ast
import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from drag_edge.errors import CannotCreateError
from drag_edge.inference.engine_file import Marks, header
from drag_edge.inference.sidecar import Sidecar, sidecar_path

# Ultralytics writes them with their types into an engine's JSON, and as text into an ONNX.
_TYPED_KEYS = frozenset(
    (
        *("stride", "batch", "imgsz", "names", "args", "channels", "end2end", "kpt_shape"),
        *("dla", "scale", "mean", "std", "roi"),
    )
)


def check_writable(engine: Path) -> None:
    """Find out before the long work. Raises CannotCreateError."""
    if engine.is_dir():
        raise CannotCreateError(f"{engine} is a folder: name a file")
    try:
        with tempfile.NamedTemporaryFile(dir=engine.parent, prefix=f".{engine.name}."):
            pass
    except OSError as error:
        raise CannotCreateError(f"{engine} cannot be written: {error.strerror or error}") from error


def write_engine(
    engine: Path, properties: Mapping[str, str], plan: bytes, sidecar: Sidecar
) -> None:
    """Write engine and sidecar; whoever looks meanwhile sees the old engine or the new one.

    properties: the ONNX's, which go into the engine's header as Ultralytics writes it. A crash
    between the two renames leaves the old engine with a sidecar that is not believed.
    Raises CannotCreateError.
    """
    said = sidecar.as_text().encode("utf-8")
    marks = Marks(
        plan_bytes=len(plan),
        plan_sha256=hashlib.sha256(plan).hexdigest(),
        sidecar_sha256=hashlib.sha256(said).hexdigest(),
    )
    write_atomically(sidecar_path(engine), (said,))
    write_atomically(engine, (header(engine_metadata(properties), marks), plan))


def write_atomically(path: Path, chunks: Iterable[bytes]) -> None:
    """Temporary file in the same folder, flushed to the disk, renamed. Raises CannotCreateError."""
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise CannotCreateError(f"{path} cannot be written: {error.strerror or error}") from error


def engine_metadata(properties: Mapping[str, str]) -> dict[str, Any]:
    """ONNX properties (all text) → what Ultralytics would have put into an engine's header."""
    return {key: _typed(text) if key in _TYPED_KEYS else text for key, text in properties.items()}


def _typed(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return _jsonable(value, text)


def _jsonable(value: Any, otherwise: Any) -> Any:
    """The value as JSON can hold it; what it cannot hold stays text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_jsonable(item, str(item)) for item in value]
    if isinstance(value, dict):
        return {str(key): _jsonable(item, str(item)) for key, item in value.items()}
    return otherwise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
