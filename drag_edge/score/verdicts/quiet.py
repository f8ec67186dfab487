"""False positives: nothing may happen where there is no danger."""

from __future__ import annotations

import numpy as np

from drag_edge.config.base import Section, quantity
from drag_edge.score.drive import Drive
from drag_edge.score.spans import spans
from drag_edge.score.verdicts.verdict import Verdict
from drag_edge.score.verdicts.warning import warnings

G_MPS2 = 9.81


class Quiet(Section):
    """Most reactions; braking of any origin counts for the deceleration."""

    most_brakings: int = quantity(0, "1", "Emergency brakings", ge=0, le=10)
    most_warnings: int = quantity(0, "1", "Collision warnings", ge=0, le=10)
    most_decel_g: float | None = quantity(None, "1", "Deceleration below this many g", gt=0, le=1)


def quiet(drive: Drive, asked: Quiet) -> Verdict:
    """Emergency brakings and warnings counted, and the vehicle's hardest deceleration."""
    brakings, warned = len(brakings_of(drive)), len(warnings(drive))
    hardest_g = max(0.0, -float(np.min(drive.motion.accel_mps2))) / G_MPS2
    figures = {"brakings": float(brakings), "warnings": float(warned), "hardest_g": hardest_g}
    told = []
    if brakings > asked.most_brakings:
        told.append(f"{brakings} emergency braking(s)")
    if warned > asked.most_warnings:
        told.append(f"{warned} collision warning(s)")
    if asked.most_decel_g is not None and hardest_g >= asked.most_decel_g:
        told.append(f"slowed with {hardest_g:.2f} g")
    return Verdict(not told, figures, ", ".join(told) or "quiet")


def brakings_of(drive: Drive) -> list[tuple[float, float]]:
    """When emergency braking was commanded."""
    demanded = [(command.aeb_decel_mps2 or 0.0) < 0.0 for command in drive.commands]
    return spans(drive.times_s, demanded)
