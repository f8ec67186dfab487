"""Blind spots: is the mirror lit when ISO 17387 asks for it, and dark when it must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from drag_edge.adas.decision import BsdLevel
from drag_edge.config.base import Section, quantity
from drag_edge.score.drive import Drive
from drag_edge.score.spans import Span, spans
from drag_edge.score.verdicts.verdict import Verdict
from drag_edge.sim.seen import PlacedActor, place

SideName = Literal["left", "right"]
LIT = (BsdLevel.OCCUPIED, BsdLevel.WARN)
FLICKER_S = 0.0
CLOSING_TTC = ((10.0, 2.5), (15.0, 3.0), (float("inf"), 3.5))
"""ISO 17387: closing speed up to … m/s: time to collision in seconds."""


@dataclass(frozen=True, slots=True)
class Zone:
    """ISO 17387's zone beside the car: metres outside the body, behind the tail, eyes' x."""

    inner_m: float = 0.5
    outer_m: float = 3.0
    behind_m: float = 3.0
    eye_x_m: float = 1.6


class Mirror(Section):
    """When a mirror must be lit."""

    side: SideName
    start_s: float = quantity(0.3, "s", "Lit this soon after it becomes necessary", ge=0, le=2)
    end_s: float = quantity(1.0, "s", "Dark this soon after it is over", ge=0, le=5)
    closing: bool = True


def mirror(drive: Drive, asked: Mirror) -> Verdict:
    """How late the mirror lights for the target, gaps while it is needed, how long it stays.

    Needed: the target's front is in the zone between 3 m behind the tail and the driver's eyes, or
    it closes in within the time to collision for its closing speed. Over: no part of any vehicle is
    in the zone any more and none closes in.
    """
    seen = _needs(drive, asked.side)
    needed = spans(seen.times_s, list(seen.needed if asked.closing else seen.inside))
    if not needed:
        return Verdict(False, {}, "nobody came beside: nothing was tested")
    lit = lit_spans(drive, asked.side)
    late_s = max(_late_s(span, lit) for span in needed)
    over = spans(seen.times_s, list(seen.possible))
    stays_s = max(_stays_s(span, lit) for span in over)
    figures = {"lit_after_s": late_s, "dark_after_s": stays_s}
    told = []
    if late_s > asked.start_s:
        told.append(f"lit {late_s:.2f} s late" if late_s < 1e3 else "not lit")
    if stays_s > asked.end_s:
        told.append(f"lit {stays_s:.2f} s too long")
    stray = _stray(lit, over, asked.end_s)
    if stray:
        told.append(f"lit at {stray[0][0]:.1f} s for nobody")
    other = "right" if asked.side == "left" else "left"
    if any(getattr(one.bsd, other) in LIT for one in drive.decisions):
        told.append("the other mirror was lit")
    return Verdict(not told, figures, ", ".join(told) or f"lit after {late_s:.2f} s")


def lit_spans(drive: Drive, side: SideName) -> list[Span]:
    """When a mirror was lit."""
    levels = [getattr(one.bsd, side) for one in drive.decisions]
    return spans(drive.times_s, [level in LIT for level in levels], FLICKER_S)


def needed_spans(drive: Drive, side: SideName) -> list[Span]:
    """When a mirror had to be lit."""
    seen = _needs(drive, side)
    return spans(seen.times_s, list(seen.needed))


class Dark(Section):
    """Both mirrors must stay dark, and be available."""

    available_from_s: float = quantity(1.0, "s", "They must say so from here", ge=0)


def dark(drive: Drive, asked: Dark) -> Verdict:
    """Counts decisions with a lit mirror, and those without a working one."""
    lit = sum(one.bsd.left in LIT or one.bsd.right in LIT for one in drive.decisions)
    unable = sum(
        not {one.bsd.left, one.bsd.right} <= {BsdLevel.CLEAR, *LIT}
        for time_s, one in zip(drive.times_s, drive.decisions, strict=True)
        if time_s >= asked.available_from_s
    )
    figures = {"lit_frames": float(lit), "unable_frames": float(unable)}
    told = [f"lit in {lit} frames"] if lit else []
    told += [f"unavailable in {unable} frames"] if unable else []
    return Verdict(not told, figures, ", ".join(told) or "dark")


@dataclass(frozen=True, slots=True)
class _Needs:
    """At every look: a light is needed; it is for a vehicle in the zone; it is still allowed."""

    times_s: tuple[float, ...]
    needed: tuple[bool, ...]
    inside: tuple[bool, ...]
    possible: tuple[bool, ...]


def _needs(drive: Drive, side: SideName) -> _Needs:
    zone, car = Zone(), drive.session.car
    sign = 1.0 if side == "left" else -1.0
    body_m, tail_m = 0.5 * car.width_m, -car.rear_overhang_m
    rows = []
    for snapshot in drive.snapshots:
        needed = inside = possible = False
        pairs = zip(snapshot.world.actors, snapshot.actor_accels_mps2, strict=True)
        for actor, accel in pairs:
            one = place(actor, accel, snapshot.truth.ego)
            near_m, far_m = sorted((sign * one.right_m, sign * one.left_m))
            beside = near_m < body_m + zone.outer_m and far_m > body_m + zone.inner_m
            if not beside:
                continue
            fronts = tail_m - zone.behind_m <= one.front_m <= zone.eye_x_m
            touches = one.rear_m < zone.eye_x_m and one.front_m > tail_m - zone.behind_m
            closes = _closes(one, tail_m)
            inside = inside or fronts
            needed = needed or fronts or closes
            possible = possible or touches or closes or _near_closing(one, tail_m)
        rows.append((snapshot.truth.time_s, needed, inside, possible))
    times, need, within, may = zip(*rows, strict=True)
    return _Needs(times, need, within, may)


def _closes(one: PlacedActor, tail_m: float) -> bool:
    gap_m, closing = tail_m - one.front_m, one.x_rate_mps
    if gap_m <= 0.0 or closing <= 0.5:
        return False
    limit_s = next(ttc_s for most, ttc_s in CLOSING_TTC if closing <= most + 1e-6)
    return gap_m / closing <= limit_s


def _near_closing(one: PlacedActor, tail_m: float) -> bool:
    """Whether a light is not yet false: it closes in within 7.5 s."""
    gap_m, closing = tail_m - one.front_m, one.x_rate_mps
    return gap_m > 0.0 and closing > 0.5 and gap_m / closing <= 7.5


def _late_s(needed: Span, lit: list[Span]) -> float:
    """From the need to the light; a light that goes out within the need counts from then on."""
    begin_s, end_s = needed
    at_s = begin_s
    late_s = 0.0
    while at_s < end_s:
        covering = next((one for one in lit if one[0] <= at_s < one[1]), None)
        if covering is not None:
            at_s = covering[1]
            continue
        following = min((one[0] for one in lit if one[0] > at_s), default=float("inf"))
        if following >= end_s and at_s > begin_s:
            return max(late_s, end_s - at_s)
        late_s = max(late_s, following - at_s)
        at_s = following
    return late_s if np.isfinite(late_s) else 1e6


def _stays_s(possible: Span, lit: list[Span]) -> float:
    """How long the light outlives its reason."""
    end_s = possible[1]
    return max((one[1] - end_s for one in lit if one[0] <= end_s < one[1]), default=0.0)


def _stray(lit: list[Span], possible: list[Span], end_s: float) -> list[Span]:
    """Lights that have nothing to do with anybody."""
    return [
        one
        for one in lit
        if not any(one[0] < span[1] + end_s and one[1] > span[0] for span in possible)
    ]
