"""Whether two bodies on the ground touch."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Footprint:
    """An oriented rectangle: centre (world metres), heading, length along it and width."""

    x_m: float
    y_m: float
    yaw_rad: float
    length_m: float
    width_m: float

    @property
    def radius_m(self) -> float:
        """Of the circle around it."""
        return 0.5 * math.hypot(self.length_m, self.width_m)


def overlap(a: Footprint, b: Footprint) -> bool:
    """Separating-axis test of two rectangles; touching edges count."""
    dx, dy = b.x_m - a.x_m, b.y_m - a.y_m
    if math.hypot(dx, dy) > a.radius_m + b.radius_m:
        return False
    return not any(
        _separated(axis, dx, dy, a, b) for axis in (*_axes(a.yaw_rad), *_axes(b.yaw_rad))
    )


def _axes(yaw_rad: float) -> tuple[tuple[float, float], tuple[float, float]]:
    cosine, sine = math.cos(yaw_rad), math.sin(yaw_rad)
    return (cosine, sine), (-sine, cosine)


def _separated(axis: tuple[float, float], dx: float, dy: float, a: Footprint, b: Footprint) -> bool:
    distance = abs(dx * axis[0] + dy * axis[1])
    return distance > _half_extent(axis, a) + _half_extent(axis, b)


def _half_extent(axis: tuple[float, float], box: Footprint) -> float:
    along, across = _axes(box.yaw_rad)
    return 0.5 * (
        box.length_m * abs(axis[0] * along[0] + axis[1] * along[1])
        + box.width_m * abs(axis[0] * across[0] + axis[1] * across[1])
    )
