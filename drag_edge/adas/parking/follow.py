"""Where on a plan the vehicle is, and what the driver is to do next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from drag_edge.adas.parking.geometry import Placed, Segment, after
from drag_edge.adas.parking.plan import Plan

# A stretch has ended this much before its end: nobody stops to the centimetre.
_ARRIVED_M = 0.03
# Steering that brings the axle back onto the path: critically damped over this way.
_RETURN_M = 1.5
_STANDS_MPS = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """index: of the segment to be driven, as many as there are when the end is reached. waiting:
    the vehicle is to stand, and its gear to fit that segment, before it goes on."""

    index: int = 0
    waiting: bool = True
    done: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do now. curvature_1pm: to steer, the path's own and what brings back onto it.
    to_go_m: to the next change of direction. off_m, off_rad: from the path."""

    forward: bool
    curvature_1pm: float
    to_go_m: float
    off_m: float
    off_rad: float


def follow(
    plan: Plan, progress: Progress, place: Placed, speed_mps: float, reverse: bool, limit_1pm: float
) -> tuple[Advice, Progress]:
    """One step: the advice at a place in the gap's axes, and how far along that is.

    limit_1pm: the largest curvature that may be advised.
    """
    segments, starts = plan.segments, _starts(plan)
    stands = speed_mps < _STANDS_MPS
    index, waiting = progress.index, progress.waiting
    if not waiting:
        while _left_m(starts[index], segments[index], place) <= _ARRIVED_M:
            index += 1
            if index == len(segments) or segments[index].forward != segments[index - 1].forward:
                waiting = True
                break
    if index == len(segments):
        advice = _advice(plan, starts, index - 1, place, limit_1pm, 0.0)
        return advice, Progress(index, True, progress.done or stands)
    if waiting and not (stands and reverse != segments[index].forward):
        advice = _advice(plan, starts, index, place, limit_1pm, 0.0)
        return advice, Progress(index, True)
    to_go_m = max(0.0, _left_m(starts[index], segments[index], place))
    for before, segment in pairwise(segments[index:]):
        if segment.forward != before.forward:
            break
        to_go_m += segment.length_m
    return _advice(plan, starts, index, place, limit_1pm, to_go_m), Progress(index, False)


def _starts(plan: Plan) -> list[Placed]:
    places = [plan.start]
    for segment in plan.segments:
        places.append(after(places[-1], segment))
    return places


def _along_and_off(start: Placed, segment: Segment, place: Placed) -> tuple[float, float, float]:
    """Signed way along a segment's arc, distance left of it, heading left of it."""
    dx, dy = place.x_m - start.x_m, place.y_m - start.y_m
    cos, sin = math.cos(start.heading_rad), math.sin(start.heading_rad)
    ahead, left = dx * cos + dy * sin, dy * cos - dx * sin
    curvature = segment.curvature_1pm
    if abs(curvature) < 1e-9:
        way, off = ahead, left
    else:
        # Mirrored so that the arc's centre lies to the left.
        side, radius = math.copysign(1.0, curvature), 1 / abs(curvature)
        way = radius * math.atan2(ahead, radius - side * left)
        off = side * (radius - math.hypot(ahead, radius - side * left))
    heading = math.remainder(place.heading_rad - start.heading_rad - curvature * way, math.tau)
    return way, off, heading


def _left_m(start: Placed, segment: Segment, place: Placed) -> float:
    way, _, _ = _along_and_off(start, segment, place)
    return segment.length_m - (way if segment.forward else -way)


def _advice(
    plan: Plan, starts: list[Placed], index: int, place: Placed, limit_1pm: float, to_go_m: float
) -> Advice:
    segment = plan.segments[index]
    _, off, heading = _along_and_off(starts[index], segment, place)
    # Distance off obeys e″ = curvature against the way driven; backwards heading counts reversed.
    direction = 1.0 if segment.forward else -1.0
    back = off / _RETURN_M**2 + direction * 2 * heading / _RETURN_M
    curvature = min(max(segment.curvature_1pm - back, -limit_1pm), limit_1pm)
    return Advice(segment.forward, curvature, to_go_m, off, heading)
