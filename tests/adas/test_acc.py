"""Cruise control step by step; the closed loop is in test_drive_acc.py."""

from __future__ import annotations

import dataclasses

import pytest

from drag_edge.adas.acc import AccMemory, acc_step
from drag_edge.adas.decision import AccDecision, AccState
from drag_edge.adas.events import ALL, Right
from drag_edge.adas.lead import Lead
from drag_edge.config.acc import AccSettings
from drag_edge.config.limits import LimitSettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Path, PathSource, Scene, Track
from tests.adas import scenes

SETTINGS = AccSettings()
LIMITS = LimitSettings()


def step(scene: Scene, state: AccMemory | None = None, rights: Right = ALL) -> AccDecision:
    return acc_step(scene, SETTINGS, LIMITS, state or AccMemory(), scene.time_s, rights)[0]


def run(egos: list[EgoState], lead: Track | None = None) -> list[AccDecision]:
    state, decisions = AccMemory(), []
    for number, ego in enumerate(egos):
        scene = scenes.scene(number * 0.05, ego=ego)
        scene = scene if lead is None else scenes.with_lead(scene, lead)
        decision, state = acc_step(scene, SETTINGS, LIMITS, state, scene.time_s, ALL)
        decisions.append(decision)
    return decisions


def test_without_a_lead_it_drives_the_set_speed() -> None:
    assert step(scenes.scene(ego=scenes.ego(20.0, set_speed_mps=30.0))).accel_mps2 == 1.4
    assert step(scenes.scene(ego=scenes.ego(30.0, set_speed_mps=30.0))).accel_mps2 == 0.0
    assert step(scenes.scene(ego=scenes.ego(30.0, set_speed_mps=20.0))).accel_mps2 == -1.5
    assert step(scenes.scene()).state is AccState.SPEED


@pytest.mark.parametrize(("setting", "gap_m"), [(1, 20.0), (2, 30.0), (3, 40.0), (None, 30.0)])
def test_the_drivers_gap_is_kept(setting: int | None, gap_m: float) -> None:
    scene = scenes.with_lead(
        scenes.scene(ego=scenes.ego(20.0, gap_setting=setting)), scenes.track(gap_m, 0.0)
    )
    decision = step(scene)
    assert decision.desired_gap_m == pytest.approx(gap_m)
    assert decision.accel_mps2 == pytest.approx(0.0)
    assert decision.lead_id == 1


def test_near_standstill_the_gap_is_the_stand_off() -> None:
    scene = scenes.with_lead(
        scenes.scene(ego=scenes.ego(1.0)), scenes.track(4.0, 0.0, ego_speed_mps=1.0)
    )
    assert step(scene).desired_gap_m == 4.0


def test_the_leads_acceleration_is_fed_forward_with_the_shortest_gap_alone() -> None:
    for setting, gap_m, share in ((1, 20.0, 0.4), (2, 30.0, 0.0)):
        even = scenes.track(gap_m, 0.0)
        for accel in (-1.0, 1.0):
            lead = dataclasses.replace(even, accel_mps2=accel)
            decision = step(
                scenes.with_lead(scenes.scene(ego=scenes.ego(gap_setting=setting)), lead)
            )
            assert decision.accel_mps2 == pytest.approx(share * accel)


def test_small_errors_of_the_gap_are_let_be_and_large_ones_are_not() -> None:
    def accel(share: float) -> float:
        known = AccMemory(-0.05, True, False, None, Lead(1, 30.0, 20.0, 0.0), 1.5)
        scene = scenes.with_lead(scenes.scene(), scenes.track(30.0 * share, 0.0))
        return abs(step(scene, known).accel_mps2 or 0.0)

    full, tolerance = SETTINGS.gap_gain_1ps2 * 30.0, SETTINGS.gap_tolerance
    for side in (-1, 1):
        assert accel(1 + side * tolerance / 2) == pytest.approx(full * tolerance / 16)
    assert accel(1 - 0.8 * tolerance) < 0.6 * full * tolerance
    assert accel(1 - 1.1 * tolerance) == pytest.approx(full * 1.1 * tolerance)


