"""The lead and the path: who is chosen, who never is, and with what hysteresis."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config.lanes import PathSettings
from drag_edge.config.perception import LeadSettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.lead import LeadSelector
from drag_edge.perception.path import Corridor, PathPredictor, line_of_path
from drag_edge.perception.scene import LaneLine, Lanes, Path, PathSource, Track
from tests.perception.synthetic import FRONT, Cuboid, Line, detect, look, paint, perception

AHEAD = Corridor(Path(0.0, 0.0, 0.0, PathSource.STRAIGHT), 1.075)


def track(identity: int = 1, **changes: object) -> Track:
    values: dict[str, object] = {
        "id": identity,
        "camera": "front",
        "label": "car",
        "box_px": (600.0, 300.0, 700.0, 400.0),
        "x_m": 30.0,
        "y_m": 0.0,
        "width_m": 1.8,
        "gap_m": 26.35,
        "range_rate_mps": 0.0,
        "speed_mps": 20.0,
        "accel_mps2": 0.0,
        "vy_mps": 0.0,
        "ttc_s": None,
        "scale_ttc_s": None,
        "path_overlap": 1.0,
        "confidence": 0.9,
        "age_s": 1.0,
        "coasted_s": 0.0,
        "frames": 20,
        "range_std_m": 0.5,
    }
    return Track(**(values | changes))


def lane(confidence: float, heading: float = 0.0, curvature: float = 0.0) -> Lanes:
    line = LaneLine(1.8, -heading, curvature, 0.0, 40.0, confidence, 0.0)
    return Lanes(line, line, 0.0, heading, curvature, 3.6, confidence, 0.0)


def test_it_enters_above_the_upper_share_in_three_of_five_and_leaves_below_the_lower() -> None:
    selector = LeadSelector(LeadSettings())
    shares = [0.45, 0.2, 0.45, 0.2, 0.45, 0.2, 0.2, 0.16, 0.14, 0.3]
    leads = [selector.step([track(path_overlap=share)], AHEAD, ()) is not None for share in shares]
    assert leads == [False, False, False, False, True, True, True, True, False, False]


def test_the_nearest_of_several_leads() -> None:
    selector = LeadSelector(LeadSettings())
    pair = [track(1, gap_m=40.0), track(2, gap_m=20.0)]
    for _ in range(3):
        lead = selector.step(pair, AHEAD, ())
    assert lead is not None
    assert lead.id == 2


def test_a_barred_track_may_stay_but_not_become_the_lead() -> None:
    selector = LeadSelector(LeadSettings())
    for _ in range(6):
        assert selector.step([track()], AHEAD, {1}) is None
    assert selector.step([track()], AHEAD, ()) is not None
    assert selector.step([track()], AHEAD, {1}) is not None


def test_a_doubtful_or_passed_or_far_track_is_no_lead() -> None:
    for change in ({"confidence": 0.1}, {"x_m": -3.0}, {"gap_m": 200.0}):
        selector = LeadSelector(LeadSettings())
        for _ in range(6):
            assert selector.step([track(**change)], AHEAD, ()) is None


def test_a_car_that_cuts_in_is_the_lead_before_it_is_in_the_lane() -> None:
    selector = LeadSelector(LeadSettings())
    moving = track(y_m=3.0, vy_mps=-1.0, path_overlap=0.0)
    for _ in range(3):
        lead = selector.step([moving], AHEAD, ())
    assert lead is not None
    for same in (
        track(y_m=3.0, vy_mps=-0.2, path_overlap=0.0),
        track(y_m=3.0, vy_mps=1.0, path_overlap=0.0),
        track(y_m=3.0, vy_mps=-1.0, path_overlap=0.0, speed_mps=None),
    ):
        selector = LeadSelector(LeadSettings())
        for _ in range(6):
            assert selector.step([same], AHEAD, ()) is None


def test_a_cut_in_is_held_while_its_first_part_is_in_the_corridor() -> None:
    selector = LeadSelector(LeadSettings())
    for y, share in [(-3.0, 0.0), (-2.6, 0.0), (-2.2, 0.0), (-1.9, 0.05), (-1.6, 0.2), (-1.0, 0.5)]:
        moving = track(y_m=y, vy_mps=1.5, path_overlap=share)
        lead = selector.step([moving], AHEAD, ())
        assert (lead is not None) == (y > -2.5)
    back_out = track(y_m=-1.9, vy_mps=-1.0, path_overlap=0.05)
    assert selector.step([back_out], AHEAD, ()) is None


def test_far_away_only_a_quicker_movement_is_a_cut_in() -> None:
    """Where a bend begins, the road's direction 50 m ahead is known to some hundredths only."""
    for x_m, led in ((20.0, True), (50.0, False)):
        selector = LeadSelector(LeadSettings())
        slow = track(x_m=x_m, gap_m=x_m - 3.65, y_m=2.4, vy_mps=-0.7, path_overlap=0.0)
        for _ in range(6):
            lead = selector.step([slow], AHEAD, ())
        assert (lead is not None) is led


