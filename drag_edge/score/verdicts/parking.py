"""Parking: is a gap offered when it suffices, never when it does not, and does the way in work."""

from __future__ import annotations

import math

import numpy as np

from drag_edge.adas.parking.geometry import Placed, corners
from drag_edge.config.adas import AdasSettings
from drag_edge.config.base import Section, quantity
from drag_edge.config.body import BodySettings
from drag_edge.perception.scene import ParkingGap
from drag_edge.score.drive import Drive
from drag_edge.score.follow_through import FollowThrough, follow_through
from drag_edge.score.verdicts.verdict import Verdict
from drag_edge.sim.truth import Truth
from drag_edge.sim.world import Actor

ENDS_WITHIN_M = 0.1


class Offered(Section):
    """Of the one gap of the drive that is worth looking at."""

    gap_m: float = quantity(..., "m", "Its true length along the row", gt=0)
    limit_m: float = quantity(..., "m", "The least that may be offered", gt=0)


def offered(drive: Drive, asked: Offered) -> Verdict:
    """Offered at any moment: wanted from the limit on, forbidden below it."""
    ever = [len(one.apa.slots) for one in drive.decisions]
    gap = _measured(drive)
    figures = {"offered_ticks": float(sum(count > 0 for count in ever))}
    if gap is not None:
        figures["length_error_m"] = gap.length_m - asked.gap_m
        figures["length_std_m"] = gap.length_std_m
    was = max(ever, default=0) > 0
    if asked.gap_m < asked.limit_m - 1e-6:
        text = "a gap that is too short was offered" if was else "too short, not offered"
        return Verdict(not was, figures, text)
    told = [] if was else ["not offered"]
    told += ["more than one was offered"] if max(ever, default=0) > 1 else []
    return Verdict(not told, figures, ", ".join(told) or "offered")


class Parked(Section):
    """The manoeuvre, driven on from where the drive ends by a kinematic car."""

    most_angle_deg: float = quantity(3.0, "deg", "Against the row at the end (ISO 16787)", gt=0)


def parked(drive: Drive, asked: Parked) -> Verdict:
    """Ends inside the gap, nearly parallel to its neighbours, without contact."""
    scene = next((one for one in reversed(drive.scenes) if one.parking is not None), None)
    gap = _measured(drive)
    if scene is None or scene.parking is None or gap is None:
        return Verdict(False, {}, "no gap was found")
    truth = _truth_at(drive, scene.parking.time_s - drive.session.start_s)
    body, actors = body_of(drive), drive.snapshots[-1].world.actors
    start = Placed(truth.ego.x_m, truth.ego.y_m, truth.ego.yaw_rad)
    driven = follow_through(scene, start, actors, AdasSettings(), body, drive.session.seed)
    angle_deg, outside_m = _fit(driven, actors, gap, body)
    figures = {
        "angle_deg": angle_deg,
        "outside_m": outside_m,
        "least_clearance_m": driven.least_clearance_m,
        "moves": float(driven.moves),
        "seconds": driven.seconds,
    }
    told = [] if driven.done else [f"not finished: {driven.reason}"]
    told += ["contact"] if driven.least_clearance_m <= 0 else []
    told += [f"{angle_deg:.1f}° askew"] if angle_deg > asked.most_angle_deg else []
    told += [f"{outside_m:.2f} m outside"] if outside_m > ENDS_WITHIN_M else []
    return Verdict(not told, figures, ", ".join(told) or f"parked in {driven.moves} moves")


def body_of(drive: Drive) -> BodySettings:
    """The simulated car's body in the daemon's words."""
    car = drive.session.car
    return BodySettings(
        length_m=car.length_m,
        width_m=car.width_m,
        wheelbase_m=car.wheelbase_m,
        front_overhang_m=car.front_overhang_m,
        rear_overhang_m=car.rear_overhang_m,
        steering_ratio=car.steering_ratio,
    )


def _measured(drive: Drive) -> ParkingGap | None:
    """The longest gap of the last scene."""
    gaps = [
        one.parking.gaps for one in drive.scenes if one.parking is not None and one.parking.gaps
    ]
    return max(gaps[-1], key=lambda gap: gap.length_m) if gaps else None


def _truth_at(drive: Drive, time_s: float) -> Truth:
    return min(drive.truth, key=lambda one: abs(one.time_s - time_s))


def _fit(
    driven: FollowThrough, actors: tuple[Actor, ...], gap: ParkingGap, body: BodySettings
) -> tuple[float, float]:
    """Angle to the neighbours (any way round), and how far the body stands out into the road."""
    end, row = driven.end, actors[0].yaw_rad
    angle = math.remainder(end.heading_rad - row, math.pi)
    own = corners(np.array([(end.x_m, end.y_m, end.heading_rad)]), body)[0]
    # Roads of these drives are straight along x.
    outer = -gap.side * own[:, 1]
    flank = max(_flank_m(actor, gap.side) for actor in actors)
    return abs(math.degrees(angle)), float(outer.max() - flank)


def _flank_m(actor: Actor, side: int) -> float:
    """The neighbours' road side, in the same direction as towards the road."""
    across = abs(math.sin(actor.yaw_rad)) > math.sqrt(0.5)
    half = (actor.length_m if across else actor.width_m) / 2
    return -side * actor.y_m + half