def test_the_leads_speed_and_braking_are_smoothed() -> None:
    state, demands, leads = AccMemory(), [], [(0.0, 0.0)] * 3 + [(-2.0, -3.0)] * 30
    for number, (rate_mps, accel_mps2) in enumerate(leads):
        lead = dataclasses.replace(scenes.track(30.0, rate_mps), accel_mps2=accel_mps2)
        scene = scenes.with_lead(scenes.scene(number * 0.05), lead)
        decision, state = acc_step(scene, SETTINGS, LIMITS, state, scene.time_s, ALL)
        demands.append(decision.accel_mps2 or 0.0)
    assert demands[3] > -0.1  # one frame alone is noise
    assert demands[-1] < -2.5  # what lasts is braked for


def test_a_limit_that_does_not_suffice_calls_the_driver() -> None:
    decision = step(scenes.with_lead(scenes.scene(), scenes.track(30.0, -15.0)))
    assert decision.accel_mps2 == -3.5
    assert decision.takeover
    assert not step(scenes.with_lead(scenes.scene(), scenes.track(60.0, -5.0))).takeover


def test_a_curve_limits_the_speed() -> None:
    curve = Path(0.0, 0.0, 2.5 / 15.0**2, PathSource.LANES)
    state = AccMemory()
    for number in range(60):
        scene = scenes.scene(number * 0.05, path=curve, ego=scenes.ego(20.0))
        decision, state = acc_step(scene, SETTINGS, LIMITS, state, scene.time_s, ALL)
    assert decision.accel_mps2 == pytest.approx(-1.5, abs=0.01)
    slow = scenes.scene(3.0, path=curve, ego=scenes.ego(15.0))
    decision, _ = acc_step(slow, SETTINGS, LIMITS, dataclasses.replace(state, accel_mps2=0.0),
                           3.0, ALL)  # fmt: skip
    assert abs(decision.accel_mps2 or 9.0) < 0.1


def test_a_cut_in_that_does_not_close_is_not_braked_for_hard() -> None:
    before = AccMemory(-0.05, True, False, 0.0, Lead(7, 40.0, 20.0, 0.0), 1.5)
    cut_in = scenes.with_lead(scenes.scene(), scenes.track(18.0, 0.0))
    decision = step(cut_in, before)
    assert decision.time_gap_s == pytest.approx(0.9, abs=0.02)
    assert decision.accel_mps2 is not None
    assert decision.accel_mps2 > -0.3
    same_lead = step(cut_in, dataclasses.replace(before, lead=Lead(1, 18.0, 20.0, 0.0)))
    assert same_lead.accel_mps2 is not None
    assert same_lead.accel_mps2 < decision.accel_mps2


def test_after_a_cut_in_the_gap_opens_again() -> None:
    state, gaps = AccMemory(-0.05, True, False, 0.0, Lead(7, 40.0, 20.0, 0.0), 1.5), []
    for number in range(160):
        scene = scenes.with_lead(scenes.scene(number * 0.05), scenes.track(18.0, 0.0))
        decision, state = acc_step(scene, SETTINGS, LIMITS, state, scene.time_s, ALL)
        gaps.append(decision.time_gap_s)
    assert gaps == sorted(gaps)
    assert gaps[-1] == 1.5
    assert gaps[20] < 1.1


def test_the_accelerator_overrides_and_cruise_comes_back() -> None:
    decisions = run([scenes.ego()] * 2 + [scenes.ego(accelerator=0.3)] * 2 + [scenes.ego()] * 2)
    assert [one.state for one in decisions] == [
        *[AccState.SPEED] * 2, *[AccState.OVERRIDE] * 2, *[AccState.SPEED] * 2,
    ]  # fmt: skip
    assert decisions[2].accel_mps2 is None


