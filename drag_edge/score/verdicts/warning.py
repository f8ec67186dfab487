"""Forward collision warning: how long before braking, at what time to collision."""

from __future__ import annotations

import math

from drag_edge.config.base import Section, quantity
from drag_edge.score.drive import Drive
from drag_edge.score.spans import Span, spans
from drag_edge.score.verdicts.verdict import Verdict
from drag_edge.sim.truth import LeadTruth, Truth

FLICKER_S = 0.2
"""A warning that is off for no longer than this is one warning to the driver."""


class Lead(Section):
    """The time between warning and braking."""

    least_s: float = quantity(0.8, "s", "From warning to any emergency braking", ge=0, le=5)


def warnings(drive: Drive) -> list[Span]:
    """When the driver was warned of a collision, as published."""
    return spans(drive.times_s, [one.aeb.warning for one in drive.decisions], FLICKER_S)


def warned_before_braking(drive: Drive, asked: Lead) -> Verdict:
    """From the begin of the warning in force when braking was first commanded, to that command.

    Both times are those of the published commands, so that the bus adds to neither. Without
    braking there is nothing to warn before.
    """
    braked = [
        time_s
        for time_s, command in zip(drive.times_s, drive.commands, strict=True)
        if command.aeb_decel_mps2 is not None and command.aeb_decel_mps2 < 0.0
    ]
    if not braked:
        return Verdict(True, {}, "no emergency braking")
    begin_s = braked[0]
    lead_s = max(
        (
            begin_s - since_s
            for since_s, until_s in warnings(drive)
            if since_s <= begin_s <= until_s
        ),
        default=0.0,
    )
    passed = lead_s >= asked.least_s - 1e-9
    return Verdict(passed, {"warned_before_s": lead_s}, f"warned {lead_s:.2f} s before braking")


class AtTtc(Section):
    """The least time to collision at which the warning must have begun."""

    least_s: float = quantity(..., "s", "Time to collision", gt=0, le=10)


def warned_at_ttc(drive: Drive, asked: AtTtc) -> Verdict:
    """The true time to collision when the warning began: the lead goes on braking as it does until
    it stands, the ego keeps its speed (as the test procedures compute it)."""
    begun = warnings(drive)
    if not begun:
        return Verdict(False, {"warned_at_ttc_s": 0.0}, "never warned")
    truth = truth_at(drive, begun[0][0])
    ttc_s = time_to_contact_s(truth)
    if ttc_s is None:
        return Verdict(False, {}, f"warned at {begun[0][0]:.2f} s with nothing to collide with")
    return Verdict(
        ttc_s >= asked.least_s, {"warned_at_ttc_s": ttc_s}, f"warned {ttc_s:.2f} s before contact"
    )


def truth_at(drive: Drive, time_s: float) -> Truth:
    """The truth at a time of the drive."""
    record = drive.truth
    period_s = record[1].time_s - record[0].time_s
    index = round((time_s - record[0].time_s) / period_s)
    return record[min(max(index, 0), len(record) - 1)]


def time_to_contact_s(truth: Truth) -> float | None:
    """Until contact at the ego's present speed; None: the lead is never reached."""
    lead = truth.lead
    return None if lead is None else _reached_in_s(lead, truth.ego.speed_mps)


def _reached_in_s(lead: LeadTruth, speed_mps: float) -> float | None:
    gap_m, decel = max(lead.gap_m, 0.0), max(-lead.accel_mps2, 0.0)
    closing = speed_mps - lead.speed_mps
    if decel < 0.05:
        return gap_m / closing if closing > 0.01 else None
    stops_s = lead.speed_mps / decel
    # gap − closing·t − decel·t²/2 = 0
    root = closing**2 + 2.0 * decel * gap_m
    meets_s = (-closing + math.sqrt(root)) / decel
    if meets_s <= stops_s:
        return meets_s
    travelled_m = lead.speed_mps**2 / (2.0 * decel)
    return (gap_m + travelled_m) / speed_mps if speed_mps > 0.01 else None
