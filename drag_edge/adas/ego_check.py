"""Whether what the vehicle says of itself fits together, and with what satellites say of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from drag_edge.config.body import BodySettings
from drag_edge.config.monitor import EgoCheckSettings
from drag_edge.perception.ego import EgoState

_LONGEST_STEP_S = 0.5
# What a car may have gained or lost since the moment of an old fix, where it does not tell.
_HARDEST_ACCEL_MPS2 = 10.0


@dataclass(frozen=True, slots=True)
class EgoMemory:
    """summed_mps: the speed that acceleration alone leads to, drawn to the told one over
    memory_s; None before the first one. fix_time_s: the last satellites' fix that was compared.
    wrong_fixes: how many in a row have contradicted."""

    time_s: float | None = None
    summed_mps: float | None = None
    fix_time_s: float | None = None
    wrong_fixes: int = 0


def check_ego(
    ego: EgoState,
    body: BodySettings | None,
    settings: EgoCheckSettings,
    memory: EgoMemory,
    time_s: float,
) -> tuple[dict[str, str], EgoMemory]:
    """What is implausible now (event → detail), and what to remember.

    Signals that are unknown are not compared. body: None leaves the steering out.
    """
    found: dict[str, str] = {}
    memory = _summed(ego, settings, memory, time_s)
    speed = ego.speed_mps
    if speed is not None and memory.summed_mps is not None:
        difference = speed - memory.summed_mps
        if abs(difference) > settings.speed_mps:
            found["ego_speed_implausible"] = f"{difference:+.1f} m/s against its acceleration"
    memory = _compared_with_fix(ego, settings, memory, time_s)
    if memory.wrong_fixes >= settings.gnss_fixes and ego.gnss_speed_mps is not None:
        detail = f"satellites say {ego.gnss_speed_mps:.1f} m/s"
        found.setdefault("ego_speed_implausible", detail)
    if body is not None:
        wrong_radps = _yaw_error_radps(ego, body, settings)
        if wrong_radps > settings.yaw_rate_radps:
            found["ego_yaw_implausible"] = f"{wrong_radps:.2f} rad/s against the steering wheel"
    return found, memory


def _summed(
    ego: EgoState, settings: EgoCheckSettings, memory: EgoMemory, time_s: float
) -> EgoMemory:
    speed, accel = ego.speed_mps, ego.accel_mps2
    if speed is None or accel is None:
        return replace(memory, time_s=time_s, summed_mps=None)
    step_s = math.inf if memory.time_s is None else time_s - memory.time_s
    if memory.summed_mps is None or not 0 <= step_s <= _LONGEST_STEP_S:
        return replace(memory, time_s=time_s, summed_mps=speed)
    if ego.reverse:  # the speed has no sign, the acceleration has
        accel = -accel
    summed = max(0.0, memory.summed_mps + accel * step_s)
    keep = math.exp(-step_s / settings.memory_s)
    return replace(memory, time_s=time_s, summed_mps=speed + (summed - speed) * keep)


def _compared_with_fix(
    ego: EgoState, settings: EgoCheckSettings, memory: EgoMemory, time_s: float
) -> EgoMemory:
    """Count the fixes in a row that contradict the speed; a fix is old, so it is allowed for."""
    speed, fix_mps, fix_s = ego.speed_mps, ego.gnss_speed_mps, ego.gnss_time_s
    if speed is None or fix_mps is None or fix_s is None:
        return replace(memory, fix_time_s=None, wrong_fixes=0)
    if fix_s == memory.fix_time_s:
        return memory
    accel = _HARDEST_ACCEL_MPS2 if ego.accel_mps2 is None else abs(ego.accel_mps2)
    allowed = settings.gnss_mps + accel * max(0.0, time_s - fix_s)
    wrong = memory.wrong_fixes + 1 if abs(speed - fix_mps) > allowed else 0
    return replace(memory, fix_time_s=fix_s, wrong_fixes=wrong)


def _yaw_error_radps(ego: EgoState, body: BodySettings, settings: EgoCheckSettings) -> float:
    """How far the yaw rate lies outside what this steering can give, neutral to understeering."""
    speed, yaw, wheel = ego.speed_mps, ego.yaw_rate_radps, ego.steering_wheel_angle_rad
    if speed is None or yaw is None or wheel is None or speed < settings.yaw_min_speed_mps:
        return 0.0
    neutral = speed * math.tan(wheel / body.steering_ratio) / body.wheelbase_m
    least = neutral / (1.0 + settings.understeer_s2pm2 * speed * speed)
    low, high = min(neutral, least), max(neutral, least)
    return max(0.0, low - yaw, yaw - high)
