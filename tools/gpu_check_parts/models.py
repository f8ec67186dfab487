"""The models that are checked: the demo's four as configs/demo.yaml sets them, and larger ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from drag_edge.config.models import ModelSettings

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DEMO = REPOSITORY / "engines" / "demo"
NAMES = ("road", "objects", "signal", "split")
PRECISIONS = ("fp32", "fp16", "int8")
CAMERA = "front"


def onnx_file(name: str) -> Path:
    """A demo model's ONNX."""
    return DEMO / f"{name}.onnx"


def engine_file(engines: Path, onnx: Path, precision: str) -> Path:
    """Where a model's engine lies."""
    return engines / f"{onnx.stem}.{precision}.engine"


def demo_settings(files: Mapping[str, Path], **changes: Any) -> dict[str, ModelSettings]:
    """The demo's models with other files, each due on every frame of every camera."""
    document = yaml.safe_load((REPOSITORY / "configs" / "demo.yaml").read_text(encoding="utf-8"))
    settings = {}
    for name in NAMES:
        values = dict(document["models"][name])
        for key in ("hz", "every", "cameras"):
            values.pop(key, None)
        settings[name] = ModelSettings(**{**values, "file": files[name], **changes})
    return settings


def best_engine(engines: Path, onnx: Path) -> Path:
    """FP16 where it could be built, else FP32. Raises FileNotFoundError if there is neither."""
    for precision in ("fp16", "fp32"):
        file = engine_file(engines, onnx, precision)
        if file.is_file():
            return file
    raise FileNotFoundError(f"no engine of {onnx.name} was built (see line 0)")


def demo_engines(engines: Path) -> dict[str, Path]:
    """The engines of the demo's models that all lines but a use."""
    return {name: best_engine(engines, onnx_file(name)) for name in NAMES}


def extra_settings(engines: Path, extra: Sequence[Path]) -> dict[str, ModelSettings]:
    """The demo's segmenter and three detectors of the first larger network."""
    if not extra:
        raise FileNotFoundError("no larger network was given (--extra)")
    built = best_engine(engines, extra[0])
    road = demo_settings(demo_engines(engines))["road"]
    others = {
        f"{built.stem.split('.')[0]} {number}": ModelSettings(
            file=built, task="detect", runtime="tensorrt"
        )
        for number in (1, 2, 3)
    }
    return {"road": road, **others}
