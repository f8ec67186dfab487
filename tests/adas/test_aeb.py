"""Emergency braking: gates, evidence, latch, driver; the closed loop is in test_drive_aeb.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from drag_edge.adas.aeb import AebState, aeb_step
from drag_edge.adas.decision import AebDecision, AebStage
from drag_edge.adas.events import ALL, Right
from drag_edge.adas.prediction import (
    Target,
    ego_travel,
    least_gaps,
    present_target,
    target_travel,
    times,
)
from drag_edge.config.aeb import AebSettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Path, PathSource, Scene, Track
from tests.adas import scenes

SETTINGS = AebSettings()
BRAKING = (AebStage.PARTIAL, AebStage.FULL)


def close(gap_m: float = 10.0, **changes: object) -> Track:
    """A standing car at which the ego's 20 m/s must brake fully now."""
    return scenes.track(gap_m, -20.0, **changes)


def run(
    tracks: Sequence[Track | None], ego: EgoState | None = None, rights: Right = ALL,
    settings: AebSettings = SETTINGS, lead: bool = True,
) -> list[AebDecision]:  # fmt: skip
    """One decision every 50 ms; None is a scene without any track."""
    state, decisions = AebState(), []
    for step, track in enumerate(tracks):
        time_s = step * 0.05
        scene = scenes.scene(time_s, ego=ego or scenes.ego(20.0, time_s))
        if track is not None:
            scene = scenes.with_lead(scene, track)
            scene = scene if lead else dataclasses.replace(scene, lead=None)
        decision, state = aeb_step(scene, settings, scenes.BODY, state, time_s, rights)
        decisions.append(decision)
    return decisions


def test_it_brakes_fully_after_three_frames_and_not_before() -> None:
    stages = [decision.stage for decision in run([close()] * 4)]
    assert stages == [AebStage.READY, AebStage.READY, AebStage.FULL, AebStage.FULL]
    last = run([close()] * 4)[-1]
    assert last.decel_mps2 == -9.0
    assert last.warning
    assert last.target_id == 1


def test_stages_come_in_order_as_the_gap_closes() -> None:
    gaps = np.arange(90.0, 5.0, -1.0)
    stages = [one.stage.value for one in run([close(float(gap)) for gap in gaps])]
    assert stages == sorted(stages)
    assert {AebStage(value) for value in stages} == {
        AebStage.READY, AebStage.PREFILL, AebStage.WARN, AebStage.PARTIAL, AebStage.FULL,
    }  # fmt: skip


def approach(speed_mps: float, from_m: float, **changes: object) -> list[AebDecision]:
    """Decisions while the ego comes nearer at constant speed, one every 50 ms."""
    gaps_m = np.arange(from_m, 1.0, -speed_mps * 0.05)
    tracks = [scenes.track(float(gap), -speed_mps, speed_mps, **changes) for gap in gaps_m]
    return run(tracks, ego=scenes.ego(speed_mps))


@pytest.mark.parametrize("speed_mps", [3.0, 6.0, 12.0, 20.0])
def test_partial_braking_waits_for_a_warning_of_0_8_seconds(speed_mps: float) -> None:
    """UN R152; also where the speed of the car ahead was overrated until just now."""
    decisions = approach(speed_mps, 6 * speed_mps)
    warned = next(index for index, one in enumerate(decisions) if one.warning)
    braked = next(index for index, one in enumerate(decisions) if one.stage in BRAKING)
    assert (braked - warned) * 0.05 >= 0.8 - 1e-9
    late = [scenes.track(4 * speed_mps, -1.5, speed_mps)] * 4
    gaps_m = np.arange(1.45 * speed_mps, 1.0, -speed_mps * 0.05)
    known = [scenes.track(float(gap), -speed_mps, speed_mps) for gap in gaps_m]
    stages = [one.stage for one in run([*late, *known], ego=scenes.ego(speed_mps))]
    first = next(stage for stage in stages if stage in BRAKING)
    if first is AebStage.PARTIAL:
        assert (stages.index(first) - stages.index(AebStage.WARN)) * 0.05 >= 0.8 - 1e-9


