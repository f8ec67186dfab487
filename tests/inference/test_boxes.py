"""Every format is written by the test from known boxes, then read back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from drag_edge.inference.boxes import (
    BOX_DECODERS,
    BoxLayout,
    anchor_count,
    yolox_grid,
)
from drag_edge.inference.engine import OutputInvalidError

WIDTH, HEIGHT, CLASSES, EXTRA = 96, 64, 3, 2
CELLS = anchor_count(WIDTH, HEIGHT, (8, 16, 32))
LAYOUT = BoxLayout(CLASSES, WIDTH, HEIGHT)


def scene(seed: int, count: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """count boxes at random anchors: anchors, corner boxes, scores n×classes, extra n×2."""
    rng = np.random.default_rng(seed)
    anchors = rng.choice(CELLS, count, replace=False)
    corner = rng.uniform(0, (60, 40), (count, 2))
    boxes = np.concatenate((corner, corner + rng.uniform(2, 24, (count, 2))), axis=1)
    scores = rng.uniform(0.3, 0.9, (count, CLASSES))
    return anchors, boxes.astype(np.float32), scores.astype(np.float32), rng.random((count, EXTRA))


def centred(boxes: NDArray) -> NDArray:
    return np.concatenate(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), axis=1)


def write(form: str, anchors: NDArray, boxes: NDArray, scores: NDArray, extra: NDArray) -> NDArray:
    centres, objectness = centred(boxes), np.full((len(boxes), 1), 0.9, np.float32)
    if form == "end2end":
        best = scores.argmax(axis=1)
        rows = np.zeros((300, 6 + EXTRA), np.float32)
        rows[: len(boxes)] = np.column_stack((boxes, scores.max(axis=1), best, extra))
        return rows[None]
    if form == "yolov8":
        rows = np.zeros((CELLS, 4 + CLASSES + EXTRA), np.float32)
        rows[anchors] = np.concatenate((centres, scores, extra), axis=1)
        return np.ascontiguousarray(rows.T)[None]
    if form == "yolox":
        cells, strides = yolox_grid(WIDTH, HEIGHT, CELLS)
        centres[:, :2] = centres[:, :2] / strides[anchors] - cells[anchors]
        centres[:, 2:] = np.log(centres[:, 2:] / strides[anchors])
    count = 3 * CELLS if form == "yolov5" else CELLS
    rows = np.zeros((count, 5 + CLASSES + EXTRA), np.float32)
    rows[anchors] = np.concatenate((centres, objectness, scores / 0.9, extra), axis=1)
    return rows[None]


@pytest.mark.parametrize("form", list(BOX_DECODERS))
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 20), confidence=st.floats(0.0, 0.95))
def test_a_format_gives_back_the_boxes_that_were_written(
    form: str, seed: int, count: int, confidence: float
) -> None:
    anchors, boxes, scores, extra = scene(seed, count)
    output = write(form, anchors, boxes, scores, extra)
    before = output.copy()
    found = BOX_DECODERS[form](output, LAYOUT, confidence)
    np.testing.assert_array_equal(output, before)  # the engine's buffer is not ours to change
    best = scores.max(axis=1)
    sure = best > confidence + 1e-5
    assert sure.sum() <= len(found.scores) <= (best > confidence - 1e-5).sum()
    for index in np.flatnonzero(sure):
        at = int(np.abs(found.boxes - boxes[index]).max(axis=1).argmin())
        np.testing.assert_allclose(found.boxes[at], boxes[index], atol=1e-2)
        assert found.scores[at] == pytest.approx(best[index], abs=1e-5)
        assert found.class_ids[at] == scores[index].argmax()
        np.testing.assert_allclose(found.extra[at], extra[index], atol=1e-6)


@pytest.mark.parametrize("form", list(BOX_DECODERS))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("spoiled", ["score", "box"])
def test_nan_and_infinity_are_never_taken_for_nothing_there(
    form: str, bad: float, spoiled: str
) -> None:
    anchors, boxes, scores, extra = scene(1, 5)
    output = write(form, anchors, boxes, scores, extra)
    rows = output[0].T if form == "yolov8" else output[0]
    if spoiled == "score":
        # Where nothing scores enough; of class scores the best one counts, and -inf never is.
        empty = np.setdiff1d(np.arange(len(rows)), (*anchors, *range(5)))[0]
        rows[empty, 4] = bad
        if form == "yolov8":
            rows[empty, 4:7] = bad
    else:
        rows[0 if form == "end2end" else anchors[0], 1] = bad
    with pytest.raises(OutputInvalidError):
        BOX_DECODERS[form](output, LAYOUT, 0.2)


def test_the_grid_runs_row_by_row_from_the_finest_stride() -> None:
    cells, strides = yolox_grid(416, 416, 3549)
    assert strides[[0, 2703, 2704, 3379, 3380]].ravel().tolist() == [8, 8, 16, 16, 32]
    assert cells[:2].tolist() == [[0, 0], [1, 0]]
    assert cells[52].tolist() == [0, 1]


def test_a_grid_that_fits_no_pyramid_is_refused() -> None:
    with pytest.raises(ValueError, match="no pyramid"):
        yolox_grid(416, 416, 3550)


def test_a_wild_exponent_stays_finite() -> None:
    output = np.full((1, CELLS, 5 + CLASSES), 1e4, np.float32)
    output[0, :, 4:] = 1.0
    assert np.isfinite(BOX_DECODERS["yolox"](output, LAYOUT, 0.5).boxes).all()
