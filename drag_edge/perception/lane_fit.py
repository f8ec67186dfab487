"""Both lines of the own lane from points, jointly and robustly, starting from what is expected."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.lanes import LaneSettings
from drag_edge.perception.camera import Floats
from drag_edge.perception.lane_points import LanePoints

# State of a lane: y of its centre line at x = 0, slope, curvature, curvature rate, width, and the
# error of the pitch with which the points were projected.
OFFSET, SLOPE, CURVATURE, CURVATURE_RATE, WIDTH, PITCH = range(6)

_ROUNDS = 4

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SideSupport:
    """What speaks for one line in this frame.

    points: inliers. span_m: length of road they cover. view_range_m: the furthest of them.
    rms_m: their weighted scatter about the line.
    """

    points: int
    span_m: float
    view_range_m: float
    rms_m: float


@dataclass(frozen=True, slots=True)
class LaneFit:
    """Posterior of the six lane parameters, and each side's support; None where too little."""

    mean: Floats
    covariance: Floats
    left: SideSupport | None
    right: SideSupport | None


def centre_line(mean: Floats, x_m: Floats) -> Floats:
    """y of the lane's centre at x."""
    slope = mean[SLOPE] + x_m * (mean[CURVATURE] / 2 + x_m * mean[CURVATURE_RATE] / 6)
    return np.asarray(mean[OFFSET] + x_m * slope)


def fit_lane(
    points: LanePoints,
    mean: Floats,
    covariance: Floats,
    camera_height_m: float,
    settings: LaneSettings,
    gate_m: float | None = None,
) -> LaneFit:
    """Iterated robust update of the expectation (mean 6, covariance 6×6) by line points.

    Both lines share slope and curvatures (they are parallel) and lie half a width from the centre.
    Lines that diverge on the ground betray a pitch error, which is the sixth parameter: it scales
    depth and lateral position of a point by 1 + δ·depth/height. Points are weighted by Cauchy's
    function (iteratively reweighted least squares, Holland & Welsch 1977), and each line's total
    weight is capped, because the errors of neighbouring points are not independent.
    """
    gate_m = settings.gate_m if gate_m is None else gate_m
    x, y, depth = points.x_m, points.y_m, points.depth_m
    information = np.linalg.inv(covariance)
    prior = information @ mean
    estimate = mean
    design = _design(x)
    shape, half, tilt = design[:WIDTH], design[WIDTH], design[PITCH]
    tilt_at_0, tilt_of_slope = y * depth / camera_height_m, depth * depth / -camera_height_m
    variance, reach = points.sigma_m**2, gate_m + points.sigma_m
    for step in range(_ROUNDS):
        slope = estimate[SLOPE:WIDTH] @ design[:CURVATURE_RATE]
        np.multiply(slope, tilt_of_slope, out=tilt)
        tilt += tilt_at_0
        from_centre = y - estimate[:WIDTH] @ shape - tilt * estimate[PITCH]
        np.copysign(0.5, from_centre, out=half)
        residual = from_centre - half * estimate[WIDTH]
        squared = residual * residual
        if step == 1:
            reach = reach - 0.4 * gate_m
        # Cauchy's weight 1 / (σ² (1 + (r / 2σ)²)).
        inlier = np.abs(residual) < reach
        left = inlier & (half > 0)
        weights = inlier / (variance + 0.25 * squared)
        _cap(weights, inlier, left, settings.effective_points)
        weighted = design * weights
        gained = information + weighted @ design.T
        estimate = np.asarray(np.linalg.solve(gained, prior + weighted @ y), dtype=np.float64)
    posterior = np.linalg.inv(gained)
    return LaneFit(
        mean=estimate,
        covariance=(posterior + posterior.T) / 2,
        left=_support(x, squared, weights, left, settings),
        right=_support(x, squared, weights, inlier & ~left, settings),
    )


def _design(x_m: Floats) -> Floats:
    """How y follows from each parameter, 6×N; the rows of width and pitch are still open."""
    design = np.empty((6, len(x_m)))
    design[OFFSET] = 1.0
    design[SLOPE] = x_m
    design[CURVATURE] = x_m * x_m / 2
    design[CURVATURE_RATE] = design[CURVATURE] * x_m / 3
    return design


def _cap(weights: Floats, inlier: Bools, left: Bools, effective_points: int) -> None:
    """Bound the total weight of the left line's points, and that of the others."""
    on_left = int(np.count_nonzero(left))
    on_right = int(np.count_nonzero(inlier)) - on_left
    if max(on_left, on_right) > effective_points:
        share_left = min(1.0, effective_points / max(1, on_left))
        share_right = min(1.0, effective_points / max(1, on_right))
        weights *= np.where(left, share_left, share_right)


def _support(
    x_m: Floats, squared: Floats, weights: Floats, side: Bools, settings: LaneSettings
) -> SideSupport | None:
    x = x_m[side]
    if len(x) < settings.min_points:
        return None
    # The second from either end: one stray point does not make a line long.
    x.sort()
    nearest, furthest = float(x[1]), float(x[-2])
    if furthest - nearest < settings.min_span_m:
        return None
    weight = weights[side]
    rms = math.sqrt(float(weight @ squared[side]) / float(weight.sum()))
    return SideSupport(len(x), furthest - nearest, furthest, rms)
