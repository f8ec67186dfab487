"""Truth and the perfect scene made of it agree with the geometry they come from."""

from __future__ import annotations

import math
from dataclasses import replace

import can
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.clock import VirtualClock
from drag_edge.perception.scene import Scene
from drag_edge.sim.collision import Footprint, overlap
from drag_edge.sim.outcome import columns
from drag_edge.sim.perfect import PerfectPerception, true_ego
from drag_edge.sim.scenario import Scenario
from drag_edge.sim.scenario_files import load_scenario
from drag_edge.sim.session import SimSession, Snapshot


def after(scenario: Scenario, seconds: float) -> SimSession:
    clock = VirtualClock()
    bus = can.Bus(interface="virtual", channel="truth-test")
    session = SimSession(scenario, clock, bus)
    session.start()
    clock.advance_to(seconds)
    bus.shutdown()
    return session


def scene_of(session: SimSession, snapshot: Snapshot | None = None) -> Scene:
    snapshot = snapshot if snapshot is not None else session.snapshot()
    perception = PerfectPerception(session.road, session.car)
    return perception.understand(snapshot, true_ego(snapshot, session.car))


def with_actors(name: str, *actors: dict[str, object]) -> Scenario:
    scenario = load_scenario(name)
    return Scenario.model_validate(scenario.model_dump() | {"actors": list(actors)})


def test_lead_and_lane_of_the_scene_are_the_truth_s() -> None:
    session = after(load_scenario("highway"), 15.0)  # in the first curve, lead braking
    truth, scene = session.snapshot().truth, scene_of(session)
    assert truth.lead is not None
    assert scene.lead is not None
    assert scene.lead.id == truth.lead.actor_id
    assert scene.lead.gap_m == pytest.approx(truth.lead.gap_m, abs=0.3)
    assert scene.lead.range_rate_mps == pytest.approx(
        truth.lead.speed_mps - truth.ego.speed_mps, abs=0.15
    )
    assert scene.lead.accel_mps2 == pytest.approx(truth.lead.accel_mps2, abs=0.05)
    assert scene.lanes is not None
    assert scene.lanes.offset_m == pytest.approx(truth.road.lane_offset_m, abs=0.05)
    assert scene.lanes.curvature_1pm == pytest.approx(truth.road.curvature_1pm, abs=2e-4)


@pytest.mark.parametrize("ahead_m", [0.0, 20.0, 40.0, 60.0])
def test_lane_lines_lie_on_the_painted_boundaries(ahead_m: float) -> None:
    session = after(load_scenario("highway"), 15.0)
    snapshot, scene = session.snapshot(), scene_of(session)
    assert scene.lanes is not None
    assert scene.lanes.left is not None
    assert scene.lanes.right is not None
    ego = snapshot.truth.ego
    for line, boundary in ((scene.lanes.left, 1), (scene.lanes.right, 2)):
        y_m = line.y_at(ahead_m)
        x = ego.x_m + ahead_m * math.cos(ego.yaw_rad) - y_m * math.sin(ego.yaw_rad)
        y = ego.y_m + ahead_m * math.sin(ego.yaw_rad) + y_m * math.cos(ego.yaw_rad)
        _, d_m = session.road.locate(x, y, snapshot.truth.road.s_m + ahead_m)
        assert d_m == pytest.approx(session.road.boundary_d_m(boundary), abs=0.06)


def test_who_is_hidden_behind_another_is_not_seen() -> None:
    session = after(
        with_actors(
            "highway",
            {"name": "near", "kind": "truck", "gap_m": 15, "lane": 1, "speed_kmh": 100},
            {"name": "hidden", "gap_m": 40, "lane": 1, "speed_kmh": 100},
            {"name": "beside it", "gap_m": 40, "lane": 0, "speed_kmh": 100},
        ),
        0.1,
    )
    tracks = scene_of(session).tracks
    assert tracks is not None
    assert {track.id for track in tracks} == {1, 3}


