"""One camera: lens, picture size and mounting; pixels to the ground and points to pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drag_edge.config.cameras import CameraSettings, IntrinsicsSettings

Floats = NDArray[np.float64]

_NEAR_M = 0.1
_UNDISTORT_STEPS = 8
_UNDISTORT_LAST_STEP = 1e-9
# Optical axes (x right, y down, z forward) as rows in body axes (x forward, y left, z up).
_BODY_TO_OPTICAL = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])


@dataclass(frozen=True)
class CameraModel:
    """Pinhole with Brown–Conrady distortion, mounted on the vehicle.

    fx, fy, cx, cy: pixels, for pictures of width_px × height_px. distortion: k1 k2 p1 p2 k3, or
    fewer, the rest being 0. x_m, y_m, z_m: position from the ground under the rear axle's centre.
    Angles by ISO 8855: yaw left, pitch down and roll to the right are positive.

    A `pitch_rad` argument is the body's deviation from its level attitude, nose down positive; the
    camera's height is taken as unchanged by it.
    """

    width_px: int
    height_px: int
    fx: float
    fy: float
    cx: float
    cy: float
    x_m: float
    y_m: float
    z_m: float
    roll_rad: float = 0.0
    pitch_rad: float = 0.0
    yaw_rad: float = 0.0
    distortion: tuple[float, ...] = ()

    @classmethod
    def from_settings(cls, settings: CameraSettings, width: int, height: int) -> CameraModel:
        """The camera of the YAML, its lens scaled to pictures of width × height pixels.

        Raises TypeError if the intrinsics are still the name of a file (loading reads them in).
        """
        lens = settings.intrinsics
        if not isinstance(lens, IntrinsicsSettings):
            raise TypeError(f"intrinsics are not loaded yet: {lens}")
        scale_x, scale_y = width / lens.width, height / lens.height
        mount = settings.mount
        return cls(
            width_px=width,
            height_px=height,
            fx=lens.fx * scale_x,
            fy=lens.fy * scale_y,
            # Pixel centres are at whole numbers, so the picture's corner is at −0.5.
            cx=(lens.cx + 0.5) * scale_x - 0.5,
            cy=(lens.cy + 0.5) * scale_y - 0.5,
            x_m=mount.x,
            y_m=mount.y,
            z_m=mount.z,
            roll_rad=math.radians(mount.roll_deg),
            pitch_rad=math.radians(mount.pitch_deg),
            yaw_rad=math.radians(mount.yaw_deg),
            distortion=tuple(lens.distortion),
        )

    @cached_property
    def position_m(self) -> Floats:
        """Where the camera is, 3."""
        return np.array([self.x_m, self.y_m, self.z_m])

    @cached_property
    def vehicle_to_optical(self) -> Floats:
        """Rotation from vehicle axes to optical axes, 3×3."""
        mounted = rotation(self.roll_rad, self.pitch_rad, self.yaw_rad)
        return _BODY_TO_OPTICAL @ mounted.T

    @cached_property
    def heading(self) -> tuple[float, float]:
        """Unit vector of the optical axis' direction over ground (x, y)."""
        axis = self.vehicle_to_optical[2]
        length = math.hypot(axis[0], axis[1])
        return float(axis[0] / length), float(axis[1] / length)

    def project(self, points_m: ArrayLike, pitch_rad: float = 0.0) -> Floats:
        """N×3 points in vehicle axes to N×2 pixels; NaN behind the camera or beyond the lens."""
        relative = np.asarray(points_m, float).reshape(-1, 3) - self.position_m
        optical = relative @ rotation(0.0, pitch_rad, 0.0) @ self.vehicle_to_optical.T
        depth = np.where(optical[:, 2] > _NEAR_M, optical[:, 2], np.nan)
        normal = self._distort(optical[:, :2] / depth[:, None])
        return normal * (self.fx, self.fy) + (self.cx, self.cy)

    def rays(self, pixels: ArrayLike) -> Floats:
        """N×2 pixels to N×3 viewing directions in vehicle axes, of length 1 along the axis."""
        centre_px, focal_px = self._centre_and_focal_px
        normal = (np.asarray(pixels, float).reshape(-1, 2) - centre_px) / focal_px
        right, down, axis = self.vehicle_to_optical
        x, y = self._undistort(normal).T[:, :, None]
        return np.asarray(x * right + y * down + axis)

    def ground_from_pixel(self, pixels: ArrayLike, pitch_rad: float = 0.0) -> Floats:
        """N×2 pixels to N×2 points (x, y) of the flat ground, metres; NaN from the horizon up."""
        return self.ground_from_rays(self.rays(pixels), pitch_rad)

    def ground_from_rays(self, rays: Floats, pitch_rad: float = 0.0) -> Floats:
        """N×3 directions in vehicle axes to N×2 ground points; NaN at or above the horizon."""
        cos, sin = math.cos(pitch_rad), math.sin(pitch_rad)
        forward = cos * rays[:, 0] + sin * rays[:, 2]
        fall = sin * rays[:, 0] - cos * rays[:, 2]
        scale = self.z_m / np.where(fall > 1e-6, fall, np.nan)
        return np.column_stack((self.x_m + forward * scale, self.y_m + rays[:, 1] * scale))

    def horizon_row(self, pitch_rad: float = 0.0) -> float:
        """Image row of the horizon below or above the principal point."""
        ahead = np.array([[*self.heading, 0.0]]) * 1e6 + self.position_m
        return float(self.project(ahead, pitch_rad)[0, 1])

    @cached_property
    def _centre_and_focal_px(self) -> tuple[Floats, Floats]:
        return np.array([self.cx, self.cy]), np.array([self.fx, self.fy])

    @cached_property
    def _coefficients(self) -> tuple[float, float, float, float, float]:
        k1, k2, p1, p2, k3 = (*self.distortion, 0.0, 0.0, 0.0, 0.0, 0.0)[:5]
        return k1, k2, p1, p2, k3

    @cached_property
    def _radius_limit(self) -> float:
        """Undistorted radius beyond which the radial polynomial folds back."""
        k1, k2, _, _, k3 = self._coefficients
        roots = np.roots([7 * k3, 5 * k2, 3 * k1, 1.0])
        real = [r.real for r in roots if abs(r.imag) < 1e-9 and r.real > 0]
        return math.sqrt(min(real)) if real else math.inf

    def _distort(self, normal: Floats) -> Floats:
        if not any(self.distortion):
            return normal
        k1, k2, p1, p2, k3 = self._coefficients
        x, y = normal[:, 0], normal[:, 1]
        r2 = x * x + y * y
        r2 = np.where(r2 < self._radius_limit**2, r2, np.nan)
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return np.column_stack(
            (
                x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
                y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
            )
        )

    def _undistort(self, distorted: Floats) -> Floats:
        """Newton's method; NaN where the lens cannot have sent that pixel."""
        if not any(self.distortion):
            return distorted
        guess = distorted
        for _ in range(_UNDISTORT_STEPS):
            step = self._inverse_step(guess, distorted)
            guess = guess + step
            # Steps shrink as their square. A NaN is not larger: it has left the lens for good.
            if not (np.abs(step) > _UNDISTORT_LAST_STEP).any():
                break
        error = np.abs(self._distort(guess) - distorted).max(axis=1)
        return np.where((error < 1e-6)[:, None], guess, np.nan)

    def _inverse_step(self, guess: Floats, target: Floats) -> Floats:
        """One Newton step of distort(guess) = target; the Jacobian is symmetric."""
        k1, k2, p1, p2, k3 = self._coefficients
        x, y = guess.T
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        slope = 2 * (k1 + r2 * (2 * k2 + r2 * 3 * k3))
        x_by_x = radial + slope * x * x + 2 * p1 * y + 6 * p2 * x
        y_by_y = radial + slope * y * y + 6 * p1 * y + 2 * p2 * x
        x_by_y = slope * x * y + 2 * p1 * x + 2 * p2 * y
        error_x, error_y = (target - self._distort(guess)).T
        determinant = x_by_x * y_by_y - x_by_y * x_by_y
        return np.column_stack(
            (
                (error_x * y_by_y - error_y * x_by_y) / determinant,
                (error_y * x_by_x - error_x * x_by_y) / determinant,
            )
        )


def rotation(roll_rad: float, pitch_rad: float, yaw_rad: float) -> Floats:
    """Body-to-parent rotation Rz(yaw)·Ry(pitch)·Rx(roll) of ISO 8855, 3×3."""
    cos_r, sin_r = math.cos(roll_rad), math.sin(roll_rad)
    cos_p, sin_p = math.cos(pitch_rad), math.sin(pitch_rad)
    cos_y, sin_y = math.cos(yaw_rad), math.sin(yaw_rad)
    about_z = np.array([[cos_y, -sin_y, 0.0], [sin_y, cos_y, 0.0], [0.0, 0.0, 1.0]])
    about_y = np.array([[cos_p, 0.0, sin_p], [0.0, 1.0, 0.0], [-sin_p, 0.0, cos_p]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cos_r, -sin_r], [0.0, sin_r, cos_r]])
    return np.asarray(about_z @ about_y @ about_x)
