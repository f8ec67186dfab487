"""Emergency braking: was there contact, how fast, how hard was it braked."""

from __future__ import annotations

from pydantic import Field

from drag_edge.config.base import Section, quantity
from drag_edge.score.drive import Drive
from drag_edge.score.verdicts.verdict import Verdict

KMH = 3.6
SETTLED_MPS = 0.3
SETTLED_S = 10.0
"""Closing in no faster than that, or with more time than this to contact, is following."""


class Impact(Section):
    """The greatest impact speed; 0: no contact at all, however slow."""

    most_kmh: float = quantity(..., "km/h", "Impact speed that is still good", ge=0, le=250)
    unsettled_ok: bool = Field(False, description="It may end while the ego still closes in")


def impact(drive: Drive, asked: Impact) -> Verdict:
    """Impact speed at the first touch of anybody: the ego's speed minus the other's along the
    ego's heading. A drive that ends while the ego still closes in proves nothing and fails."""
    collisions = drive.session.collisions
    gap_m = drive.session.min_gap_m
    figures = {"impact_kmh": 0.0}
    if gap_m is not None:
        figures["least_gap_m"] = max(gap_m, 0.0)
    if collisions:
        worst_kmh = max(max(one.closing_mps, 0.0) for one in collisions) * KMH
        figures["impact_kmh"] = worst_kmh
        passed = asked.most_kmh > 0 and worst_kmh <= asked.most_kmh
        return Verdict(passed, figures, f"contact at {worst_kmh:.1f} km/h")
    lead = drive.truth[-1].lead
    closing = 0.0 if lead is None else drive.truth[-1].ego.speed_mps - lead.speed_mps
    gap_now_m = 0.0 if lead is None else lead.gap_m
    unsettled = closing > SETTLED_MPS and gap_now_m < SETTLED_S * closing
    if unsettled and not asked.unsettled_ok:
        return Verdict(False, figures, "the drive ended while still closing in")
    return Verdict(True, figures, "no contact")


class Demanded(Section):
    """How hard emergency braking must at least become."""

    least_mps2: float = quantity(5.0, "m/s^2", "Greatest braking demand (R152)", ge=0, le=10)


def demanded(drive: Drive, asked: Demanded) -> Verdict:
    """The hardest emergency braking that the vehicle was asked for on the bus."""
    hardest = float(drive.motion.brake_demand_mps2.max())
    return Verdict(
        hardest >= asked.least_mps2,
        {"demanded_mps2": hardest},
        f"{hardest:.1f} m/s² demanded",
    )


def first_braking_s(drive: Drive) -> float | None:
    """When the vehicle first got an emergency braking demand; None: never."""
    motion = drive.motion
    braked = motion.brake_demand_mps2 > 0.0
    return float(motion.time_s[braked.argmax()]) if braked.any() else None
