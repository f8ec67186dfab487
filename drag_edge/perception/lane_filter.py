"""The own lane over time: Kalman filter over [offset, slope, curvature, curvature rate, width]."""

from __future__ import annotations

import numpy as np

from drag_edge.config.lanes import LaneSettings
from drag_edge.perception.camera import Floats
from drag_edge.perception.lane_fit import (
    CURVATURE,
    CURVATURE_RATE,
    OFFSET,
    PITCH,
    SLOPE,
    WIDTH,
    LaneFit,
    fit_lane,
)
from drag_edge.perception.lane_points import LanePoints

# A lane's shape is a smooth road's: these spreads bound what a long gap can do to it.
_MOST_VARIANCE = np.square([3.0, 0.3, 0.02, 1e-3, 1.0])
_UNCHANGED = np.eye(5)


class LaneFilter:
    """mean and covariance of the lane's centre line and width, moved on with the ego."""

    def __init__(self, mean: Floats, covariance: Floats) -> None:
        self.mean = mean[:PITCH].copy()
        self.covariance = covariance[:PITCH, :PITCH].copy()

    def predict(
        self,
        dt_s: float,
        speed_mps: float | None,
        yaw_rate_radps: float | None,
        settings: LaneSettings,
    ) -> None:
        """Drive on by dt_s: the clothoid slides under the ego, the ego turns against it."""
        travelled = (speed_mps or 0.0) * dt_s
        step = _UNCHANGED.copy()
        step[OFFSET, SLOPE] = step[SLOPE, CURVATURE] = step[CURVATURE, CURVATURE_RATE] = travelled
        step[OFFSET, CURVATURE] = step[SLOPE, CURVATURE_RATE] = travelled**2 / 2
        step[OFFSET, CURVATURE_RATE] = travelled**3 / 6
        self.mean = step @ self.mean
        if yaw_rate_radps is not None:
            self.mean[SLOPE] -= yaw_rate_radps * dt_s
        offset, heading = settings.offset_noise, settings.heading_noise
        if speed_mps is None:
            offset = settings.offset_noise_blind
        if yaw_rate_radps is None or speed_mps is None:
            heading = settings.heading_noise_blind
        noise = np.array(
            [
                offset,
                heading,
                settings.curvature_noise,
                settings.curvature_rate_noise,
                settings.width_noise,
            ]
        )
        covariance = step @ self.covariance @ step.T
        variance = covariance.diagonal() + noise * noise * dt_s
        covariance.flat[::6] = variance
        if (variance > _MOST_VARIANCE).any():
            shrink = np.sqrt(_MOST_VARIANCE / np.maximum(_MOST_VARIANCE, variance))
            covariance *= np.outer(shrink, shrink)
        self.covariance = covariance

    def expectation(self, pitch_sigma_rad: float) -> tuple[Floats, Floats]:
        """Mean 6 and covariance 6×6 with the pitch error as the sixth parameter, expected 0."""
        covariance = np.zeros((6, 6))
        covariance[:PITCH, :PITCH] = self.covariance
        covariance[PITCH, PITCH] = pitch_sigma_rad**2
        return np.append(self.mean, 0.0), covariance

    def fit(
        self,
        points: LanePoints,
        pitch_sigma_rad: float,
        camera_height_m: float,
        settings: LaneSettings,
    ) -> LaneFit:
        """What the points make of the expectation; nothing is taken over yet."""
        mean, covariance = self.expectation(pitch_sigma_rad)
        return fit_lane(points, mean, covariance, camera_height_m, settings)

    def accept(self, fit: LaneFit) -> None:
        """Take the fit over as the state."""
        self.mean = fit.mean[:PITCH].copy()
        self.covariance = fit.covariance[:PITCH, :PITCH].copy()

    def change_lane(self, lanes_to_left: int) -> None:
        """Name the neighbouring lane (1 left, −1 right) the own one; widths are taken as alike."""
        self.mean[OFFSET] += lanes_to_left * self.mean[WIDTH]
        shift = np.eye(5)
        shift[OFFSET, WIDTH] = lanes_to_left
        self.covariance = shift @ self.covariance @ shift.T


def implausible(mean: Floats, settings: LaneSettings) -> str | None:
    """Why this cannot be the own lane, or None."""
    width, slope = float(mean[WIDTH]), float(mean[SLOPE])
    if not settings.min_width_m <= width <= settings.max_width_m:
        return f"width {width:.2f} m"
    if abs(slope) > settings.max_heading_rad:
        return f"heading {slope:.3f} rad"
    if abs(mean[CURVATURE]) > settings.max_curvature_1pm:
        return f"curvature {mean[CURVATURE]:.4f} 1/m"
    if abs(mean[OFFSET]) > width / 2 + 1.0:
        return f"centre {mean[OFFSET]:.2f} m away"
    return None
