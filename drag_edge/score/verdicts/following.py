"""Cruise control: time gap, comfort, stopping and going, whom it follows."""

from __future__ import annotations

import numpy as np

from drag_edge.config.base import Section, quantity
from drag_edge.score.drive import BoolArray, Drive, FloatArray
from drag_edge.score.spans import window_all, window_mean, window_slope
from drag_edge.score.verdicts.verdict import Verdict

SLOW_MPS, FAST_MPS = 5.0, 20.0
"""ISO 15622's limits are constant below and above, linear between."""


class TimeGap(Section):
    """The gap over the ego's speed. Steady: within its share of the set one, as 1 s means."""

    set_s: float = quantity(..., "s", "The setting that was chosen", gt=0, le=5)
    least_s: float = quantity(0.8, "s", "At every moment (ISO 15622)", ge=0, le=5)
    steady_share: float = quantity(0.1, "1", "Steady state keeps the setting within", gt=0, le=1)
    steady_from_s: float = quantity(..., "s", "Steady from here …", ge=0)
    steady_until_s: float = quantity(..., "s", "… to here", ge=0)
    from_speed_mps: float = quantity(5.0, "m/s", "Slower than this the stand-off counts", ge=0)


def time_gap(drive: Drive, asked: TimeGap) -> Verdict:
    """Least time gap at any moment, and how far the steady one is from its setting."""
    motion = drive.motion
    counts = (motion.speed_mps >= asked.from_speed_mps) & ~np.isnan(motion.gap_m)
    if not counts.any():
        return Verdict(False, {}, "nobody was followed")
    gap_s = np.where(counts, motion.gap_m / np.maximum(motion.speed_mps, 0.1), np.nan)
    least_s = float(np.nanmin(gap_s))
    step_s = float(motion.time_s[1] - motion.time_s[0])
    mean_s = window_mean(gap_s, 1.0, step_s)
    steady = (motion.time_s >= asked.steady_from_s + 1.0) & (motion.time_s <= asked.steady_until_s)
    known = steady & ~np.isnan(mean_s)
    figures = {"least_gap_s": least_s}
    if not known.any():
        return Verdict(False, figures, "no steady following")
    share = float(np.max(np.abs(mean_s[known] / asked.set_s - 1.0)))
    figures["steady_error_percent"] = 100.0 * share
    followed = float(np.mean(motion.by_acc[steady]))
    told = []
    if least_s < asked.least_s:
        told.append(f"gap {least_s:.2f} s")
    if share > asked.steady_share:
        told.append(f"steady gap {100 * share:.0f} % off")
    if followed < 1.0:
        told.append(f"ACC drove {100 * followed:.0f} % of the steady time")
    return Verdict(not told, figures, ", ".join(told) or f"{asked.set_s:g} s kept")


class Comfort(Section):
    """ISO 15622's limits while cruise control drives: at most these (slow) to these (fast)."""

    decel_mps2: tuple[float, float] = quantity((5.0, 3.5), "m/s^2", "Deceleration, mean over 2 s")
    jerk_mps3: tuple[float, float] = quantity((5.0, 2.5), "m/s^3", "Negative jerk, mean over 1 s")
    accel_mps2: tuple[float, float] = quantity((4.0, 2.0), "m/s^2", "Acceleration")
    from_s: float = quantity(0.0, "s", "Judged from here", ge=0)


def comfort(drive: Drive, asked: Comfort) -> Verdict:
    """The largest share of each limit that was used up while ACC had the drive."""
    motion = drive.motion
    step_s = float(motion.time_s[1] - motion.time_s[0])
    judged = motion.by_acc & (motion.brake_demand_mps2 <= 0.0) & (motion.time_s >= asked.from_s)
    decel = -window_mean(motion.accel_mps2, 2.0, step_s)
    jerk = -window_slope(motion.accel_mps2, 1.0, step_s)
    used = {
        "decel_used_percent": _used(
            decel, window_all(judged, 2.0, step_s), motion.speed_mps, asked.decel_mps2
        ),
        "jerk_used_percent": _used(
            jerk, window_all(judged, 1.0, step_s), motion.speed_mps, asked.jerk_mps3
        ),
        "accel_used_percent": _used(motion.accel_mps2, judged, motion.speed_mps, asked.accel_mps2),
    }
    over = [f"{name.split('_')[0]} {value:.0f} %" for name, value in used.items() if value > 100.0]
    return Verdict(not over, used, f"over ISO 15622: {', '.join(over)}" if over else "comfortable")


