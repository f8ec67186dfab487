from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config.vocabulary import SURFACE_IDS
from drag_edge.inference.engine import OutputInvalidError
from drag_edge.inference.letterbox import place
from drag_edge.inference.segmenter import Head, Segmenter

PLACED = place(1280, 720, 16, 8, "stretch", (0.0, 0.5, 1.0, 1.0))


@given(st.integers(0, 2**32 - 1), st.integers(2, 20), st.booleans())
def test_one_head_is_arg_max_in_our_ids(seed: int, channels: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(1, channels, 8, 16)).astype(np.float32)
    if ties:
        scores = np.round(scores)
    surfaces = {channel: int(rng.integers(0, 3)) for channel in range(channels)}
    surfaces.pop(int(rng.integers(0, channels)))
    found = Segmenter((Head("out", surfaces),)).decode({"out": scores}, PLACED)
    expected = np.vectorize(lambda channel: surfaces.get(channel, 0))(scores[0].argmax(axis=0))
    np.testing.assert_array_equal(found.classes, expected)
    assert found.classes.dtype == np.uint8
    assert found.region_px == pytest.approx((0, 360, 1280, 720))


def test_lane_lines_are_painted_over_drivable_whatever_the_heads_order() -> None:
    area = np.zeros((1, 2, 2, 2), np.float32)
    area[0, 1] = [[1, 1], [-1, -1]]
    lines = np.zeros((1, 2, 2, 2), np.float32)
    lines[0, 1] = [[1, -1], [1, -1]]
    heads = (Head("lines", {1: SURFACE_IDS["lane_line"]}), Head("area", {1: 1}))
    outputs = {"area": area, "lines": lines}
    for order in (heads, heads[::-1]):
        found = Segmenter(order).decode(outputs, PLACED)
        assert found.classes.tolist() == [[2, 1], [2, 0]]


@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 1, 2, 3)])
def test_a_map_of_ids_is_translated(shape: tuple[int, ...]) -> None:
    ids = np.array([0, 1, 2, 3, 200, 7], np.int64).reshape(shape)
    found = Segmenter((Head("ids", {1: 2, 200: 1}),)).decode({"ids": ids}, PLACED)
    assert found.classes.tolist() == [[0, 2, 0], [0, 1, 0]]


@pytest.mark.parametrize("channels", [2, 3, 5])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_never_taken_for_background(channels: int, bad: float) -> None:
    for channel in range(channels):
        scores = np.zeros((1, channels, 4, 6), np.float32)
        scores[0, channel, 2, 3] = bad
        with pytest.raises(OutputInvalidError):
            Segmenter((Head("out", {1: 1}),)).decode({"out": scores}, PLACED)


def test_the_map_is_not_the_engines_memory() -> None:
    scores = np.zeros((1, 2, 2, 2), np.float32)
    scores[0, 1] = 1
    for surfaces in ({1: 1}, {0: 2, 1: 1}):
        found = Segmenter((Head("out", surfaces),)).decode({"out": scores}, PLACED)
        assert found.classes.all()
        assert not np.shares_memory(found.classes, scores)