@pytest.mark.parametrize(("speed_mps", "led"), [(-5.0, False), (1.2, False), (2.8, True)])
def test_a_parked_car_that_seems_to_move_aside_cuts_in_nowhere(speed_mps: float, led: bool) -> None:
    """Seen past cars parked at the side: their flank grows, and with it a lateral speed."""
    selector = LeadSelector(LeadSettings())
    passed = track(x_m=11.0, gap_m=7.4, y_m=-2.7, vy_mps=1.0, path_overlap=0.0, speed_mps=speed_mps)
    for _ in range(6):
        lead = selector.step([passed], AHEAD, ())
    assert (lead is not None) is led


def test_following_a_curve_is_not_cutting_in() -> None:
    """In an R 250 m left bend the car ahead in the right lane moves left, as the road does."""
    path = Path(0.0, 0.0, 1 / 250, PathSource.LANES)
    corridor = Corridor(path, 1.075)
    x = 40.0
    beside = track(x_m=x, y_m=path.y_at(x) - 3.5, vy_mps=20.0 * path.slope_at(x), path_overlap=0.0)
    selector = LeadSelector(LeadSettings())
    for _ in range(6):
        assert selector.step([beside], corridor, ()) is None


def bend_that_begins(curvature_rate_1pm2: float) -> Corridor:
    """Straight here, turning more and more ahead: the path cannot say that, the line can."""
    line = LaneLine(1.75, 0.0, 0.0, curvature_rate_1pm2, 50.0, 0.9, 0.0)
    return Corridor(Path(0.0, 0.0, 0.0, PathSource.LANES), 1.075, line)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_neighbour_who_enters_a_bend_first_does_not_cut_in(side: float) -> None:
    """R 500 m after 60 m of transition: 45 m ahead the road already turns by 0.034 rad."""
    rate = -side * 0.002 / 60
    road = bend_that_begins(rate)
    x_m, speed_mps = 45.0, 19.4
    turned = rate * x_m**2 / 2
    y_m = side * 3.5 + rate * x_m**3 / 6
    follows = speed_mps * turned - side * 0.25  # and its lateral speed errs by 0.25 m/s
    neighbour = track(x_m=x_m, gap_m=41.3, y_m=y_m, vy_mps=follows, speed_mps=speed_mps)
    neighbour = replace(neighbour, path_overlap=0.0)
    for corridor, led in ((replace(road, line=None), True), (road, False)):
        selector = LeadSelector(LeadSettings())
        for _ in range(6):
            lead = selector.step([neighbour], corridor, ())
        assert (lead is not None) is led


@pytest.mark.parametrize("curvature_rate_1pm2", [-3.3e-5, 0.0, 3.3e-5])
def test_a_real_cut_in_is_the_lead_at_once_where_a_bend_begins(
    curvature_rate_1pm2: float,
) -> None:
    selector = LeadSelector(LeadSettings())
    cutter = track(x_m=25.0, gap_m=21.35, y_m=2.8, vy_mps=-1.2, path_overlap=0.0)
    leads = [selector.step([cutter], bend_that_begins(curvature_rate_1pm2), ()) for _ in range(3)]
    assert [lead is not None for lead in leads] == [False, False, True]


@given(
    st.floats(1.0, 60.0),
    st.floats(2.0, 40.0),
    st.floats(-3.0, 3.0),
    st.floats(-1e-4, 1e-4),
    st.floats(-0.02, 0.02),
)
def test_a_line_never_makes_movement_across_quicker(
    x_m: float, speed_mps: float, vy_mps: float, rate_1pm2: float, curvature_1pm: float
) -> None:
    road = bend_that_begins(rate_1pm2)
    road = replace(road, path=Path(0.0, 0.0, curvature_1pm, PathSource.LANES))
    alone = replace(road, line=None).across_mps(x_m, speed_mps, vy_mps)
    both = road.across_mps(x_m, speed_mps, vy_mps)
    assert abs(both) <= abs(alone)
    assert both * alone >= 0.0


def test_lines_the_path_does_not_rest_on_say_nothing_of_cut_ins() -> None:
    lanes = lane(0.1)
    for source, believed in (
        (PathSource.LANES, True),
        (PathSource.BLEND, True),
        (PathSource.YAW_RATE, False),
        (PathSource.STRAIGHT, False),
    ):
        path = Path(0.0, 0.0, 0.0, source)
        assert (line_of_path(path, lanes) is not None) is believed
        assert line_of_path(path, None) is None


