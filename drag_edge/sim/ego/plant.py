"""The ego vehicle's motion: a pure step from state and command to the next state."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drag_edge.sim.world import EgoPose

GRAVITY_MPS2 = 9.81


@dataclass(frozen=True, slots=True)
class Car:
    """Body, tyres and actuators; the defaults are a mid-size car.

    Tyre stiffnesses are per axle. ``drag_1pm`` times speed² plus ``rolling_decel_mps2`` is what
    slows the coasting car. ``brake_*`` describe the hydraulic brake that AEB and the driver's
    pedal use: nothing for the dead time, then a ramp. ``accel_lag_s`` is the first-order lag of
    the acceleration control that ACC uses. Steering values are at the road wheels.
    ``pitch_rad_per_mps2`` is how far the nose dives per m/s² of braking.
    """

    length_m: float = 4.6
    width_m: float = 1.85
    rear_overhang_m: float = 0.95
    wheelbase_m: float = 2.8
    steering_ratio: float = 15.0
    mass_kg: float = 1600.0
    yaw_inertia_kgm2: float = 2700.0
    rear_axle_to_cog_m: float = 1.5
    front_stiffness_nprad: float = 100e3
    rear_stiffness_nprad: float = 115e3
    friction: float = 0.95
    accel_lag_s: float = 0.25
    max_accel_mps2: float = 3.5
    max_power_w: float = 110e3
    max_service_decel_mps2: float = 6.0
    rolling_decel_mps2: float = 0.12
    drag_1pm: float = 3.5e-4
    brake_dead_time_s: float = 0.15
    brake_ramp_mps3: float = 25.0
    max_brake_mps2: float = 9.0
    steering_lag_s: float = 0.10
    max_steering_rate_radps: float = 0.35
    max_steering_rad: float = 0.55
    pitch_rad_per_mps2: float = 0.0015
    pitch_lag_s: float = 0.15

    @property
    def front_overhang_m(self) -> float:
        """Rear axle to front bumper."""
        return self.length_m - self.rear_overhang_m

    @property
    def understeer_s2pm(self) -> float:
        """Extra steering per lateral acceleration, as the K of L + K·v²."""
        rear_m = self.rear_axle_to_cog_m
        front_m = self.wheelbase_m - rear_m
        balance = rear_m / self.front_stiffness_nprad - front_m / self.rear_stiffness_nprad
        return self.mass_kg / self.wheelbase_m * balance


@dataclass(frozen=True, slots=True)
class CarState:
    """Where the car is and how it moves; position is the rear axle's centre in the world.

    ``lateral_speed_mps`` is the centre of gravity's, left positive. ``drive_accel_mps2`` and
    ``brake_mps2`` (≥ 0) are what the drive and the hydraulic brake deliver now;
    ``brake_wait_s`` is the dead time still to pass. ``pitch_rad``: nose down positive.
    """

    x_m: float
    y_m: float
    yaw_rad: float
    speed_mps: float
    accel_mps2: float = 0.0
    lateral_speed_mps: float = 0.0
    yaw_rate_radps: float = 0.0
    steering_rad: float = 0.0
    drive_accel_mps2: float = 0.0
    brake_mps2: float = 0.0
    brake_wait_s: float = 0.15
    pitch_rad: float = 0.0

    @property
    def pose(self) -> EgoPose:
        """The body for a camera."""
        return EgoPose(self.x_m, self.y_m, self.yaw_rad, pitch_rad=self.pitch_rad)


@dataclass(frozen=True, slots=True)
class CarCommand:
    """What the actuators are asked for.

    ``accel_mps2``: demand to the acceleration control, None leaves the drive to
    ``accelerator`` (0–1). ``brake_mps2`` ≥ 0: demand to the hydraulic brake, wins over the
    drive. ``steering_rad``: road wheel angle, left positive.
    """

    accel_mps2: float | None = None
    accelerator: float = 0.0
    brake_mps2: float = 0.0
    steering_rad: float = 0.0


def steering_for_curvature(curvature_1pm: float, speed_mps: float, car: Car) -> float:
    """Road wheel angle that holds a curvature in steady state (understeer compensated)."""
    return curvature_1pm * (car.wheelbase_m + car.understeer_s2pm * speed_mps**2)


def step(state: CarState, command: CarCommand, car: Car, dt_s: float) -> CarState:
    """One step of ``dt_s`` (made for 0.01 s; stable up to about 0.03 s)."""
    drive = _drive(state, command, car, dt_s)
    brake, wait_s = _brake(state, command, car, dt_s)
    wanted_accel = min(drive, -brake) if brake > 0.0 else drive
    # The brake holds the car at standstill, and braking never drives it backwards.
    speed = max(0.0, state.speed_mps + wanted_accel * dt_s)
    accel = (speed - state.speed_mps) / dt_s

    steering = _steer(state, command, car, dt_s)
    lateral_speed, yaw_rate = _turn(state, steering, speed, car, dt_s)
    rear_lateral = lateral_speed - car.rear_axle_to_cog_m * yaw_rate
    middle_yaw = state.yaw_rad + 0.5 * yaw_rate * dt_s
    cosine, sine = math.cos(middle_yaw), math.sin(middle_yaw)
    pitch_share = 1.0 - math.exp(-dt_s / car.pitch_lag_s)
    pitch_target = -accel * car.pitch_rad_per_mps2
    return CarState(
        x_m=state.x_m + (speed * cosine - rear_lateral * sine) * dt_s,
        y_m=state.y_m + (speed * sine + rear_lateral * cosine) * dt_s,
        yaw_rad=state.yaw_rad + yaw_rate * dt_s,
        speed_mps=speed,
        accel_mps2=accel,
        lateral_speed_mps=lateral_speed,
        yaw_rate_radps=yaw_rate,
        steering_rad=steering,
        drive_accel_mps2=drive,
        brake_mps2=brake,
        brake_wait_s=wait_s,
        pitch_rad=state.pitch_rad + (pitch_target - state.pitch_rad) * pitch_share,
    )


def _drive(state: CarState, command: CarCommand, car: Car, dt_s: float) -> float:
    """Acceleration of engine, drag and ACC's share of the service brake after its lag."""
    power_limit = car.max_power_w / (car.mass_kg * max(state.speed_mps, 1.0))
    available = min(car.max_accel_mps2, power_limit)
    if command.accel_mps2 is None:
        coasting = car.rolling_decel_mps2 + car.drag_1pm * state.speed_mps**2
        target = command.accelerator * available - coasting
    else:
        target = min(max(command.accel_mps2, -car.max_service_decel_mps2), available)
    return state.drive_accel_mps2 + (target - state.drive_accel_mps2) * (
        1.0 - math.exp(-dt_s / car.accel_lag_s)
    )


