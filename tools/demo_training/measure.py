"""Measures the exported ONNX files on held-out scenes, with ONNX Runtime and own formulas."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from demo_training.specs import ModelSpec

Image = npt.NDArray[np.uint8]
Boxes = npt.NDArray[np.float64]

IOU_LEVELS = np.arange(0.5, 0.96, 0.05)
LOWEST_SCORE = 0.01
NMS_IOU = 0.6
HEIGHT_EDGES_PX = (0.0, 10.0, 20.0, 40.0, 1000.0)
"""Recall is also told by the box's height at the model's input."""
WORKING_SCORE = 0.35
"""Precision and recall are told at this score; the daemon's default is near it."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes (N, 4) as x0, y0, x1, y1 in input pixels, scores (N,), classes (N,)."""

    boxes: Boxes
    scores: Boxes
    classes: npt.NDArray[np.int64]


def open_session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def run_model(session: onnxruntime.InferenceSession, bgr: Image) -> npt.NDArray[np.float32]:
    planes = np.ascontiguousarray(bgr[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 255.0
    return np.asarray(session.run(None, {session.get_inputs()[0].name: planes})[0])


def decode(output: npt.NDArray[np.float32]) -> Detections:
    """(1, 4 + classes, N) centre boxes and scores to boxes after suppression by class."""
    rows = output[0].T.astype(np.float64)
    classes = np.argmax(rows[:, 4:], axis=1)
    scores = rows[np.arange(len(rows)), 4 + classes]
    keep = scores >= LOWEST_SCORE
    rows, scores, classes = rows[keep], scores[keep], classes[keep]
    corner = rows[:, :2] - 0.5 * rows[:, 2:4]
    xywh = np.concatenate((corner, rows[:, 2:4]), axis=1)
    if len(rows) == 0:
        return Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))
    chosen = cv2.dnn.NMSBoxesBatched(
        xywh.tolist(), scores.tolist(), classes.tolist(), LOWEST_SCORE, NMS_IOU
    )
    index = np.asarray(chosen, np.int64).reshape(-1)
    boxes = np.concatenate((corner, corner + rows[:, 2:4]), axis=1)[index]
    return Detections(boxes, scores[index], classes[index])


