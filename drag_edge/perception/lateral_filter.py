"""Lateral position and velocity of one road user."""

from __future__ import annotations


class LateralFilter:
    """Kalman filter over [y, vy]: y in the turning ego's axes, vy over ground, left positive."""

    def __init__(self, accel_sigma_mps2: float) -> None:
        self._accel_variance = accel_sigma_mps2**2
        self.y_m = 0.0
        self.vy_mps = 0.0
        self._yy, self._yv, self._vv = 1.0, 0.0, 1.0

    def start(self, y_m: float, sigma_m: float, velocity_sigma_mps: float) -> None:
        """Begin at a first measurement."""
        self.y_m, self.vy_mps = y_m, 0.0
        self._yy, self._yv, self._vv = sigma_m**2, 0.0, velocity_sigma_mps**2

    def predict(self, dt_s: float, x_m: float, yaw_rate_radps: float) -> None:
        """Let dt_s pass while the ego turns; x_m is the object's, which swings it sideways."""
        self.y_m += (self.vy_mps - yaw_rate_radps * x_m) * dt_s
        noise = self._accel_variance
        self._yy += 2 * dt_s * self._yv + dt_s * dt_s * self._vv + noise * dt_s**4 / 4
        self._yv += dt_s * self._vv + noise * dt_s**3 / 2
        self._vv += noise * dt_s * dt_s

    def measure(self, y_m: float, sigma_m: float) -> None:
        """A measured lateral position."""
        total = self._yy + sigma_m**2
        gain_y, gain_v = self._yy / total, self._yv / total
        residual = y_m - self.y_m
        self.y_m += gain_y * residual
        self.vy_mps += gain_v * residual
        self._vv -= gain_v * self._yv
        self._yv -= gain_y * self._yv
        self._yy -= gain_y * self._yy