@pytest.mark.parametrize(
    "wake",
    [{"acc_enabled": False}, {"set_speed_mps": 29.0}, {"resume": True}],
    ids=["switch", "set speed", "resume button"],
)
def test_the_brake_ends_cruise_until_the_driver_calls_it_back(wake: dict[str, object]) -> None:
    decisions = run(
        [scenes.ego()] * 2
        + [scenes.ego(brake_pressed=True)] * 2
        + [scenes.ego()] * 2
        + [scenes.ego(**wake)]
        + [scenes.ego(**{**wake, "acc_enabled": True})]
    )
    states = [one.state for one in decisions]
    assert states[2:6] == [AccState.STANDBY] * 4
    assert states[-1] is AccState.SPEED


def test_a_brake_before_cruise_began_only_delays_it() -> None:
    decisions = run([scenes.ego(brake_pressed=True)] * 2 + [scenes.ego()] * 2)
    assert [one.state for one in decisions][1:3] == [AccState.STANDBY, AccState.SPEED]


@pytest.mark.parametrize(
    "unknown", [{"set_speed_mps": None}, {"acc_enabled": None}, {"brake_pressed": None}]
)
def test_a_signal_that_was_unknown_does_not_call_it_back(unknown: dict[str, object]) -> None:
    """Neither when the driver had braked before, nor when that is what follows."""
    free, gap, brake = scenes.ego(), scenes.ego(**unknown), scenes.ego(brake_pressed=True)
    for egos in ([brake, free, gap], [gap, brake], [gap, brake, gap]):
        decisions = run([free, free, *egos, free, free])
        assert (decisions[-1].state, decisions[-1].reason) == (AccState.STANDBY, "driver braked")
        resumed = run([free, free, *egos, free, scenes.ego(resume=True), free])[-1]
        assert resumed.state is AccState.SPEED


def test_the_brake_counts_while_cruise_is_not_allowed_to_control() -> None:
    state = AccMemory()
    steps = [(False, ALL), (False, ALL & ~Right.ACC), (True, ALL & ~Right.ACC), (False, ALL)]
    for number, (braking, rights) in enumerate(steps):
        ego = scenes.ego(brake_pressed=braking)
        decision, state = acc_step(
            scenes.scene(number * 0.05, ego=ego), SETTINGS, LIMITS, state, number * 0.05, rights
        )
    assert (decision.state, decision.reason) == (AccState.STANDBY, "driver braked")


def test_what_was_not_allowed_for_a_moment_goes_on_without_a_brake() -> None:
    egos = [scenes.ego()] * 2 + [scenes.ego(set_speed_mps=None)] + [scenes.ego()]
    assert run(egos)[-1].state is AccState.SPEED


@pytest.mark.parametrize(
    ("ego", "state", "reason"),
    [
        ({"acc_enabled": False}, AccState.OFF, "switched off by the driver"),
        ({"acc_enabled": None}, AccState.UNAVAILABLE, "driver's switch unknown"),
        ({"speed_mps": None}, AccState.UNAVAILABLE, "ego speed unknown"),
        ({"brake_pressed": None}, AccState.UNAVAILABLE, "brake pedal unknown"),
        ({"set_speed_mps": None}, AccState.STANDBY, "no set speed"),
        ({"speed_mps": 51.0}, AccState.STANDBY, "too fast"),
    ],
)
def test_what_keeps_it_from_controlling_is_said(
    ego: dict[str, object], state: AccState, reason: str
) -> None:
    decision = step(scenes.scene(ego=scenes.ego(**ego)))
    assert (decision.state, decision.reason, decision.accel_mps2) == (state, reason, None)


def test_objects_that_are_unknown_are_not_an_empty_road() -> None:
    decision = step(scenes.scene(tracks=None))
    assert (decision.state, decision.accel_mps2) == (AccState.UNAVAILABLE, None)
    assert decision.reason == "objects unknown"


def test_without_the_right_it_is_unavailable() -> None:
    assert step(scenes.scene(), rights=ALL & ~Right.ACC).state is AccState.UNAVAILABLE


def standing(gap_m: float, speed_mps: float, time_s: float, **ego: object) -> Scene:
    lead = scenes.track(gap_m, speed_mps, ego_speed_mps=0.0)
    return scenes.with_lead(scenes.scene(time_s, ego=scenes.ego(0.0, **ego)), lead)