def test_a_neighbour_is_in_the_blind_spot_of_its_own_side_only() -> None:
    session = after(
        with_actors(
            "highway",
            {"name": "beside", "gap_m": -2, "lane": 2, "speed_kmh": 100},
            {"name": "closing", "gap_m": -30, "lane": 0, "speed_kmh": 136},
        ),
        0.02,
    )
    scene = scene_of(session)
    left, right = scene.blind_spot_left, scene.blind_spot_right
    assert left is not None
    assert right is not None
    assert (left.occupied, right.occupied) == (False, True)
    assert right.track_id == 1
    assert left.closing_ttc_s == pytest.approx(3.0, abs=0.1)
    assert right.closing_ttc_s is None


def test_outcome_tells_the_drive() -> None:
    session = after(load_scenario("highway"), 10.0)
    outcome = session.outcome()
    assert outcome.distance_m == pytest.approx(10 * 27, rel=0.05)
    assert outcome.collisions == ()
    assert outcome.lanes == (1,)
    assert outcome.driven_share == outcome.steered_share == 0.0
    table = columns(session.record)
    assert len(table["time_s"]) == len(session.record)
    assert table["gap_m"].min() == pytest.approx(session.min_gap_m, abs=0.05)


def test_outcome_names_leaving_the_road() -> None:
    session = after(load_scenario("highway"), 1.0)
    off = [replace(t, road=replace(t.road, lane=None)) for t in session.record[5:]]
    session.record[5:] = off
    assert session.outcome().lanes == (1, -1)


boxes = st.builds(
    Footprint,
    x_m=st.floats(-10, 10),
    y_m=st.floats(-10, 10),
    yaw_rad=st.floats(-4, 4),
    length_m=st.floats(0.3, 12),
    width_m=st.floats(0.3, 3),
)


@given(a=boxes, b=boxes)
def test_overlap_is_symmetric_and_true_when_a_corner_or_centre_is_inside(
    a: Footprint, b: Footprint
) -> None:
    assert overlap(a, b) == overlap(b, a)
    assert overlap(a, a)
    if any(_inside(point, b, -1e-6) for point in (*_corners(a), (a.x_m, a.y_m))):
        assert overlap(a, b)


@given(a=boxes, turn=st.floats(-4, 4), clearance=st.floats(0.01, 5))
def test_boxes_apart_by_more_than_their_circles_do_not_overlap(
    a: Footprint, turn: float, clearance: float
) -> None:
    away = 2 * a.radius_m + clearance
    b = replace(a, x_m=a.x_m + away * math.cos(turn), y_m=a.y_m + away * math.sin(turn))
    assert not overlap(a, b)


def test_near_miss_of_a_turned_box_is_no_overlap() -> None:
    car = Footprint(0, 0, 0, 4.6, 1.85)
    turned = Footprint(0, 2.4, math.pi / 2, 2.9, 1.0)  # its end reaches down to y = 0.95
    assert not overlap(car, turned)
    assert overlap(car, replace(turned, y_m=2.3))


def _corners(box: Footprint) -> list[tuple[float, float]]:
    cosine, sine = math.cos(box.yaw_rad), math.sin(box.yaw_rad)
    halves = [(i * box.length_m / 2, j * box.width_m / 2) for i in (-1, 1) for j in (-1, 1)]
    return [(box.x_m + u * cosine - v * sine, box.y_m + u * sine + v * cosine) for u, v in halves]


def _inside(point: tuple[float, float], box: Footprint, margin_m: float) -> bool:
    dx, dy = point[0] - box.x_m, point[1] - box.y_m
    cosine, sine = math.cos(box.yaw_rad), math.sin(box.yaw_rad)
    along, across = dx * cosine + dy * sine, dy * cosine - dx * sine
    return abs(along) <= box.length_m / 2 + margin_m and abs(across) <= box.width_m / 2 + margin_m