def test_overlap_is_the_share_of_the_objects_width() -> None:
    assert AHEAD.overlap(20.0, 0.0, 1.8) == pytest.approx(1.0)
    assert AHEAD.overlap(20.0, 1.075, 1.8) == pytest.approx(0.5)
    assert AHEAD.overlap(20.0, 3.5, 1.8) == 0.0
    bend = Corridor(Path(0.0, 0.0, 0.002, PathSource.LANES), 1.075)
    assert bend.overlap(50.0, 2.5, 1.8) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("confidence", "source", "curvature"),
    [
        (0.9, PathSource.LANES, 0.002),
        (0.4, PathSource.BLEND, 0.003),
        (0.1, PathSource.YAW_RATE, 0.004),
    ],
)
def test_the_path_blends_from_lanes_to_yaw_rate(
    confidence: float, source: PathSource, curvature: float
) -> None:
    ego = EgoState(0.0, speed_mps=20.0, yaw_rate_radps=0.08)
    path = PathPredictor(PathSettings()).step(lane(confidence, 0.01, 0.002), ego, 0.05)
    assert path.source is source
    assert path.curvature_1pm == pytest.approx(curvature)


def test_without_lanes_and_yaw_rate_the_path_is_straight() -> None:
    path = PathPredictor(PathSettings()).step(None, EgoState(0.0), 0.05)
    assert path == Path(0.0, 0.0, 0.0, PathSource.STRAIGHT)


def test_a_path_follows_the_lane_the_ego_is_askew_in() -> None:
    path = PathPredictor(PathSettings()).step(lane(0.9, heading=0.02), EgoState(0.0), 0.05)
    assert path.y_at(50.0) == pytest.approx(-1.0)


@pytest.mark.parametrize("radius_m", [math.inf, 500.0, -250.0])
def test_a_car_in_the_next_lane_is_never_the_lead(radius_m: float) -> None:
    """ISO 15622's discrimination test, 3.5 m aside, also in bends."""
    room = perception()
    curvature = 1 / radius_m
    road = paint([Line(1.75, 0.0, curvature), Line(-1.75, 0.0, curvature)])
    for frame in range(60):
        time_s = frame * 0.05
        distance = 35.0 - 20.0 * frame / 60
        middle = curvature * distance**2 / 2
        neighbour = Cuboid(distance, middle - 3.5, yaw_rad=curvature * distance)
        ego = EgoState(time_s, speed_mps=20.0, yaw_rate_radps=20.0 * curvature, accel_mps2=0.0)
        scene = look(room, time_s, detect(FRONT, [neighbour]), road, ego)
        assert scene.lead is None, frame
    assert len(scene.tracks) == 1


@pytest.mark.parametrize("radius_m", [math.inf, 500.0, -250.0])
def test_the_car_ahead_is_the_lead_in_bends_too(radius_m: float) -> None:
    room = perception()
    curvature = 1 / radius_m
    distance = 35.0
    car = Cuboid(distance, curvature * distance**2 / 2, yaw_rad=curvature * distance)
    road = paint([Line(1.75, 0.0, curvature), Line(-1.75, 0.0, curvature)])
    for frame in range(20):
        time_s = frame * 0.05
        ego = EgoState(time_s, speed_mps=20.0, yaw_rate_radps=20.0 * curvature, accel_mps2=0.0)
        scene = look(room, time_s, detect(FRONT, [car]), road, ego)
    assert scene.lead is not None
    assert scene.lead.x_m == pytest.approx(distance, rel=0.1)


def test_a_lorry_that_runs_out_of_the_picture_beside_us_is_never_the_lead() -> None:
    """Its box' edge hovers just before the picture's; where it is across is a guess."""
    room = perception()
    road = paint([Line(1.75), Line(-1.75)])
    rng = np.random.default_rng(2)
    for frame in range(60):
        time_s = frame * 0.05
        lorry = Cuboid(2.0 + 0.08 * frame, -3.5, "truck", 9.0, 2.5, 3.4)
        seen = detect(FRONT, [lorry], rng, 2.0)
        seen.boxes_px[:, 2] = np.minimum(seen.boxes_px[:, 2], 1280 - rng.uniform(2, 12))
        ego = EgoState(time_s, speed_mps=25.0, yaw_rate_radps=0.0, accel_mps2=0.0)
        scene = look(room, time_s, seen, road, ego)
        assert scene.lead is None, frame
