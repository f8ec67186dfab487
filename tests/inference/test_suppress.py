from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from drag_edge.inference.suppress import suppress


def overlap(a: NDArray, b: NDArray) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def greedily(boxes: NDArray, scores: NDArray, groups: NDArray, iou: float) -> list[int]:
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        rivals = (k for k in kept if groups[k] == groups[index])
        if all(overlap(boxes[index], boxes[k]) <= iou for k in rivals):
            kept.append(int(index))
    return kept


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.floats(0.05, 0.95))
def test_it_is_greedy_suppression_within_groups(seed: int, count: int, iou: float) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-20, 40, (count, 2))
    size = rng.uniform(1, 40, (count, 2))
    boxes = np.concatenate((corner, corner + size), axis=1).astype(np.float32)
    scores = rng.permutation(count).astype(np.float32) / 100 + 0.01
    groups = rng.integers(0, 3, count)
    kept = suppress(boxes, scores, groups, iou, 300)
    assert kept.tolist() == greedily(boxes.astype(float), scores, groups, iou)


def test_only_the_best_so_many_stay() -> None:
    boxes = np.array([[x, 0, x + 5, 5] for x in range(0, 100, 10)], np.float32)
    scores = np.linspace(0.1, 0.9, 10, dtype=np.float32)
    assert suppress(boxes, scores, np.zeros(10, np.intp), 0.5, 3).tolist() == [9, 8, 7]
    assert suppress(boxes[:1], scores[:1], np.zeros(1, np.intp), 0.5, 3).tolist() == [0]
    assert len(suppress(boxes[:0], scores[:0], np.zeros(0, np.intp), 0.5, 3)) == 0
