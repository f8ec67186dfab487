"""Our boxes beside Ultralytics' own, on the same ONNX and the same picture.

Recorded with tools/record_golden.py; the JSON says with which version.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from drag_edge.config.models import ModelSettings
from drag_edge.inference.engine import ModelError
from drag_edge.inference.letterbox import WHOLE, place
from drag_edge.inference.model import make_model
from drag_edge.inference.onnx import OnnxEngine
from drag_edge.inference.preprocess import InputRecipe, Preprocessor
from drag_edge.inference.results import Detections

GOLDEN = Path(__file__).parent / "golden"
BOX_TOLERANCE_PX = 1.0
SCORE_TOLERANCE = 1e-3


def golden(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def test_pictures_are_placed_where_letterbox_places_them() -> None:
    for case in golden("letterbox.json")["placements"]:
        placed = place(*case["picture"], *case["input"], "letterbox")
        assert [placed.width, placed.height] == case["size"], case
        assert (placed.left, placed.top) == (case["left"], case["top"]), case
        assert placed.input_width - placed.left - placed.width == case["right"], case
        assert placed.input_height - placed.top - placed.height == case["bottom"], case


def test_letterboxed_pixels_are_those_of_letterbox() -> None:
    for case in golden("letterbox.json")["pictures"]:
        width, height = case["size"]
        picture = np.random.default_rng(case["seed"]).integers(0, 256, (height, width, 3), np.uint8)
        expected = np.frombuffer(bytes.fromhex(case["pixels"]), np.uint8).reshape(24, 32, 3)
        buffer = np.zeros((1, 3, 24, 32), np.float32)
        recipe = InputRecipe("letterbox", rgb=False, scale=1.0)
        Preprocessor(recipe, buffer).fill(picture)
        # One grey level, because OpenCV rounds differently from one build to another.
        assert np.abs(buffer[0].transpose(1, 2, 0) - expected).max() <= 1, case["size"]


def assert_same_as_ultralytics(case: dict[str, Any], model: Path, image: np.ndarray) -> int:
    """Compare one case; returns how many boxes there were."""
    names = load_names(model)
    settings = ModelSettings(
        file=model,
        # Said here, because a file's own roi and resize are ours, and Ultralytics knows neither.
        roi=case["roi"] or WHOLE,
        resize="letterbox",
        confidence=case["confidence"],
        iou=case["iou"],
        threads=1,
    )
    result, _ = make_model(settings, engine(model)).infer(image)
    assert isinstance(result, Detections)
    x0, y0, _, _ = case["crop"]
    expected = np.asarray(case["boxes"], np.float64).reshape(-1, 4) + np.array([x0, y0, x0, y0])
    words = [names.get(class_id) for class_id in case["classes"]]
    known = [index for index, word in enumerate(words) if word is not None]
    unmatched = set(range(len(result.scores)))
    for index in known:
        score = case["scores"][index]
        close = [
            found
            for found in unmatched
            if result.labels[found] == words[index]
            and np.abs(result.boxes_px[found] - expected[index]).max() <= BOX_TOLERANCE_PX
            and abs(result.scores[found] - score) <= SCORE_TOLERANCE
        ]
        # A score this near to the threshold may fall on either side of it.
        if not close and score - case["confidence"] <= SCORE_TOLERANCE:
            continue
        assert close, f"{words[index]} {score} {expected[index]} is missing: {case['picture']}"
        unmatched.remove(close[0])
    for found in unmatched:
        surplus = (result.labels[found], result.scores[found], result.boxes_px[found])
        assert result.scores[found] - case["confidence"] <= SCORE_TOLERANCE, surplus
    return len(known)


@lru_cache
def engine(model: Path) -> OnnxEngine:
    """One session for all cases of a model: opening it takes longer than running it."""
    return OnnxEngine(model, threads=1)


@lru_cache
def load_names(model: Path) -> dict[int, str]:
    loaded = make_model(ModelSettings(file=model), engine(model))
    return dict(loaded.plan.labels.word_of)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_picture(path: Path, case: dict[str, Any]) -> np.ndarray:
    image = cv2.imread(str(path))
    assert image is not None, path
    if sha256(image.tobytes()) != case["picture_pixels_sha256"]:
        pytest.skip(f"this OpenCV decodes {path.name} to other pixels than the recording's")
    return image


def test_a_coco_detector_answers_as_under_ultralytics(shared_data: Path) -> None:
    boxes = 0
    try:
        load_names(shared_data / "models" / "yolov8n_coco_320_int8.onnx")
    except ModelError as error:
        pytest.skip(f"this ONNX Runtime lacks its int8 operators: {error}")
    for case in golden("yolov8n_coco_int8.json")["cases"]:
        model = shared_data / case["model"].removeprefix("shared:")
        assert sha256(model.read_bytes()) == case["model_sha256"]
        image = read_picture(shared_data / case["picture"].removeprefix("shared:"), case)
        boxes += assert_same_as_ultralytics(case, model, image)
    assert boxes > 50


DEMO_DETECTORS = ("objects", "signal", "split")


@pytest.mark.parametrize("name", DEMO_DETECTORS)
def test_a_demo_detector_answers_as_under_ultralytics(name: str, repository: Path) -> None:
    """Whole pictures, square and wide, and crops to the roi, at two pairs of thresholds."""
    model = repository / "engines" / "demo" / f"{name}.onnx"
    if not (GOLDEN / f"demo_{name}.json").is_file():
        pytest.skip(f"no goldens of {name} yet: tools/record_golden.py demo")
    boxes = 0
    for case in golden(f"demo_{name}.json")["cases"]:
        assert sha256(model.read_bytes()) == case["model_sha256"], (
            f"{name}.onnx is not the one that was recorded: run tools/record_golden.py demo"
        )
        image = read_picture(repository / case["picture"], case)
        boxes += assert_same_as_ultralytics(case, model, image)
    assert boxes > 10
