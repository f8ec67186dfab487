"""A string of cars: does a disturbance grow from car to car."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drag_edge.config.base import Section, quantity
from drag_edge.score.drive import Drive
from drag_edge.score.verdicts.verdict import Verdict


class Gain(Section):
    """How much a speed disturbance may grow from one car to the next."""

    most: float = quantity(1.0, "1", "Peak-to-peak speed over that of the car ahead", gt=0, le=3)
    from_s: float = quantity(..., "s", "Before the first disturbance", ge=0)


def gain(drive: Drive, asked: Gain) -> Verdict:
    """Peak-to-peak speed of this car over that of its lead, from just before the disturbance."""
    motion = drive.motion
    judged = motion.time_s >= asked.from_s
    lead = motion.lead_speed_mps[judged]
    if np.isnan(lead).all():
        return Verdict(False, {}, "no lead")
    ahead_mps = float(np.nanmax(lead) - np.nanmin(lead))
    own_mps = float(np.ptp(motion.speed_mps[judged]))
    value = own_mps / max(ahead_mps, 1e-6)
    return Verdict(value <= asked.most, {"gain": value}, f"gain {value:.2f}")


def motion_to_follow(drive: Drive, every_s: float = 0.1) -> Sequence[tuple[float, float]]:
    """This car's motion as the next one's lead: [seconds, km/h] knots."""
    motion = drive.motion
    step_s = float(motion.time_s[1] - motion.time_s[0])
    every = max(1, round(every_s / step_s))
    return [
        (round(time_s, 3), round(speed_mps * 3.6, 4))
        for time_s, speed_mps in zip(
            motion.time_s[::every].tolist(), motion.speed_mps[::every].tolist(), strict=True
        )
    ]
