"""Arcs driven by the rear axle, and how near a body comes to standing ones.

Axes of a gap: x along the row as driven, y towards the road, origin at the gap's rear corner on
the road side; headings and curvatures positive towards y. A gap on the left is its mirror image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.body import BodySettings

Floats = NDArray[np.float64]
SAMPLE_M = 0.05


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a path. forward: else backwards. curvature_1pm: of the rear axle's path, its sign
    as that of the steering. length_m ≥ 0."""

    forward: bool
    curvature_1pm: float
    length_m: float

    @property
    def way_m(self) -> float:
        """Length with the sign of the direction."""
        return self.length_m if self.forward else -self.length_m

    def reversed(self) -> Segment:
        """The same piece driven the other way."""
        return Segment(not self.forward, self.curvature_1pm, self.length_m)


@dataclass(frozen=True, slots=True)
class Placed:
    """Rear axle's centre and heading."""

    x_m: float
    y_m: float
    heading_rad: float


@dataclass(frozen=True, slots=True)
class Block:
    """A standing body, its sides along the axes."""

    x0_m: float
    x1_m: float
    y0_m: float
    y1_m: float


def along(start: Placed, segment: Segment, ways_m: Floats) -> Floats:
    """N×3 poses (x, y, heading) after signed ways along a segment's arc."""
    curvature, heading = segment.curvature_1pm, start.heading_rad
    turned = heading + curvature * ways_m
    if abs(curvature) < 1e-9:
        x = start.x_m + ways_m * math.cos(heading)
        y = start.y_m + ways_m * math.sin(heading)
    else:
        x = start.x_m + (np.sin(turned) - math.sin(heading)) / curvature
        y = start.y_m - (np.cos(turned) - math.cos(heading)) / curvature
    return np.column_stack((x, y, turned))


def after(start: Placed, segment: Segment) -> Placed:
    """Where a segment ends."""
    x, y, heading = along(start, segment, np.array([segment.way_m]))[0].tolist()
    return Placed(x, y, heading)


def path(start: Placed, segments: Sequence[Segment], step_m: float = SAMPLE_M) -> Floats:
    """N×3 poses all along, at most step_m apart, both ends included."""
    pieces = []
    for segment in segments:
        count = max(2, math.ceil(segment.length_m / step_m) + 1)
        pieces.append(along(start, segment, np.linspace(0.0, segment.way_m, count)))
        start = after(start, segment)
    if not pieces:
        return np.array([[start.x_m, start.y_m, start.heading_rad]])
    return np.concatenate(pieces)


def corners(poses: Floats, body: BodySettings) -> Floats:
    """N×4×2: front left, front right, rear right, rear left."""
    half = body.width_m / 2
    ahead = np.array([body.front_overhang_m, body.front_overhang_m,
                      -body.rear_overhang_m, -body.rear_overhang_m])  # fmt: skip
    aside = np.array([half, -half, -half, half])
    cos, sin = np.cos(poses[:, 2:3]), np.sin(poses[:, 2:3])
    x = poses[:, 0:1] + ahead * cos - aside * sin
    y = poses[:, 1:2] + ahead * sin + aside * cos
    return np.stack((x, y), axis=2)


def kerb_side_wheels(poses: Floats, body: BodySettings) -> Floats:
    """N×2: y of the outer edge of the two wheels away from the road."""
    cos, sin = np.cos(poses[:, 2:3]), np.sin(poses[:, 2:3])
    ahead = np.array([0.0, body.wheelbase_m])
    return np.asarray(poses[:, 1:2] + ahead * sin - body.width_m / 2 * cos)


def clearance_m(poses: Floats, blocks: Sequence[Block], body: BodySettings) -> Floats:
    """N: a lower bound of the distance to the nearest block; negative: inside (separating axes)."""
    own = corners(poses, body)
    nearest = np.full(len(poses), np.inf)
    cos, sin = np.cos(poses[:, 2]), np.sin(poses[:, 2])
    turned = np.stack((np.stack((cos, sin), 1), np.stack((-sin, cos), 1)), 1)  # N×2×2 axes
    mine = np.einsum("nka,nia->nik", own, turned)
    low, high = mine.min(axis=2), mine.max(axis=2)
    for block in blocks:
        points = np.array([(x, y) for x in (block.x0_m, block.x1_m)
                           for y in (block.y0_m, block.y1_m)])  # fmt: skip
        least, most = own.min(axis=1), own.max(axis=1)
        beside = np.maximum(block.x0_m - most[:, 0], least[:, 0] - block.x1_m)
        ahead = np.maximum(block.y0_m - most[:, 1], least[:, 1] - block.y1_m)
        gap = np.maximum(beside, ahead)
        theirs = np.einsum("ka,nia->nik", points, turned)
        apart = np.maximum(theirs.min(axis=2) - high, low - theirs.max(axis=2)).max(axis=1)
        nearest = np.minimum(nearest, np.maximum(gap, apart))
    return nearest