def test_every_emergency_braking_asks_for_at_least_5_mps2() -> None:
    assert SETTINGS.partial_decel_mps2 > 5.0  # UN R152
    decels = {one.decel_mps2 for one in approach(4.0, 20.0) if one.stage in BRAKING}
    assert max(decel for decel in decels if decel is not None) <= -5.0


def test_a_lead_that_brakes_is_not_braked_for_too_late_for_the_sake_of_the_warning() -> None:
    braking = scenes.track(13.0, -5.0, speed_mps=15.0, accel_mps2=-3.6)
    assert run([braking] * 3)[-1].stage is AebStage.PARTIAL


def test_a_warning_lasts_for_a_second_while_its_object_would_still_be_hit() -> None:
    near, far = scenes.track(50.0, -20.0), scenes.track(75.0, -20.0)
    warned = [one.warning for one in run([near] * 4 + [far] * 40)]
    assert warned[3]
    assert sum(warned) * 0.05 == pytest.approx(1.0, abs=0.06)
    assert not any(one.warning for one in run([near] * 4 + [None] * 40)[4:])


def test_a_car_that_hardly_moves_is_taken_for_standing() -> None:
    slow, corridor = scenes.track(50.0, -18.6, speed_mps=1.4), (0.0, np.inf)
    assert present_target(slow, corridor, 20.0, 0.0, 0.0, 1.3, SETTINGS).speed_mps == 0.0
    walker = dataclasses.replace(slow, label="pedestrian")
    assert present_target(walker, corridor, 20.0, 0.0, 0.0, 1.3, SETTINGS).speed_mps == 1.4


def test_a_warning_takes_the_leads_braking_as_it_is_and_braking_reckons_with_more() -> None:
    lead = scenes.track(30.0, -6.0, speed_mps=14.0, accel_mps2=-2.2)
    cautious = dataclasses.replace(lead, accel_mps2=-2.2 * SETTINGS.lead_decel_gain)
    assert run([lead] * 8)[-1].stage.value < run([cautious] * 8)[-1].stage.value


@pytest.mark.parametrize(
    "track",
    [
        pytest.param(close(confidence=0.69), id="low confidence"),
        pytest.param(close(frames=2), id="too few frames"),
        pytest.param(close(gap_m=0.7), id="nearer than 0.75 m"),
        pytest.param(scenes.track(121.0, -60.0, speed_mps=-40.0), id="farther than 120 m"),
        pytest.param(scenes.track(2.0, -0.9), id="closing slower than 1 m/s"),
        pytest.param(close(path_overlap=0.2), id="beside the path"),
    ],
)
def test_the_gates(track: Track) -> None:
    assert {one.stage for one in run([track] * 8, lead=False)} == {AebStage.READY}


def test_no_decision_below_two_metres_per_second() -> None:
    decisions = run([scenes.track(1.0, -1.9, ego_speed_mps=1.9)] * 5, ego=scenes.ego(1.9))
    assert decisions[-1].stage is AebStage.READY


def test_a_jumping_range_starts_the_count_again() -> None:
    decisions = run([close(10.0), close(19.0)] * 6)
    assert {one.stage for one in decisions} == {AebStage.READY}


def test_a_picture_that_grows_too_slowly_is_a_contradiction_and_no_full_braking() -> None:
    doubtful = close(scale_ttc_s=5.0)
    assert run([doubtful] * 10)[-1].stage is AebStage.PARTIAL
    assert run([dataclasses.replace(doubtful, frames=4)] * 10)[-1].stage is AebStage.WARN


def test_without_growth_full_braking_asks_for_more_frames() -> None:
    assert run([close(scale_ttc_s=None, frames=5)] * 5)[-1].stage is AebStage.WARN
    stages = [one.stage for one in run([close(scale_ttc_s=None, frames=6)] * 7)]
    assert stages[2:] == [AebStage.PARTIAL] * 3 + [AebStage.FULL] * 2