def overlaps(first: Boxes, second: Boxes) -> Boxes:
    """IoU matrix (A, B)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=2)
    area_a = np.prod(first[:, 2:] - first[:, :2], axis=1)
    area_b = np.prod(second[:, 2:] - second[:, :2], axis=1)
    return np.asarray(shared / np.maximum(area_a[:, None] + area_b[None] - shared, 1e-9))


def _read_truth(path: Path, size: tuple[int, int]) -> tuple[Boxes, npt.NDArray[np.int64]]:
    rows = np.array([line.split() for line in path.read_text().splitlines()], float).reshape(-1, 5)
    centre, extent = rows[:, 1:3] * size, rows[:, 3:5] * size
    boxes = np.concatenate((centre - 0.5 * extent, centre + 0.5 * extent), axis=1)
    return boxes, rows[:, 0].astype(np.int64)


def _match(found: Boxes, truth: Boxes, levels: Boxes) -> npt.NDArray[np.bool_]:
    """For boxes by falling score: hit or not, (N, levels); each truth is hit once a level."""
    hits = np.zeros((len(found), len(levels)), bool)
    if len(truth) == 0 or len(found) == 0:
        return hits
    iou = overlaps(found, truth)
    for column, level in enumerate(levels):
        free = np.ones(len(truth), bool)
        for row in range(len(found)):
            best = int(np.argmax(np.where(free, iou[row], -1.0)))
            if free[best] and iou[row, best] >= level:
                hits[row, column] = True
                free[best] = False
    return hits


def _average_precision(hits: npt.NDArray[np.bool_], total: int) -> float:
    """Area under the 101-point interpolated precision-recall curve (COCO)."""
    if total == 0 or len(hits) == 0:
        return 0.0
    true = np.cumsum(hits)
    recall = true / total
    precision = true / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    points = np.linspace(0.0, 1.0, 101)
    index = np.searchsorted(recall, points, side="left")
    values = np.where(index < len(envelope), envelope[np.minimum(index, len(envelope) - 1)], 0.0)
    return float(values.mean())


def measure_detector(spec: ModelSpec, model: Path, data: Path) -> dict[str, object]:
    """AP50, AP50-95, precision and recall per class, and the time per picture."""
    session = open_session(model)
    scores: list[list[Boxes]] = [[] for _ in spec.classes]
    hits: list[list[npt.NDArray[np.bool_]]] = [[] for _ in spec.classes]
    heights: list[list[Boxes]] = [[] for _ in spec.classes]
    seen: list[list[npt.NDArray[np.bool_]]] = [[] for _ in spec.classes]
    totals = np.zeros(len(spec.classes), int)
    seconds = []
    images = sorted((data / "images" / "val").glob("*.jpg"))
    for image in images:
        picture = np.asarray(cv2.imread(str(image)), np.uint8)
        started = time.perf_counter()
        output = run_model(session, picture)
        seconds.append(time.perf_counter() - started)
        found = decode(output)
        truth, kinds = _read_truth(data / "labels" / "val" / f"{image.stem}.txt", spec.size)
        for number in range(len(spec.classes)):
            chosen = np.flatnonzero(found.classes == number)
            chosen = chosen[np.argsort(-found.scores[chosen])]
            totals[number] += int(np.count_nonzero(kinds == number))
            scores[number].append(found.scores[chosen])
            mine = truth[kinds == number]
            hits[number].append(_match(found.boxes[chosen], mine, IOU_LEVELS))
            strong = chosen[found.scores[chosen] >= WORKING_SCORE]
            heights[number].append(mine[:, 3] - mine[:, 1])
            seen[number].append(_seen(mine, found.boxes[strong]))
    table: dict[str, dict[str, object]] = {
        name: _class_row(np.concatenate(scores[i]), np.concatenate(hits[i]), int(totals[i]))
        | {"recall_by_height_px": _by_height(np.concatenate(heights[i]), np.concatenate(seen[i]))}
        for i, name in enumerate(spec.classes)
    }
    return {
        "held_out_scenes": len(images),
        "map50": _mean(table, "ap50"),
        "map50_95": _mean(table, "ap50_95"),
        "per_class": table,
        "onnxruntime_ms_median": round(1000.0 * float(np.median(seconds)), 2),
    }


def _seen(truth: Boxes, found: Boxes) -> npt.NDArray[np.bool_]:
    """Which true boxes have a found one with an IoU of 0.5 or more."""
    if len(truth) == 0 or len(found) == 0:
        return np.zeros(len(truth), bool)
    return np.asarray(overlaps(truth, found).max(axis=1) >= IOU_LEVELS[0])


def _by_height(heights: Boxes, seen: npt.NDArray[np.bool_]) -> dict[str, float | None]:
    table: dict[str, float | None] = {}
    for low, high in pairwise(HEIGHT_EDGES_PX):
        chosen = (heights >= low) & (heights < high)
        name = f"{low:.0f}-{high:.0f}" if high < HEIGHT_EDGES_PX[-1] else f"{low:.0f}+"
        table[name] = round(float(seen[chosen].mean()), 3) if np.any(chosen) else None
    return table


def _class_row(scores: Boxes, hits: npt.NDArray[np.bool_], total: int) -> dict[str, object]:
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], hits[order]
    levels = [_average_precision(hits[:, i], total) for i in range(len(IOU_LEVELS))]
    working = scores >= WORKING_SCORE
    true = int(np.count_nonzero(hits[working, 0]))
    return {
        "boxes": total,
        "ap50": round(levels[0], 4),
        "ap50_95": round(float(np.mean(levels)), 4),
        "precision": round(true / max(1, int(np.count_nonzero(working))), 4),
        "recall": round(true / max(1, total), 4),
    }


def _mean(table: dict[str, dict[str, object]], key: str) -> float:
    return round(float(np.mean([float(str(row[key])) for row in table.values()])), 4)


def measure_segmenter(spec: ModelSpec, model: Path, data: Path) -> dict[str, object]:
    """IoU per class over all held-out pixels, and the time per picture."""
    session = open_session(model)
    images = np.load(data / "val_images.npy", mmap_mode="r")
    maps = np.load(data / "val_maps.npy", mmap_mode="r")
    count = len(spec.classes)
    confusion = np.zeros((count, count), np.int64)
    seconds = []
    for picture, truth in zip(images, maps, strict=True):
        started = time.perf_counter()
        output = run_model(session, picture)
        seconds.append(time.perf_counter() - started)
        answer = np.argmax(output[0], axis=0)
        pairs = truth.astype(np.int64) * count + answer
        confusion += np.bincount(pairs.ravel(), minlength=count * count).reshape(count, count)
    right = np.diag(confusion)
    iou = right / np.maximum(1, confusion.sum(axis=0) + confusion.sum(axis=1) - right)
    return {
        "held_out_scenes": len(images),
        "miou": round(float(iou.mean()), 4),
        "per_class": {
            name: {"iou": round(float(value), 4)}
            for name, value in zip(spec.classes, iou, strict=True)
        },
        "onnxruntime_ms_median": round(1000.0 * float(np.median(seconds)), 2),
    }
