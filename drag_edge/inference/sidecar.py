"""The JSON file beside an engine: where it comes from and where it may run.

It is named like the engine with `.json` after it. The engine's own header holds the SHA-256 of its
sidecar, so that one that belongs to an older or newer engine is never believed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import read_engine_file, read_marks

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Sidecar:
    """An engine's birth certificate.

    tensorrt: the version that built it. cuda: the newest that the driver knew, "12.6". sm:
    "sm_87". device: its name. onnx: path of the ONNX file, relative to the engine's folder where it
    lies in or below it. precision: fp32, fp16 or int8. inputs, outputs: name → shape, -1 where a
    profile decides. profile: input → (min, opt, max). dla: core or None. calibration: where the
    pictures of the INT8 ranges lay, None without. built: UTC, ISO 8601.
    """

    tensorrt: str
    cuda: str
    sm: str
    device: str
    onnx: str
    onnx_sha256: str
    precision: str
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    profile: Mapping[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = field(
        default_factory=dict
    )
    dla: int | None = None
    calibration: str | None = None
    build_time_s: float = 0.0
    built: str = ""

    def as_text(self) -> str:
        """The sidecar's bytes, as text."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"


def sidecar_path(engine: Path) -> Path:
    """objects.engine → objects.engine.json."""
    return engine.with_name(engine.name + ".json")


def onnx_of(engine: Path, sidecar: Sidecar) -> Path:
    """Where the ONNX lay when the engine was built; it may be gone."""
    return engine.parent / sidecar.onnx


def read_sidecar(engine: Path) -> Sidecar | None:
    """The sidecar that belongs to this very engine; None if there is none that does.

    Nothing else about the engine is checked, and nothing raises.
    """
    try:
        marks = read_marks(read_engine_file(engine).metadata)
        with sidecar_path(engine).open("rb") as file:
            data = file.read(_MOST_BYTES)
    except (ModelError, OSError):
        return None
    if marks is None or hashlib.sha256(data).hexdigest() != marks.sidecar_sha256:
        return None
    try:
        return TypeAdapter(Sidecar).validate_json(data)
    except ValueError:
        return None


def file_sha256(path: Path) -> str:
    """Hexadecimal. Raises ModelError when the file cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    return digest.hexdigest()
