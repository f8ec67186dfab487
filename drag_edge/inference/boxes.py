"""YOLO outputs → candidate boxes: one small function for each way of writing them down.

Every function drops what scores too low before it touches the rest, so its cost hardly grows with
the number of anchors. All of them raise OutputInvalidError for NaN or infinity among the scores or
in a box that scores enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.finite import require_finite

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes before suppression, in input pixels.

    boxes: n×4 x0 y0 x1 y1. scores: n. class_ids: n, 0 to classes - 1. extra: n×e, what follows the
    class scores (mask coefficients, keypoints), e may be 0.
    """

    boxes: Floats
    scores: Floats
    class_ids: NDArray[np.intp]
    extra: Floats


@dataclass(frozen=True, slots=True)
class BoxLayout:
    """What a decoder needs to know about an output.

    classes: how many class scores there are. input_width, input_height: pixels.
    """

    classes: int
    input_width: int
    input_height: int


BoxDecoder = Callable[[Floats, BoxLayout, float], Candidates]


def decode_yolov8(output: Floats, layout: BoxLayout, confidence: float) -> Candidates:
    """1×(4+classes+extra)×n: centre and size in input pixels, then class scores (v8, v9, 11)."""
    rows = output[0]
    end = 4 + layout.classes
    best = rows[4:end].max(axis=0)
    require_finite(best, "class scores")  # a NaN survives the maximum
    keep = (best > confidence).nonzero()[0]
    picked = rows[:, keep].T
    require_finite(picked, "boxes")
    class_ids = picked[:, 4:end].argmax(axis=1)
    return Candidates(_corners(picked), best[keep], class_ids, picked[:, end:])


def decode_yolov5(output: Floats, layout: BoxLayout, confidence: float) -> Candidates:
    """1×n×(5+classes+extra): centre and size in input pixels, objectness, class scores."""
    rows = output[0]
    keep = _objects(rows, confidence)
    return _with_objectness(rows[keep], layout, confidence)


def decode_yolox_decoded(output: Floats, layout: BoxLayout, confidence: float) -> Candidates:
    """YOLOX exported with its grid already applied: laid out as YOLOv5."""
    return decode_yolov5(output, layout, confidence)


def decode_yolox(output: Floats, layout: BoxLayout, confidence: float) -> Candidates:
    """YOLOX as its own exporter writes it: 1×n×(5+classes), boxes relative to the grid.

    x, y are offsets from the cell in strides, w, h are log(size / stride); cells of stride 8, 16
    and 32 follow each other row by row (YOLOX: Exceeding YOLO Series in 2021, demo_utils).
    """
    rows = output[0]
    keep = _objects(rows, confidence)
    picked = rows[keep]
    cells, strides = yolox_grid(layout.input_width, layout.input_height, len(rows))
    stride = strides[keep]
    picked[:, :2] = (picked[:, :2] + cells[keep]) * stride
    # A wild exponent would overflow to infinity; no box is e^20 strides wide.
    picked[:, 2:4] = np.exp(np.minimum(picked[:, 2:4], 20.0)) * stride
    return _with_objectness(picked, layout, confidence)


def decode_end2end(output: Floats, layout: BoxLayout, confidence: float) -> Candidates:
    """1×n×(6+extra): corners in input pixels, score, class id; already suppressed (v10, 26).

    A class id beyond the classes is left out: unlike elsewhere, the network writes it itself.
    """
    rows = output[0]
    require_finite(rows[:, 4:6], "scores")
    named = (rows[:, 5] > -1) & (rows[:, 5] < layout.classes)
    picked = rows[(rows[:, 4] > confidence) & named]
    require_finite(picked, "boxes")
    class_ids = picked[:, 5].astype(np.intp)
    return Candidates(picked[:, :4], picked[:, 4], class_ids, picked[:, 6:])


BOX_DECODERS: Mapping[str, BoxDecoder] = MappingProxyType(
    {
        "yolov5": decode_yolov5,
        "yolov8": decode_yolov8,
        "end2end": decode_end2end,
        "yolox": decode_yolox,
        "yolox_decoded": decode_yolox_decoded,
    }
)
SUPPRESSED_ALREADY = frozenset({"end2end"})


def anchor_count(input_width: int, input_height: int, strides: tuple[int, ...]) -> int:
    """Cells of a pyramid of these strides."""
    return sum((input_width // stride) * (input_height // stride) for stride in strides)


# P3 to P5 as nearly everyone; P3 to P6, P2 to P5 and YOLO's tiny two-level heads.
PYRAMIDS = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (16, 32))


@lru_cache(maxsize=16)
def yolox_grid(input_width: int, input_height: int, cells: int) -> tuple[Floats, Floats]:
    """n×2 cell coordinates and n×1 strides of the pyramid that has that many cells.

    Computed once for each size; not to be written to. Raises ValueError if none of PYRAMIDS fits.
    """
    for pyramid in PYRAMIDS:
        if anchor_count(input_width, input_height, pyramid) == cells:
            break
    else:
        raise ValueError(f"no pyramid has {cells} cells at {input_width}×{input_height}")
    coordinates, strides = [], []
    for stride in pyramid:
        rows, columns = np.mgrid[0 : input_height // stride, 0 : input_width // stride]
        level = np.stack((columns.ravel(), rows.ravel()), axis=1)
        coordinates.append(level.astype(np.float32))
        strides.append(np.full((len(level), 1), stride, np.float32))
    return np.concatenate(coordinates), np.concatenate(strides)


def _objects(rows: Floats, confidence: float) -> NDArray[np.intp]:
    """Rows whose objectness (column 4) allows a score above confidence."""
    objectness = rows[:, 4]
    require_finite(objectness, "objectness scores")
    return (objectness > confidence).nonzero()[0]


def _with_objectness(picked: Floats, layout: BoxLayout, confidence: float) -> Candidates:
    """Rows of centre box, objectness, class scores, extra → those whose product scores enough."""
    require_finite(picked, "boxes")
    end = 5 + layout.classes
    class_scores = picked[:, 5:end] * picked[:, 4:5]
    scores = class_scores.max(axis=1)
    candidates = Candidates(_corners(picked), scores, class_scores.argmax(axis=1), picked[:, end:])
    return select(candidates, scores > confidence)


def _corners(rows: Floats) -> Floats:
    """Rows that begin with centre x, y, width, height → x0 y0 x1 y1."""
    boxes = np.empty((len(rows), 4), np.float32)
    half = rows[:, 2:4] * np.float32(0.5)
    np.subtract(rows[:, :2], half, out=boxes[:, :2])
    np.add(rows[:, :2], half, out=boxes[:, 2:])
    return boxes


def select(candidates: Candidates, which: NDArray[np.bool_] | NDArray[np.intp]) -> Candidates:
    """Some of them, in that order."""
    return Candidates(
        candidates.boxes[which],
        candidates.scores[which],
        candidates.class_ids[which],
        candidates.extra[which],
    )