def test_a_picture_that_does_not_grow_is_a_contradiction_too() -> None:
    """It tells no time to collision, but that there is none as near as the range has it."""
    still = close(scale_ttc_s=None, least_ttc_s=6.0)
    assert run([still] * 10)[-1].stage is AebStage.PARTIAL
    assert run([dataclasses.replace(still, frames=4)] * 10)[-1].stage is AebStage.WARN
    assert run([dataclasses.replace(still, least_ttc_s=1.0)] * 10)[-1].stage is AebStage.FULL


def test_a_speed_that_is_wrong_for_one_frame_brakes_for_nobody() -> None:
    """As on a real young track: 2.4 m/s of closing and hard braking in one frame, then nothing."""
    calm = scenes.track(4.7, -1.1, 8.0, scale_ttc_s=None, accel_mps2=0.0, age_s=0.7)
    wild = dataclasses.replace(calm, range_rate_mps=-2.4, speed_mps=5.6, accel_mps2=-3.0)
    decisions = run([calm] * 8 + [wild] + [calm] * 8, ego=scenes.ego(8.0))
    assert not any(one.warning or one.decel_mps2 for one in decisions)
    assert any(one.decel_mps2 for one in run([calm] * 8 + [wild] * 3, ego=scenes.ego(8.0)))


@pytest.mark.parametrize(
    ("jump", "brakes"),
    [
        ({"scale_ttc_s": None}, False),
        ({"scale_ttc_s": 5.0}, False),
        ({"scale_ttc_s": 0.6}, True),
        ({"scale_ttc_s": None, "since_jump_s": 2.1}, True),
    ],
)
def test_a_range_that_has_just_begun_anew_brakes_only_where_growth_confirms_it(
    jump: dict[str, float | None], brakes: bool
) -> None:
    decisions = run([close(**{"since_jump_s": 0.5, **jump})] * 10)
    assert (decisions[-1].stage in BRAKING) is brakes
    assert decisions[-1].warning


def test_nobody_is_braked_for_on_a_guess() -> None:
    """A young track that is not seen now may go on as it seemed to; that begins no braking."""
    far, near = close(60.0, age_s=0.7), close(age_s=0.7)
    unseen = dataclasses.replace(near, coasted_s=0.1)
    stages = [one.stage for one in run([far] * 6 + [unseen] * 6)]
    assert AebStage.WARN in stages or AebStage.PREFILL in stages
    assert not set(stages) & set(BRAKING)
    assert run([far] * 6 + [unseen] * 3 + [near])[-1].stage in BRAKING
    known = dataclasses.replace(unseen, age_s=3.0)
    assert run([far] * 6 + [known] * 3)[-1].stage in BRAKING


def test_it_outlives_the_target_for_half_a_second_and_no_longer() -> None:
    decels = [one.decel_mps2 for one in run([close()] * 5 + [None] * 20)]
    assert decels[5 + 8] == -9.0
    assert decels[5 + 11] is None


def test_stale_data_are_held_for_half_a_second_and_start_nothing() -> None:
    state = AebState()
    for step in range(5):
        scene = scenes.with_lead(scenes.scene(step * 0.05), close())
        _, state = aeb_step(scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL)
    _, state = aeb_step(scene, SETTINGS, scenes.BODY, state, 0.5, ALL)  # not yet known to be stale
    held, _ = aeb_step(scene, SETTINGS, scenes.BODY, state, 0.65, Right.NONE)
    assert held.decel_mps2 == -9.0
    released, _ = aeb_step(scene, SETTINGS, scenes.BODY, state, 0.75, Right.NONE)
    assert released.decel_mps2 is None
    assert released.stage is AebStage.UNAVAILABLE
    fresh, _ = aeb_step(scene, SETTINGS, scenes.BODY, AebState(), 0.65, Right.NONE)
    assert fresh.decel_mps2 is None


