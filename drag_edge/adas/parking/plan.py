"""A path into a gap, found as the way out of it and then turned round.

Out of a gap along the road: forwards steered towards the road and backwards steered away from it,
each until something is near, until the way is free; then an arc, a straight, and the counter-arc
onto the line that the vehicle stands on. Out of a gap across the road, nose to the road: straight,
then an arc onto that line, or past it and back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from drag_edge.adas.parking.geometry import (
    Block,
    Floats,
    Placed,
    Segment,
    after,
    along,
    clearance_m,
    corners,
    kerb_side_wheels,
    path,
)
from drag_edge.config.apa import ApaSettings
from drag_edge.config.body import BodySettings

_NEIGHBOUR_M = 6.0
_LONGEST_MOVE_M = 3.0
_STEEPEST_RAD = 1.05
_STEP_RAD = math.radians(3.0)
_LEAST_GAIN_RAD = 0.004
_MOST_SKEW_RAD = math.radians(12.0)
_FINE_M, _COARSE_M = 0.02, 0.15


@dataclass(frozen=True, slots=True)
class GapShape:
    """A gap in its own axes: length_m along the row, depth_m to a kerb; how much deeper than the
    corner each neighbour's near flank lies; crosswise: to be parked in across the row."""

    length_m: float
    depth_m: float
    crosswise: bool
    rear_flank_m: float = 0.0
    front_flank_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """From where the vehicle stands into the gap, in the gap's axes."""

    start: Placed
    segments: tuple[Segment, ...]
    goal: Placed

    @property
    def moves(self) -> int:
        """Stretches without a change of direction."""
        return sum(
            1
            for index, segment in enumerate(self.segments)
            if index == 0 or segment.forward != self.segments[index - 1].forward
        )


def plan_into(
    shape: GapShape, start: Placed, body: BodySettings, settings: ApaSettings
) -> Plan | None:
    """The path with the fewest moves that was found, None if there is none."""
    if abs(start.heading_rad) > _MOST_SKEW_RAD:
        return None
    room = _Room(shape, body, settings)
    ways_out = room.out_crosswise(start) if shape.crosswise else room.out_along(start)
    for goal, way_out in ways_out:
        end = goal
        for segment in way_out:
            end = after(end, segment)
        lead_m = (end.x_m - start.x_m) * math.cos(start.heading_rad) + (
            end.y_m - start.y_m
        ) * math.sin(start.heading_rad)
        segments = (
            Segment(lead_m >= 0, 0.0, abs(lead_m)),
            *(segment.reversed() for segment in reversed(way_out)),
        )
        segments = _joined(segments)
        plan = Plan(start, segments, goal)
        if plan.moves <= settings.max_moves and room.free(path(start, segments)):
            return plan
    return None


