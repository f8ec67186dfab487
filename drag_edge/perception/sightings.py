"""Boxes of one frame as angles seen from the camera: everything later stages need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from drag_edge.config.tracking import RangeSettings
from drag_edge.perception.boxes import SeenBox, hidden
from drag_edge.perception.camera import CameraModel

_USUAL_STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class Sighting:
    """A box as tangents in vehicle axes, along the camera's own direction of view (±x).

    foot: fall of the ray to the foot, per metre forward: camera height / distance. left and right:
    lateral tangent (y/distance, left positive) of the edges. top: like foot, of the upper edge.
    outer_foot: like foot, of the lower corner that is further to the side. Each σ is that of one
    edge, as a tangent.
    """

    box: SeenBox
    foot: float
    top: float
    outer_foot: float
    left: float
    right: float
    sigma_u: float
    sigma_v: float
    foot_seen: bool
    height_seen: bool
    width_seen: bool

    @property
    def wide(self) -> float:
        """Angular width, as a tangent."""
        return self.left - self.right

    @property
    def tall(self) -> float:
        """Angular height, as a tangent."""
        return self.foot - self.top


def sight(
    boxes: list[SeenBox],
    camera: CameraModel,
    pitch_rad: float,
    widths_m: Sequence[float],
    dt_s: float,
    settings: RangeSettings,
) -> list[Sighting]:
    """Angles of the boxes. widths_m: usual width of each box's kind. dt_s: since the last frame."""
    if not boxes:
        return []
    sights = _Sights(camera, pitch_rad, dt_s, settings)
    # One call for all boxes: turning pixels into rays is the part that arrays are good for.
    pixels = [pixel for box in boxes for pixel in _pixels(box)]
    rays = [sights.level(*ray) for ray in camera.rays(pixels).tolist()]
    return [
        sights.sighting(box, rays[4 * index : 4 * index + 4], width_m, behind)
        for index, (box, width_m, behind) in enumerate(
            zip(boxes, widths_m, hidden(boxes), strict=True)
        )
    ]


def _pixels(box: SeenBox) -> tuple[tuple[float, float], ...]:
    """Lower corners, foot and top."""
    x0, y0, x1, y1 = box.box_px
    middle = (x0 + x1) / 2
    return (x0, y1), (x1, y1), (middle, y1), (middle, y0)


@dataclass(frozen=True, slots=True)
class _Ray:
    """lateral: per metre along ±x. corner: fall likewise. fall: per metre along the view."""

    lateral: float
    corner: float
    fall: float


class _Sights:
    """What all boxes of a frame share."""

    def __init__(
        self, camera: CameraModel, pitch_rad: float, dt_s: float, settings: RangeSettings
    ) -> None:
        self._camera = camera
        self._ahead_x, self._ahead_y = camera.heading
        self._sign = 1.0 if self._ahead_x >= 0 else -1.0
        self._cos, self._sin = math.cos(pitch_rad), math.sin(pitch_rad)
        self._edge_px = settings.box_sigma_px
        # An error that stays for several frames weighs as many frames' worth of white noise.
        frames = 1 + settings.box_correlation_s / (dt_s or _USUAL_STEP_S)
        self._edge_share = settings.box_sigma_share * math.sqrt(frames)

    def level(self, x: float, y: float, z: float) -> _Ray:
        """A ray in the vehicle's axes as tangents in level axes."""
        level_x, down = self._cos * x + self._sin * z, self._sin * x - self._cos * z
        forward = self._sign * level_x
        # At 90° and beyond there is no tangent: such an edge is far to the side.
        if not forward > 0.05:
            forward = math.nan
        along = self._ahead_x * level_x + self._ahead_y * y
        return _Ray(y / forward, down / forward, _ratio(down, along))

    def sighting(
        self, box: SeenBox, rays: Sequence[_Ray], usual_width_m: float, behind: bool
    ) -> Sighting:
        """Of one box; rays to its lower corners, foot and top.

        A camera that looks askew (a mirror) sees the foot of the near corner, not of the middle:
        its forward distance follows from the box's outer edge, which is the face's outer corner.
        """
        one, other, foot, top = rays
        left, right = _larger_and_smaller(one.lateral, other.lateral)
        side = 1.0 if _known(left + right) >= 0 else -1.0
        first_is_outer = (one.lateral >= other.lateral) == (side > 0)
        height_m = self._camera.z_m
        skew = self._sign * self._ahead_x + self._ahead_y * (left if side > 0 else right)
        # The plane of the foot's row meets the near corner: X·(a_x + a_y·outer) = D + side·a_y·w.
        beside_m = side * self._ahead_y * usual_width_m * max(foot.fall, 0.0)
        scale = _ratio(height_m * skew, height_m + beside_m)
        known = math.isfinite(left) and math.isfinite(right) and math.isfinite(scale)
        x0, y0, x1, y1 = box.box_px
        cut = box.cut
        return Sighting(
            box=box,
            foot=_known(foot.fall * scale),
            top=_known(top.fall * scale),
            outer_foot=_known(one.corner if first_is_outer else other.corner),
            left=_known(left),
            right=_known(right),
            sigma_u=math.hypot(self._edge_px, self._edge_share * (x1 - x0)) / self._camera.fx,
            sigma_v=math.hypot(self._edge_px, self._edge_share * (y1 - y0)) / self._camera.fy,
            foot_seen=known and not cut.bottom,
            height_seen=known and not (cut.bottom or cut.top),
            width_seen=known and not (cut.left or cut.right or behind),
        )


def _larger_and_smaller(first: float, second: float) -> tuple[float, float]:
    """A NaN gives way to the other."""
    if math.isnan(first):
        return second, second
    if math.isnan(second) or first >= second:
        return first, first if math.isnan(second) else second
    return second, first


def _ratio(value: float, by: float) -> float:
    """NaN where there is none."""
    return value / by if by != 0 else math.nan


def _known(value: float) -> float:
    """0 where there is no number."""
    return value if math.isfinite(value) else 0.0
