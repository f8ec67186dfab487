"""How people keep their distance: the intelligent driver model."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FollowingStyle:
    """Habits of one driver; accelerations are magnitudes."""

    time_gap_s: float = 1.5
    standstill_gap_m: float = 2.5
    accel_mps2: float = 1.5
    comfortable_decel_mps2: float = 2.0
    hardest_decel_mps2: float = 8.0


def following_accel(
    speed_mps: float,
    wanted_speed_mps: float,
    gap_m: float | None,
    lead_speed_mps: float,
    style: FollowingStyle,
) -> float:
    """Acceleration towards the wanted speed behind a lead (``gap_m`` None: the road is free).

    Source: Treiber, Hennecke, Helbing: Congested traffic states in empirical observations and
    microscopic simulations (2000). Above the wanted speed the free term is capped, so that a
    lowered wish is met with comfortable braking.
    """
    free = 1.0 - (speed_mps / max(wanted_speed_mps, 0.1)) ** 4
    accel = max(style.accel_mps2 * free, -style.comfortable_decel_mps2)
    if gap_m is not None:
        closing = speed_mps - lead_speed_mps
        comfort = 2.0 * math.sqrt(style.accel_mps2 * style.comfortable_decel_mps2)
        dynamic = speed_mps * style.time_gap_s + speed_mps * closing / comfort
        wanted_gap = style.standstill_gap_m + max(0.0, dynamic)
        accel -= style.accel_mps2 * (wanted_gap / max(gap_m, 0.1)) ** 2
    return max(accel, -style.hardest_decel_mps2)
