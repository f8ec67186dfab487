"""Where the own lane might be, when nothing is known yet: the first guess that the fit refines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drag_edge.config.perception import LaneSettings
from drag_edge.perception.camera import Floats
from drag_edge.perception.lane_points import LanePoints

_BIN_M = 0.15
_SLOPES = 11
_PITCHES = 9


@dataclass(frozen=True, slots=True)
class LaneGuess:
    """First guess of the six lane parameters, and its spread."""

    mean: Floats
    covariance: Floats


def search_lane(
    points: LanePoints, pitch_sigma_rad: float, camera_height_m: float, settings: LaneSettings
) -> LaneGuess | None:
    """Sweep heading and pitch for the view in which the lines stand sharpest, then pick a pair.

    Parallel lines seen with the right heading and pitch fall into few bins of lateral position, so
    the sum of squared bin counts is largest there. None when no line has enough points.
    """
    near = points.where(points.depth_m <= settings.search_range_m)
    if len(near) < settings.min_points:
        return None
    slopes = np.linspace(-settings.max_heading_rad, settings.max_heading_rad, _SLOPES)
    pitches = np.linspace(-2.0, 2.0, _PITCHES) * pitch_sigma_rad
    counts = _histograms(near, slopes, pitches, camera_height_m, settings.max_lateral_m)
    doubtful = 0.15 * (
        (slopes[None, :] / settings.max_heading_rad) ** 2 + (pitches[:, None] / pitches[-1]) ** 2
    )
    sharpness = (_pairs_of_bins(counts) ** 2).sum(axis=2) * (1 - doubtful)
    pitch_index, slope_index = np.unravel_index(int(sharpness.argmax()), sharpness.shape)
    chosen = _pair(counts[pitch_index, slope_index], settings)
    if chosen is None:
        return None
    centre_m, width_m, width_sigma_m = chosen
    mean = np.array([centre_m, slopes[slope_index], 0.0, 0.0, width_m, pitches[pitch_index]])
    sigma = np.array([0.4, 0.04, 0.003, 1e-4, width_sigma_m, pitch_sigma_rad])
    return LaneGuess(mean, np.diag(sigma**2))


def _histograms(
    points: LanePoints, slopes: Floats, pitches: Floats, camera_height_m: float, reach_m: float
) -> Floats:
    """Counts of lateral positions: pitches × slopes × bins."""
    bins = int(2 * reach_m / _BIN_M)
    scale = 1 / np.maximum(0.2, 1 + pitches[:, None] * points.depth_m / camera_height_m)
    # x of a point, with its depth corrected for the pitch; the camera's own x drops out later.
    x = points.x_m + points.depth_m * (scale - 1)
    y = points.y_m * scale
    lateral = y[:, None, :] - slopes[None, :, None] * x[:, None, :]
    index = np.floor((lateral + reach_m) / _BIN_M).astype(np.intp)
    valid = (index >= 0) & (index < bins)
    views = np.arange(len(pitches) * len(slopes)).reshape(len(pitches), len(slopes), 1) * bins
    flat = np.bincount((views + index)[valid], minlength=len(pitches) * len(slopes) * bins)
    return flat.reshape(len(pitches), len(slopes), bins).astype(float)


def _pairs_of_bins(counts: Floats) -> Floats:
    """Two neighbouring bins together, so that a line on a bin's edge counts like another."""
    return np.asarray(counts[..., 1:] + counts[..., :-1])


def _pair(histogram: Floats, settings: LaneSettings) -> tuple[float, float, float] | None:
    """Centre, width and the width's σ of the likeliest own lane in one view; None if none."""
    smooth = _pairs_of_bins(histogram)
    y = np.linspace(_BIN_M, len(smooth) * _BIN_M, len(smooth)) - settings.max_lateral_m
    peak = np.zeros(len(smooth), dtype=np.bool_)
    peak[1:-1] = (smooth[1:-1] >= smooth[:-2]) & (smooth[1:-1] > smooth[2:])
    enough = max(settings.min_points, 0.12 * smooth.max())
    lines = np.flatnonzero(peak & (smooth >= enough))
    best: tuple[float, float, float] | None = None
    best_score = 0.0
    for left in lines:
        for right in lines[lines < left]:
            width = y[left] - y[right]
            centre = (y[left] + y[right]) / 2
            if not settings.min_width_m < width < settings.max_width_m:
                continue
            if abs(centre) > width / 2 + 0.2:
                continue
            unusual = (width - settings.usual_width_m) / (2 * settings.usual_width_sigma_m)
            score = float(np.sqrt(smooth[left] * smooth[right]) * np.exp(-unusual * unusual / 2))
            if score > best_score:
                best, best_score = (float(centre), float(width), 0.3), score
    return best if best is not None else _single(y[lines], smooth[lines], settings)


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