def _brake(state: CarState, command: CarCommand, car: Car, dt_s: float) -> tuple[float, float]:
    """Hydraulic deceleration (≥ 0) and the dead time left."""
    demand = min(max(command.brake_mps2, 0.0), car.max_brake_mps2)
    change = car.brake_ramp_mps3 * dt_s
    if demand <= 0.0:
        return max(0.0, state.brake_mps2 - change), car.brake_dead_time_s
    wait_s = state.brake_wait_s - dt_s
    if wait_s > 1e-9:
        return state.brake_mps2, wait_s
    brake = state.brake_mps2 + min(max(demand - state.brake_mps2, -change), change)
    return brake, 0.0


def _steer(state: CarState, command: CarCommand, car: Car, dt_s: float) -> float:
    """Road wheel angle after lag and rate limit."""
    target = min(max(command.steering_rad, -car.max_steering_rad), car.max_steering_rad)
    change = (target - state.steering_rad) * (1.0 - math.exp(-dt_s / car.steering_lag_s))
    largest = car.max_steering_rate_radps * dt_s
    return state.steering_rad + min(max(change, -largest), largest)


KINEMATIC_BELOW_MPS = 3.0
DYNAMIC_ABOVE_MPS = 6.0


def _turn(
    state: CarState, steering_rad: float, speed_mps: float, car: Car, dt_s: float
) -> tuple[float, float]:
    """Lateral speed of the centre of gravity and yaw rate: a linear single-track model.

    Source: the usual bicycle model (Rajamani, Vehicle Dynamics and Control, ch. 2) with axle
    forces capped by friction; it is singular at standstill, so that the rolling (kinematic)
    solution replaces it at walking speed.
    """
    rear_m = car.rear_axle_to_cog_m
    rolling_yaw_rate = speed_mps * math.tan(steering_rad) / car.wheelbase_m
    rolling = (rear_m * rolling_yaw_rate, rolling_yaw_rate)
    share = (speed_mps - KINEMATIC_BELOW_MPS) / (DYNAMIC_ABOVE_MPS - KINEMATIC_BELOW_MPS)
    if share <= 0.0:
        return rolling
    dynamic = _single_track(state, steering_rad, speed_mps, car, dt_s)
    share = min(share, 1.0)
    return (
        share * dynamic[0] + (1.0 - share) * rolling[0],
        share * dynamic[1] + (1.0 - share) * rolling[1],
    )


def _single_track(
    state: CarState, steering_rad: float, speed_mps: float, car: Car, dt_s: float
) -> tuple[float, float]:
    rear_m = car.rear_axle_to_cog_m
    front_m = car.wheelbase_m - rear_m
    lateral, yaw_rate = state.lateral_speed_mps, state.yaw_rate_radps
    grip_n = car.friction * car.mass_kg * GRAVITY_MPS2
    front_slip = steering_rad - (lateral + front_m * yaw_rate) / speed_mps
    rear_slip = -(lateral - rear_m * yaw_rate) / speed_mps
    front_n = _capped(car.front_stiffness_nprad * front_slip, grip_n * rear_m / car.wheelbase_m)
    rear_n = _capped(car.rear_stiffness_nprad * rear_slip, grip_n * front_m / car.wheelbase_m)
    lateral_accel = (front_n + rear_n) / car.mass_kg - speed_mps * yaw_rate
    yaw_accel = (front_m * front_n - rear_m * rear_n) / car.yaw_inertia_kgm2
    return lateral + lateral_accel * dt_s, yaw_rate + yaw_accel * dt_s


def _capped(force_n: float, limit_n: float) -> float:
    return min(max(force_n, -limit_n), limit_n)
