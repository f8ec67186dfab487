"""Road users over time: who is followed, who is not, and how well."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drag_edge.inference.results import ClassMap, Detections
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Scene
from tests.perception.synthetic import (
    FRONT,
    MAP_REGION,
    MAP_SHAPE,
    Cuboid,
    Line,
    box_of,
    detect,
    look,
    paint,
    perception,
)

LANE = (Line(1.75), Line(-1.75))
ROAD = paint(LANE)


def boxes(
    *rows: tuple[float, float, float, float], label: str = "car", score: float = 0.8
) -> Detections:
    return Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        np.full(len(rows), score, np.float32),
        (label,) * len(rows),
        vocabulary=("car", "truck", "pedestrian"),
    )


def watch(items: list[Cuboid], frames: int = 20, **detect_args: object) -> Scene:
    room = perception()
    for frame in range(frames):
        scene = look(room, frame * 0.05, detect(FRONT, items, **detect_args), ROAD)
    return scene


@settings(max_examples=25, deadline=None)
@given(
    gap=st.floats(4, 70),
    width=st.floats(1.65, 1.95),
    height=st.floats(1.4, 1.75),
    pitch=st.floats(-0.02, 0.02),
)
def test_the_range_is_right_whatever_the_cars_size_and_the_pitch(
    gap: float, width: float, height: float, pitch: float
) -> None:
    room = perception()
    car = Cuboid(gap + 3.65, 0.2, width_m=width, height_m=height)
    detections = detect(FRONT, [car], pitch_rad=pitch)
    road = paint(LANE, pitch_rad=pitch)
    for frame in range(30):
        scene = look(room, frame * 0.05, detections, road)
    assert scene.lead is not None
    assert scene.lead.x_m == pytest.approx(car.x_m, rel=0.1, abs=0.5)
    assert scene.lead.y_m == pytest.approx(0.2, abs=0.25)
    assert scene.lead.range_rate_mps == pytest.approx(0.0, abs=0.6)
    assert scene.lead.gap_m == pytest.approx(scene.lead.x_m - 3.65)


@lru_cache
def painted(pitch_mrad: float) -> ClassMap:
    return paint(LANE, pitch_rad=pitch_mrad / 1000)


def approach(
    ego_mps: float, gap_m: float, lead_mps: float, lead_accel: float, seed: int, seconds: float
) -> list[tuple[float, float, Scene]]:
    """True gap, true rate, scene: 20 Hz, 1 px noise, 5 % dropouts, 0.3° of pitch at 1.5 Hz."""
    rng = np.random.default_rng(seed)
    room = perception()
    history = []
    for frame in range(int(seconds / 0.05)):
        time_s = frame * 0.05
        pitch = math.radians(0.3) * math.sin(2 * math.pi * 1.5 * time_s)
        detections = detect(FRONT, [Cuboid(gap_m + 3.65, 0.0)], rng, 1.0, pitch, dropout=0.05)
        ego = EgoState(time_s, speed_mps=ego_mps, accel_mps2=0.0, yaw_rate_radps=0.0)
        scene = look(room, time_s, detections, painted(round(pitch * 1000, 1)), ego)
        history.append((gap_m, lead_mps - ego_mps, scene))
        if time_s >= 1.0:
            lead_mps = max(0.0, lead_mps + lead_accel * 0.05)
        gap_m += (lead_mps - ego_mps) * 0.05
        if gap_m < 1.0:
            break
    return history


@pytest.mark.parametrize("seed", [1, 2])
def test_a_stopped_car_is_ranged_and_its_closing_speed_found(seed: int) -> None:
    history = approach(13.9, 60.0, 0.0, 0.0, seed, 4.5)
    late = [item for index, item in enumerate(history) if index > 20]
    assert all(scene.lead is not None for _, _, scene in late)
    gap_errors = [abs(scene.lead.gap_m / gap - 1) for gap, _, scene in late if gap > 3]
    rate_errors = [abs(scene.lead.range_rate_mps - rate) for _, rate, scene in late]
    assert np.median(gap_errors) < 0.05
    assert np.median(rate_errors) < 0.8
    assert len({scene.lead.id for _, _, scene in late}) == 1
    gap, rate, scene = late[-20]
    assert scene.lead.speed_mps == pytest.approx(0.0, abs=2.0)
    assert scene.lead.ttc_s == pytest.approx(gap / -rate, rel=0.2)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_braking_leads_deceleration_is_felt(seed: int) -> None:
    history = approach(13.9, 15.0, 13.9, -6.0, seed, 2.2)
    _, rate, scene = history[-1]
    assert scene.lead is not None
    assert scene.lead.range_rate_mps == pytest.approx(rate, abs=1.5)
    assert -8.0 < scene.lead.accel_mps2 < -2.0


def test_a_car_that_is_followed_has_no_time_to_collision_from_scale() -> None:
    history = approach(25.0, 30.0, 25.0, 0.0, 3, 5.0)
    said = [scene.lead.scale_ttc_s for _, _, scene in history if scene.lead is not None]
    close = [ttc for ttc in said if ttc is not None and ttc < 6.0]
    assert not close, "noise alone must not look like an approach"


def test_the_filter_knows_how_wrong_it_is() -> None:
    """Normalised errors over many runs are of order one: neither boastful nor coy."""
    ratios = []
    for seed in range(4):
        for gap, _, scene in approach(13.9, 45.0, 9.0, 0.0, seed, 3.0)[25:]:
            ratios.append((scene.lead.gap_m - gap) / scene.lead.range_std_m)
    assert 0.15 < np.sqrt(np.mean(np.square(ratios))) < 1.6


def test_identities_survive_a_crossing() -> None:
    room = perception()
    seen: dict[str, set[int]] = {"near": set(), "far": set()}
    for frame in range(60):
        across = -6.0 + frame * 0.2
        items = [Cuboid(18.0, across), Cuboid(45.0, 2.5)]
        # What is hidden behind the near car is not detected.
        near, far = box_of(FRONT, items[0]), box_of(FRONT, items[1])
        hidden = near[0] < far[0] and far[2] < near[2]
        visible = items[:1] if hidden else items
        scene = look(room, frame * 0.05, detect(FRONT, visible), ROAD)
        for track in scene.tracks:
            seen["near" if track.x_m < 30 else "far"].add(track.id)
    assert len(seen["near"]) == 1
    assert len(seen["far"]) <= 2
    assert not seen["near"] & seen["far"]


def test_a_dropout_is_bridged_with_growing_doubt_and_no_longer_than_half_a_second() -> None:
    room = perception()
    car = [Cuboid(25.0, 0.0)]
    for frame in range(20):
        scene = look(room, frame * 0.05, detect(FRONT, car), ROAD)
    first = scene.lead
    assert first is not None
    doubts, lasts = [], []
    for frame in range(20, 36):
        scene = look(room, frame * 0.05, detect(FRONT, []), ROAD)
        if scene.lead is not None:
            assert scene.lead.id == first.id
            doubts.append(scene.lead.range_std_m)
            lasts.append(scene.lead.coasted_s)
    assert max(lasts) == pytest.approx(0.5, abs=0.051)
    assert doubts == sorted(doubts)
    assert scene.lead is None
    assert scene.tracks == ()


def test_a_missing_result_is_not_an_empty_one() -> None:
    room = perception()
    for frame in range(10):
        scene = look(room, frame * 0.05, detect(FRONT, [Cuboid(25.0, 0.0)]), ROAD)
    confidence = scene.lead.confidence
    scene = look(room, 0.5, None, ROAD)
    assert scene.lead.confidence == pytest.approx(confidence, rel=0.05), "nobody looked"
    for frame in range(11, 25):
        scene = look(room, frame * 0.05, None, ROAD)
    assert scene.tracks is None
    assert scene.lead is None
    assert "objects_unavailable" in {event.name for event in scene.events}


def test_one_car_under_two_labels_is_one_track() -> None:
    room = perception()
    box = box_of(FRONT, Cuboid(25.0, 0.0))
    for frame in range(10):
        both = Detections(
            np.array([box, box + np.array([2, -3, 3, 1])], np.float32),
            np.array([0.7, 0.5], np.float32),
            ("car", "truck"),
        )
        scene = look(room, frame * 0.05, both, ROAD)
    assert [track.label for track in scene.tracks] == ["car"]


def test_weak_boxes_keep_a_track_but_start_none() -> None:
    room = perception()
    car = [Cuboid(25.0, 0.0)]
    for frame in range(10):
        scene = look(room, frame * 0.05, detect(FRONT, car, score=0.2), ROAD)
    assert scene.tracks == ()
    for frame in range(10, 20):
        scene = look(room, frame * 0.05, detect(FRONT, car), ROAD)
    for frame in range(20, 50):
        scene = look(room, frame * 0.05, detect(FRONT, car, score=0.2), ROAD)
    assert len(scene.tracks) == 1
    assert scene.tracks[0].coasted_s == 0.0


def test_the_own_bonnet_is_no_road_user() -> None:
    room = perception()
    bonnet = (0.0, 560.0, 1277.0, 716.0)
    wider = (15.0, 380.0, 1270.0, 717.0)
    hovering = (31.0, 548.0, 1274.0, 707.0)
    tall = (2.0, 393.0, 1268.0, 705.0)
    for frame in range(30):
        jitter = frame % 3
        every = (bonnet, wider, hovering, tall)
        rows = [tuple(v + jitter for v in box) for box in every[frame % 2 :: 2]]
        scene = look(room, frame * 0.05, boxes(*rows), ROAD)
        assert scene.tracks == ()
        assert {item.reason for item in scene.rejected} == {"own_body"}
        assert scene.lead is None


def test_a_car_close_ahead_is_not_taken_for_the_bonnet() -> None:
    scene = watch([Cuboid(3.65 + 1.2, 0.0)])
    assert scene.lead is not None
    assert scene.lead.gap_m == pytest.approx(1.2, abs=0.7)


def test_what_hangs_above_the_horizon_or_has_an_impossible_size_is_refused() -> None:
    room = perception()
    sign = (560.0, 200.0, 720.0, 300.0)
    # A foot at 20 m, but as high as a house; and one as small as a shoe box.
    tower = (600.0, 20.0, 680.0, 432.0)
    box = (635.0, 420.0, 647.0, 432.0)
    for frame in range(5):
        scene = look(room, frame * 0.05, boxes(sign, tower, box), ROAD)
    assert scene.tracks == ()
    reasons = {item.box_px: item.reason for item in scene.rejected}
    assert reasons[sign] == "above_horizon"
    assert reasons[tower] == "impossible_size"
    assert reasons[box] == "impossible_size"


def test_a_car_off_the_drivable_area_cannot_be_the_lead_but_a_pedestrian_can() -> None:
    classes = ROAD.classes.copy()
    # A traffic island straight ahead, from 12 m on.
    classes[: int((470 - 320) / 400 * 160), 160:352] = 0
    island = ClassMap(classes, MAP_REGION)
    for label, blocked in (("car", True), ("pedestrian", False)):
        room = perception()
        size = {} if label == "car" else {"length_m": 0.5, "width_m": 0.6, "height_m": 1.75}
        for frame in range(20):
            detections = detect(FRONT, [Cuboid(22.0, 0.0, label, **size)])
            scene = look(room, frame * 0.05, detections, island)
        assert len(scene.tracks) == 1
        assert (scene.lead is None) == blocked
        assert (scene.tracks[0].path_overlap == 0.0) == blocked


def test_with_no_road_in_the_map_nothing_is_called_off_the_road() -> None:
    room = perception()
    blind = ClassMap(np.zeros(MAP_SHAPE, np.uint8), MAP_REGION)
    for frame in range(20):
        scene = look(room, frame * 0.05, detect(FRONT, [Cuboid(22.0, 0.0)]), blind)
    assert scene.lead is not None


finite_or_not = st.one_of(
    st.floats(-500, 2000), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1e30, -1e30])
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(*[finite_or_not] * 4), max_size=8),
    score=st.one_of(st.floats(-1, 2), st.just(math.nan)),
    label=st.sampled_from(["car", "pedestrian", "traffic_light_red", "stop_line"]),
)
def test_no_box_makes_it_fail_and_no_malformed_box_becomes_a_track(
    rows: list[tuple[float, ...]], score: float, label: str
) -> None:
    room = perception()
    for frame in range(4):
        result = Detections(
            np.array(rows, np.float32).reshape(-1, 4),
            np.full(len(rows), score, np.float32),
            (label,) * len(rows),
        )
        scene = look(room, frame * 0.05, result, ROAD)
    for track in scene.tracks or ():
        assert 0 <= score <= 1.0001
        values = (track.x_m, track.y_m, track.gap_m, track.range_rate_mps, track.confidence)
        assert all(math.isfinite(value) for value in values)
    malformed = all(
        not all(math.isfinite(v) for v in row) or row[2] <= row[0] or row[3] <= row[1]
        for row in rows
    )
    if malformed:
        assert not scene.tracks


def test_pedestrians_are_ranged_by_their_height() -> None:
    walker = Cuboid(20.0, 1.0, "pedestrian", 0.5, 0.6, 1.7)
    scene = watch([walker])
    assert scene.tracks[0].label == "pedestrian"
    assert scene.tracks[0].x_m == pytest.approx(20.0, rel=0.06)


def test_a_pedestrians_lateral_speed_is_found() -> None:
    room = perception()
    for frame in range(30):
        walker = Cuboid(20.0, -4.0 + 1.4 * frame * 0.05, "pedestrian", 0.5, 0.6, 1.7)
        scene = look(room, frame * 0.05, detect(FRONT, [walker]), ROAD)
    assert scene.tracks[0].vy_mps == pytest.approx(1.4, abs=0.35)


@pytest.mark.parametrize("yaw_rate_radps", [0.4, -0.4])
def test_who_stands_still_stands_still_while_the_ego_turns(yaw_rate_radps: float) -> None:
    """On the spot: range and bearing of a walker 12 m ahead of the rear axle."""
    room, seen_mps = perception(), []
    for step in range(40):
        time_s = step * 0.05
        bearing = yaw_rate_radps * (1.0 - time_s)
        walker = Cuboid(
            12.0 * math.cos(bearing), 12.0 * math.sin(bearing), "pedestrian", 0.5, 0.6, 1.7
        )
        ego = EgoState(time_s, speed_mps=0.0, yaw_rate_radps=yaw_rate_radps, accel_mps2=0.0)
        scene = look(room, time_s, detect(FRONT, [walker]), None, ego)
        seen_mps += [track.vy_mps for track in scene.tracks or () if time_s > 1.0]
    assert np.mean(seen_mps) == pytest.approx(0.0, abs=0.3)


def test_a_car_in_the_next_lane_stands_where_it_stands() -> None:
    for distance in (8.0, 15.0, 30.0):
        scene = watch([Cuboid(distance + 3.65, 3.5)])
        assert scene.tracks[0].y_m == pytest.approx(3.5, abs=0.45)
        assert scene.tracks[0].x_m == pytest.approx(distance + 3.65, rel=0.1)
        assert scene.tracks[0].path_overlap == 0.0
        assert scene.lead is None


@pytest.mark.parametrize("yaw_deg", [0.0, 25.0, 90.0])
def test_a_turned_car_is_not_taken_for_a_nearer_one(yaw_deg: float) -> None:
    yaw = math.radians(yaw_deg)
    car = Cuboid(25.0, -2.2 * math.sin(yaw), yaw_rad=yaw)
    nearest = car.corners()[:, 0].min() - car.overhang_m
    scene = watch([car], 15)
    assert scene.tracks[0].x_m == pytest.approx(nearest, rel=0.1)


def test_a_car_that_comes_out_from_behind_another_does_not_seem_to_approach() -> None:
    """Its box grows because less of it is hidden, not because it comes nearer."""
    room = perception()
    lead, beside = Cuboid(22.0, 0.0), Cuboid(45.0, 3.0)
    near, far = box_of(FRONT, lead), box_of(FRONT, beside)
    worst_rate, least_ttc = 0.0, 99.0
    for frame in range(24):
        seen = far.copy()
        seen[2] = far[0] + (far[2] - far[0]) * min(1.0, 0.45 + 0.025 * frame)
        near_now = near.copy()
        near_now[0] = seen[2] - 3
        both = Detections(
            np.array([near_now, seen], np.float32),
            np.array([0.85, 0.6], np.float32),
            ("car", "car"),
        )
        scene = look(room, frame * 0.05, both, ROAD)
        for track in scene.tracks:
            if track.y_m > 1.5:
                worst_rate = min(worst_rate, track.range_rate_mps)
                least_ttc = min(least_ttc, track.scale_ttc_s or 99.0)
    assert worst_rate > -3.0
    assert least_ttc > 4.0
