"""What INT8 ranges are found on: the pictures, how the network is fed, and the cache of ranges.

The pictures pass through the very preprocessing that the model has at run time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drag_edge.config.models import ModelSettings
from drag_edge.errors import InvalidConfigError, UsageError
from drag_edge.inference.building.files import write_atomically
from drag_edge.inference.building.options import BuildOptions, Profile
from drag_edge.inference.building.pictures import fingerprint
from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.metadata import parse_metadata
from drag_edge.inference.onnx import OnnxEngine
from drag_edge.inference.plan import make_plan
from drag_edge.inference.preprocess import InputRecipe
from drag_edge.inference.shapes import is_class_map


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What ranges depend on. pictures: digest of the files, their number and the recipe. source:
    where they lay, for a person.
    """

    onnx_sha256: str
    tensorrt: str
    pictures: str
    source: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """spec: the input as it is fed, one picture. pictures: None when `cached` is enough. cached:
    TensorRT's own bytes from an earlier build.
    """

    spec: TensorSpec
    recipe: InputRecipe
    pictures: Path | None
    most: int
    file: Path
    key: CacheKey
    cached: bytes | None


def prepare_calibration(
    options: BuildOptions, onnx_sha256: str, tensorrt: str, profiles: Mapping[str, Profile]
) -> Calibration:
    """Decide on what to calibrate.

    Ranges of an earlier build are taken when the ONNX, TensorRT and the pictures are the same, or
    when no pictures are named. Raises UsageError when there are neither, InvalidConfigError when
    the network does not take pictures.
    """
    file = options.engine.with_suffix(".calibration")
    spec, recipe = picture_recipe(options.onnx)
    if spec.name in profiles:
        spec = TensorSpec(spec.name, profiles[spec.name][1], spec.dtype)
    if spec.dtype != np.float32 or spec.shape[0] != 1:
        raise InvalidConfigError(
            f"{options.onnx}: input {spec} cannot be calibrated: one float32 picture at a time"
        )
    said = read_cache(file)
    known = said is not None and (said[0].onnx_sha256, said[0].tensorrt) == (onnx_sha256, tensorrt)
    if options.calibrate is None:
        if said is None or not known:
            raise UsageError(
                "int8 needs pictures like those of the drive: --calibrate FOLDER_OR_VIDEO "
                "(or an ONNX that holds Q/DQ nodes)"
            )
        return Calibration(spec, recipe, None, 0, file, *said)
    most = options.calibration_frames
    digest = hashlib.sha256(f"{fingerprint(options.calibrate)} {most} {recipe} {spec}".encode())
    source = str(options.calibrate.resolve())
    key = CacheKey(onnx_sha256, tensorrt, digest.hexdigest(), source)
    cached = said[1] if said is not None and said[0] == key else None
    return Calibration(spec, recipe, options.calibrate, most, file, key, cached)


def read_cache(file: Path) -> tuple[CacheKey, bytes] | None:
    """The ranges of an earlier build, None if there are none. A line of JSON is in front."""
    try:
        head, _, data = file.read_bytes().partition(b"\n")
        key = CacheKey(**json.loads(head))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return (key, data) if data else None


def write_cache(file: Path, key: CacheKey, data: bytes) -> None:
    """Atomically. Raises CannotCreateError."""
    write_atomically(file, (json.dumps(asdict(key)).encode("utf-8"), b"\n", data))


def picture_recipe(onnx: Path) -> tuple[TensorSpec, InputRecipe]:
    """How this network is fed at run time. Raises InvalidConfigError when nobody could run it."""
    try:
        engine = OnnxEngine(onnx)
    except ModelError as error:
        raise InvalidConfigError(f"{onnx}: {error}") from error
    try:
        metadata = parse_metadata(engine.metadata)
        settings = _settings(onnx, engine.outputs, metadata.names is None)
        plan = make_plan(settings, metadata, engine.inputs, engine.outputs, engine.run())
    except ModelError as error:
        raise InvalidConfigError(f"{onnx}: its pictures cannot be prepared: {error}") from error
    finally:
        engine.close()
    return plan.input, plan.recipe


def _settings(onnx: Path, outputs: tuple[TensorSpec, ...], nameless: bool) -> ModelSettings:
    """Only how pictures are fed is asked; what the outputs mean is the YAML's to say later."""
    maps = [output.name for output in outputs if is_class_map(output)]
    if len(maps) == len(outputs) > 1:
        return ModelSettings(file=onnx, heads={maps[0]: {1: "drivable"}})
    classes: dict[int | str, Any] = {0: None} if nameless else {}
    return ModelSettings(file=onnx, classes=classes)