@pytest.mark.parametrize(
    ("acc_decel_mps2", "lead_mps2", "warns"),
    [(0.0, -3.0, True), (1.0, -3.0, True), (3.5, -3.0, False), (3.5, -6.0, True)],
)
def test_nobody_is_warned_of_braking_with_which_cruise_control_copes(
    acc_decel_mps2: float, lead_mps2: float, warns: bool
) -> None:
    state, warned = AebState(), []
    lead = scenes.track(19.0, -4.6, 22.3, accel_mps2=lead_mps2)
    for step in range(12):
        scene = scenes.with_lead(scenes.scene(step * 0.05, ego=scenes.ego(22.3)), lead)
        decision, state = aeb_step(
            scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL, acc_decel_mps2
        )
        warned.append(decision.warning)
    assert any(warned) is warns


def test_braking_ends_when_the_ego_is_no_faster_than_its_target() -> None:
    slower = [scenes.track(10.0, 0.5, speed_mps=20.5)] * 2
    assert run([close()] * 4 + slower)[-1].decel_mps2 is None


def test_braking_goes_on_while_a_target_that_is_as_fast_still_brakes() -> None:
    braking = [scenes.track(6.0, 0.5, speed_mps=20.5, accel_mps2=-6.0)] * 4
    assert run([close()] * 4 + braking)[-1].stage in BRAKING


def test_standstill_is_held_and_then_released() -> None:
    state, decels = AebState(), []
    for step in range(60):
        time_s = step * 0.05
        speed = 20.0 if step < 4 else 0.0
        lead = close() if step < 4 else scenes.track(1.0, 0.0, ego_speed_mps=0.0)
        scene = scenes.with_lead(scenes.scene(time_s, ego=scenes.ego(speed)), lead)
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, time_s, ALL)
        decels.append(decision.decel_mps2)
    assert decels[4 + 28] == -9.0
    assert decels[4 + 31] is None


def test_creeping_on_an_empty_road_ends_it_too() -> None:
    """The last metre is braked without the target, but not for ever."""
    state, decels = AebState(), []
    for step in range(80):
        time_s = step * 0.05
        scene = scenes.scene(time_s, ego=scenes.ego(20.0 if step < 5 else 0.6))
        scene = scenes.with_lead(scene, close()) if step < 5 else scene
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, time_s, ALL)
        decels.append(decision.decel_mps2)
    held_s = SETTINGS.data_hold_s + SETTINGS.standstill_hold_s
    assert decels[4 + 20] == -9.0
    assert decels[4 + round(held_s / 0.05) + 2 :] == [None] * (80 - 6 - round(held_s / 0.05))


@pytest.mark.parametrize("noise", [(0.0, 0.05), (0.0, 0.3), (0.3, 0.0)], ids=str)
def test_standstill_nearer_than_the_margin_is_released_as_well(
    noise: tuple[float, float],
) -> None:
    """However the sensors of speed and acceleration err while the car stands."""
    state, decels = AebState(), []
    for step in range(80):
        time_s = step * 0.05
        stands = step >= 4
        speed = (noise[0] if step % 2 else 0.0) if stands else 20.0
        ego = scenes.ego(speed, accel_mps2=noise[1])
        lead = scenes.track(0.8, -speed, speed, speed_mps=0.0) if stands else close()
        scene = scenes.with_lead(scenes.scene(time_s, ego=ego), lead)
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, time_s, ALL)
        decels.append(decision.decel_mps2)
    assert decels[4 + 27] == -9.0
    assert decels[4 + 32 :] == [None] * len(decels[4 + 32 :])


def test_kick_down_interrupts_but_still_warns() -> None:
    floored = scenes.ego(20.0, accelerator=0.95)
    decision = run([close()] * 6, ego=floored)[-1]
    assert decision.decel_mps2 is None
    assert decision.stage is AebStage.WARN
    assert decision.reason == "driver overrides"


