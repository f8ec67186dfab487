"""Line a: every engine's outputs against ONNX Runtime's, on the very same input tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.models import ModelSettings
from drag_edge.inference.detector import Detector
from drag_edge.inference.engine import OutputInvalidError
from drag_edge.inference.metadata import parse_metadata
from drag_edge.inference.onnx import OnnxEngine
from drag_edge.inference.plan import ModelPlan, make_plan
from drag_edge.inference.preprocess import Preprocessor
from drag_edge.inference.results import ClassMap, Detections
from gpu_check_parts import models, pictures
from gpu_check_parts.check import Check
from gpu_check_parts.ours import session
from gpu_check_parts.prepare import PICTURES
from gpu_check_parts.rows import FAILED, INFO, OK, one_line

FP32_LIMIT = 1e-3
MAP_LIMIT = 0.995
BOX_LIMIT_PX = 1.0
# A score this near the threshold may be above it in one and below it in the other.
SCORE_SLACK = 0.02

_EVERYTHING = 100_000

Arrays = Mapping[str, NDArray[Any]]


def run(check: Check, shard: str) -> None:
    del shard
    images = pictures.pictures(check.out, PICTURES)
    for name in models.NAMES:
        reference = _Reference(name, images)
        for precision in models.PRECISIONS:
            file = models.engine_file(check.engines, models.onnx_file(name), precision)
            what = f"{name} {precision}"
            if not file.is_file():
                asked = precision != "int8" or check.int8
                why = "the engine was not built" if asked else "not asked for (--int8)"
                check.not_measured(what, why)
                continue
            try:
                _compare(check, reference, file, precision, what)
            except Exception as error:  # noqa: BLE001 - one engine's row, the others follow
                check.row(what, verdict=FAILED, detail=f"{type(error).__name__}: {one_line(error)}")


class _Reference:
    """ONNX Runtime's inputs, outputs and decoded results for every picture."""

    def __init__(self, name: str, images: list[NDArray[np.uint8]]) -> None:
        self.name = name
        files = {other: models.onnx_file(other) for other in models.NAMES}
        self.settings: ModelSettings = models.demo_settings(files)[name]
        engine = OnnxEngine(models.onnx_file(name))
        buffer = engine.input_buffers[engine.inputs[0].name]
        self.plan: ModelPlan = make_plan(
            self.settings, parse_metadata(engine.metadata), engine.inputs, engine.outputs,
            engine.run(),
        )  # fmt: skip
        preprocessor = Preprocessor(self.plan.recipe, buffer)
        self.inputs: list[NDArray[Any]] = []
        self.outputs: list[Arrays] = []
        self.results: list[Any] = []
        for image in images:
            self.placement = preprocessor.fill(image)
            outputs = {key: array.copy() for key, array in engine.run().items()}
            self.inputs.append(buffer.copy())
            self.outputs.append(outputs)
            self.results.append(self.plan.decoder.decode(outputs, self.placement))


def _compare(check: Check, reference: _Reference, file: Any, precision: str, what: str) -> None:
    files = {name: file for name in models.NAMES}
    settings = models.demo_settings(files)[reference.name]
    opened = session({reference.name: settings})
    with opened as running:
        # Loads it; what the picture shows does not matter.
        running.infer(np.full((720, 1280, 3), 114, np.uint8))
        if reference.name not in running.engines():
            raise RuntimeError(running.faults() or "the engine did not load")
        engine = running.engines()[reference.name]
        outputs = _run_all(engine, reference)
    figures = _differences(reference, outputs)
    if precision == "fp32":
        error = figures["max_error_of_range"]
        check.judge(f"{what}, largest error", f"{error:.2e} of range", f"{FP32_LIMIT:g}",
                    error <= FP32_LIMIT, _how(reference), figures)  # fmt: skip
    _judge_results(check, reference, outputs, figures, precision, what)


def _run_all(engine: Any, reference: _Reference) -> list[Arrays]:
    name = engine.inputs[0].name
    outputs: list[Arrays] = []
    for tensor in reference.inputs:
        engine.input_buffers[name][...] = tensor
        outputs.append({key: np.array(array) for key, array in engine.run().items()})
    return outputs


def _differences(reference: _Reference, outputs: list[Arrays]) -> dict[str, float]:
    """Over all outputs and pictures: the largest and the mean difference, over the range."""
    worst = mean = 0.0
    for key in reference.outputs[0]:
        expected = np.stack([one[key] for one in reference.outputs]).astype(np.float64)
        found = np.stack([one[key] for one in outputs]).astype(np.float64)
        span = max(float(expected.max() - expected.min()), 1e-12)
        error = np.abs(found - expected)
        if not np.isfinite(error).all():
            return {"max_error_of_range": float("inf"), "mean_error_of_range": float("inf")}
        worst = max(worst, float(error.max()) / span)
        mean = max(mean, float(error.mean()) / span)
    return {"max_error_of_range": worst, "mean_error_of_range": mean}


