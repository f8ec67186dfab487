"""The plant: braking, acceleration control, standstill and steering."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.sim.ego.plant import Car, CarCommand, CarState, steering_for_curvature, step
from drag_edge.sim.ego.shake import Shake

CAR = Car()
DT_S = 0.01


def drive(state: CarState, command: CarCommand, seconds: float) -> list[CarState]:
    states = [state]
    for _ in range(round(seconds / DT_S)):
        states.append(step(states[-1], command, CAR, DT_S))
    return states


def moving(speed_mps: float) -> CarState:
    return CarState(0.0, 0.0, 0.0, speed_mps)


def test_brake_waits_its_dead_time_then_ramps_to_the_demand() -> None:
    states = drive(moving(30.0), CarCommand(accel_mps2=0.0, brake_mps2=9.0), 1.0)
    brake = [state.brake_mps2 for state in states]
    assert max(brake[:15]) == 0.0  # 0.14 s
    assert brake[16] == pytest.approx(0.5, abs=0.26)
    full = next(i for i, value in enumerate(brake) if value >= 9.0 - 1e-9)
    assert full * DT_S == pytest.approx(0.15 + 9.0 / 25.0, abs=0.02)
    assert states[-1].accel_mps2 == pytest.approx(-9.0)


def test_full_brake_from_80_kmh_stops_in_the_expected_distance_and_holds() -> None:
    states = drive(moving(80 / 3.6), CarCommand(accel_mps2=0.0, brake_mps2=9.0), 5.0)
    # Dead time and half of the ramp at full speed, then v²/2a (adding the ramp's own remainder).
    speed = 80 / 3.6
    expected = speed * (0.15 + 0.5 * 9 / 25) + speed**2 / 18
    assert states[-1].x_m == pytest.approx(expected, rel=0.02)
    assert states[-1].speed_mps == 0.0
    assert states[-1].accel_mps2 == 0.0
    assert states[-1].x_m == states[-50].x_m


def test_released_brake_pays_the_dead_time_again() -> None:
    state = drive(moving(30.0), CarCommand(brake_mps2=4.0), 1.0)[-1]
    state = drive(state, CarCommand(), 1.0)[-1]
    assert state.brake_mps2 == 0.0
    again = drive(state, CarCommand(brake_mps2=4.0), 0.14)
    assert again[-1].brake_mps2 == 0.0


def test_acceleration_demand_arrives_with_a_first_order_lag() -> None:
    states = drive(moving(20.0), CarCommand(accel_mps2=1.0), 1.5)
    at_lag = states[round(CAR.accel_lag_s / DT_S)]
    assert at_lag.accel_mps2 == pytest.approx(1.0 - math.exp(-1.0), abs=0.03)
    assert states[-1].accel_mps2 == pytest.approx(1.0, abs=0.01)


def test_coasting_car_slows_and_never_rolls_back() -> None:
    states = drive(moving(1.0), CarCommand(), 20.0)
    speeds = [state.speed_mps for state in states]
    assert all(later <= earlier for earlier, later in pairwise(speeds))
    assert speeds[-1] == 0.0


@pytest.mark.parametrize("speed_mps", [2.0, 5.0, 15.0, 30.0])
@pytest.mark.parametrize("lateral_accel_mps2", [-1.5, 1.0, 2.5])
def test_curvature_demand_is_reached(speed_mps: float, lateral_accel_mps2: float) -> None:
    curvature = max(min(lateral_accel_mps2 / speed_mps**2, 0.08), -0.08)
    steering = steering_for_curvature(curvature, speed_mps, CAR)
    state = drive(moving(speed_mps), CarCommand(accel_mps2=0.0, steering_rad=steering), 4.0)[-1]
    assert state.yaw_rate_radps / state.speed_mps == pytest.approx(curvature, rel=0.03)


def test_left_steering_turns_left() -> None:
    state = drive(moving(10.0), CarCommand(accel_mps2=0.0, steering_rad=0.05), 2.0)[-1]
    assert state.yaw_rad > 0.0
    assert state.y_m > 0.0


def test_steering_rate_is_limited() -> None:
    states = drive(moving(10.0), CarCommand(steering_rad=0.5), 1.0)
    rates = [
        (later.steering_rad - earlier.steering_rad) / DT_S for earlier, later in pairwise(states)
    ]
    assert max(rates) == pytest.approx(CAR.max_steering_rate_radps)


@given(
    speed=st.floats(0.0, 60.0),
    accel=st.one_of(st.none(), st.floats(-20.0, 20.0)),
    brake=st.floats(0.0, 20.0),
    steering=st.floats(-1.0, 1.0),
)
def test_any_command_keeps_the_state_finite_and_forward(
    speed: float, accel: float | None, brake: float, steering: float
) -> None:
    command = CarCommand(accel_mps2=accel, brake_mps2=brake, steering_rad=steering)
    state = drive(moving(speed), command, 3.0)[-1]
    values = (state.x_m, state.y_m, state.yaw_rad, state.lateral_speed_mps, state.yaw_rate_radps)
    assert all(math.isfinite(value) for value in values)
    assert state.speed_mps >= 0.0
    assert -9.0 - 1e-6 <= state.accel_mps2 <= CAR.max_accel_mps2 + 1e-6


def test_bumps_rock_the_body_as_much_as_asked_and_a_standing_car_rests() -> None:
    shake = Shake(0.01, np.random.default_rng(1), DT_S)
    pitches = []
    for _ in range(20_000):
        shake.step(30.0)
        pitches.append(shake.pitch_rad)
    assert np.std(pitches) == pytest.approx(0.01, rel=0.15)
    crossings = np.count_nonzero(np.diff(np.sign(pitches)) > 0)
    assert crossings / 200.0 == pytest.approx(1.5, abs=0.4)
    for _ in range(500):
        shake.step(0.0)
    assert abs(shake.pitch_rad) < 1e-4


def test_a_smooth_road_does_not_rock_the_body() -> None:
    shake = Shake(0.0, np.random.default_rng(1), DT_S)
    shake.step(30.0)
    assert shake.pitch_rad == 0.0