def test_a_quick_turn_of_the_wheel_interrupts_braking_in_progress() -> None:
    state, stages = AebState(), []
    for step in range(10):
        time_s = step * 0.05
        angle = 0.0 if step < 5 else 0.25 * (step - 4)  # 5 rad/s
        ego = scenes.ego(20.0, time_s, steering_wheel_angle_rad=angle)
        scene = scenes.with_lead(scenes.scene(time_s, ego=ego), close())
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, time_s, ALL)
        stages.append(decision.stage)
    assert stages[4] is AebStage.FULL
    assert stages[7:] == [AebStage.WARN] * 3


@pytest.mark.parametrize("loop_ms", [5, 10, 33, 50])
@pytest.mark.parametrize("signal_ms", [10, 20, 50, 100])
def test_how_quick_a_turn_is_does_not_depend_on_how_often_it_is_asked(
    loop_ms: int, signal_ms: int
) -> None:
    """The angle stands still between two messages and then jumps."""
    for rate_radps, interrupts in ((1.0, False), (6.0, True)):
        state, stages = AebState(), []
        for step in range(600 // loop_ms):
            time_s = step * loop_ms / 1000
            told_s = step * loop_ms // signal_ms * signal_ms / 1000
            ego = scenes.ego(20.0, time_s, steering_wheel_angle_rad=rate_radps * told_s)
            scene = scenes.with_lead(scenes.scene(time_s, ego=ego), close())
            decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, time_s, ALL)
            stages.append(decision.stage)
        assert (stages[-1] is AebStage.WARN) is interrupts
        assert (AebStage.WARN in stages) is interrupts


def test_a_driver_who_brakes_enough_is_not_warned() -> None:
    lead = scenes.track(40.0, -20.0)
    coasting = run([lead] * 6, ego=scenes.ego(20.0))[-1]
    braking = run([lead] * 6, ego=scenes.ego(20.0, accel_mps2=-6.0, brake_pressed=True))[-1]
    too_little = run([lead] * 6, ego=scenes.ego(20.0, accel_mps2=-2.0, brake_pressed=True))[-1]
    assert coasting.warning
    assert not braking.warning
    assert too_little.warning


@pytest.mark.parametrize(
    ("scene", "rights", "stage", "reason"),
    [
        (scenes.scene(tracks=None), ALL, AebStage.UNAVAILABLE, "objects unknown"),
        (scenes.scene(ego=scenes.ego(None)), ALL, AebStage.UNAVAILABLE, "ego speed unknown"),
        (scenes.scene(), Right.BSD, AebStage.UNAVAILABLE, "not allowed by the safety monitor"),
        (scenes.scene(), Right.FCW, AebStage.UNAVAILABLE, "not allowed by the safety monitor"),
        (scenes.scene(), Right.AEB, AebStage.READY, ""),
        (scenes.scene(), ALL, AebStage.READY, ""),
    ],
)
def test_what_is_missing_is_said(scene: Scene, rights: Right, stage: AebStage, reason: str) -> None:
    decision, _ = aeb_step(scene, SETTINGS, scenes.BODY, AebState(), 0.0, rights)
    assert (decision.stage, decision.reason, decision.decel_mps2) == (stage, reason, None)


def test_without_the_right_to_brake_it_still_warns() -> None:
    decision = run([close()] * 6, rights=ALL & ~Right.AEB)[-1]
    assert decision.stage is AebStage.WARN
    assert decision.decel_mps2 is None


def test_switched_off_is_off() -> None:
    settings = AebSettings(enabled=False)
    assert run([close()] * 6, settings=settings)[-1].stage is AebStage.OFF