def _judge_results(
    check: Check,
    reference: _Reference,
    outputs: list[Arrays],
    figures: dict[str, float],
    precision: str,
    what: str,
) -> None:
    try:
        found: list[Any] = [
            reference.plan.decoder.decode(one, reference.placement) for one in outputs
        ]
    except OutputInvalidError as error:
        check.row(what, verdict=FAILED, detail=one_line(error), figures=figures)
        return
    if isinstance(reference.results[0], ClassMap):
        equal = _equal_share(reference.results, found)
        verdict = INFO if precision == "int8" else OK if equal >= MAP_LIMIT else FAILED
        check.row(f"{what}, class map equal", f"{100 * equal:.3f} %", f"{100 * MAP_LIMIT:g} %",
                  verdict, _how(reference), {**figures, "equal": equal})  # fmt: skip
        return
    raw = _anchor_error_px(reference, outputs)
    boxes = _matched(reference.results, found, _Seen.of(reference, outputs), reference)
    good = (
        boxes["matched"] > 0
        and max(raw["max_px"], boxes["max_input_px"]) <= BOX_LIMIT_PX
        and boxes["unexplained"] == 0
    )
    verdict = INFO if precision == "int8" else OK if good else FAILED
    value = f"{raw['max_px']:.3f} px of the input over {raw['count']:.0f} boxes"
    detail = (
        f"{_how(reference)}, anchor by anchor; of the boxes that suppression keeps in either, "
        f"{boxes['matched']:.0f} are in both before it ({boxes['max_input_px']:.3f} px apart), "
        f"{boxes['chosen_otherwise']:.0f} of them because it chose another of nearly equal ones; "
        f"in one only: {boxes['at_threshold']:.0f} with a score within {SCORE_SLACK} of the "
        f"threshold, {boxes['unexplained']:.0f} without"
    )
    check.row(f"{what}, largest box difference", value, f"{BOX_LIMIT_PX:g} px of the input",
              verdict, detail, {**figures, **boxes, "anchors": raw})  # fmt: skip


@dataclass(frozen=True)
class _Seen:
    """All boxes that score enough, of every picture, nothing suppressed."""

    expected: list[Detections]
    found: list[Detections]

    @classmethod
    def of(cls, reference: _Reference, outputs: list[Arrays]) -> _Seen:
        decoder = reference.plan.decoder
        assert isinstance(decoder, Detector)
        every = Detector(replace(decoder.recipe, iou=1.0, max_detections=_EVERYTHING))
        sides = (reference.outputs, outputs)
        return cls(*([every.decode(one, reference.placement) for one in side] for side in sides))


def _equal_share(expected: list[ClassMap], found: list[ClassMap]) -> float:
    """Of all pixels of all pictures."""
    same = [np.mean(a.classes == b.classes) for a, b in zip(expected, found, strict=True)]
    return float(np.mean(same))


def _anchor_error_px(reference: _Reference, outputs: list[Arrays]) -> dict[str, float]:
    """Boxes of the same anchor in both, where the reference scores enough (yolov8's layout)."""
    worst, count = 0.0, 0
    for expected, found in zip(reference.outputs, outputs, strict=True):
        for key, before in expected.items():
            keep = before[0, 4:].max(axis=0) > reference.settings.confidence
            if not keep.any():
                continue
            corners = [_corners(array[0, :4, keep]) for array in (before, found[key])]
            worst = max(worst, float(np.abs(corners[0] - corners[1]).max()))
            count += int(keep.sum())
    return {"max_px": worst, "count": float(count)}


def _corners(rows: NDArray[Any]) -> NDArray[np.float64]:
    rows = rows.astype(np.float64)
    return np.hstack((rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2))


def _matched(
    expected: list[Detections], found: list[Detections], seen: _Seen, reference: _Reference
) -> dict[str, float]:
    """Each box after suppression, looked for among the other's boxes before it.

    Suppression keeps one of several nearly equal boxes, and which one hangs on their scores' last
    digits: `chosen_otherwise` counts the boxes for which the other kept one that is elsewhere.
    """
    gain = np.array([reference.placement.gain_x, reference.placement.gain_y] * 2)
    figures = dict.fromkeys(("matched", "chosen_otherwise", "at_threshold", "unexplained"), 0.0)
    worst_px = 0.0
    limit = reference.settings.confidence + SCORE_SLACK
    sides = (expected, found, seen.found), (found, expected, seen.expected)
    for kept, kept_there, seen_there in sides:
        for here, there, all_there in zip(kept, kept_there, seen_there, strict=True):
            for box, score, label in zip(here.boxes_px, here.scores, here.labels, strict=True):
                apart_px = _nearest_px(all_there, box, label, gain)
                if apart_px <= BOX_LIMIT_PX:
                    worst_px = max(worst_px, apart_px)
                    figures["matched"] += 1
                    otherwise = _nearest_px(there, box, label, gain) > BOX_LIMIT_PX
                    figures["chosen_otherwise"] += otherwise
                else:
                    figures["at_threshold" if score <= limit else "unexplained"] += 1
    return {**figures, "max_input_px": worst_px}


def _nearest_px(
    boxes: Detections, box: NDArray[np.float32], label: str, gain: NDArray[np.float64]
) -> float:
    """To the nearest of that label: the largest difference of a corner, pixels of the input."""
    same = np.array([other == label for other in boxes.labels], np.bool_)
    if not same.any():
        return float("inf")
    apart = np.abs(boxes.boxes_px[same] - box) * gain
    return float(apart.max(axis=1).min())


def _how(reference: _Reference) -> str:
    return f"{len(reference.inputs)} pictures, same tensors"
