"""Geometry of the road: stations, lanes and signal programmes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drag_edge.sim.road import Lane, TrafficLight, build_road
from drag_edge.sim.world import World, actor_on_road, world_at

CURVATURES = st.lists(st.floats(-0.006, 0.006), min_size=1, max_size=5)


def road_with(curvatures: list[float], lanes: int = 3):
    knots = [(100.0 * index, value) for index, value in enumerate(curvatures)]
    return build_road(knots, 500.0, [Lane(3.5)] * lanes, reference_lane=1)


@settings(max_examples=60, deadline=None)
@given(CURVATURES, st.floats(-100.0, 600.0), st.floats(-12.0, 12.0))
def test_locate_finds_what_pose_placed(curvatures, s_m, d_m):
    road = road_with(curvatures)
    x, y, _ = road.pose(s_m, d_m)
    found_s, found_d = road.locate(float(x), float(y), hint_s_m=s_m + 5.0)
    assert found_s == pytest.approx(s_m, abs=0.02)
    assert found_d == pytest.approx(d_m, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(CURVATURES)
def test_heading_is_the_integral_of_curvature(curvatures):
    road = road_with(curvatures)
    s = np.linspace(0.0, 500.0, 2001)
    _, _, heading = road.pose(s, 0.0)
    curvature = road.curvature_at(0.5 * (s[1:] + s[:-1]))
    assert np.allclose(np.cumsum(curvature * np.diff(s)), heading[1:] - heading[0], atol=2e-3)


@settings(max_examples=30, deadline=None)
@given(CURVATURES)
def test_stations_measure_arc_length(curvatures):
    road = road_with(curvatures)
    x, y, _ = road.pose(np.linspace(0.0, 400.0, 4001), 0.0)
    assert np.hypot(np.diff(x), np.diff(y)).sum() == pytest.approx(400.0, abs=0.05)


def test_constant_curvature_closes_a_circle():
    radius_m = 80.0
    road = build_road([(0.0, 1.0 / radius_m)], 600.0, [Lane()])
    x, y, heading = road.pose(2.0 * math.pi * radius_m, 0.0)
    assert (float(x), float(y)) == pytest.approx((0.0, 0.0), abs=0.1)
    assert float(heading) == pytest.approx(2.0 * math.pi, abs=1e-3)


def test_lanes_count_from_the_left_around_the_reference_lane():
    road = road_with([0.0])
    assert road.lane_center_d_m(0) == pytest.approx(3.5)
    assert road.lane_center_d_m(1) == pytest.approx(0.0)
    assert road.lane_center_d_m(2) == pytest.approx(-3.5)
    assert [road.lane_at(d) for d in (3.0, 0.0, -5.0)] == [0, 1, 2]
    assert road.lane_at(5.3) is None
    assert road.lane_at(-5.3) is None


def test_a_left_bend_goes_to_the_left():
    _, y, heading = road_with([0.004]).pose(100.0, 0.0)
    assert y > 0.0
    assert heading > 0.0


@pytest.mark.parametrize("knots", [[], [(0.0, 0.0), (0.0, 0.1)], [(5.0, 0.0), (1.0, 0.0)]])
def test_knots_that_make_no_line_are_refused(knots):
    with pytest.raises(ValueError, match="knot"):
        build_road(knots, 100.0, [Lane()])


def test_a_road_without_lanes_is_refused():
    with pytest.raises((ValueError, IndexError)):
        build_road([(0.0, 0.0)], 100.0, [])


def test_a_traffic_light_repeats_its_programme():
    programme = ((4.0, "red"), (2.0, "green"), (1.0, "yellow"))
    light = TrafficLight(50.0, -3.0, -3.0, programme=programme, offset_s=1.0)
    states = [light.state_at(t) for t in (0.0, 2.9, 3.1, 5.5, 6.1, 7.0, 10.1)]
    assert states == ["red", "red", "green", "yellow", "red", "red", "green"]


def test_the_world_shows_each_light_in_its_state():
    light = TrafficLight(50.0, -3.0, -3.0, programme=((4.0, "red"), (2.0, "green")))
    road = build_road([(0.0, 0.0)], 100.0, [Lane()], traffic_lights=[light])
    assert world_at(road, 1.0).light_states == ("red",)
    assert world_at(road, 5.0).light_states == ("green",)
    with pytest.raises(ValueError, match="light"):
        World(road, 0.0)


def test_an_actor_heads_along_its_lane():
    road = road_with([0.004])
    actor = actor_on_road(road, 1, "car", 80.0, -3.5)
    _, _, heading = road.pose(80.0, 0.0)
    assert actor.yaw_rad == pytest.approx(float(heading))
    assert road.locate(actor.x_m, actor.y_m) == pytest.approx((80.0, -3.5), abs=1e-3)
