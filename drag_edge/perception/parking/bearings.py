"""Boxes of a camera that looks to the side, as directions in which vehicles begin and end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from drag_edge.perception.boxes import SeenBox, hidden
from drag_edge.perception.camera import CameraModel

_FAR = 1e3
# The ends of a car's body are widest between knee and waist; a camera that looks down sees a
# vertical edge slanted, so the height matters a little: below the camera, per metre of distance.
_EDGE_FALL = 0.12
_STRAIGHT_ASIDE = 0.2
_ENOUGH_VIEW = 0.4
# An edge this near to the picture's may be cut by it: where it is drawn is the detector's taste.
_BORDER_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Bearing:
    """A direction over ground: metres forward per metre to the side (0: straight aside).

    sigma: of one pixel's worth. seen: False where the picture's or a nearer vehicle's edge cuts
    the box, so that its own end lies beyond.
    """

    tangent: float
    sigma: float
    seen: bool


@dataclass(frozen=True, slots=True)
class Span:
    """One box: from its rear to its front bearing. foot_m: distance aside of where it meets the
    ground, None if that is not seen."""

    box: SeenBox
    rear: Bearing
    front: Bearing
    foot_m: float | None


class SideSight:
    """A camera on one side. side: 1 left, −1 right."""

    def __init__(self, camera: CameraModel, side: float) -> None:
        self.camera, self.side = camera, side
        row = camera.horizon_row()
        self._row = row + camera.fy * _EDGE_FALL if math.isfinite(row) else camera.cy
        ends = camera.rays([(0.0, self._row), (camera.width_px - 1.0, self._row)])
        first, second = sorted(self._tangent(*ray) for ray in ends.tolist())
        self.rear_limit, self.front_limit = first, second

    def spans(self, boxes: list[SeenBox]) -> list[Span]:
        """What is seen on this side, in the order of the boxes; those elsewhere are left out."""
        if not boxes:
            return []
        rays = self.camera.rays([pixel for box in boxes for pixel in self._pixels(box)]).tolist()
        found = (
            self._span(box, rays[5 * index : 5 * index + 5], behind)
            for index, (box, behind) in enumerate(zip(boxes, hidden(boxes), strict=True))
        )
        return [span for span in found if span is not None]

    def _pixels(self, box: SeenBox) -> tuple[tuple[float, float], ...]:
        x0, y0, x1, y1 = box.box_px
        row = min(max(self._row, y0), y1)
        return (x0, row), (x0 + 1, row), (x1, row), (x1 - 1, row), (self.camera.cx, y1)

    def _span(self, box: SeenBox, rays: Sequence[Sequence[float]], behind: bool) -> Span | None:
        left, left_in, right, right_in, foot = rays
        border_px = _BORDER_SHARE * self.camera.width_px
        cut_left = box.cut.left or box.box_px[0] < border_px
        cut_right = box.cut.right or box.box_px[2] > self.camera.width_px - 1 - border_px
        one = self._bearing(left, left_in, not (cut_left or behind))
        other = self._bearing(right, right_in, not (cut_right or behind))
        rear, front = (one, other) if one.tangent <= other.tangent else (other, one)
        if front.tangent <= -_FAR or rear.tangent >= _FAR:
            return None
        return Span(box, rear, front, self._foot_m(box, foot))

    def _bearing(self, ray: Sequence[float], inward: Sequence[float], seen: bool) -> Bearing:
        tangent = self._tangent(*ray)
        sigma = abs(self._tangent(*inward) - tangent)
        return Bearing(tangent, sigma, seen and abs(tangent) < _FAR and sigma > 0)

    def _tangent(self, x: float, y: float, z: float) -> float:
        aside = self.side * y
        if aside <= abs(x) / _FAR:
            return math.copysign(_FAR, x)
        return x / aside

    def _foot_m(self, box: SeenBox, ray: Sequence[float]) -> float | None:
        # A row of the picture is a line along the road only where the camera looks straight aside.
        _, y, z = ray
        if box.cut.bottom or z > -1e-3 or abs(self.camera.heading[0]) > _STRAIGHT_ASIDE:
            return None
        return float(self.side * y / -z * self.camera.z_m)


def sees_aside(camera: CameraModel, side: float) -> bool:
    """Whether both ends of what passes are seen while they are straight aside."""
    sight = SideSight(camera, side)
    return sight.rear_limit < -_ENOUGH_VIEW and sight.front_limit > _ENOUGH_VIEW
