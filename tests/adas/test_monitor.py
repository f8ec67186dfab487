"""What the monitor sees for itself: lateness over many scenes, the vehicle's own signals."""

from __future__ import annotations

import dataclasses
import math

import pytest

from drag_edge.adas.decision import Mode
from drag_edge.adas.ego_check import EgoMemory, check_ego
from drag_edge.adas.events import Right
from drag_edge.adas.monitor import MonitorState, watch
from drag_edge.config.body import BodySettings
from drag_edge.config.monitor import MonitorSettings
from drag_edge.events import Event
from drag_edge.perception.ego import EgoState
from tests.adas import scenes

SETTINGS, BODY, PERIOD_S = MonitorSettings(), BodySettings(), 0.05


def lateness(ages_s: list[float]) -> list[bool]:
    """Whether latency is told too high, for scenes of these ages, one period apart."""
    state, told = MonitorState(), []
    for index, age_s in enumerate(ages_s):
        time_s = index * PERIOD_S
        health, state = watch(scenes.scene(time_s - age_s), (), SETTINGS, state, time_s)
        told.append("latency_high" in {event.name for event in health.events})
    return told


def test_one_late_scene_in_a_hundred_is_within_the_budget() -> None:
    ages_s = [0.2 if index % 100 == 0 else 0.1 for index in range(600)]
    assert not any(lateness(ages_s))


def test_more_than_that_is_not_until_the_window_has_passed() -> None:
    ages_s = [0.1] * 400
    ages_s[310:314] = [0.16] * 4
    told = lateness([*ages_s, *[0.1] * 300])
    assert told.index(True) == 313  # the fourth of 300
    assert all(told[313:610])
    assert not any(told[610:])


def test_few_scenes_say_nothing_of_a_99th_percentile() -> None:
    assert not any(lateness([0.2] * 299))
    assert lateness([0.2] * 300)[-1]


def test_the_same_scene_again_counts_once() -> None:
    state = MonitorState()
    for step in range(10):
        _, state = watch(scenes.scene(0.0), (), SETTINGS, state, 0.01 * step)
    assert state.scenes == 1


def told_of(egos: list[EgoState]) -> list[set[str]]:
    memory, told = EgoMemory(), []
    for ego in egos:
        found, memory = check_ego(ego, BODY, SETTINGS.ego, memory, ego.time_s)
        told.append(set(found))
    return told


def driven(speeds: list[float], accels: list[float]) -> list[EgoState]:
    return [
        scenes.ego(speed, index * PERIOD_S, accel_mps2=accel)
        for index, (speed, accel) in enumerate(zip(speeds, accels, strict=True))
    ]


@pytest.mark.parametrize("accel", [-9.0, -3.0, 2.0])
def test_speed_that_follows_its_acceleration_is_plausible(accel: float) -> None:
    steps = range(60)
    speeds = [max(0.0, 20.0 + accel * PERIOD_S * step) for step in steps]
    accels = [accel if speed > 0 else 0.0 for speed in speeds]
    assert not any(told_of(driven(speeds, accels)))


def test_an_accelerometer_on_a_steep_hill_is_plausible() -> None:
    assert not any(told_of(driven([20.0] * 200, [1.0] * 200)))


def test_a_speed_that_stands_still_while_braking_is_named_within_a_second() -> None:
    told = told_of(driven([20.0] * 60, [0.0] * 20 + [-6.0] * 40))
    first = next(step for step, names in enumerate(told) if "ego_speed_implausible" in names)
    assert 20 < first <= 40


def test_a_speed_that_jumps_is_named_at_once_and_believed_in_the_end() -> None:
    told = told_of(driven([20.0] * 20 + [26.0] * 60, [0.0] * 80))
    assert [bool(names) for names in told[:22]] == [False] * 20 + [True, True]
    assert not told[-1]


def test_backwards_the_speed_grows_with_a_negative_acceleration() -> None:
    speeds = [min(4.0, 0.15 * step) for step in range(40)]
    accels = [-3.0 if speed < 4.0 else 0.0 for speed in speeds]
    egos = [dataclasses.replace(ego, reverse=True) for ego in driven(speeds, accels)]
    assert not any(told_of(egos))
    assert any(told_of([dataclasses.replace(ego, accel_mps2=3.0) for ego in egos]))


def test_unknown_signals_and_pauses_are_not_compared() -> None:
    egos = driven([20.0] * 10, [0.0] * 10)
    egos[5] = dataclasses.replace(egos[5], accel_mps2=None, speed_mps=3.0)
    assert not any(told_of(egos))
    assert not any(told_of([egos[0], scenes.ego(5.0, 10.0)]))
    assert not any(told_of([scenes.ego(5.0, 10.0), egos[0]]))


