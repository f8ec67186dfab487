"""Lane keeping step by step; the closed loop is in test_drive_lka.py."""

from __future__ import annotations

import dataclasses

import pytest

from drag_edge.adas.decision import LkaDecision, LkaState, Side
from drag_edge.adas.events import ALL, Right
from drag_edge.adas.lka import LkaMemory, lka_step
from drag_edge.config.lka import LkaSettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Lanes, Scene
from tests.adas import scenes

SETTINGS = LkaSettings()
FAST = 25.0


def step(
    lanes: Lanes | None = None, ego: EgoState | None = None, acc: bool = False,
    settings: LkaSettings = SETTINGS, rights: Right = ALL, state: LkaMemory | None = None,
) -> LkaDecision:  # fmt: skip
    scene = scenes.scene(lanes=lanes or scenes.lanes(), ego=ego or scenes.ego(FAST))
    return lka_step(scene, settings, scenes.BODY, state or LkaMemory(), 0.0, rights, acc)[0]


def drifting(
    distance_m: float, lateral_mps: float, side: float = 1.0, speed_mps: float = FAST
) -> Lanes:
    """The body's side is distance_m inside the line at the front wheels, nearing at lateral_mps."""
    heading = lateral_mps / speed_mps
    offset = 1.75 - scenes.BODY.width_m / 2 - distance_m - heading * scenes.BODY.wheelbase_m
    return scenes.lanes(offset_m=side * offset, heading_rad=side * heading)


def test_distance_and_time_to_the_line() -> None:
    decision = step(drifting(0.5, 0.5))
    assert decision.distance_to_line_m == pytest.approx(0.5)
    assert decision.time_to_line_s == pytest.approx(1.0)
    assert step(scenes.lanes()).time_to_line_s is None


@pytest.mark.parametrize(("side", "departure"), [(1.0, Side.LEFT), (-1.0, Side.RIGHT)])
def test_it_warns_of_the_side_that_is_left(side: float, departure: Side) -> None:
    assert step(drifting(0.2, 0.5, side)).departure is departure


@pytest.mark.parametrize(
    ("distance_m", "lateral_mps", "warns"),
    [(0.5, 0.5, False), (0.39, 0.5, True), (0.8, 1.2, True), (0.17, 0.2, False), (0.15, 0.2, True),
     (0.05, 0.0, False), (-0.15, 0.0, True), (-0.15, -0.5, False), (0.05, -0.3, False)],
)  # fmt: skip
def test_it_warns_by_the_time_to_the_line(
    distance_m: float, lateral_mps: float, warns: bool
) -> None:
    assert (step(drifting(distance_m, lateral_mps)).departure is not Side.NONE) is warns


@pytest.mark.parametrize("lateral_mps", [0.2, 0.5, 0.8, 1.5])
def test_it_never_warns_before_the_earliest_line_of_iso_17361(lateral_mps: float) -> None:
    earliest = min(1.5, max(0.75, 1.5 * lateral_mps))
    eager = LkaSettings(warn_time_s=3.0)
    decision = step(drifting(earliest + 0.01, lateral_mps, 1.0), settings=eager)
    assert decision.departure is Side.NONE


@pytest.mark.parametrize("width_m", [2.5, 2.6, 3.5])
def test_prevention_ends_in_the_middle_of_a_narrow_lane_too(width_m: float) -> None:
    settings, state, active = LkaSettings(mode="departure"), LkaMemory(), []
    drift = scenes.lanes(width_m / 2 - scenes.BODY.width_m / 2 - 0.2, 0.02, width_m=width_m)
    for step in range(60):
        lanes = drift if step < 10 else scenes.lanes(width_m=width_m)
        scene = scenes.scene(step * 0.05, lanes=lanes, ego=scenes.ego(FAST))
        decision, state = lka_step(scene, settings, scenes.BODY, state, step * 0.05, ALL, False)
        active.append(decision.state is LkaState.ACTIVE)
    assert active[9]
    assert not active[-1]