def pedestrian(y_m: float, vy_mps: float, gap_m: float = 25.0) -> Track:
    return scenes.track(
        gap_m, -13.9, ego_speed_mps=13.9, label="pedestrian", y_m=y_m, vy_mps=vy_mps, width_m=0.5,
        speed_mps=0.0, path_overlap=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("y_m", "vy_mps", "threatens"),
    [(3.0, -1.4, True), (-3.0, 1.4, True), (3.0, 1.4, False), (3.0, 0.0, False), (0.5, 0.0, True),
     (6.0, -1.4, False), (2.2, -0.3, False), (-2.0, -1.4, False)],
)  # fmt: skip
def test_pedestrians_are_predicted_across_the_road(
    y_m: float, vy_mps: float, threatens: bool
) -> None:
    decision = run([pedestrian(y_m, vy_mps)] * 6, ego=scenes.ego(13.9), lead=False)[-1]
    assert (decision.stage is not AebStage.READY) is threatens


def test_the_corridor_follows_the_path_through_a_curve() -> None:
    curve = Path(0.0, 0.0, 1 / 250, PathSource.LANES)
    beside = pedestrian(0.0, 0.0, gap_m=30.0)  # straight ahead is 2.3 m outside the curve
    state = AebState()
    for step in range(6):
        scene = scenes.scene(step * 0.05, ego=scenes.ego(13.9), tracks=(beside,), path=curve)
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL)
    assert decision.stage is AebStage.READY


def test_predicted_braking_equals_the_closed_form() -> None:
    grid = times(8.0)
    travelled = ego_travel(grid, 20.0, [0.0, 0.0], [0.3, np.inf], SETTINGS)
    ramp_s = 9.0 / 25.0
    ramp_m = 20.0 * ramp_s - 25.0 * ramp_s**3 / 6
    after = 20.0 - 25.0 * ramp_s**2 / 2
    assert travelled[0, -1] == pytest.approx(20.0 * 0.3 + ramp_m + after**2 / 18, abs=0.1)
    assert travelled[1, -1] == pytest.approx(20.0 * grid[-1])


def test_a_braking_target_stops_where_it_must() -> None:
    grid = times(8.0)
    target = Target(10.0, 15.0, -5.0, 0.0, np.inf)
    assert target_travel(grid, target)[-1] == pytest.approx(15.0**2 / 10)
    assert target_travel(grid, dataclasses.replace(target, accel_mps2=2.0))[-1] == pytest.approx(
        15.0 * grid[-1]
    )


def test_the_least_gap_is_found_while_both_still_move() -> None:
    """20 m/s behind 15 m/s, both braking: stopping distances say 0.3 m more than enough."""
    grid = times(8.0)
    ego = ego_travel(grid, 20.0, [0.0], [0.0], SETTINGS)
    target = Target(30.0, 15.0, -9.0, 0.0, np.inf)
    stops_apart = 30.0 + 15.0**2 / 18 - ego[0, -1]
    assert least_gaps(grid, target, ego, 5.6)[0] <= stops_apart + 0.05
    slow = Target(6.0, 15.0, 0.0, 0.0, np.inf)
    assert least_gaps(grid, slow, ego, 5.6)[0] < 6.0 - 1.0


def test_a_braking_lead_is_taken_to_brake_harder_than_estimated_and_never_to_accelerate() -> None:
    corridor = (0.0, np.inf)
    for estimated, assumed in ((-4.0, -5.2), (-9.0, -10.0), (1.0, 1.0)):
        lead = scenes.track(30.0, -5.0, accel_mps2=estimated)
        target = present_target(lead, corridor, 20.0, 0.0, 0.0, 1.3, SETTINGS)
        assert target.accel_mps2 == pytest.approx(assumed)


def test_the_age_of_the_picture_is_made_up_for() -> None:
    lead = scenes.track(30.0, -5.0, accel_mps2=-4.0)
    target = present_target(lead, (0.0, np.inf), 20.0, 0.0, 0.2, 1.3, SETTINGS)
    assert target.gap_m == pytest.approx(30.0 - 5.0 * 0.2 - 5.2 * 0.2**2 / 2)
    assert target.speed_mps == pytest.approx(15.0 - 5.2 * 0.2)


