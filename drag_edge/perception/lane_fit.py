"""Both lines of the own lane from points, jointly and robustly, starting from what is expected."""

from __future__ import annotations

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
    design = np.empty((len(points), 6))
    design[:, OFFSET] = 1.0
    design[:, SLOPE] = x
    design[:, CURVATURE] = x * x / 2
    design[:, CURVATURE_RATE] = x * x * x / 6
    left = np.zeros(len(points), dtype=np.bool_)
    inlier = left
    weights, residual = np.zeros(len(points)), np.zeros(len(points))
    for step in range(_ROUNDS):
        slope = estimate[SLOPE] + x * (estimate[CURVATURE] + x * estimate[CURVATURE_RATE] / 2)
        design[:, PITCH] = (y - slope * depth) * depth / camera_height_m
        from_centre = y - centre_line(estimate, x) - design[:, PITCH] * estimate[PITCH]
        left = from_centre > 0
        design[:, WIDTH] = np.where(left, 0.5, -0.5)
        residual = np.asarray(from_centre - design[:, WIDTH] * estimate[WIDTH])
        reach = gate_m * (1.0 if step == 0 else 0.6) + points.sigma_m
        inlier = np.abs(residual) < reach
        scaled = residual / (2.0 * points.sigma_m)
        weights = np.where(inlier, 1 / (points.sigma_m**2 * (1 + scaled * scaled)), 0.0)
        for side in (left, ~left):
            _cap(weights, side & inlier, settings.effective_points)
        weighted = design.T * weights
        gained = information + weighted @ design
        estimate = np.asarray(np.linalg.solve(gained, prior + weighted @ y), dtype=np.float64)
    posterior = np.linalg.inv(gained)
    return LaneFit(
        mean=estimate,
        covariance=(posterior + posterior.T) / 2,
        left=_support(points, residual, weights, left & inlier, settings),
        right=_support(points, residual, weights, ~left & inlier, settings),
    )


def _cap(weights: Floats, side: NDArray[np.bool_], effective_points: int) -> None:
    count = int(np.count_nonzero(side))
    if count > effective_points:
        weights[side] *= effective_points / count


def _support(
    points: LanePoints,
    residual: Floats,
    weights: Floats,
    side: NDArray[np.bool_],
    settings: LaneSettings,
) -> SideSupport | None:
    x = points.x_m[side]
    if len(x) < settings.min_points:
        return None
    nearest, furthest = np.partition(x, (1, len(x) - 2))[[1, len(x) - 2]]
    if furthest - nearest < settings.min_span_m:
        return None
    weight = weights[side]
    rms = float(np.sqrt((weight * residual[side] ** 2).sum() / weight.sum()))
    return SideSupport(len(x), float(furthest - nearest), float(furthest), rms)
