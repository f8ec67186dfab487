"""The detectors: Ultralytics' YOLO11 plan at an eighth of its width, trained from scratch."""

from __future__ import annotations

import os
import time
from pathlib import Path

os.environ.setdefault("YOLO_AUTOINSTALL", "False")

import onnx
import ultralytics
import yaml
from ultralytics import YOLO
from ultralytics.utils import SETTINGS

from demo_training.specs import ModelSpec

WIDTH, DEPTH, MAX_CHANNELS = 0.125, 0.5, 1024


def narrow_plan(work: Path, classes: int) -> Path:
    """The installed package's own YOLO11 plan with another scale entry."""
    source = Path(ultralytics.__file__).parent / "cfg" / "models" / "11" / "yolo11.yaml"
    plan = yaml.safe_load(source.read_text())
    plan["nc"] = classes
    plan["scales"] = {"n": [DEPTH, WIDTH, MAX_CHANNELS]}
    path = work / "yolo11n.yaml"
    path.write_text(yaml.safe_dump(plan))
    return path


def train(
    spec: ModelSpec,
    data: Path,
    work: Path,
    seed: int,
    epochs: int,
    start_from: Path | None,
    as_it_is: bool = False,
) -> Path:
    """Trains, or goes on from ``work``; returns the last weights.

    ``as_it_is`` returns those found without training.
    """
    SETTINGS.update({"sync": False})
    folder = work / spec.name
    last = folder / "weights" / "last.pt"
    finished = folder / "finished"
    if finished.is_file() or as_it_is:
        return last
    started = time.monotonic()
    if last.is_file():
        YOLO(last).train(resume=True)
    else:
        arguments = _arguments(spec, data, work, seed, epochs)
        arguments["pretrained"] = str(start_from) if start_from is not None else False
        YOLO(narrow_plan(work, len(spec.classes))).train(**arguments)
    finished.write_text(str(round(time.monotonic() - started)))
    return last


def finished_after_s(spec: ModelSpec, work: Path) -> int | None:
    """How long the finished training took (its last start, if it was interrupted), or None."""
    finished = work / spec.name / "finished"
    return int(finished.read_text()) if finished.is_file() else None


def _arguments(
    spec: ModelSpec, data: Path, work: Path, seed: int, epochs: int
) -> dict[str, object]:
    return {
        "data": str(data),
        "project": str(work),
        "name": spec.name,
        "exist_ok": True,
        "epochs": epochs,
        "imgsz": max(spec.size),
        "rect": True,
        "batch": spec.batch,
        "nbs": spec.batch,
        "optimizer": "AdamW",
        "lr0": spec.learning_rate,
        "lrf": 0.02,
        "momentum": 0.9,
        "weight_decay": 0.0005,
        "warmup_epochs": 0.5,
        "warmup_bias_lr": 0.0,
        "amp": False,
        "workers": 1,
        "cache": "ram",
        "device": "cpu",
        "seed": seed,
        "deterministic": True,
        "plots": False,
        "val": False,
        "fliplr": 0.5 if spec.mirror else 0.0,
        "translate": 0.06,
        "scale": 0.15,
        "erasing": 0.0,
        "close_mosaic": 0,
        "mosaic": 0.0,
        "hsv_h": 0.01,
        "hsv_s": 0.4,
        "hsv_v": 0.3,
        "save_period": -1,
    }


def export(spec: ModelSpec, weights: Path, target: Path) -> None:
    """Ultralytics' own ONNX export (static shape, simplified) with its metadata.

    Its description would name a folder of this machine; ours takes its place.
    """
    width, height = spec.size
    made = YOLO(weights).export(
        format="onnx", imgsz=[height, width], opset=17, simplify=True, dynamic=False, device="cpu"
    )
    model = onnx.load(made)
    description = f"drag_edge demo detector '{spec.name}', trained on rendered scenes"
    for entry in model.metadata_props:
        if entry.key == "description":
            entry.value = description
    partial = target.with_suffix(".part")
    onnx.save(model, str(partial))
    partial.replace(target)