def _used(
    values: FloatArray, judged: BoolArray, speed_mps: FloatArray, limits: tuple[float, float]
) -> float:
    """Per cent of the limit at its worst moment."""
    limit = np.interp(speed_mps, (SLOW_MPS, FAST_MPS), limits)
    shares = (values / limit)[judged & ~np.isnan(values)]
    return 100.0 * max(0.0, float(shares.max())) if len(shares) else 0.0


class StopAndGo(Section):
    """Stopping behind a lead, and going with it."""

    least_m: float = quantity(2.0, "m", "Behind the stopped lead, at least", ge=0, le=20)
    most_m: float = quantity(5.0, "m", "… and at most", ge=0, le=20)
    goes_within_s: float = quantity(5.0, "s", "Moves this soon after the lead", ge=0, le=60)


def stop_and_go(drive: Drive, asked: StopAndGo) -> Verdict:
    """The gap while both stand, and how late the ego goes when the lead goes."""
    motion = drive.motion
    stands = (motion.speed_mps < 0.05) & (motion.lead_speed_mps < 0.05)
    if not stands.any():
        return Verdict(False, {}, "never stood behind the lead")
    gaps = motion.gap_m[stands]
    figures = {"stopped_m": float(gaps.min()), "stopped_most_m": float(gaps.max())}
    last = int(np.flatnonzero(stands)[-1])
    lead_goes = np.flatnonzero(motion.lead_speed_mps[last:] > 0.5)
    ego_goes = np.flatnonzero(motion.speed_mps[last:] > 0.5)
    told = []
    if figures["stopped_m"] < asked.least_m or figures["stopped_most_m"] > asked.most_m:
        told.append(f"stopped {figures['stopped_m']:.1f}–{figures['stopped_most_m']:.1f} m behind")
    if not len(lead_goes) or not len(ego_goes):
        told.append("did not go again")
    else:
        late_s = float(motion.time_s[last + ego_goes[0]] - motion.time_s[last + lead_goes[0]])
        figures["went_after_s"] = late_s
        if late_s > asked.goes_within_s:
            told.append(f"went {late_s:.1f} s after the lead")
    return Verdict(not told, figures, ", ".join(told) or "stopped and went")


class NeverSelected(Section):
    """Nobody is in the own lane: nobody may be followed."""

    most_slowed_kmh: float = quantity(3.0, "km/h", "Slower than the set speed", ge=0, le=50)
    from_s: float = quantity(1.0, "s", "Speed is judged from here", ge=0)


def never_selected(drive: Drive, asked: NeverSelected) -> Verdict:
    """Scenes with a lead, decisions that follow one, and the speed lost to it."""
    leads = sum(scene.lead is not None for scene in drive.scenes)
    followed = sum(one.acc.lead_id is not None for one in drive.decisions)
    motion = drive.motion
    set_mps = drive.session.scenario.driver.set_speed_kmh / 3.6
    lost_kmh = 3.6 * float(set_mps - motion.speed_mps[motion.time_s >= asked.from_s].min())
    figures = {"lead_frames": float(leads), "followed_frames": float(followed)}
    figures["slowed_kmh"] = max(lost_kmh, 0.0)
    told = []
    if leads or followed:
        told.append(f"selected in {leads} frames, followed in {followed}")
    if lost_kmh > asked.most_slowed_kmh:
        told.append(f"slowed by {lost_kmh:.1f} km/h")
    return Verdict(not told, figures, ", ".join(told) or "never selected")
