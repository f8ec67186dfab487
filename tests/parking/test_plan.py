"""Paths into gaps: never nearer than the margin, never tighter than the car can, at the goal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drag_edge.adas.parking.geometry import Block, Placed, Segment, after, clearance_m, path
from drag_edge.adas.parking.plan import GapShape, Plan, plan_into
from drag_edge.config.apa import ApaSettings
from drag_edge.config.body import BodySettings
from drag_edge.sim.collision import Footprint, overlap

BODY, APA = BodySettings(), ApaSettings()
ALONG_M, ACROSS_M = 5.6, 3.05


def shape(spare_m: float, crosswise: bool, **flanks: float) -> GapShape:
    limit_m, depth_m = (ACROSS_M, 4.65) if crosswise else (ALONG_M, BODY.width_m + 0.2)
    return GapShape(limit_m + spare_m, depth_m, crosswise, **flanks)


def start(past_m: float, aside_m: float, heading_deg: float = 0.0) -> Placed:
    return Placed(past_m, aside_m + BODY.width_m / 2, math.radians(heading_deg))


def end_of(plan: Plan) -> Placed:
    place = plan.start
    for segment in plan.segments:
        place = after(place, segment)
    return place


shapes = st.builds(
    lambda spare, crosswise, rear, front: shape(
        spare, crosswise, rear_flank_m=rear, front_flank_m=front
    ),
    st.floats(0.0, 2.5),
    st.booleans(),
    st.sampled_from((0.0, 0.1, 0.25)),
    st.sampled_from((0.0, 0.15)),
)
starts = st.builds(start, st.floats(4.0, 14.0), st.floats(0.4, 2.2), st.floats(-6.0, 6.0))


@settings(max_examples=40, deadline=None)
@given(gap=shapes, begin=starts)
def test_a_path_keeps_its_margin_and_ends_where_it_should(gap: GapShape, begin: Placed) -> None:
    plan = plan_into(gap, begin, BODY, APA)
    assume(plan is not None)
    assert plan is not None
    end = end_of(plan)
    assert (end.x_m, end.y_m) == pytest.approx((plan.goal.x_m, plan.goal.y_m), abs=0.02)
    assert end.heading_rad == pytest.approx(plan.goal.heading_rad, abs=0.005)
    tightest = math.tan(math.radians(APA.max_steer_deg)) / BODY.wheelbase_m
    assert max(abs(segment.curvature_1pm) for segment in plan.segments) <= tightest + 1e-9
    assert all(segment.length_m > 0 for segment in plan.segments)
    assert plan.moves <= APA.max_moves
    _keeps_apart(plan, gap)


def _keeps_apart(plan: Plan, gap: GapShape) -> None:
    """By the small world's own test of contact, with a body whose corners reach by the margin."""
    spare = 2 * (APA.margin_m - 0.02) / math.sqrt(2)
    middle_m = BODY.length_m / 2 - BODY.rear_overhang_m
    neighbours = (
        Footprint(-2.5, -2.5 - gap.rear_flank_m, 0.0, 5.0, 5.0),
        Footprint(gap.length_m + 2.5, -2.5 - gap.front_flank_m, 0.0, 5.0, 5.0),
    )
    for x, y, heading in path(plan.start, plan.segments, 0.07).tolist():
        own = Footprint(
            x + middle_m * math.cos(heading),
            y + middle_m * math.sin(heading),
            heading,
            BODY.length_m + spare,
            BODY.width_m + spare,
        )
        assert not any(overlap(own, other) for other in neighbours)
        if not gap.crosswise:
            wheels = (y - BODY.width_m / 2 * math.cos(heading),
                      y + BODY.wheelbase_m * math.sin(heading)
                      - BODY.width_m / 2 * math.cos(heading))  # fmt: skip
            assert min(wheels) >= -gap.depth_m - 1e-3


@pytest.mark.parametrize("crosswise", [False, True])
@pytest.mark.parametrize("spare_m", [0.0, 0.1, 0.25, 0.5])
@pytest.mark.parametrize("aside_m", [0.5, 1.0, 1.5])
def test_there_is_a_path_into_every_gap_from_the_limit_on(
    crosswise: bool, spare_m: float, aside_m: float
) -> None:
    gap = shape(spare_m, crosswise)
    assert plan_into(gap, start(gap.length_m + 4.0, aside_m), BODY, APA) is not None


def test_a_long_gap_takes_one_move_back_and_one_to_the_middle() -> None:
    plan = plan_into(shape(2.5, False), start(9.0, 1.0), BODY, APA)
    assert plan is not None
    assert plan.moves <= 3


def test_there_is_none_into_a_gap_that_is_too_short() -> None:
    assert plan_into(shape(-0.8, False), start(9.0, 1.0), BODY, APA) is None
    assert plan_into(shape(-1.1, True), start(9.0, 1.5), BODY, APA) is None


def test_whoever_stands_askew_is_not_guided() -> None:
    assert plan_into(shape(1.0, False), start(9.0, 1.0, 20.0), BODY, APA) is None


def test_a_wall_costs_moves_or_the_gap() -> None:
    wall = ApaSettings(kerb_overhang_m=0.0)
    plan = plan_into(shape(0.0, False), start(9.0, 1.0), BODY, wall)
    assert plan is None or plan.moves > 8


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(-8, 8), y=st.floats(-8, 8), heading=st.floats(-3.2, 3.2),
    wide=st.floats(0.5, 5), deep=st.floats(0.5, 5),
)  # fmt: skip
def test_clearance_is_negative_exactly_when_bodies_overlap(
    x: float, y: float, heading: float, wide: float, deep: float
) -> None:
    distance = clearance_m(np.array([[x, y, heading]]), (Block(0.0, wide, 0.0, deep),), BODY)[0]
    assume(abs(distance) > 1e-6)
    middle_m = BODY.length_m / 2 - BODY.rear_overhang_m
    own = Footprint(x + middle_m * math.cos(heading), y + middle_m * math.sin(heading),
                    heading, BODY.length_m, BODY.width_m)  # fmt: skip
    assert overlap(own, Footprint(wide / 2, deep / 2, 0.0, wide, deep)) == (distance < 0)


def test_a_segment_driven_back_leads_to_its_start() -> None:
    segment = Segment(False, 0.2, 3.0)
    begin = Placed(1.0, 2.0, 0.3)
    back = after(after(begin, segment), segment.reversed())
    assert (back.x_m, back.y_m, back.heading_rad) == pytest.approx((1.0, 2.0, 0.3))
