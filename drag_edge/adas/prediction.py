"""Forward simulation of braking: where the ego and an object will be, and the least gap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.aeb import AebSettings
from drag_edge.config.vocabulary import VULNERABLE_ROAD_USERS
from drag_edge.perception.scene import Path, Track

Floats = NDArray[np.float64]

_STEP_S = 0.04
_STANDING_MPS = 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """An object as it is now (the age of its scene is made up for).

    gap_m: bumper to object. speed_mps, accel_mps2: along the path, over ground. enters_s,
    leaves_s: when it is in the ego's corridor, seconds from now; enters_s is inf when never.
    """

    gap_m: float
    speed_mps: float
    accel_mps2: float
    enters_s: float
    leaves_s: float


def times(horizon_s: float) -> Floats:
    """The prediction's grid: T seconds from now."""
    return np.arange(0.0, horizon_s, _STEP_S)


def ego_travel(
    grid_s: Floats,
    speed_mps: float,
    accel_mps2: Sequence[float],
    brake_after_s: Sequence[float],
    settings: AebSettings,
) -> Floats:
    """Distance travelled, K×T metres, for K accelerations and delays after which brakes bite.

    Until then the acceleration goes on; then the deceleration builds up with brake_ramp_mps3 to
    full_decel_mps2. An infinite delay never brakes.
    """
    accel = np.asarray(accel_mps2)[:, np.newaxis]
    delay = np.asarray(brake_after_s)[:, np.newaxis]
    # All at the middle of each step: exact for constant deceleration, and nearly so on the ramp.
    built_up = np.maximum(0.0, grid_s + _STEP_S / 2 - delay) * settings.brake_ramp_mps3
    decel = np.minimum(np.maximum(settings.full_decel_mps2, -accel), built_up - accel)
    lost = (np.cumsum(decel, axis=1) - decel / 2) * _STEP_S
    speed = np.maximum(0.0, speed_mps - lost)
    travelled = (np.cumsum(speed, axis=1) - speed) * _STEP_S
    return np.asarray(travelled, dtype=np.float64)


def target_travel(grid_s: Floats, target: Target) -> Floats:
    """Distance travelled by the target, T metres.

    Braking goes on until it stands (UN R152 and Euro NCAP leads do); acceleration is not relied
    upon.
    """
    accel = min(target.accel_mps2, 0.0)
    if accel > -0.1 or target.speed_mps <= 0:
        return target.speed_mps * grid_s
    moving_s = np.minimum(grid_s, -target.speed_mps / accel)
    return np.asarray(moving_s * (target.speed_mps + accel * moving_s / 2), dtype=np.float64)


def corridor_times(
    track: Track, path: Path, half_width_m: float, slow_mps: float, age_s: float
) -> tuple[float, float]:
    """When the object is within half_width_m of the path: (enters, leaves), seconds from now.

    Lateral motion slower than slow_mps is taken for none.
    """
    slope = path.heading_rad + path.curvature_1pm * track.x_m
    along_mps = track.speed_mps or 0.0
    lateral_mps = track.vy_mps - along_mps * slope
    lateral_m = track.y_m - path.y_at(track.x_m) + lateral_mps * age_s
    if abs(lateral_mps) < slow_mps:
        return (0.0, math.inf) if abs(lateral_m) < half_width_m else (math.inf, math.inf)
    edges_s = sorted(
        ((-half_width_m - lateral_m) / lateral_mps, (half_width_m - lateral_m) / lateral_mps)
    )
    if edges_s[1] <= 0:
        return math.inf, math.inf
    return max(0.0, edges_s[0]), edges_s[1]


def present_target(
    track: Track,
    corridor_s: tuple[float, float],
    ego_speed_mps: float,
    ego_accel_mps2: float,
    age_s: float,
    decel_gain: float,
    settings: AebSettings,
) -> Target:
    """The track's state moved on from the picture's time to now; decel_gain: how much harder than
    estimated it is taken to brake."""
    accel = track.accel_mps2
    if accel < -settings.lead_decel_noise_mps2:
        accel = max(-settings.lead_decel_max_mps2, decel_gain * accel)
    else:
        accel = max(0.0, accel)
    speed = track.speed_mps
    if speed is None:
        speed = ego_speed_mps + track.range_rate_mps
    # In the own lane a car that backs up or comes towards us is nearly always a standing one, or
    # a young track; and what is hardly faster than its speed is known is one as well.
    if track.label not in VULNERABLE_ROAD_USERS:
        speed = 0.0 if speed < settings.standing_speed_mps else speed
    elif -_STANDING_MPS < speed < 0:
        speed = 0.0
    moved = speed * age_s + min(accel, 0.0) * age_s**2 / 2
    ego_moved = ego_speed_mps * age_s - ego_accel_mps2 * age_s**2 / 2
    if speed > 0:
        speed = max(0.0, speed + min(accel, 0.0) * age_s)
    return Target(track.gap_m + moved - ego_moved, speed, accel, *corridor_s)


def least_gaps(grid_s: Floats, target: Target, ego_m: Floats, passed_m: float) -> Floats:
    """Least gap for each of K ego travels, metres, while ego moves and target is in the way.

    Once the ego is passed_m beyond it without contact the target no longer counts. Inf when it is
    never in the way.
    """
    gaps = target.gap_m + target_travel(grid_s, target) - ego_m
    inside = (grid_s >= target.enters_s) & (grid_s <= target.leaves_s)
    counts = inside & (gaps > -passed_m) & (ego_m < ego_m[:, -1:])
    return np.asarray(np.where(counts, gaps, np.inf).min(axis=1), dtype=np.float64)