def test_an_indicator_silences_it_and_three_seconds_after() -> None:
    state = LkaMemory()
    scene = scenes.scene(lanes=drifting(0.2, 0.5), ego=scenes.ego(FAST, indicator_left=True))
    decision, state = lka_step(scene, SETTINGS, scenes.BODY, state, 0.0, ALL, False)
    assert (decision.state, decision.reason) == (LkaState.SUPPRESSED, "indicator")
    assert (decision.departure, decision.curvature_1pm) == (Side.NONE, None)
    for time_s, quiet in ((2.9, True), (3.1, False)):
        later = scenes.scene(time_s, lanes=drifting(0.2, 0.5), ego=scenes.ego(FAST, time_s))
        decision, _ = lka_step(later, SETTINGS, scenes.BODY, state, time_s, ALL, False)
        assert (decision.departure is Side.NONE) is quiet


@pytest.mark.parametrize("torque_nm", [2.6, -2.6])
def test_the_drivers_torque_overrides(torque_nm: float) -> None:
    decision = step(scenes.lanes(0.3), scenes.ego(FAST, driver_torque_nm=torque_nm), acc=True)
    assert (decision.state, decision.reason) == (LkaState.SUPPRESSED, "driver steers")
    assert decision.curvature_1pm is None


def test_a_guiding_hand_does_not_override() -> None:
    decision = step(scenes.lanes(0.3), scenes.ego(FAST, driver_torque_nm=1.0), acc=True)
    assert decision.state is LkaState.ACTIVE


def test_it_centres_only_while_cruise_is_engaged() -> None:
    assert step(scenes.lanes(0.3), acc=True).curvature_1pm is not None
    assert step(scenes.lanes(0.3), acc=False).curvature_1pm is None
    departure = LkaSettings(mode="departure")
    assert step(scenes.lanes(0.3), acc=True, settings=departure).curvature_1pm is None


def test_steering_goes_back_to_the_centre_and_follows_the_curve() -> None:
    left = step(scenes.lanes(offset_m=0.3), acc=True).curvature_1pm
    turned = step(scenes.lanes(heading_rad=0.02), acc=True).curvature_1pm
    assert left is not None
    assert turned is not None
    assert left < 0
    assert turned < 0
    in_curve = step(
        scenes.lanes(curvature_1pm=0.002), scenes.ego(FAST, yaw_rate_radps=FAST * 0.002), acc=True
    )
    assert in_curve.curvature_1pm == pytest.approx(0.002)


def test_prevention_steers_until_the_ego_is_inside_again() -> None:
    settings, state = LkaSettings(mode="departure"), LkaMemory()
    for number, (distance, lateral, steers) in enumerate(
        [(0.9, 0.3, False), (0.28, 0.3, True), (0.2, 0.1, True), (0.25, -0.2, True),
         (0.45, -0.2, False)]
    ):  # fmt: skip
        time_s = number * 1.0
        scene = scenes.scene(time_s, lanes=drifting(distance, lateral), ego=scenes.ego(FAST))
        decision, state = lka_step(scene, settings, scenes.BODY, state, time_s, ALL, False)
        assert (decision.curvature_1pm is not None) is steers, (distance, lateral)


def test_speed_limits_have_hysteresis() -> None:
    state, active = LkaMemory(), []
    for number, speed in enumerate((17.9, 18.1, 17.1, 16.9, 17.9)):
        scene = scenes.scene(float(number), ego=scenes.ego(speed))
        decision, state = lka_step(scene, SETTINGS, scenes.BODY, state, float(number), ALL, False)
        active.append(decision.reason != "too slow")
    assert active == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({"lanes": None}, LkaState.UNAVAILABLE, "lanes unknown"),
        ({"lanes": scenes.lanes(confidence=0.4)}, LkaState.STANDBY, "lanes uncertain"),
        ({"lanes": scenes.lanes(age_s=0.6)}, LkaState.STANDBY, "lanes uncertain"),
        ({"ego": scenes.ego(None)}, LkaState.UNAVAILABLE, "ego speed unknown"),
        ({"ego": scenes.ego(4.0)}, LkaState.STANDBY, "too slow"),
    ],
)
def test_what_keeps_it_from_steering_is_said(
    changes: dict[str, object], state: LkaState, reason: str
) -> None:
    scene: Scene = scenes.scene(**{"ego": scenes.ego(FAST), **changes})
    decision, _ = lka_step(scene, SETTINGS, scenes.BODY, LkaMemory(), 0.0, ALL, True)
    assert (decision.state, decision.reason, decision.curvature_1pm) == (state, reason, None)
    assert decision.departure is Side.NONE


