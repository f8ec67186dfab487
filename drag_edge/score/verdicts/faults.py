"""Faults: named in time, nothing new on stale data, ramps at the receiver, back in time.

Every check knows when the fault is there from the case itself: drive.faults[0].
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from drag_edge.adas.decision import Mode
from drag_edge.config.base import Section, quantity
from drag_edge.faults.fault import Fault
from drag_edge.score.drive import BoolArray, Drive
from drag_edge.score.verdicts.quiet import brakings_of
from drag_edge.score.verdicts.verdict import Verdict
from drag_edge.sim.ego.commands import Control, Demand
from drag_edge.vehicle.dbc import decode, drag_edge_dbc

LIMITED = (Mode.DEGRADED, Mode.FALLBACK)
REQUESTS = {"ACC": "AccAccelRequest", "LKA": "LkaSteerRequest", "AEB": "AebBrakeRequest"}
CYCLES = 5
RISE = 0.05
"""A demand that grows by no more than this (m/s², 1/m scaled by v²) is not new."""


class Named(Section):
    """The monitor must say what is wrong."""

    events: tuple[str, ...]
    within_s: float = quantity(0.3, "s", "After the fault's first moment", gt=0, le=5)
    from_end: bool = False


def named(drive: Drive, asked: Named) -> Verdict:
    """When the first of the events was known to a published decision, from the fault's begin (a
    loop that stands still can only say so afterwards: from its end)."""
    fault = _fault(drive)
    start_s = fault.end_s if asked.from_end else _first_moment_s(drive)
    for time_s, one in zip(drive.times_s, drive.decisions, strict=True):
        names = {event.name for event in one.events}
        if time_s >= start_s and names & set(asked.events):
            took_s = time_s - start_s
            found = ", ".join(sorted(names & set(asked.events)))
            passed = took_s <= asked.within_s
            return Verdict(passed, {"named_after_s": took_s}, f"{found} after {took_s:.2f} s")
    others = sorted(
        {
            event.name
            for time_s, one in zip(drive.times_s, drive.decisions, strict=True)
            for event in one.events
            if time_s >= fault.start_s
        }
    )
    return Verdict(False, {}, f"never named; there were: {', '.join(others) or 'none'}")


class NothingNew(Section):
    """While data is stale no demand may begin or grow."""

    grace_s: float = quantity(0.3, "s", "Until data counts as stale (the hard stop)", ge=0, le=1)
    gone_after_s: float = quantity(1.0, "s", "Every demand has ended this much later", ge=0, le=5)
    demands: tuple[Literal["accel", "curvature"], ...] = ("accel", "curvature")


def nothing_new(drive: Drive, asked: NothingNew) -> Verdict:
    """From grace_s after the fault's begin to its end: no emergency braking begins, ACC's and
    LKA's demands do not grow, and are no longer asked for after another gone_after_s (what the
    vehicle still delivers of the last one is its own ramp)."""
    fault = _fault(drive)
    stale_s, end_s = fault.start_s + asked.grace_s, min(fault.end_s, drive.end_s)
    told = []
    if any(stale_s < begin_s < end_s for begin_s, _ in brakings_of(drive)):
        told.append("emergency braking began on stale data")
    for name in asked.demands:
        before: float | None = None
        for t in drive.truth:
            if not stale_s <= t.time_s < end_s:
                continue
            demand: Demand = getattr(t.demands, name)
            scale = t.ego.speed_mps**2 if name == "curvature" else 1.0
            value = abs(demand.value or 0.0) * scale
            if before is not None and value > before + RISE:
                told.append(f"{name} grew on stale data at {t.time_s:.2f} s")
                break
            before = value if before is None else min(before, value)
            late = t.time_s > stale_s + asked.gone_after_s
            if late and demand.control is Control.CONTROLLED:
                told.append(f"{name} still controlled at {t.time_s:.2f} s")
                break
    return Verdict(not told, {}, ", ".join(told) or "nothing new")


class BrakingEnds(Section):
    """Emergency braking in progress when the data stops."""

    most_s: float = quantity(0.5, "s", "Held from the fault's begin", gt=0, le=2)
    ramp_least_s: float = quantity(0.1, "s", "From full to nothing, at least", ge=0, le=1)
    ramp_most_s: float = quantity(1.0, "s", "… and at most", ge=0, le=2)


def braking_ends(drive: Drive, asked: BrakingEnds) -> Verdict:
    """How long the full demand lasts after the fault began, and how long it takes to vanish."""
    fault, motion = _fault(drive), drive.motion
    index = int(np.searchsorted(motion.time_s, fault.start_s))
    demand = motion.brake_demand_mps2[index:]
    if not len(demand) or demand[0] <= 0.0:
        return Verdict(False, {}, "no braking was in progress: nothing was tested")
    full = float(demand[: max(1, int(asked.most_s / 0.01))].max())
    below = np.flatnonzero(demand < 0.95 * full)
    begun = below[below > int(np.argmax(demand >= full - 1e-6))]
    gone = np.flatnonzero(demand <= 0.0)
    if not len(begun) or not len(gone):
        return Verdict(False, {}, "braking never ended")
    held_s = float(begun[0]) * 0.01
    ramp_s = float(gone[0] - begun[0]) * 0.01
    figures = {"held_s": held_s, "ramp_s": ramp_s}
    told = []
    if held_s > asked.most_s + 0.02:
        told.append(f"held for {held_s:.2f} s")
    if not asked.ramp_least_s <= ramp_s <= asked.ramp_most_s:
        told.append(f"released in {ramp_s:.2f} s")
    return Verdict(not told, figures, ", ".join(told) or f"held {held_s:.2f} s, then a ramp")


class Recovers(Section):
    """After the fault everything comes back."""

    within_s: float = quantity(1.0, "s", "After the fault's end", gt=0, le=10)
    drives_again: bool = True


def recovers(drive: Drive, asked: Recovers) -> Verdict:
    """From the fault's end until the mode is normal for good, and ACC has the drive again."""
    fault = _fault(drive)
    after = [
        (time_s, one.mode in LIMITED)
        for time_s, one in zip(drive.times_s, drive.decisions, strict=True)
        if time_s >= fault.end_s
    ]
    if not after:
        return Verdict(False, {}, "the drive ended with the fault")
    last_bad_s = max((time_s for time_s, bad in after if bad), default=fault.end_s)
    took_s = last_bad_s - fault.end_s
    if after[-1][1]:
        return Verdict(False, {}, f"still {drive.decisions[-1].mode.name} at the end")
    if asked.drives_again:
        by_acc = drive.motion.by_acc & (drive.motion.time_s >= fault.end_s)
        lost = ~drive.motion.by_acc & (drive.motion.time_s >= fault.end_s)
        if not by_acc.any() or lost[-1]:
            return Verdict(False, {}, "ACC does not drive again")
        again_s = float(drive.motion.time_s[lost][-1]) - fault.end_s if lost.any() else 0.0
        took_s = max(took_s, again_s)
    return Verdict(
        took_s <= asked.within_s, {"recovered_after_s": took_s}, f"back after {took_s:.2f} s"
    )


