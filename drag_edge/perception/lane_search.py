"""Where the own lane might be, when nothing is known yet: the first guess that the fit refines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drag_edge.config.lanes import LaneSettings
from drag_edge.perception.camera import Floats
from drag_edge.perception.lane_fit import OFFSET, centre_line
from drag_edge.perception.lane_points import LanePoints

_BIN_M = 0.15
_SLOPES = 17
_PITCH_SIGMAS = np.linspace(-2.0, 2.0, 9)
_CURVATURES_1PM = np.array([-0.002, 0.0, 0.002])
_MOST_POINTS = 150


@dataclass(frozen=True, slots=True)
class LaneGuess:
    """First guess of the six lane parameters, and its spread."""

    mean: Floats
    covariance: Floats


def search_lane(
    points: LanePoints, pitch_sigma_rad: float, camera_height_m: float, settings: LaneSettings
) -> LaneGuess | None:
    """Sweep heading, curvature and pitch for the view in which the lines stand sharpest.

    Parallel lines seen in the right view fall into few bins of lateral position, so the sum of
    squared bin counts is largest there; a pair is picked from it. None when no line has enough
    points.
    """
    near = points.where(points.depth_m <= settings.search_range_m)
    if len(near) < settings.min_points:
        return None
    near = near.where(np.arange(len(near)) % max(1, len(near) // _MOST_POINTS) == 0)
    pitches, slopes, curvatures = (
        grid.ravel()
        for grid in np.meshgrid(
            _PITCH_SIGMAS * pitch_sigma_rad,
            np.linspace(-settings.max_heading_rad, settings.max_heading_rad, _SLOPES),
            _CURVATURES_1PM,
            indexing="ij",
        )
    )
    doubtful = (
        (slopes / settings.max_heading_rad) ** 2
        + (pitches / (2 * pitch_sigma_rad)) ** 2
        + (curvatures / _CURVATURES_1PM[-1]) ** 2
    )
    counts = _histograms(near, slopes, curvatures, pitches, camera_height_m, settings.max_lateral_m)
    sharpness = (_pairs_of_bins(counts) ** 2).sum(axis=1) * (1 - 0.1 * doubtful)
    view = int(sharpness.argmax())
    chosen = _pair(counts[view], settings)
    if chosen is None:
        return None
    centre_m, width_m, width_sigma_m = chosen
    mean = np.array([centre_m, slopes[view], curvatures[view], 0.0, width_m, pitches[view]])
    sigma = np.array([0.4, 0.04, 0.002, 1e-4, width_sigma_m, pitch_sigma_rad])
    return LaneGuess(mean, np.diag(sigma**2))


def best_pair(
    points: LanePoints, mean: Floats, settings: LaneSettings
) -> tuple[float, float] | None:
    """Of the lines parallel to a known lane the pair that makes the likeliest own lane.

    Returns how far its centre lies from the known one's, and its width; None if there is none.
    """
    near = points.depth_m <= settings.search_range_m
    x = points.x_m[near]
    lateral = points.y_m[near] - centre_line(mean, x)
    bins = int(2 * settings.max_lateral_m / _BIN_M)
    index = np.floor((lateral + settings.max_lateral_m) / _BIN_M).astype(np.intp)
    index = index[(index >= 0) & (index < bins)]
    smooth = _pairs_of_bins(np.bincount(index, minlength=bins).astype(float))
    found = _best_of(*_lines(smooth, settings), float(mean[OFFSET]), settings)
    return None if found is None else found[:2]


def _histograms(
    points: LanePoints,
    slopes: Floats,
    curvatures: Floats,
    pitches: Floats,
    camera_height_m: float,
    reach_m: float,
) -> Floats:
    """Counts of lateral positions: views × bins."""
    bins = int(2 * reach_m / _BIN_M)
    scale = 1 / np.maximum(0.2, 1 + pitches[:, None] * points.depth_m / camera_height_m)
    # A pitch error scales what lies before the camera; the rest of x does not change.
    x = points.x_m + points.depth_m * (scale - 1)
    lateral = points.y_m * scale - x * (slopes[:, None] + x * curvatures[:, None] / 2)
    index = np.floor((lateral + reach_m) / _BIN_M).astype(np.intp)
    valid = (index >= 0) & (index < bins)
    views = np.arange(len(pitches))[:, None] * bins
    flat = np.bincount((views + index)[valid], minlength=len(pitches) * bins)
    return flat.reshape(len(pitches), bins).astype(float)


def _pairs_of_bins(counts: Floats) -> Floats:
    """Two neighbouring bins together, so that a line on a bin's edge counts like another."""
    return np.asarray(counts[..., 1:] + counts[..., :-1])


def _pair(histogram: Floats, settings: LaneSettings) -> tuple[float, float, float] | None:
    """Centre, width and the width's σ of the likeliest own lane in one view; None if none."""
    lines_m, counts = _lines(_pairs_of_bins(histogram), settings)
    best = _best_of(lines_m, counts, 0.0, settings)
    return best if best is not None else _single(lines_m, counts, settings)


def _lines(smooth: Floats, settings: LaneSettings) -> tuple[Floats, Floats]:
    """Lateral positions where lines stand, and their counts."""
    inner = smooth[1:-1]
    enough = max(settings.min_points, 0.12 * smooth.max())
    peak = (inner >= smooth[:-2]) & (inner > smooth[2:]) & (inner >= enough)
    lines = np.flatnonzero(peak) + 1
    lines_m = np.asarray((lines + 1) * _BIN_M - settings.max_lateral_m, dtype=np.float64)
    return lines_m, smooth[lines]


def _best_of(
    lines_m: Floats, counts: Floats, ego_from_m: float, settings: LaneSettings
) -> tuple[float, float, float] | None:
    """Centre, width and σ of the width of the likeliest pair of lines about the ego.

    ego_from_m: what a centre at 0 means, metres to the left of the ego.
    """
    best: tuple[float, float, float] | None = None
    best_score = 0.0
    for left in range(len(lines_m)):
        for right in range(left):
            width = lines_m[left] - lines_m[right]
            centre = (lines_m[left] + lines_m[right]) / 2
            if not settings.min_width_m < width < settings.max_width_m:
                continue
            if abs(centre + ego_from_m) > width / 2 + 0.2:
                continue
            unusual = (width - settings.usual_width_m) / (2 * settings.usual_width_sigma_m)
            score = float(counts[left] * counts[right] * np.exp(-unusual * unusual / 2))
            if score > best_score:
                best, best_score = (float(centre), float(width), 0.3), score
    return best


def _single(
    lines_m: Floats, counts: Floats, settings: LaneSettings
) -> tuple[float, float, float] | None:
    """The lane beside the nearest line, of the usual width."""
    possible = (np.abs(lines_m) > 0.4) & (np.abs(lines_m) < settings.usual_width_m)
    possible &= counts >= 2 * settings.min_points
    if not possible.any():
        return None
    nearest = float(min(lines_m[possible], key=abs))
    centre = nearest - np.sign(nearest) * settings.usual_width_m / 2
    return float(centre), settings.usual_width_m, settings.usual_width_sigma_m
