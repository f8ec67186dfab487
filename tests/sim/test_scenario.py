"""Scenario files: strict, with places in complaints; and what actors make of their acts."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from drag_edge.errors import InputMissingError, InvalidConfigError
from drag_edge.sim.road import Lane, build_road
from drag_edge.sim.road_cursor import RoadCursor
from drag_edge.sim.scenario import ActorAct
from drag_edge.sim.scenario_files import known_scenarios, load_scenario
from drag_edge.sim.traffic.behaviour import Ahead, Body, EgoOnRoad, MovingActor, ahead_of
from drag_edge.sim.traffic.following import FollowingStyle

SMALL = """
title: t
duration_s: 10
road:
  length_m: 500
  lanes: [{width_m: 3.5}, {width_m: 3.5}]
ego: {speed_kmh: 50}
driver: {set_speed_kmh: 50}
actors:
  - {name: lead, gap_m: 20, lane: 0, speed_kmh: 50}
"""

CURSOR = RoadCursor(build_road([(0, 0.0)], 1000, [Lane(), Lane(), Lane()], reference_lane=1))
FAR_EGO = EgoOnRoad(rear_s_m=-500.0, front_s_m=-495.4, d_m=0.0, speed_mps=0.0)
DT_S = 0.01


def refused(folder: Path, text: str) -> str:
    path = folder / "small.yaml"
    path.write_text(text)
    with pytest.raises(InvalidConfigError) as caught:
        load_scenario(str(path))
    assert caught.value.exit_code == 78
    return str(caught.value)


@pytest.mark.parametrize("name", ["highway", "cut-in", "traffic-light", "overtaken", "demo"])
def test_shipped_scenarios_load(name: str) -> None:
    assert name in known_scenarios()
    scenario = load_scenario(name)
    assert scenario.duration_s > 0
    scenario.road.build(1)


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputMissingError, match="cut-in, demo, highway") as caught:
        load_scenario("motorway")
    assert caught.value.exit_code == 66


def test_a_path_is_read_and_a_missing_one_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(SMALL)
    assert load_scenario(str(path)).title == "t"
    with pytest.raises(InvalidConfigError, match=r"absent\.yaml") as caught:
        load_scenario(str(tmp_path / "absent.yaml"))
    assert caught.value.exit_code == 66


def test_unknown_key_is_refused_at_its_place(tmp_path: Path) -> None:
    said = refused(tmp_path, SMALL.replace("gap_m: 20", "gap: 20"))
    assert "small.yaml:10:" in said
    assert "actors.0.gap" in said
    assert "gap_m" in said


def test_value_out_of_range_is_refused_at_its_line(tmp_path: Path) -> None:
    said = refused(tmp_path, SMALL.replace("speed_kmh: 50}\ndriver", "speed_kmh: -5}\ndriver"))
    assert "small.yaml:7:" in said
    assert "ego.speed_kmh" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lane: 0,", "lane: 7,", "lane 7"),
        ("gap_m: 20", "gap_m: 20, s_m: 30", "exactly one of gap_m, s_m"),
        ("lane: 0,", "lane: 0, d_m: 1,", "exactly one of lane, d_m"),
        ("speed_kmh: 50}\n", "speed_kmh: 50, acts: [{speed_kmh: 3}]}\n", "exactly one of at_s"),
        ("speed_kmh: 50}\n", "speed_kmh: 50, acts: [{at_s: 1, lane: 1}]}\n", "over_s"),
        ("duration_s: 10", "duration_s: ten", "number"),
        ("title: t", "title: [", "YAML"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    head, _, tail = SMALL.rpartition(old)
    assert said in refused(tmp_path, head + new + tail)


def test_two_actors_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "name of its own" in refused(tmp_path, SMALL + "  - {name: lead, s_m: 9, lane: 1}\n")


def actor(
    s_m: float, d_m: float, speed_mps: float, *acts: ActorAct, follows: bool = False
) -> MovingActor:
    body = Body(1, "a", "car", 4.4, 1.8, 1.5, direction=1, seed=1)
    style = FollowingStyle() if follows else None
    return MovingActor(body, s_m, d_m, speed_mps, acts, style)


def run(moving: MovingActor, seconds: float, ego: EgoOnRoad = FAR_EGO) -> list[tuple[float, ...]]:
    trace = []
    for step in range(1, round(seconds / DT_S) + 1):
        moving.step(step * DT_S, DT_S, CURSOR, ego, None)
        trace.append((moving.s_m, moving.d_m, moving.speed_mps, moving.accel_mps2))
    return trace


def test_braking_act_holds_its_deceleration_to_standstill() -> None:
    trace = run(actor(0, 0, 20.0, ActorAct(at_s=1.0, speed_kmh=0, accel_mps2=6.0)), 6.0)
    assert trace[80][3] == 0.0
    assert trace[200][3] == pytest.approx(-6.0)
    assert trace[-1][2] == 0.0
    assert trace[-1][0] == pytest.approx(20.0 + 400 / 12, abs=0.3)


def test_lane_change_is_smooth_and_arrives() -> None:
    trace = run(actor(0, 0.0, 20.0, ActorAct(at_s=1.0, lane=0, over_s=3.0)), 5.0)
    lateral = [point[1] for point in trace]
    assert lateral[99] == pytest.approx(0.0, abs=1e-6)
    assert lateral[-1] == pytest.approx(3.5)
    rates = [(b - a) / DT_S for a, b in pairwise(lateral)]
    accels = [(b - a) / DT_S for a, b in pairwise(rates)]
    assert max(rates) == pytest.approx(1.875 * 3.5 / 3.0, rel=0.01)
    assert max(map(abs, accels)) < 2.5


def test_pedestrian_crosses_at_its_walking_speed_and_faces_its_way() -> None:
    walker = actor(50, -5.0, 0.0, ActorAct(at_s=1.0, d_m=5.0, lateral_kmh=5))
    run(walker, 3.0)
    assert walker.d_m == pytest.approx(-5.0 + 2.0 * 5 / 3.6, abs=0.03)
    seen = walker.snapshot(CURSOR)
    assert seen.yaw_rad == pytest.approx(1.5708, abs=1e-3)
    assert seen.speed_mps == pytest.approx(5 / 3.6)


def test_acts_wait_for_the_ego_s_gap_and_time_to_collision() -> None:
    at_gap = actor(100, 0, 0.0, ActorAct(at_gap_m=20.0, speed_kmh=36))
    at_ttc = actor(100, 0, 0.0, ActorAct(at_ttc_s=2.0, speed_kmh=36))
    for front_m, gap_met, ttc_met in ((50.0, False, False), (78.5, True, False), (81, True, True)):
        ego = EgoOnRoad(front_m - 4.6, front_m, 0.0, 10.0)
        for one in (at_gap, at_ttc):
            one.step(1.0, DT_S, CURSOR, ego, None)
        assert (at_gap.speed_mps > 0, at_ttc.speed_mps > 0) == (gap_met, ttc_met)


def test_gap_act_of_an_overtaker_waits_until_it_is_ahead() -> None:
    passer = actor(0, 3.5, 20.0, ActorAct(at_gap_m=10.0, lane=1, over_s=2.0))
    ego = EgoOnRoad(20.0, 24.6, 0.0, 0.0)
    run(passer, 1.7, ego)  # its tail is 7.2 m ahead of the ego's front
    assert passer.d_m == 3.5
    trace = []
    for step in range(171, 400):
        passer.step(step * DT_S, DT_S, CURSOR, ego, None)
        trace.append(passer.d_m)
    assert trace[-1] == pytest.approx(0.0)


def test_follower_keeps_its_gap_behind_a_slower_car() -> None:
    leader, follower = actor(60, 0, 15.0), actor(0, 0, 25.0, follows=True)
    for step in range(1, 6001):
        ahead = ahead_of(follower, [leader, follower], FAR_EGO)
        assert isinstance(ahead, Ahead)
        leader.step(step * DT_S, DT_S, CURSOR, FAR_EGO, None)
        follower.step(step * DT_S, DT_S, CURSOR, FAR_EGO, ahead)
        assert ahead.gap_m > 5.0
    assert follower.speed_mps == pytest.approx(15.0, abs=0.1)
    assert 2.5 + 1.5 * 15.0 <= ahead.gap_m <= 35.0


def test_others_see_the_ego_ahead() -> None:
    ego = EgoOnRoad(rear_s_m=30.0, front_s_m=34.6, d_m=0.2, speed_mps=7.0)
    assert ahead_of(actor(0, 0, 10.0), [], ego) == Ahead(30.0 - 2.2, 7.0)
    assert ahead_of(actor(0, 3.5, 10.0), [], ego) is None
    assert ahead_of(actor(40, 0, 10.0), [], ego) is None


def test_oncoming_traffic_drives_against_the_stations() -> None:
    body = Body(1, "a", "car", 4.4, 1.8, 1.5, direction=-1, seed=1)
    oncoming = MovingActor(body, 100.0, 3.5, 10.0)
    run(oncoming, 2.0)
    assert oncoming.s_m == pytest.approx(80.0)
    assert abs(oncoming.snapshot(CURSOR).yaw_rad) == pytest.approx(3.14159, abs=1e-4)
