"""The person in the ego: what hands and feet do, one situation at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drag_edge.sim.ego.driver import Driver, DriverInputs, DriverView
from drag_edge.sim.ego.plant import Car
from drag_edge.sim.scenario import DriverSettings

DT_S = 0.01
VIEW = DriverView(
    time_s=0.0,
    speed_mps=20.0,
    d_m=0.0,
    d_rate_mps=0.0,
    preview_curvature_1pm=0.0,
    lane_d_m=(3.5, 0.0, -3.5),
    gap_m=None,
    lead_speed_mps=0.0,
    stop_m=None,
    steered=True,
    driven=True,
    braked=False,
)


def driver(**settings: object) -> Driver:
    return Driver(DriverSettings.model_validate({"set_speed_kmh": 72.0, **settings}), Car(), 1)


def after(person: Driver, view: DriverView, seconds: float, start_s: float = 0.0) -> DriverInputs:
    inputs = person.resting()
    for step in range(1, round(seconds / DT_S) + 1):
        inputs = person.step(replace(view, time_s=start_s + step * DT_S), DT_S)
    return inputs


def test_leaves_wheel_and_pedals_to_the_assistance() -> None:
    inputs = after(driver(), VIEW, 2.0)
    assert inputs.steering_rad is None
    assert (inputs.accelerator, inputs.brake_mps2) == (0.0, 0.0)
    assert inputs.acc_on
    assert inputs.hands_on


def test_fills_in_lightly_when_nobody_steers_or_drives() -> None:
    inputs = after(driver(), replace(VIEW, steered=False, driven=False, d_m=0.5), 2.0)
    assert inputs.steering_rad is not None
    assert inputs.steering_rad < 0.0  # back to the middle, to the right
    assert abs(inputs.torque_nm) < 2.0
    assert inputs.accelerator > 0.0


def test_a_short_pause_of_acc_is_waited_for() -> None:
    assert after(driver(), replace(VIEW, driven=False), 0.5).accelerator == 0.0


def test_braking_switches_acc_off_and_it_comes_back_a_second_later() -> None:
    acts = [{"at_s": 1.0, "brake_mps2": 2.0}, {"at_s": 2.0, "brake_mps2": 0.0}]
    person = driver(acts=acts)
    assert after(person, VIEW, 0.9).acc_on
    braking = after(person, VIEW, 1.0, 0.9)
    assert braking.brake_pressed
    assert not braking.acc_on
    assert not after(person, VIEW, 1.0, 1.9).acc_on
    assert after(person, VIEW, 0.2, 2.9).acc_on


def test_stops_for_a_red_light_when_it_gets_serious() -> None:
    person = driver()
    assert after(person, replace(VIEW, stop_m=120.0), 0.1).brake_mps2 == 0.0
    braking = after(person, replace(VIEW, stop_m=100.0), 0.1)
    assert braking.brake_mps2 == pytest.approx(20.0**2 / 2 / 98.5)
    standing = after(person, replace(VIEW, speed_mps=0.0, stop_m=1.4), 0.1)
    assert standing.brake_mps2 > 1.0
    going = after(person, replace(VIEW, speed_mps=0.0), 0.1)
    assert not going.brake_pressed
    assert going.accelerator > 0.0


def test_behind_a_car_that_stops_first_the_light_is_left_to_acc() -> None:
    behind = replace(VIEW, stop_m=90.0, gap_m=60.0, lead_speed_mps=15.0)
    assert after(driver(), behind, 0.1).brake_mps2 == 0.0
    late = replace(behind, stop_m=60.0, gap_m=20.0, lead_speed_mps=0.0)
    assert after(driver(), late, 0.1).brake_mps2 > 20.0**2 / 2 / 58.5


def test_tells_a_stopped_acc_to_go_when_the_lead_has_gone() -> None:
    waiting = replace(VIEW, speed_mps=0.0, gap_m=4.0)
    person = driver()
    assert after(person, waiting, 5.0).accelerator == 0.0
    assert after(person, replace(waiting, lead_speed_mps=3.0), 1.5).accelerator > 0.1


def test_takes_the_feet_off_when_aeb_brakes() -> None:
    person = driver(pedals="holds_speed", acc=False)
    slow = replace(VIEW, speed_mps=15.0, driven=False)
    assert after(person, slow, 0.5).accelerator > 0.1
    assert after(person, replace(slow, braked=True), 0.1).accelerator == 0.0
    assert after(person, slow, 2.0).accelerator == 0.0
    assert 0.1 < after(person, slow, 2.0).accelerator < 0.9


def test_a_lane_change_overrides_lane_keeping() -> None:
    person = driver(acts=[{"at_s": 0.5, "lane": 0, "indicator": "left"}])
    assert after(person, VIEW, 0.4).steering_rad is None
    changing = after(person, VIEW, 1.0, 0.4)
    assert changing.indicator_left
    assert changing.steering_rad is not None
    assert changing.steering_rad > 0.0
    assert changing.torque_nm > 3.0


def test_a_driver_who_never_steers_does_not() -> None:
    far = replace(VIEW, steered=False, d_m=2.0)
    assert after(driver(steering="never"), far, 1.0).steering_rad is None
    assert after(driver(steering="always"), VIEW, 1.0).steering_rad is not None
