"""One side of the way: parked vehicles one after another, and the gaps between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from drag_edge.config.body import BodySettings
from drag_edge.config.parking import ParkingSettings
from drag_edge.perception.boxes import SeenBox
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.parking.bearings import SideSight, Span
from drag_edge.perception.parking.footprint import Eye, ParkedBody
from drag_edge.perception.parking.looks import Looks
from drag_edge.perception.scene import ParkedVehicle, ParkingGap, Pose

_USUAL_DISTANCE_M = 1.2
_LEAST_SHARE = 0.25
_FURTHEST_OFF_RAD = 0.3
_OFF_RAD_PER_M = 0.2
_UNSEEN_COST_1PM = 0.05
_SAME_GAP_M = 1.0
_LEAST_GAP_M = 1.5
_DEEPEST_M = 5.5
_CELL_M = 0.5
_END_MARGIN_M = 0.3
_NEAR_M, _MOST_SKEW_RAD = 12.0, 0.2


class Row:
    """Collects what one camera sees on its side. side: 1 left, −1 right."""

    def __init__(
        self, camera: CameraModel, side: int, settings: ParkingSettings, body: BodySettings
    ) -> None:
        self.side, self._settings = side, settings
        self._mount = camera.x_m, camera.y_m
        self._sight = SideSight(camera, side)
        self._flank_m = max(0.0, body.width_m / 2 - side * camera.y_m)
        self._next_id = 1
        self.reset()

    def reset(self) -> None:
        """Forget everything: odometry began anew."""
        self._looks = Looks(self._sight, self._settings.memory_m)
        self._bodies: list[tuple[ParkedBody, float]] = []
        self._gaps: list[ParkingGap] = []
        self._last: Eye | None = None
        self._travelled_m = 0.0

    def step(self, boxes: list[SeenBox], pose: Pose) -> None:
        """One picture, taken at a pose; none counts while the ego stands askew to the row."""
        eye = self._eye(pose)
        if self._last is not None:
            self._travelled_m += math.hypot(eye.x_m - self._last.x_m, eye.y_m - self._last.y_m)
        self._last = eye
        travelled_m = self._travelled_m
        if self._is_askew(eye):
            return
        spans = self._sight.spans(boxes)
        self._looks.add(eye, travelled_m, self._associate(spans, eye, travelled_m))
        memory_m = self._settings.memory_m
        self._bodies = [
            (body, seen_m)
            for body, seen_m in self._bodies
            if travelled_m - seen_m <= (memory_m if body.stands() else 5.0)
        ]

    def vehicles(self) -> list[ParkedBody]:
        """What stands there, from rear to front."""
        standing = [body for body, _ in self._bodies if body.stands() and self._beside(body)]
        if not standing:
            return []
        first = standing[0]
        return sorted(standing, key=lambda body: first.along_aside(*_middle(body))[0])

    def gaps(self) -> tuple[ParkingGap, ...]:
        """Between neighbours, those that an end of each was measured of."""
        bodies = self.vehicles()
        found = []
        for behind, ahead in pairwise(bodies):
            gap = self._gap(behind, ahead, bodies)
            if gap is not None:
                found.append(gap)
        self._gaps = found
        return tuple(found)

    def shown(self) -> tuple[ParkedVehicle, ...]:
        """The vehicles as values."""
        result = []
        for body in self.vehicles():
            box = body.rectangle
            assert box is not None
            corner = body.corner(box.rear_m, box.near_m)
            result.append(ParkedVehicle(self.side, corner, box.length_m, box.far_m - box.near_m))
        return tuple(result)

    def _eye(self, pose: Pose) -> Eye:
        x, y = self._mount
        cos, sin = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
        return Eye(pose.x_m + x * cos - y * sin, pose.y_m + x * sin + y * cos, pose.yaw_rad)

    def _is_askew(self, eye: Eye) -> bool:
        """Parking, not passing: turned against every vehicle that was measured near here."""
        near = [
            abs(math.remainder(eye.yaw_rad - body.yaw_rad, math.tau))
            for body, _ in self._bodies
            if body.stands() and body.way_m(eye) < _NEAR_M
        ]
        return min(near, default=0.0) > _MOST_SKEW_RAD

    def _associate(
        self, spans: Sequence[Span], eye: Eye, travelled_m: float
    ) -> list[tuple[Span, ParkedBody]]:
        """Each box to whom it overlaps most, in bearings; the others are new."""
        shares = [
            (share - _UNSEEN_COST_1PM * (travelled_m - seen_m), number, index)
            for number, span in enumerate(spans)
            for index, (body, seen_m) in enumerate(self._bodies)
            if (share := self._share(span, body, eye)) >= _LEAST_SHARE
        ]
        whose: dict[int, int] = {}
        for _, number, index in sorted(shares, reverse=True):
            if number not in whose and index not in whose.values():
                whose[number] = index
        pairs = []
        for number, span in enumerate(spans):
            if number in whose:
                body = self._bodies[whose[number]][0]
                self._bodies[whose[number]] = (body, travelled_m)
            else:
                body = ParkedBody(self.side, span.box.is_vehicle, self._settings)
                self._bodies.append((body, travelled_m))
            body.see(span, eye, self._flank_m + _USUAL_DISTANCE_M)
            pairs.append((span, body))
        return pairs

    def _share(self, span: Span, body: ParkedBody, eye: Eye) -> float:
        """Overlap over union of what is seen and what is expected, within the picture; 0 where an
        end that is seen is not where it should be."""
        if not body.passes(span, eye):
            return 0.0
        low, high = self._sight.rear_limit, self._sight.front_limit
        rear, front = map(math.atan, body.expected(span, eye, low, high))
        one = math.atan(max(span.rear.tangent, low))
        other = math.atan(min(span.front.tangent, high))
        off = [
            abs(seen - wanted)
            for bearing, seen, wanted in ((span.rear, one, rear), (span.front, other, front))
            if bearing.seen
        ]
        if max(off, default=0.0) > _FURTHEST_OFF_RAD + _OFF_RAD_PER_M * body.way_m(eye):
            return 0.0
        shared = min(front, other) - max(rear, one)
        return max(0.0, shared) / max(max(front, other) - min(rear, one), 1e-6)

    def _beside(self, body: ParkedBody) -> bool:
        """Near enough to the way to be parked at its side."""
        box, eye = body.rectangle, body.last_eye
        if box is None or eye is None:
            return False
        beside_m = box.near_m - body.along_aside(eye.x_m, eye.y_m)[1] - self._flank_m
        return -0.5 < beside_m < self._settings.max_lateral_m

    def _gap(
        self, behind: ParkedBody, ahead: ParkedBody, bodies: Sequence[ParkedBody]
    ) -> ParkingGap | None:
        one, other = behind.rectangle, ahead.rectangle
        assert one is not None
        assert other is not None
        start = behind.corner(one.front_m, one.near_m)
        end = ahead.corner(other.rear_m, other.near_m)
        yaw = (behind.yaw_rad + ahead.yaw_rad) / 2
        cos, sin = math.cos(yaw), math.sin(yaw)
        dx, dy = end.x_m - start.x_m, end.y_m - start.y_m
        length = dx * cos + dy * sin
        step = self.side * (dy * cos - dx * sin)  # how much deeper the one ahead stands
        if length < _LEAST_GAP_M:
            return None
        # The corner is at the flank that reaches further towards the road.
        back = max(0.0, -step)
        corner = Pose(start.x_m + self.side * sin * back, start.y_m - self.side * cos * back, yaw)
        std = math.hypot(
            math.hypot(one.front_std_m, other.rear_std_m),
            self._settings.odometry_sigma_share * length,
        )
        return ParkingGap(
            id=self._identity(corner),
            side=self.side,
            corner=corner,
            length_m=length,
            length_std_m=std,
            free_depth_m=self._free_depth_m(corner, length, bodies),
            crosswise=max(one.length_m, other.length_m) < self._settings.turned_below_m,
            rear_flank_m=max(0.0, -step),
            front_flank_m=max(0.0, step),
        )

    def _identity(self, corner: Pose) -> int:
        for gap in self._gaps:
            if math.hypot(gap.corner.x_m - corner.x_m, gap.corner.y_m - corner.y_m) < _SAME_GAP_M:
                return gap.id
        self._next_id += 1
        return 2 * self._next_id + (self.side > 0)

    def _free_depth_m(self, corner: Pose, length_m: float, bodies: Sequence[ParkedBody]) -> float:
        """How deep the gap was seen to be empty over its whole length."""
        inner = length_m - 2 * _END_MARGIN_M
        along = _END_MARGIN_M + np.linspace(0.0, inner, max(2, math.ceil(inner / _CELL_M) + 1))
        deep = np.arange(_CELL_M / 2, _DEEPEST_M, _CELL_M)
        grid_along, grid_deep = (axis.ravel() for axis in np.meshgrid(along, deep))
        cos, sin = math.cos(corner.yaw_rad), math.sin(corner.yaw_rad)
        y = self.side * grid_deep
        points = np.column_stack(
            (corner.x_m + grid_along * cos - y * sin, corner.y_m + grid_along * sin + y * cos)
        )
        places = self._looks.free(points, bodies, self._settings.free_looks)
        free = np.all(places.reshape(len(deep), len(along)), axis=1)
        rows = len(deep) if free.all() else int(np.argmin(free))
        return rows * _CELL_M


def _middle(body: ParkedBody) -> tuple[float, float]:
    box = body.rectangle
    assert box is not None
    place = body.corner((box.rear_m + box.front_m) / 2, (box.near_m + box.far_m) / 2)
    return place.x_m, place.y_m