def test_a_line_that_is_not_seen_is_not_warned_of() -> None:
    lanes = dataclasses.replace(drifting(0.2, 0.5), left=None)
    assert step(lanes).departure is Side.NONE
    assert step(drifting(0.2, 0.5)).departure is Side.LEFT


def test_rights_part_warning_from_steering() -> None:
    lanes = drifting(0.2, 0.5)
    silent = step(lanes, rights=ALL & ~Right.LDW)
    assert silent.departure is Side.NONE
    assert silent.curvature_1pm is not None
    free = step(lanes, rights=ALL & ~Right.LKA)
    assert free.departure is Side.LEFT
    assert free.curvature_1pm is None
    assert step(lanes, rights=Right.NONE).state is LkaState.UNAVAILABLE


def test_hands_off_is_timed_and_ends_steering_after_a_minute() -> None:
    state, times = LkaMemory(), []
    for number in range(700):
        time_s = number * 0.1
        scene = scenes.scene(time_s, ego=scenes.ego(FAST, time_s, hands_on=False))
        decision, state = lka_step(scene, SETTINGS, scenes.BODY, state, time_s, ALL, True)
        times.append((time_s, decision.hands_off_s, decision.state))
    assert times[150][1] == pytest.approx(15.0, abs=0.2)
    assert times[595][2] is LkaState.ACTIVE
    assert times[605][2] is LkaState.STANDBY
    assert decision.reason == "hands off the wheel"


@pytest.mark.parametrize(
    ("signals", "required", "counts"),
    [({"hands_on": True}, False, False), ({"hands_on": False}, False, True),
     ({"hands_on": None, "driver_torque_nm": 0.5}, False, False),
     ({"hands_on": None, "driver_torque_nm": 0.1}, False, True),
     ({"hands_on": None, "driver_torque_nm": None}, False, False),
     ({"hands_on": None, "driver_torque_nm": None}, True, True)],
)  # fmt: skip
def test_hands_are_told_by_the_vehicle_or_by_torque(
    signals: dict[str, object], required: bool, counts: bool
) -> None:
    settings, state = LkaSettings(hands_signal_required=required), LkaMemory()
    for number in range(30):
        scene = scenes.scene(number * 0.1, ego=scenes.ego(FAST, **signals))
        decision, state = lka_step(scene, settings, scenes.BODY, state, number * 0.1, ALL, True)
    assert (decision.hands_off_s > 2.0) is counts


def hands_off_times(views: list[Scene]) -> list[float]:
    state, seen = LkaMemory(), []
    for scene in views:
        decision, state = lka_step(
            scene, SETTINGS, scenes.BODY, state, scene.time_s, ALL, acc_engaged=True
        )
        seen.append(decision.hands_off_s)
    return seen


def test_lanes_that_flicker_do_not_restart_the_hands_off_time() -> None:
    free = scenes.ego(FAST, hands_on=False)
    views = [scenes.scene(0.1 * step, ego=free) for step in range(60)]
    views[30] = scenes.scene(3.0, ego=free, lanes=None)
    assert hands_off_times(views)[-1] == pytest.approx(5.7, abs=0.2)


def test_a_pause_is_no_hands_off_time_and_hands_end_it() -> None:
    free, held = scenes.ego(FAST, hands_on=False), scenes.ego(FAST)
    views = [scenes.scene(0.1 * step, ego=free) for step in range(20)]
    views += [scenes.scene(2.0, ego=free, lanes=None), scenes.scene(30.0, ego=free)]
    assert hands_off_times(views)[-1] < 3.0
    views += [scenes.scene(30.1, ego=held, lanes=None), scenes.scene(30.2, ego=free)]
    assert hands_off_times(views)[-1] == 0.0
