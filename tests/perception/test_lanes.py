"""Own lane from class maps: what must be recovered, what must be left alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drag_edge.config.lanes import LaneSettings, PitchSettings
from drag_edge.inference.results import ClassMap
from drag_edge.perception.ground import GroundTable
from drag_edge.perception.lane_points import runs_of
from drag_edge.perception.lanes import LaneTracker
from drag_edge.perception.pitch import PitchEstimator
from drag_edge.perception.scene import Lanes
from tests.perception.synthetic import FRONT, MAP_REGION, MAP_SHAPE, Line, paint

TABLE = GroundTable(FRONT, MAP_REGION, MAP_SHAPE)
DASHED = (3.0, 9.0, 0.0)


class Eye:
    """A lane tracker with its pitch, stepped at 20 Hz."""

    def __init__(self, speed_mps: float = 25.0) -> None:
        self.lanes = LaneTracker(LaneSettings())
        self.pitch = PitchEstimator(PitchSettings())
        self.speed_mps = speed_mps

    def see(self, class_map: ClassMap | None, dt_s: float = 0.05) -> Lanes | None:
        self.pitch.predict(dt_s, None)
        return self.lanes.step(class_map, TABLE, self.pitch, dt_s, self.speed_mps, None)

    def watch(self, lines: Sequence[Line], frames: int = 12, **paint_args: object) -> Lanes | None:
        """The same lines for some frames, dashes moving by."""
        lanes = None
        for frame in range(frames):
            moved = [
                line
                if line.dash is None
                else Line(
                    line.offset_m,
                    line.slope,
                    line.curvature_1pm,
                    (*line.dash[:2], line.dash[2] + frame * self.speed_mps * 0.05),
                )
                for line in lines
            ]
            lanes = self.see(paint(moved, **paint_args))
        return lanes


def own(
    centre: float, width: float, slope: float = 0.0, curvature: float = 0.0, dash: object = None
) -> list[Line]:
    half = width / 2
    return [
        Line(centre + half, slope, curvature, dash),
        Line(centre - half, slope, curvature, dash),
    ]


@settings(max_examples=25, deadline=None)
@given(
    centre=st.floats(-0.6, 0.6),
    width=st.floats(3.0, 4.0),
    slope=st.floats(-0.03, 0.03),
    curvature=st.floats(-0.002, 0.002),
    dashed=st.booleans(),
)
def test_a_painted_lane_is_recovered(
    centre: float, width: float, slope: float, curvature: float, dashed: bool
) -> None:
    rng = np.random.default_rng(1)
    eye = Eye(0.0)
    # In tighter bends between two dashed lines the fit settles wrongly about once in 200 roads.
    curvature *= 0.75 if dashed else 1.0
    lines = own(centre, width, slope, curvature, DASHED if dashed else None)
    # Share of false pixels. Dashes hold a quarter of a line's pixels; at 0.002 one lane in twenty
    # of theirs is lost among the false ones, so that is not promised.
    lanes = eye.watch(lines, rng=rng, noise=0.0005 if dashed else 0.002)
    assert lanes is not None
    assert lanes.left is not None
    assert lanes.right is not None
    for side, sign in ((lanes.left, 1), (lanes.right, -1)):
        for x in (8.0, 15.0, 25.0):
            true = centre + sign * width / 2 + slope * x + curvature * x * x / 2
            assert side.y_at(x) == pytest.approx(true, abs=0.12 + 0.004 * x)
    assert lanes.width_m == pytest.approx(width, abs=0.12)
    assert lanes.offset_m == pytest.approx(-centre, abs=0.12)
    assert lanes.heading_rad == pytest.approx(-slope, abs=0.012)
    assert lanes.curvature_1pm == pytest.approx(curvature, abs=0.0012)


@settings(max_examples=15, deadline=None)
@given(pitch=st.floats(-0.03, 0.03))
def test_the_lanes_vanishing_point_gives_the_pitch(pitch: float) -> None:
    eye = Eye(0.0)
    lanes = eye.watch(own(0.2, 3.5), frames=15, pitch_rad=pitch)
    assert lanes is not None
    assert eye.pitch.pitch_rad == pytest.approx(pitch, abs=0.002)
    assert lanes.width_m == pytest.approx(3.5, abs=0.1)


def test_a_fast_pitch_is_followed() -> None:
    eye = Eye(20.0)
    errors = []
    for frame in range(60):
        true = math.radians(0.3) * math.sin(2 * math.pi * 1.5 * frame * 0.05)
        eye.see(paint(own(0.0, 3.6), pitch_rad=true))
        errors.append(eye.pitch.pitch_rad - true)
    assert np.sqrt(np.mean(np.square(errors[10:]))) < 0.0008


def test_neighbours_lines_do_not_matter() -> None:
    lines = own(0.1, 3.6, dash=DASHED) + own(0.1, 10.8)
    lanes = Eye().watch(lines)
    assert lanes is not None
    assert lanes.width_m == pytest.approx(3.6, abs=0.15)
    assert lanes.offset_m == pytest.approx(-0.1, abs=0.1)


def test_a_stop_line_and_an_arrow_do_not_bend_the_lane() -> None:
    eye = Eye(0.0)
    clean = eye.watch(own(0.0, 3.5))
    marked = paint([*own(0.0, 3.5), Line(0.0, from_m=12, to_m=15)])
    rows = slice(70, 74)
    marked.classes[rows, 180:330] = 2
    for _ in range(10):
        lanes = eye.see(marked)
    assert clean is not None
    assert lanes is not None
    assert lanes.offset_m == pytest.approx(clean.offset_m, abs=0.06)
    assert lanes.width_m == pytest.approx(clean.width_m, abs=0.08)


def test_a_missing_side_is_none_after_a_while_and_the_other_goes_on() -> None:
    eye = Eye(20.0)
    left, right = own(0.0, 3.6)
    eye.watch([left, right])
    lanes = eye.see(paint([right]))
    assert lanes is not None
    assert lanes.left is not None, "one frame is bridged"
    assert lanes.left.age_s == pytest.approx(0.05)
    for _ in range(15):
        lanes = eye.see(paint([right]))
    assert lanes is not None
    assert lanes.left is None
    assert lanes.right is not None
    assert lanes.right.age_s == 0.0
    assert lanes.confidence <= 0.5
    assert lanes.offset_m == pytest.approx(0.0, abs=0.12)


def test_nothing_is_extrapolated_beyond_the_limit() -> None:
    eye = Eye(20.0)
    eye.watch(own(0.0, 3.6))
    empty = paint([])
    ages = []
    for _ in range(20):
        lanes = eye.see(empty)
        ages.append(None if lanes is None else lanes.age_s)
    assert ages[5] == pytest.approx(0.3)
    assert ages[-1] is None
    assert max(age for age in ages if age is not None) <= LaneSettings().max_age_s + 1e-6


def test_without_a_class_map_the_lane_ages_alike() -> None:
    eye = Eye(20.0)
    eye.watch(own(0.0, 3.6))
    lanes = [eye.see(None) for _ in range(20)]
    assert lanes[3] is not None
    assert lanes[-1] is None


def test_a_lane_change_makes_the_neighbouring_lane_the_own() -> None:
    eye = Eye(25.0)
    offsets = []
    for frame in range(80):
        aside = 3.6 * frame / 80
        lines = [Line(y - aside, 0.0, 0.0) for y in (5.4, 1.8, -1.8)]
        lanes = eye.see(paint(lines))
        if lanes is not None:
            offsets.append(lanes.offset_m)
    assert lanes is not None
    assert max(offsets) > 1.4, "first it leaves its lane to the left"
    assert offsets[-1] == pytest.approx(0.0, abs=0.25), "then it is in the middle of the next"
    assert 3.3 < lanes.width_m < 3.9


def test_lines_too_far_apart_are_not_one_lane() -> None:
    eye = Eye(0.0)
    for _ in range(10):
        lanes = eye.see(paint([Line(3.2), Line(-3.2)]))
    assert lanes is None or lanes.left is None or lanes.right is None


def test_a_lane_found_with_a_kerb_for_its_line_is_corrected() -> None:
    eye = Eye(0.0)
    lanes = eye.watch([Line(1.75), Line(-2.45)], 10)
    assert lanes is not None
    assert lanes.width_m == pytest.approx(4.2, abs=0.15)
    lanes = eye.watch([Line(1.75), Line(-1.75), Line(-2.45)], 25)
    assert lanes is not None
    assert lanes.width_m == pytest.approx(3.5, abs=0.15)
    assert lanes.right is not None
    assert lanes.right.age_s == 0.0


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 1.0))
def test_no_class_map_makes_it_fail(seed: int, share: float) -> None:
    eye = Eye()
    rng = np.random.default_rng(seed)
    for _ in range(3):
        classes = np.where(rng.random(MAP_SHAPE) < share, 2, rng.integers(0, 3, MAP_SHAPE))
        lanes = eye.see(ClassMap(classes.astype(np.uint8), MAP_REGION))
        if lanes is not None:
            assert math.isfinite(lanes.offset_m)
            assert LaneSettings().min_width_m <= lanes.width_m <= LaneSettings().max_width_m


@given(seed=st.integers(0, 1000), share=st.floats(0, 1))
def test_runs_are_those_of_each_row(seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((7, 9)) < share
    found = {(int(r), int(a), int(b)) for r, a, b in zip(*runs_of(mask), strict=True)}
    expected = set()
    for row in range(7):
        column = 0
        while column < 9:
            if mask[row, column]:
                first = column
                while column + 1 < 9 and mask[row, column + 1]:
                    column += 1
                expected.add((row, first, column))
            column += 1
    assert found == expected