def test_braking_that_is_no_longer_allowed_ends_a_fifth_of_a_second_later() -> None:
    state, decels = AebState(), []
    for step in range(30):
        time_s = step * 0.05
        scene = scenes.with_lead(scenes.scene(time_s), close())
        rights = ALL if step < 5 else ALL & ~Right.AEB
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, time_s, rights)
        decels.append(decision.decel_mps2)
    assert decels[4 + 3] == -9.0
    assert decels[4 + 5 :] == [None] * len(decels[4 + 5 :])


def test_nobody_is_braked_for_through_the_lead() -> None:
    """What was seen in the demo: a piece of the lead, tracked as a car that rushes at us."""
    lead = scenes.track(28.0, -0.5)
    ghost = scenes.track(38.0, -28.0, id=2, path_overlap=0.7)
    for ghosts_ahead, stage in ((lead, AebStage.READY), (None, AebStage.FULL)):
        state = AebState()
        for step in range(8):
            tracks = (ghost,) if ghosts_ahead is None else (lead, ghost)
            scene = scenes.scene(step * 0.05, tracks=tracks, lead=ghosts_ahead)
            decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL)
        assert (decision.stage is AebStage.READY) is (stage is AebStage.READY)


@pytest.mark.parametrize(
    ("doubt", "hides"),
    [({}, True), ({"confidence": 0.6}, False), ({"frames": 2}, False),
     ({"coasted_s": 0.1, "age_s": 0.5}, False), ({"coasted_s": 0.1}, True)],
)  # fmt: skip
def test_only_a_lead_that_is_believed_hides_anybody(doubt: dict[str, float], hides: bool) -> None:
    """It may be nobody: the standing car behind it is certain."""
    lead = scenes.track(6.0, 0.0, id=2, **doubt)
    standing = scenes.track(12.0, -20.0)
    state = AebState()
    for step in range(8):
        scene = scenes.scene(step * 0.05, tracks=(lead, standing), lead=lead)
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL)
    assert (decision.stage is AebStage.READY) is hides
    assert (decision.stage in BRAKING) is not hides


def test_who_must_wait_for_the_warning_hides_nobody_who_need_not() -> None:
    """Of two that call for partial braking the nearer waits, the other brakes itself."""
    waits = scenes.track(30.0, -20.0, id=2)
    braking = scenes.track(13.0, -5.0, speed_mps=15.0, accel_mps2=-3.6)
    alone = run([braking] * 3)[-1]
    assert alone.stage is AebStage.PARTIAL
    found = set()
    for gap_m in np.arange(24.0, 36.0, 0.5):
        state, other = AebState(), dataclasses.replace(waits, gap_m=float(gap_m))
        for step in range(3):
            scene = scenes.scene(step * 0.05, tracks=(braking, other), lead=None)
            decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL)
        found.add(decision.stage)
    assert found <= set(BRAKING)


def test_a_lead_that_leaves_hides_nobody() -> None:
    leaving = scenes.track(20.0, 0.0, id=2, y_m=1.0, vy_mps=1.5)
    standing = scenes.track(26.0, -20.0)
    state = AebState()
    for step in range(8):
        scene = scenes.scene(step * 0.05, tracks=(leaving, standing), lead=leaving)
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL)
    assert decision.target_id == 1
    assert decision.stage is AebStage.FULL


def test_a_speed_that_changes_as_no_cars_can_starts_the_count_again() -> None:
    wild = [close(speed_mps=speed) for speed in (0.0, 3.5)]
    assert {one.stage for one in run(wild * 6)} == {AebStage.READY}


def test_a_car_that_seems_to_come_towards_us_is_taken_for_standing() -> None:
    rushing = scenes.track(40.0, -29.0, speed_mps=-9.0)
    assert present_target(rushing, (0.0, np.inf), 20.0, 0.0, 0.0, 1.3, SETTINGS).speed_mps == 0.0
    walking = scenes.track(40.0, -21.4, speed_mps=-1.4, label="pedestrian")
    assert present_target(walking, (0.0, np.inf), 20.0, 0.0, 0.0, 1.3, SETTINGS).speed_mps == -1.4