class TimesOut(Section):
    """The receiver in the vehicle gives up in time, and releases in a ramp."""

    cycles: int = quantity(CYCLES, "1", "Missed cycles", ge=1, le=20)
    ramp_most_s: float = quantity(1.0, "s", "ACC's and LKA's ramp to nothing", gt=0, le=5)


def times_out(drive: Drive, asked: TimesOut) -> Verdict:
    """How long ACC's and LKA's demands stay in control at the vehicle after the fault began, and
    how long their ramps take."""
    fault = _fault(drive)
    figures: dict[str, float] = {}
    told = []
    for name, field in (("ACC", "accel"), ("LKA", "curvature")):
        cycle_s = (drag_edge_dbc().get_message_by_name(name).cycle_time or 20) / 1000.0
        controls = [getattr(t.demands, field).control for t in drive.truth]
        held, out = (
            np.array([control is kind for control in controls])
            for kind in (Control.CONTROLLED, Control.RAMP_OUT)
        )
        since = drive.motion.time_s >= fault.start_s
        if not _held_before(held, since):
            told.append(f"{name} had nothing to lose: nothing was tested")
            continue
        freed = np.flatnonzero(since & ~held)
        if not len(freed):
            told.append(f"{name} never timed out")
            continue
        first = int(freed[0])
        took_s = float(drive.motion.time_s[first]) - fault.start_s
        idle = np.flatnonzero(~held[first:] & ~out[first:])
        ramp_s = float(idle[0]) * 0.01 if len(idle) else math.inf
        figures[f"{name.lower()}_out_s"] = took_s
        figures[f"{name.lower()}_ramp_s"] = min(ramp_s, 99.0)
        # One step of the plant, in which it sees that the last cycle has passed.
        if took_s > (asked.cycles + 1) * cycle_s + 0.01:
            told.append(f"{name} held for {took_s:.2f} s")
        if ramp_s > asked.ramp_most_s + 0.02:
            told.append(f"{name} ramped for {ramp_s:.2f} s")
    return Verdict(not told, figures, ", ".join(told) or "timed out, ramped out")


