"""Lane departure warning and lane keeping: where the wheel is against the line, and when."""

from __future__ import annotations

from typing import Literal

import numpy as np

from drag_edge.adas.decision import Side
from drag_edge.config.base import Section, quantity
from drag_edge.score.drive import Drive, FloatArray
from drag_edge.score.spans import window_all, window_slope
from drag_edge.score.verdicts.verdict import Verdict

SideName = Literal["left", "right"]
SIGN = {"left": 1.0, "right": -1.0}
SIDE = {"left": Side.LEFT, "right": Side.RIGHT}
# ISO 17361's earliest line inside the lane: 0.75 m up to 0.5 m/s, 1.5 s of drifting, at most 1.5 m.
EARLIEST_S, EARLIEST_LEAST_M, EARLIEST_MOST_M = 1.5, 0.75, 1.5
ON_TIME_S = 0.025
"""Half a picture's period: the time of a warning is not known better."""


def outside_m(drive: Drive, side: SideName) -> FloatArray:
    """How far the front wheel's outer face is over the middle of the own lane's line on that side,
    at every step; negative inside. The own lane is the one in which the drive began."""
    session = drive.session
    car, road = session.car, session.road
    lane = session.scenario.ego.lane
    line_d_m = road.boundary_d_m(lane if side == "left" else lane + 1)
    d_m = np.array([t.road.d_m for t in drive.truth])
    heading = np.array([t.road.heading_rad for t in drive.truth])
    curvature = np.array([t.road.curvature_1pm for t in drive.truth])
    # From the rear axle to the front one along the body, less what the road bends away.
    front_d_m = d_m + car.wheelbase_m * np.sin(heading) - 0.5 * curvature * car.wheelbase_m**2
    sign = SIGN[side]
    return np.asarray(sign * (front_d_m - line_d_m) + 0.5 * car.width_m)


class Departure(Section):
    """When the departure warning must come."""

    side: SideName
    latest_outside_m: float = quantity(0.3, "m", "At the latest (EU 2021/646)", ge=0, le=1)
    not_before_iso: bool = True


def departure(drive: Drive, asked: Departure) -> Verdict:
    """The first warning to that side: not later than this far outside, not earlier than ISO 17361's
    earliest line inside; none to the other side."""
    out_m = outside_m(drive, asked.side)
    crossed = out_m > asked.latest_outside_m
    if not crossed.any():
        return Verdict(False, {}, "the car never left its lane: nothing was tested")
    times_s = drive.motion.time_s
    other = Side.RIGHT if asked.side == "left" else Side.LEFT
    warned = [
        time_s
        for time_s, one in zip(drive.times_s, drive.decisions, strict=True)
        if one.lka.departure is SIDE[asked.side]
    ]
    if any(one.lka.departure is other for one in drive.decisions):
        return Verdict(False, {}, "warned of the wrong side")
    if not warned:
        return Verdict(False, {}, "never warned")
    first = int(np.searchsorted(times_s, warned[0]))
    at_m = float(out_m[min(first, len(out_m) - 1)])
    drift_mps = SIGN[asked.side] * drive.truth[min(first, len(out_m) - 1)].road.d_rate_mps
    earliest_m = min(max(EARLIEST_S * drift_mps, EARLIEST_LEAST_M), EARLIEST_MOST_M)
    figures = {"warned_outside_m": at_m, "drift_mps": drift_mps}
    if at_m > asked.latest_outside_m:
        return Verdict(False, figures, f"warned {at_m:.2f} m over the line")
    if asked.not_before_iso and -at_m > earliest_m + ON_TIME_S * max(drift_mps, 0.0):
        return Verdict(False, figures, f"warned {-at_m:.2f} m inside, earliest {earliest_m:.2f} m")
    return Verdict(True, figures, f"warned {at_m:+.2f} m over the line")


class NoDeparture(Section):
    """There must be no departure warning."""

    must_cross: bool = False


def no_departure(drive: Drive, asked: NoDeparture) -> Verdict:
    """Counts published departure warnings."""
    count = sum(one.lka.departure is not Side.NONE for one in drive.decisions)
    if asked.must_cross and max(outside_m(drive, s).max() for s in ("left", "right")) < 0.0:
        return Verdict(False, {}, "the car never left its lane: nothing was tested")
    return Verdict(count == 0, {"warned_frames": float(count)}, f"{count} frames with a warning")


class KeepsLane(Section):
    """How lane keeping must steer."""

    most_outside_m: float = quantity(0.3, "m", "Front wheel over the line", ge=0, le=2)
    most_lateral_accel_mps2: float = quantity(3.0, "m/s^2", "R79, while it steers", gt=0, le=6)
    most_jerk_mps3: float = quantity(5.0, "m/s^3", "R79, mean over 0.5 s, while it steers", gt=0)
    least_steered_s: float = quantity(0.5, "s", "It must have steered this long", ge=0)
    least_lateral_accel_mps2: float = quantity(0.0, "m/s^2", "The curve must ask for this", ge=0)
    from_s: float = quantity(0.0, "s", "Accelerations are judged from here", ge=0)


def keeps_lane(drive: Drive, asked: KeepsLane) -> Verdict:
    """The farthest excursion at any time; lateral acceleration and jerk while LKA has the wheel."""
    motion = drive.motion
    step_s = float(motion.time_s[1] - motion.time_s[0])
    excursion_m = max(float(outside_m(drive, side).max()) for side in ("left", "right"))
    steers = motion.by_lka & (motion.time_s >= asked.from_s)
    lateral = np.abs(motion.lateral_accel_mps2)
    jerk = np.abs(window_slope(motion.lateral_accel_mps2, 0.5, step_s))
    in_window = window_all(steers, 0.5, step_s) & ~np.isnan(jerk)
    figures = {
        "outside_m": excursion_m,
        "lateral_accel_mps2": float(lateral[steers].max()) if steers.any() else 0.0,
        "lateral_jerk_mps3": float(jerk[in_window].max()) if in_window.any() else 0.0,
        "steered_s": float(steers.sum()) * step_s,
    }
    told = []
    if excursion_m > asked.most_outside_m:
        told.append(f"{excursion_m:.2f} m over the line")
    if figures["lateral_accel_mps2"] > asked.most_lateral_accel_mps2:
        told.append(f"{figures['lateral_accel_mps2']:.2f} m/s² lateral")
    if figures["lateral_jerk_mps3"] > asked.most_jerk_mps3:
        told.append(f"{figures['lateral_jerk_mps3']:.1f} m/s³ lateral")
    if figures["steered_s"] < asked.least_steered_s:
        told.append(f"steered for {figures['steered_s']:.1f} s only")
    if float(lateral.max()) < asked.least_lateral_accel_mps2:
        told.append(f"the curve was taken with {float(lateral.max()):.2f} m/s² only")
    return Verdict(not told, figures, ", ".join(told) or "kept")
