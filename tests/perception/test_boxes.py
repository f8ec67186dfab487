"""Boxes of one frame: which are taken, which are one object, and which track gets which."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from drag_edge.config.tracking import RejectionSettings, TrackSettings
from drag_edge.inference.results import Detections
from drag_edge.perception.association import associate
from drag_edge.perception.boxes import Box, Cut, SeenBox, collect, hidden, overlap

SIZE_PX = (1280, 720)
WHOLE = Cut(False, False, False, False)


def collected(*rows: tuple[float, float, float, float, float, str]) -> list[SeenBox]:
    boxes = np.array([row[:4] for row in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[4] for row in rows], np.float32)
    found = Detections(boxes_px=boxes, scores=scores, labels=tuple(row[5] for row in rows))
    return collect([found], SIZE_PX, TrackSettings(), RejectionSettings())


@pytest.mark.parametrize(
    "bad",
    [
        (200, 200, 100, 300, 0.9, "car"),
        (100, 200, 200, 200, 0.9, "car"),
        (math.nan, 200, 200, 300, 0.9, "car"),
        (100, 200, math.inf, 300, 0.9, "car"),
        (100, 200, 200, 300, math.nan, "car"),
        (100, 200, 200, 300, 1.5, "car"),
        (100, 200, 200, 300, 0.9, "traffic_light"),
    ],
)
def test_what_is_no_box_of_a_road_user_is_left_out(
    bad: tuple[float, float, float, float, float, str],
) -> None:
    boxes = collected(bad, (600, 300, 700, 400, 0.8, "car"))
    assert [box.box_px for box in boxes] == [(600.0, 300.0, 700.0, 400.0)]


def test_two_words_for_one_vehicle_are_one_box() -> None:
    boxes = collected(
        (600, 300, 700, 400, 0.6, "truck"),
        (602, 301, 701, 402, 0.8, "car"),
        (601, 300, 700, 401, 0.7, "pedestrian"),
    )
    assert [box.label for box in boxes] == ["car", "pedestrian"]


def test_an_edge_at_the_picture_s_border_is_cut() -> None:
    (box,) = collected((0, 300, 200, 719, 0.9, "car"))
    assert box.cut == Cut(left=True, top=False, right=False, bottom=True)


def test_an_edge_behind_a_nearer_vehicle_is_hidden() -> None:
    far = SeenBox((100.0, 100.0, 200.0, 180.0), 0.9, "car", WHOLE)
    near = SeenBox((150.0, 90.0, 300.0, 260.0), 0.9, "car", WHOLE)
    assert hidden([far, near]) == [True, False]


places = st.tuples(
    st.integers(0, 12), st.integers(0, 12), st.integers(4, 10), st.integers(4, 10)
).map(lambda p: (float(p[0]), float(p[1]), float(p[0] + p[2]), float(p[1] + p[3])))


@given(tracks=st.lists(places, max_size=6), boxes=st.lists(places, max_size=6))
def test_tracks_and_boxes_are_paired_for_the_greatest_overlap(
    tracks: list[Box], boxes: list[Box]
) -> None:
    """As by an assignment over all pairs at once."""
    settings = TrackSettings()
    seen = [SeenBox(box, 1.0, "car", WHOLE) for box in boxes]
    chosen = associate(tracks, ["car"] * len(tracks), seen, settings)
    taken = [index for index in chosen if index is not None]
    assert len(taken) == len(set(taken))
    gains = np.zeros((len(tracks), len(boxes)))
    for row, track in enumerate(tracks):
        for column, box in enumerate(boxes):
            gain = overlap(track, box)
            gains[row, column] = gain if gain >= settings.first_overlap else 0.0
    best = gains[linear_sum_assignment(-gains)].sum()
    got = sum(gains[row, index] for row, index in enumerate(chosen) if index is not None)
    assert got == pytest.approx(best)
    assert all(gains[row, index] > 0 for row, index in enumerate(chosen) if index is not None)