def test_it_stands_behind_a_stopped_lead_and_goes_with_it() -> None:
    state = AccMemory()
    decision, state = acc_step(standing(3.5, 0.0, 0.0), SETTINGS, LIMITS, state, 0.0, ALL)
    decision, state = acc_step(standing(3.5, 0.0, 0.05), SETTINGS, LIMITS, state, 0.05, ALL)
    assert decision.state is AccState.STOPPED
    assert decision.accel_mps2 is not None
    assert decision.accel_mps2 <= -1.0
    decision, state = acc_step(standing(5.0, 2.0, 3.0), SETTINGS, LIMITS, state, 3.0, ALL)
    assert decision.state is not AccState.STOPPED


@pytest.mark.parametrize("confirms", [{"accelerator": 0.2}, {"resume": True}])
def test_after_a_long_stop_the_driver_must_confirm(confirms: dict[str, object]) -> None:
    state = AccMemory()
    for time_s in (0.0, 0.05):
        _, state = acc_step(standing(3.5, 0.0, time_s), SETTINGS, LIMITS, state, time_s, ALL)
    late = standing(6.0, 2.0, 11.0)
    decision, state = acc_step(late, SETTINGS, LIMITS, state, 11.0, ALL)
    assert (decision.state, decision.reason) == (AccState.STOPPED, "confirm to go")
    confirmed = standing(6.0, 2.0, 11.05, **confirms)
    decision, state = acc_step(confirmed, SETTINGS, LIMITS, state, 11.05, ALL)
    assert decision.state is not AccState.STOPPED


def stood_behind_a_lead() -> AccMemory:
    state = AccMemory()
    for time_s in (0.0, 0.05):
        _, state = acc_step(standing(3.5, 0.0, time_s), SETTINGS, LIMITS, state, time_s, ALL)
    return state


@pytest.mark.parametrize("lost_s", [3.0, 60.0])
def test_a_lead_that_is_lost_at_standstill_is_no_reason_to_go(lost_s: float) -> None:
    """It may stand there still, unseen: only a lead that is seen driving off is followed."""
    state = stood_behind_a_lead()
    for number in range(40):
        time_s = lost_s + number * 0.05
        alone = scenes.scene(time_s, ego=scenes.ego(0.0))
        decision, state = acc_step(alone, SETTINGS, LIMITS, state, time_s, ALL)
        assert (decision.state, decision.reason) == (AccState.STOPPED, "confirm to go")
        assert (decision.accel_mps2 or 0.0) <= -1.0
    seen, _ = acc_step(standing(6.0, 2.0, 5.0), SETTINGS, LIMITS, state, 5.0, ALL)
    assert seen.state is not AccState.STOPPED
    alone = scenes.scene(time_s, ego=scenes.ego(0.0, resume=True))
    confirmed, _ = acc_step(alone, SETTINGS, LIMITS, state, time_s, ALL)
    assert confirmed.state is AccState.SPEED


def test_standing_outlives_an_instant_without_objects() -> None:
    state = stood_behind_a_lead()
    blind = scenes.scene(1.0, ego=scenes.ego(0.0), tracks=None)
    _, state = acc_step(blind, SETTINGS, LIMITS, state, 1.0, ALL)
    alone = scenes.scene(1.05, ego=scenes.ego(0.0))
    assert acc_step(alone, SETTINGS, LIMITS, state, 1.05, ALL)[0].state is AccState.STOPPED
    moving = scenes.scene(1.05, ego=scenes.ego(5.0), tracks=None)
    _, state = acc_step(moving, SETTINGS, LIMITS, state, 1.05, ALL)
    alone = scenes.scene(1.1, ego=scenes.ego(5.0))
    assert acc_step(alone, SETTINGS, LIMITS, state, 1.1, ALL)[0].state is AccState.SPEED


def test_time_gaps_outside_the_standard_are_refused() -> None:
    for gaps in ((0.7, 1.5, 2.0), (1.0, 1.2, 1.4), (2.0, 1.5, 1.0)):
        with pytest.raises(ValueError, match="time gap"):
            AccSettings(time_gaps_s=gaps)
