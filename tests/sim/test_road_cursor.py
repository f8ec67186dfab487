"""The scalar road positions agree with the arrays'."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.sim.road import Lane, build_road
from drag_edge.sim.road_cursor import RoadCursor

ROAD = build_road([(0, 0), (100, 0), (200, 0.004), (400, -0.004), (600, 0)], 700, [Lane(), Lane()])
CURSOR = RoadCursor(ROAD)


@given(s=st.floats(-50, 750), d=st.floats(-20, 20))
def test_pose_equals_the_road_s_own(s: float, d: float) -> None:
    assert CURSOR.pose(s, d) == pytest.approx([float(v) for v in ROAD.pose(s, d)], abs=1e-9)
    assert CURSOR.curvature_at(s) == pytest.approx(float(ROAD.curvature_at(s)), abs=1e-12)


@given(s=st.floats(-350, 1050))
def test_one_station_of_the_reference_line_equals_the_arrays(s: float) -> None:
    line = ROAD.reference
    expected = [*(float(v) for v in line.pose(s, 0.0)), float(line.curvature_at(s))]
    assert line.at(s) == pytest.approx(expected, abs=1e-9)


@given(s=st.floats(0, 700), d=st.floats(-20, 20), off=st.floats(-3, 3))
def test_locate_inverts_pose_from_a_near_hint(s: float, d: float, off: float) -> None:
    x, y, heading = CURSOR.pose(s, d)
    assert CURSOR.locate(x, y, s + off) == pytest.approx((s, d, heading), abs=1e-4)
