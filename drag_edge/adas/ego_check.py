"""Whether the vehicle's own signals fit together: speed with acceleration, yaw with steering."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drag_edge.config.body import BodySettings
from drag_edge.config.monitor import EgoCheckSettings
from drag_edge.perception.ego import EgoState

_LONGEST_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class EgoMemory:
    """summed_mps: the speed that acceleration alone leads to, drawn to the told one over
    memory_s; None before the first one."""

    time_s: float | None = None
    summed_mps: float | None = None


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
        return EgoMemory(time_s, None)
    step_s = math.inf if memory.time_s is None else time_s - memory.time_s
    if memory.summed_mps is None or not 0 <= step_s <= _LONGEST_STEP_S:
        return EgoMemory(time_s, speed)
    summed = max(0.0, memory.summed_mps + accel * step_s)
    keep = math.exp(-step_s / settings.memory_s)
    return EgoMemory(time_s, speed + (summed - speed) * keep)


def _yaw_error_radps(ego: EgoState, body: BodySettings, settings: EgoCheckSettings) -> float:
    """How far the yaw rate lies outside what this steering can give, neutral to understeering."""
    speed, yaw, wheel = ego.speed_mps, ego.yaw_rate_radps, ego.steering_wheel_angle_rad
    if speed is None or yaw is None or wheel is None or speed < settings.yaw_min_speed_mps:
        return 0.0
    neutral = speed * math.tan(wheel / body.steering_ratio) / body.wheelbase_m
    least = neutral / (1.0 + settings.understeer_s2pm2 * speed * speed)
    low, high = min(neutral, least), max(neutral, least)
    return max(0.0, low - yaw, yaw - high)
