"""Where everything on the road's surface lies, as world polygons: shared by pictures and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drag_edge.sim.camera import Projector
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.road import LaneLine, Road, RoadMark

VIEW_M = 260.0
BEHIND_M = 6.0
STOP_LINE_DEPTH_M = 0.5
CROSSWALK_DEPTH_M = 3.0

_AHEAD_M = np.concatenate(
    (np.arange(-BEHIND_M, 32.0, 1.0), np.arange(32.0, 90.0, 3.0), np.arange(90.0, VIEW_M, 8.0))
)


def visible_stations(road: Road, projector: Projector) -> FloatArray:
    """Stations the camera may see, dense near the ego; ascending, (N,)."""
    ego_s, _ = road.locate(float(projector.ego_origin[0]), float(projector.ego_origin[1]))
    _, _, heading, _ = road.reference.at(ego_s)
    facing = projector.forward[0] * np.cos(heading) + projector.forward[1] * np.sin(heading)
    return ego_s + _AHEAD_M if facing >= 0.0 else np.sort(ego_s - _AHEAD_M)


def on_ground(road: Road, s_m: FloatArray, d_m: FloatArray) -> FloatArray:
    """World points (..., 3) at z = 0."""
    x, y, _ = road.pose(s_m, d_m)
    points = np.zeros((*x.shape, 3))
    points[..., 0], points[..., 1] = x, y
    return points


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the reference line, evaluated once for all strips along it; arrays (N,)."""

    x_m: FloatArray
    y_m: FloatArray
    cosine: FloatArray
    sine: FloatArray

    @classmethod
    def of(cls, road: Road, stations_m: FloatArray) -> Stretch:
        """At stations of a road."""
        x_m, y_m, heading = road.reference.points(stations_m)
        return cls(x_m, y_m, np.cos(heading), np.sin(heading))

    def part(self, keep: npt.NDArray[np.bool_]) -> Stretch:
        """The stations at which ``keep`` is true."""
        return Stretch(self.x_m[keep], self.y_m[keep], self.cosine[keep], self.sine[keep])

    def ribbon(self, left_d_m: float, right_d_m: float) -> FloatArray:
        """A strip between two lateral positions as one polygon (2N, 3) at z = 0."""
        count = len(self.x_m)
        points = np.zeros((2 * count, 3))
        points[:count, 0] = self.x_m - left_d_m * self.sine
        points[:count, 1] = self.y_m + left_d_m * self.cosine
        back = points[: count - 1 : -1]
        back[:, 0] = self.x_m - right_d_m * self.sine
        back[:, 1] = self.y_m + right_d_m * self.cosine
        return points


def ribbon(road: Road, stations_m: FloatArray, left_d_m: float, right_d_m: float) -> FloatArray:
    """A strip between two lateral positions as one polygon (2N, 3)."""
    return Stretch.of(road, stations_m).ribbon(left_d_m, right_d_m)


def open_stretches(road: Road, stations_m: FloatArray) -> list[FloatArray]:
    """The visible stations in pieces between junctions, where lane lines are painted."""
    pieces: list[FloatArray] = []
    start, end = float(stations_m[0]), float(stations_m[-1])
    for junction in sorted(road.junctions, key=lambda crossing: crossing.s_m):
        if junction.s_m + junction.length_m <= start or junction.s_m >= end:
            continue
        if junction.s_m > start:
            pieces.append(_between(stations_m, start, junction.s_m))
        start = junction.s_m + junction.length_m
    if start < end:
        pieces.append(_between(stations_m, start, end))
    return pieces


def _between(stations_m: FloatArray, start_m: float, end_m: float) -> FloatArray:
    inside = stations_m[(stations_m > start_m) & (stations_m < end_m)]
    return np.concatenate(([start_m], inside, [end_m]))


def dash_polygons(road: Road, line: LaneLine, d_m: float, stretch_m: FloatArray) -> FloatArray:
    """Quadrilaterals (D, 4, 3) of a dashed line's dashes that begin inside a stretch."""
    period = line.dash_m + line.gap_m
    first = np.ceil(stretch_m[0] / period)
    starts = np.arange(first * period, min(stretch_m[-1], stretch_m[0] + 160.0), period)
    ends = np.minimum(starts + line.dash_m, stretch_m[-1])
    s = np.stack((starts, ends, ends, starts), axis=1)
    half = 0.5 * line.width_m
    d = np.broadcast_to(d_m + np.array([half, half, -half, -half]), s.shape)
    return on_ground(road, s, d)


def mark_polygons(road: Road, mark: RoadMark) -> list[FloatArray]:
    """The painted parts of a road mark, each (N, 3)."""
    if mark.kind == "crosswalk":
        return _crosswalk(road, mark.s_m)
    lane = road.lanes[mark.lane]
    centre = road.lane_center_d_m(mark.lane)
    if mark.kind == "stop_line":
        half = 0.5 * lane.width_m - 0.15
        outline = [(0.0, half), (STOP_LINE_DEPTH_M, half), (STOP_LINE_DEPTH_M, -half), (0.0, -half)]
        return [_outline(road, mark.s_m, centre, outline)]
    shapes = ARROWS[mark.kind]
    return [_outline(road, mark.s_m, centre, list(shape)) for shape in shapes]


def mark_outline(road: Road, mark: RoadMark) -> FloatArray:
    """All corner points (N, 3) of a mark."""
    return np.concatenate(mark_polygons(road, mark))


def _outline(road: Road, s_m: float, d_m: float, points: list[tuple[float, float]]) -> FloatArray:
    offsets = np.array(points)
    return on_ground(road, s_m + offsets[:, 0], d_m + offsets[:, 1])


def _crosswalk(road: Road, s_m: float) -> list[FloatArray]:
    left = road.boundary_d_m(0) - 0.3
    right = road.boundary_d_m(len(road.lanes)) + 0.3
    bars = np.arange(right, left - 0.5, 1.0)
    bar = [(0.0, 0.5), (CROSSWALK_DEPTH_M, 0.5), (CROSSWALK_DEPTH_M, 0.0), (0.0, 0.0)]
    return [_outline(road, s_m, float(d), bar) for d in bars]


Outline = tuple[tuple[float, float], ...]

STRAIGHT_ARROW: tuple[Outline, ...] = (
    ((0.0, 0.09), (3.1, 0.09), (3.1, -0.09), (0.0, -0.09)),
    ((3.0, 0.42), (5.0, 0.0), (3.0, -0.42)),
)
LEFT_ARROW: tuple[Outline, ...] = (
    ((0.0, -0.2), (3.9, -0.2), (3.9, -0.4), (0.0, -0.4)),
    ((3.2, 0.15), (3.9, 0.15), (3.9, -0.3), (3.2, -0.3)),
    ((2.3, 0.1), (3.55, 0.75), (4.8, 0.1)),
)
RIGHT_ARROW: tuple[Outline, ...] = tuple(
    tuple((along, -across) for along, across in shape) for shape in LEFT_ARROW
)

ARROWS: dict[str, tuple[Outline, ...]] = {
    "arrow_straight": STRAIGHT_ARROW,
    "arrow_left": LEFT_ARROW,
    "arrow_right": RIGHT_ARROW,
}