class _Room:
    """The gap, its neighbours, and what of it the body may use."""

    def __init__(self, shape: GapShape, body: BodySettings, settings: ApaSettings) -> None:
        self.shape, self.body, self.settings = shape, body, settings
        self.curvature = math.tan(math.radians(settings.max_steer_deg)) / body.wheelbase_m
        length = shape.length_m
        self.blocks = (
            Block(-_NEIGHBOUR_M, 0.0, -_NEIGHBOUR_M, -shape.rear_flank_m),
            Block(length, length + _NEIGHBOUR_M, -_NEIGHBOUR_M, -shape.front_flank_m),
        )

    def allowed(self, poses: Floats) -> np.ndarray:
        """Which poses keep the margin to the neighbours and stay off the kerb."""
        clear = clearance_m(poses, self.blocks, self.body) >= self.settings.margin_m - 1e-6
        if self.shape.crosswise:
            return clear
        wheels = kerb_side_wheels(poses, self.body).min(axis=1)
        lowest = corners(poses, self.body)[:, :, 1].min(axis=1)
        kerb = -self.shape.depth_m
        return np.asarray(
            clear & (wheels >= kerb) & (lowest >= kerb - self.settings.kerb_overhang_m)
        )

    def free(self, poses: Floats) -> bool:
        """Whether all of a path is allowed."""
        return bool(self.allowed(poses).all())

    def out_along(self, start: Placed) -> Iterator[tuple[Placed, tuple[Segment, ...]]]:
        """Ways out of a gap along the road, each from the pose where one is parked."""
        body, margin, length = self.body, self.settings.margin_m, self.shape.length_m
        y = -body.width_m / 2 - self.settings.inset_m
        goal = Placed((length - body.length_m) / 2 + body.rear_overhang_m, y, 0.0)
        to_rear = goal.x_m - body.rear_overhang_m - margin
        if to_rear < 0:
            return
        way: list[Segment] = [Segment(False, 0.0, to_rear)]
        place = after(goal, way[0])
        while len(way) <= self.settings.max_moves:
            before = place.heading_rad
            for last in self._arcs_out(place, start):
                yield goal, (*way, *last)
            ahead = self._as_far_as_allowed(place, Segment(True, self.curvature, _LONGEST_MOVE_M))
            place = after(place, ahead)
            back = self._as_far_as_allowed(place, Segment(False, -self.curvature, _LONGEST_MOVE_M))
            place = after(place, back)
            way += [ahead, back]
            if place.heading_rad - before < _LEAST_GAIN_RAD or place.heading_rad > _STEEPEST_RAD:
                return

    def _arcs_out(self, place: Placed, start: Placed) -> Iterator[tuple[Segment, ...]]:
        """Arc, straight, counter-arc onto the line on which the vehicle stands; free ones only."""
        first = max(place.heading_rad, start.heading_rad) + _STEP_RAD
        for turned in np.arange(first, _STEEPEST_RAD, _STEP_RAD).tolist():
            arc = Segment(True, self.curvature, (turned - place.heading_rad) / self.curvature)
            counter = Segment(True, -self.curvature, (turned - start.heading_rad) / self.curvature)
            straight_m = self._to_line(place, (arc, counter), turned, start)
            if straight_m < 0:
                continue
            way = (arc, Segment(True, 0.0, straight_m), counter)
            if self.free(path(place, way, _COARSE_M)):
                yield way

    def _to_line(
        self, place: Placed, arcs: tuple[Segment, ...], heading_rad: float, start: Placed
    ) -> float:
        """How much straight at a heading is missing between arcs to end on the start's line."""
        end = place
        for arc in arcs:
            end = after(end, arc)
        cos, sin = math.cos(start.heading_rad), math.sin(start.heading_rad)
        beside = (start.y_m - end.y_m) * cos - (start.x_m - end.x_m) * sin
        return beside / math.sin(heading_rad - start.heading_rad)

    def out_crosswise(self, start: Placed) -> Iterator[tuple[Placed, tuple[Segment, ...]]]:
        """Ways out of a gap across the road; the first reverses straight into it."""
        nose = max(self.shape.rear_flank_m, self.shape.front_flank_m) + self.settings.inset_m
        up = math.pi / 2
        goal = Placed(self.shape.length_m / 2, -nose - self.body.front_overhang_m, up)
        for past in np.arange(0.0, math.pi / 4, _STEP_RAD).tolist():
            least = start.heading_rad + past
            arc = Segment(True, -self.curvature, (up - least) / self.curvature)
            back = Segment(False, self.curvature, past / self.curvature)
            straight_m = self._to_line(goal, (arc, back), up, start)
            if straight_m < 0:
                continue
            way = (Segment(True, 0.0, straight_m), arc, back)
            if self.free(path(goal, way, _COARSE_M)):
                yield goal, way

    def _as_far_as_allowed(self, place: Placed, segment: Segment) -> Segment:
        count = math.ceil(segment.length_m / _FINE_M) + 1
        ways = np.linspace(0.0, segment.way_m, count)
        allowed = self.allowed(along(place, segment, ways))
        last = count - 1 if allowed.all() else max(0, int(np.argmin(allowed)) - 1)
        return Segment(segment.forward, segment.curvature_1pm, float(abs(ways[last])))


def _joined(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Without empty pieces, alike neighbours as one."""
    joined: list[Segment] = []
    for segment in segments:
        if segment.length_m < _FINE_M / 4:
            continue
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.forward == segment.forward
            and last.curvature_1pm == segment.curvature_1pm
        ):
            joined[-1] = Segment(last.forward, last.curvature_1pm, last.length_m + segment.length_m)
        else:
            joined.append(segment)
    return tuple(joined)
