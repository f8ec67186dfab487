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
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.finite import CLASS_SCORES, OBJECTNESS, require_finite

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


@dataclass(frozen=True, slots=True)
class Picked:
    """What a format's filter lets through: whole rows, whoever filtered (here, or on the GPU).

    anchors: n row numbers, ascending. values: n×values, C-contiguous, the caller's own. total: how
    many rows the output has.
    """

    anchors: NDArray[np.intp]
    values: Floats
    total: int


@dataclass(frozen=True, slots=True)
class BoxFormat:
    """One way of writing boxes down: first a filter that is cheap for each anchor, then the rest.

    pick: output, layout, confidence → what may score enough. read: that, layout, confidence →
    candidates; it may write to the picked values. by_value: the output is 1×values×n, else
    1×n×values. picked_by: what a row's score is, the best class score (after the box) or the
    objectness (value 4); None: by more than a score.
    """

    pick: Callable[[Floats, BoxLayout, float], Picked]
    read: Callable[[Picked, BoxLayout, float], Candidates]
    by_value: bool = False
    picked_by: Literal["class", "objectness"] | None = None

    def __call__(self, output: Floats, layout: BoxLayout, confidence: float) -> Candidates:
        """Both steps; the output is not written to."""
        return self.read(self.pick(output, layout, confidence), layout, confidence)

    def score_columns(self, layout: BoxLayout) -> tuple[int, int]:
        """Which values of a row the best of which decides whether it is picked: first, end."""
        return (4, 4 + layout.classes) if self.picked_by == "class" else (4, 5)


def _pick_by_class(output: Floats, layout: BoxLayout, confidence: float) -> Picked:
    rows = output[0]
    best = rows[4 : 4 + layout.classes].max(axis=0)
    require_finite(best, CLASS_SCORES)  # a NaN survives the maximum
    keep = (best > confidence).nonzero()[0]
    return Picked(keep, np.ascontiguousarray(rows[:, keep].T), rows.shape[1])


def _pick_objects(output: Floats, layout: BoxLayout, confidence: float) -> Picked:
    """Rows whose objectness allows a score above confidence."""
    rows = output[0]
    objectness = rows[:, 4]
    require_finite(objectness, OBJECTNESS)
    keep = (objectness > confidence).nonzero()[0]
    return Picked(keep, rows[keep], len(rows))


def _pick_end2end(output: Floats, layout: BoxLayout, confidence: float) -> Picked:
    """A class id beyond the classes is left out: unlike elsewhere, the network writes it itself."""
    rows = output[0]
    require_finite(rows[:, 4:6], "scores")
    named = (rows[:, 5] > -1) & (rows[:, 5] < layout.classes)
    keep = ((rows[:, 4] > confidence) & named).nonzero()[0]
    return Picked(keep, rows[keep], len(rows))


def _read_yolov8(picked: Picked, layout: BoxLayout, confidence: float) -> Candidates:
    rows = picked.values
    require_finite(rows, "boxes")
    end = 4 + layout.classes
    class_ids = rows[:, 4:end].argmax(axis=1)
    scores = rows[:, 4:end].max(axis=1)
    return Candidates(_corners(rows), scores, class_ids, rows[:, end:])


def _read_objects(picked: Picked, layout: BoxLayout, confidence: float) -> Candidates:
    """Those whose product of objectness and class score is enough."""
    rows = picked.values
    require_finite(rows, "boxes")
    end = 5 + layout.classes
    class_scores = rows[:, 5:end] * rows[:, 4:5]
    scores = class_scores.max(axis=1)
    candidates = Candidates(_corners(rows), scores, class_scores.argmax(axis=1), rows[:, end:])
    return select(candidates, scores > confidence)


def _read_yolox(picked: Picked, layout: BoxLayout, confidence: float) -> Candidates:
    rows = picked.values
    cells, strides = yolox_grid(layout.input_width, layout.input_height, picked.total)
    stride = strides[picked.anchors]
    rows[:, :2] = (rows[:, :2] + cells[picked.anchors]) * stride
    # A wild exponent would overflow to infinity; no box is e^20 strides wide.
    rows[:, 2:4] = np.exp(np.minimum(rows[:, 2:4], 20.0)) * stride
    return _read_objects(picked, layout, confidence)


def _read_end2end(picked: Picked, layout: BoxLayout, confidence: float) -> Candidates:
    rows = picked.values
    require_finite(rows, "boxes")
    return Candidates(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.intp), rows[:, 6:])


# yolov8 (v8, v9, 11): 1×(4+classes+extra)×n, centre and size in input pixels, class scores.
# yolov5: 1×n×(5+classes+extra), centre and size in input pixels, objectness, class scores.
# yolox: as its own exporter writes it, 1×n×(5+classes), x and y as offsets from the cell in
# strides, w and h as log(size / stride); cells of stride 8, 16 and 32 follow each other row by row
# (YOLOX: Exceeding YOLO Series in 2021, demo_utils). yolox_decoded: its grid already applied.
# end2end (v10, 26): 1×n×(6+extra), corners in input pixels, score, class id; already suppressed.
BOX_DECODERS: Mapping[str, BoxFormat] = MappingProxyType(
    {
        "yolov5": BoxFormat(_pick_objects, _read_objects, picked_by="objectness"),
        "yolov8": BoxFormat(_pick_by_class, _read_yolov8, by_value=True, picked_by="class"),
        "end2end": BoxFormat(_pick_end2end, _read_end2end),
        "yolox": BoxFormat(_pick_objects, _read_yolox, picked_by="objectness"),
        "yolox_decoded": BoxFormat(_pick_objects, _read_objects, picked_by="objectness"),
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