def with_fixes(
    speed_mps: float, fix_mps: float, seconds: float, accel: float = 0.0
) -> list[set[str]]:
    """Driven steadily, with a satellites' fix ten times a second that tells of 150 ms ago."""
    steps = range(round(seconds / PERIOD_S))
    return told_of([
        scenes.ego(
            speed_mps, step * PERIOD_S, accel_mps2=accel, gnss_speed_mps=fix_mps,
            gnss_time_s=(step - step % 2) * PERIOD_S - 0.15,
        )
        for step in steps
    ])  # fmt: skip


def test_satellites_that_agree_say_nothing() -> None:
    assert not any(with_fixes(20.0, 18.5, 3.0))


def test_three_fixes_in_a_row_that_contradict_the_speed_make_it_implausible() -> None:
    told = with_fixes(20.0, 12.0, 1.0)
    assert [bool(names) for names in told[:6]] == [False, False, False, False, True, True]
    assert told[-1] == {"ego_speed_implausible"}


def test_one_wild_fix_says_nothing_and_none_is_none() -> None:
    wild = scenes.ego(20.0, 0.1, accel_mps2=0.0, gnss_speed_mps=3.0, gnss_time_s=0.0)
    good = dataclasses.replace(wild, time_s=0.2, gnss_speed_mps=20.0, gnss_time_s=0.1)
    none = dataclasses.replace(wild, time_s=0.3, gnss_speed_mps=None, gnss_time_s=None)
    assert not any(told_of([wild, good, wild, none, wild, good]))


def test_a_late_fix_is_allowed_what_the_vehicle_has_braked_since() -> None:
    wild = scenes.ego(20.0, 0.0, accel_mps2=-8.0, gnss_speed_mps=23.4, gnss_time_s=-0.15)
    egos = [dataclasses.replace(wild, time_s=t, gnss_time_s=t - 0.15) for t in (0.0, 0.1, 0.2, 0.3)]
    memory = EgoMemory()
    for ego in egos:
        _, memory = check_ego(ego, None, SETTINGS.ego, memory, ego.time_s)
    assert memory.wrong_fixes == 0


def turning(speed: float, wheel_rad: float, yaw_radps: float) -> set[str]:
    ego = scenes.ego(speed, steering_wheel_angle_rad=wheel_rad, yaw_rate_radps=yaw_radps)
    return told_of([ego])[0]


def test_yaw_rate_fits_the_steering_wheel_or_is_named() -> None:
    neutral = 20.0 * math.tan(1.0 / BODY.steering_ratio) / BODY.wheelbase_m
    for share in (0.35, 0.6, 1.0):
        assert not turning(20.0, 1.0, share * neutral)
        assert not turning(20.0, -1.0, -share * neutral)
    for yaw in (-neutral, 0.0, 1.4 * neutral):
        assert turning(20.0, 1.0, yaw) == {"ego_yaw_implausible"}
    assert not turning(3.0, 6.0, 0.0)
    assert not turning(20.0, 0.0, 0.1)
    assert turning(20.0, 0.0, 0.15)


def test_implausible_signals_take_away_what_rests_on_them() -> None:
    state = MonitorState()
    for step, speed in enumerate([20.0] * 10 + [30.0]):
        time_s = step * PERIOD_S
        scene = scenes.scene(time_s - 0.1, ego=scenes.ego(speed))
        health, state = watch(scene, (), SETTINGS, state, time_s, BODY)
    assert health.mode is Mode.DEGRADED
    assert health.forbids == Right.ACC | Right.LKA | Right.AEB


@pytest.mark.parametrize("back_s", [0.001, 5.0])
def test_a_clock_that_goes_back_ends_no_fault(back_s: float) -> None:
    state, names = MonitorState(), []
    for step, time_s in enumerate((10.0, 10.05, 10.05 - back_s, 10.1 - back_s)):
        events = [Event(name, "front", "", time_s) for name in ("camera_lost", "mcu_fault")]
        scene = scenes.scene(time_s - 0.1)
        _, state = watch(scene, events if step == 0 else (), SETTINGS, state, time_s)
        names.append({fault.name for fault in state.faults})
    assert all(found >= {"camera_lost", "mcu_fault"} for found in names)
    recovered = Event("camera_recovered", "front", "", time_s)
    _, state = watch(scene, [recovered], SETTINGS, state, time_s + 0.05)
    assert "camera_lost" not in {fault.name for fault in state.faults}
    _, state = watch(scene, (), SETTINGS, state, time_s + 0.7)
    assert "mcu_fault" not in {fault.name for fault in state.faults}


def test_a_side_camera_that_is_slow_takes_nothing_away() -> None:
    for name, forbids in (("frame_rate_low", Right.NONE), ("frame_dropped", Right.BSD)):
        event = Event(name, "left", "", 0.0)
        health, _ = watch(scenes.scene(-0.1), [event], SETTINGS, MonitorState(), 0.0)
        assert health.forbids is forbids
        assert health.mode is Mode.DEGRADED
