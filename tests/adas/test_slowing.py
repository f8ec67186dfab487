"""How hard a lead has braked, by the speed that it lost; and what that means to warnings."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.adas.aeb import AebState, aeb_step
from drag_edge.adas.events import ALL
from drag_edge.adas.slowing import Slowing, follow_slowings
from drag_edge.config.aeb import AebSettings
from tests.adas import scenes

SETTINGS = AebSettings()


def followed(speeds_mps: list[float], step_s: float = 0.05) -> Slowing:
    found: tuple[Slowing, ...] = ()
    for step, speed in enumerate(speeds_mps):
        lead = scenes.track(40.0, speed - 20.0, speed_mps=speed)
        scene = scenes.scene(step * step_s, tracks=(lead,))
        found = follow_slowings(scene, found, 1.2)
    (slowing,) = found
    return slowing


@given(st.floats(-8.0, 3.0))
def test_it_is_the_slope_of_the_speeds_of_late(accel_mps2: float) -> None:
    before = [30.0] * 40
    slowing = followed(before + [30.0 + accel_mps2 * 0.05 * step for step in range(40)])
    assert slowing.accel_mps2 == pytest.approx(accel_mps2, abs=1e-6)


def test_of_a_few_pictures_and_after_a_gap_nothing_is_known() -> None:
    assert followed([20.0, 19.9, 19.8]).accel_mps2 is None
    assert followed([20.0, 18.0, 16.0, 14.0, 12.0], step_s=0.6).accel_mps2 is None


def test_a_picture_that_comes_twice_counts_once() -> None:
    assert len(followed([20.0] * 8, step_s=0.0).speeds) == 1


def warned(
    lost_mps2: float, told_mps2: float, ego_mps: float = 20.0, acc_decel_mps2: float | None = None
) -> bool:
    """Of a lead 25 m ahead that has slowed with lost_mps2 for 2 s, the estimate says told_mps2."""
    state, decisions = AebState(), []
    for step in range(41):
        time_s = step * 0.05
        gap_m = 25.0 + lost_mps2 / 2 * (2.0**2 - time_s**2)
        speed = ego_mps - lost_mps2 * time_s
        lead = scenes.track(gap_m, speed - ego_mps, ego_mps, accel_mps2=-told_mps2)
        lead = dataclasses.replace(lead, speed_mps=speed)
        scene = scenes.with_lead(scenes.scene(time_s, ego=scenes.ego(ego_mps)), lead)
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, time_s, ALL, acc_decel_mps2)
        decisions.append(decision)
    return any(one.warning for one in decisions)


def test_a_warning_goes_by_the_speed_that_was_lost_where_the_estimate_comes_late() -> None:
    assert warned(lost_mps2=2.94, told_mps2=1.9)
    assert not warned(lost_mps2=1.9, told_mps2=1.9)


def test_an_estimate_that_says_it_has_ended_is_believed() -> None:
    assert not warned(lost_mps2=2.94, told_mps2=0.0)


@pytest.mark.parametrize("acc_decel_mps2", [2.5, 0.0, -0.5])
def test_cruise_control_that_follows_is_judged_by_the_estimate_that_it_brakes_by(
    acc_decel_mps2: float,
) -> None:
    assert not warned(lost_mps2=2.94, told_mps2=1.9, acc_decel_mps2=acc_decel_mps2)


def test_the_slower_the_more_braking_alarms_nobody() -> None:
    def needs_3_5_mps2(ego_mps: float) -> bool:
        state, told = AebState(), []
        lead_mps, gap_m = ego_mps - 5.0, ego_mps**2 / 7.0 + 1.0 - (ego_mps - 5.0) ** 2 / 6.0
        for step in range(8):
            lead = scenes.track(gap_m, -5.0, ego_mps, speed_mps=lead_mps, accel_mps2=-3.0)
            scene = scenes.with_lead(scenes.scene(step * 0.05, ego=scenes.ego(ego_mps)), lead)
            decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL)
            told.append(decision.warning)
        return any(told)

    assert needs_3_5_mps2(20.0)
    assert not needs_3_5_mps2(11.0)
