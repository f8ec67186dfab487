"""The last gate: what of a decision may reach the actuators. Independent of every feature.

It trusts nothing before it: it knows the ego's speed and pedals, what it let out last, and the
time. It has no switch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from drag_edge.adas.decision import Command, Decision
from drag_edge.adas.limits import (
    accel_bounds_mps2,
    curvature_bound_1pm,
    curvature_rate_bound_1pms,
    jerk_bound_mps3,
)
from drag_edge.config.adas import AdasSettings
from drag_edge.config.limits import LimitSettings
from drag_edge.perception.ego import EgoState

# Steps longer than this do not earn a larger change of a demand than this long a step would.
_LONGEST_STEP_S = 0.1
# A cruise demand is let go so fast: the hardest braking within a second.
_RELEASE_MPS3 = 5.0
# What is left of a released demand below this is nothing.
_NOTHING_MPS2 = 1 / 1024


@dataclass(frozen=True, slots=True)
class GateState:
    """What was let out last, and when; a demand is None while that actuator is free."""

    time_s: float | None = None
    accel_mps2: float | None = None
    aeb_decel_mps2: float | None = None
    curvature_1pm: float | None = None


def gate(
    decision: Decision, ego: EgoState, settings: AdasSettings, state: GateState, time_s: float
) -> tuple[Command, GateState]:
    """The command that may be sent for `decision` at `time_s`, and the gate's next state.

    Never raises for any number in `decision` or `ego`. Cruise: ISO 15622 bounds and jerk by speed;
    withdrawn at once when the driver uses a pedal, else released in a ramp, and none above zero
    while emergency braking is asked for. Steering: UN R79 lateral acceleration and jerk. Emergency
    braking: only ever braking, released in a ramp.
    """
    limits = settings.limits
    age_s = time_s - decision.time_s
    if not settings.actuation:
        return _neutral(decision, False, limits), GateState(time_s)
    if not math.isfinite(age_s):
        return _neutral(decision, True, limits, "time_not_finite"), GateState()

    step_s = 0.0 if state.time_s is None else min(max(time_s - state.time_s, 0.0), _LONGEST_STEP_S)
    limited: list[str] = []
    # A decision from the future is a clock that jumped: as untrusted as an old one.
    fresh = -limits.command_life_s <= age_s <= limits.max_age_s
    aeb_fresh = -limits.command_life_s <= age_s <= limits.aeb_max_age_s
    if not fresh:
        limited.append("stale")

    speed_mps = _speed(ego)
    accel = _accel(
        _finite(decision.acc.accel_mps2, "accel", limited) if fresh else None,
        ego, speed_mps, limits, state.accel_mps2, step_s, limited,
    )  # fmt: skip
    aeb = _aeb_decel(
        _finite(decision.aeb.decel_mps2, "aeb_decel", limited) if aeb_fresh else None,
        limits, state.aeb_decel_mps2, step_s, limited,
    )  # fmt: skip
    if accel is not None and accel > 0 and aeb is not None:  # nobody drives on against the brakes
        accel = 0.0
        limited.append("accel_against_aeb")
    curvature = _curvature(
        _finite(decision.lka.curvature_1pm, "curvature", limited) if fresh else None,
        ego, speed_mps, limits, state.curvature_1pm, step_s, limited,
    )  # fmt: skip

    valid_until_s = decision.time_s + limits.max_age_s
    if accel is not None or aeb is not None:
        # A release ramp that outlives the picture it came from must still reach the brakes.
        valid_until_s = max(valid_until_s, time_s + limits.command_life_s)
    command = Command(decision.time_s, valid_until_s, True, accel, aeb, curvature, tuple(limited))
    return command, GateState(time_s, accel, aeb, curvature)


def _neutral(decision: Decision, actuation: bool, limits: LimitSettings, *limited: str) -> Command:
    time_s = decision.time_s
    return Command(time_s, time_s + limits.max_age_s, actuation, None, None, None, limited)


def _speed(ego: EgoState) -> float | None:
    """The ego's speed, None when it is unknown or no possible speed."""
    speed_mps = ego.speed_mps
    if speed_mps is None or not math.isfinite(speed_mps) or speed_mps < 0:
        return None
    return speed_mps


def _finite(value: float | None, name: str, limited: list[str]) -> float | None:
    if value is not None and not math.isfinite(value):
        limited.append(f"{name}_not_finite")
        value = None
    return value


def _towards(
    wanted: float, last: float, step: float, least: float, most: float, name: str,
    limited: list[str],
) -> float:  # fmt: skip
    """`wanted` within [least, most], at most `step` away from `last` (itself cut to the bounds)."""
    bounded = min(max(wanted, least), most)
    if bounded != wanted:
        limited.append(name)
    last = min(max(last, least), most)
    moved = min(max(bounded, last - step), last + step)
    if moved != bounded:
        limited.append(f"{name}_rate")
    return moved


def _accel(
    wanted: float | None,
    ego: EgoState,
    speed_mps: float | None,
    limits: LimitSettings,
    last: float | None,
    step_s: float,
    limited: list[str],
) -> float | None:
    pedal = ego.accelerator is not None and not ego.accelerator < limits.accelerator_override
    if ego.brake_pressed or pedal:
        if wanted is not None:
            limited.append("driver")
        return None
    least, most = accel_bounds_mps2(speed_mps, limits)
    last = 0.0 if last is None else last
    if wanted is None:
        return _released(min(max(last, least), most), _RELEASE_MPS3 * step_s)
    jerk_step = jerk_bound_mps3(speed_mps, limits) * step_s
    return _towards(wanted, last, jerk_step, least, most, "accel", limited)


def _released(last: float, step: float) -> float | None:
    """`last` moved towards zero by `step`; None when it is there, or time stands still."""
    left = abs(last) - step
    return math.copysign(left, last) if step > 0 and left > _NOTHING_MPS2 else None


def _aeb_decel(
    wanted: float | None,
    limits: LimitSettings,
    last: float | None,
    step_s: float,
    limited: list[str],
) -> float | None:
    if wanted is not None and wanted > 0:  # emergency braking may only brake
        limited.append("aeb_decel_sign")
        wanted = None
    if wanted is not None and wanted < -limits.aeb_decel_mps2:
        limited.append("aeb_decel")
        wanted = -limits.aeb_decel_mps2
    if last is None:
        return wanted
    # Building up is free, letting go is a ramp.
    ramp = last + limits.aeb_release_mps3 * step_s
    if wanted is None:
        return ramp if ramp < -_NOTHING_MPS2 else None
    return min(wanted, ramp)


def _curvature(
    wanted: float | None,
    ego: EgoState,
    speed_mps: float | None,
    limits: LimitSettings,
    last: float | None,
    step_s: float,
    limited: list[str],
) -> float | None:
    """Steering is given back at once: a ramp to straight on would leave a curve."""
    if wanted is None:
        return None
    bound = curvature_bound_1pm(speed_mps, limits)
    if last is None:
        last = _driven_curvature(ego, speed_mps)
    step = curvature_rate_bound_1pms(speed_mps, limits) * step_s
    return _towards(wanted, last, step, -bound, bound, "curvature", limited)


def _driven_curvature(ego: EgoState, speed_mps: float | None) -> float:
    """The curvature that the ego drives now, so that steering starts without a jolt."""
    yaw_rate = ego.yaw_rate_radps
    if speed_mps is None or speed_mps < 1.0 or yaw_rate is None or not math.isfinite(yaw_rate):
        return 0.0
    return yaw_rate / speed_mps