class LetsGo(Section):
    """The daemon itself ends its demands."""

    within_s: float = quantity(..., "s", "From the fault's begin to no demand at all", gt=0, le=5)


def lets_go(drive: Drive, asked: LetsGo) -> Verdict:
    """When ACC and LKA ask for nothing any more during the rest of the fault."""
    fault, motion = _fault(drive), drive.motion
    during = (motion.time_s >= fault.start_s) & (motion.time_s < fault.end_s)
    figures, told, asks = {}, [], Control.CONTROLLED
    for name, field in (("ACC", "accel"), ("LKA", "curvature")):
        busy = np.array([getattr(t.demands, field).control is asks for t in drive.truth])
        last = np.flatnonzero(during & busy)
        took_s = float(motion.time_s[last[-1]]) - fault.start_s if len(last) else 0.0
        figures[f"{name.lower()}_gone_s"] = took_s
        if took_s > asked.within_s:
            told.append(f"{name} was there {took_s:.2f} s later")
    return Verdict(not told, figures, ", ".join(told) or "let go")


class Neutral(Section):
    """The daemon's last frames ask for nothing."""

    frames: tuple[str, ...] = ("ACC", "LKA", "AEB")


def neutral(drive: Drive, asked: Neutral) -> Verdict:
    """The last frame of each command message, as sent when the daemon ended."""
    names = {message.frame_id: message.name for message in drag_edge_dbc().messages}
    last = {
        names[frame.arbitration_id]: frame
        for frame in drive.last_words
        if frame.arbitration_id in names
    }
    told = []
    for name in asked.frames:
        if name not in last:
            told.append(f"no last {name} frame")
            continue
        values = decode(last[name].arbitration_id, bytes(last[name].data))
        if values[REQUESTS[name]] != "NO":
            told.append(f"the last {name} frame still asks")
    return Verdict(not told, {}, ", ".join(told) or "neutral")


def _first_moment_s(drive: Drive) -> float:
    """When the fault could first be felt: where only a share of the pictures is lost, that of the
    first one lost."""
    fault = _fault(drive)
    if fault.kind != "drop" or fault.parameter("share") >= 1.0:
        return fault.start_s
    times_s = {scene.frame_index: scene.time_s for scene in drive.scenes}
    before = max(index for index, time_s in times_s.items() if time_s < fault.start_s)
    lost = next((index for index in range(before + 1, max(times_s)) if index not in times_s), None)
    if lost is None:
        return fault.start_s
    return times_s[before] + (lost - before) * (times_s[before] - times_s[before - 1])


def _held_before(held: BoolArray, since: BoolArray) -> bool:
    first = int(np.argmax(since))
    return bool(since.any() and first > 0 and held[first - 1])


def _fault(drive: Drive) -> Fault:
    if not drive.faults:
        raise ValueError("the case has no fault to judge")
    return drive.faults[0]
