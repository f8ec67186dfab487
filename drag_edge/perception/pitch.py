"""The body's pitch against its mounted attitude: a slow and a fast part, seen through the lanes."""

from __future__ import annotations

import math

from drag_edge.config.lanes import PitchSettings

# A pitch at its bound that no line has confirmed for so long is forgotten.
_DOUBT_S = 3.0


class PitchEstimator:
    """Kalman filter over [slow, fast]; their sum is the pitch, nose down positive.

    The slow part is a random walk (load, mounting, long grades); the fast one returns to zero with
    its time constant (bumps) and has braking and accelerating as its input. The sum is measured.
    """

    def __init__(self, settings: PitchSettings) -> None:
        self._settings = settings
        self.reset()

    def tune(self, settings: PitchSettings) -> None:
        """Changed settings, from the next step on."""
        self._settings = settings

    def reset(self, slow_rad: float = 0.0, slow_sigma_rad: float | None = None) -> None:
        """Forget everything; slow_rad ± slow_sigma_rad: where the slow part is expected."""
        bound = self._settings.max_rad
        widest, fast = self._settings.slow_sigma_rad, self._settings.fast_sigma_rad
        slow = widest if slow_sigma_rad is None else min(widest, slow_sigma_rad)
        self._slow_rad, self._fast_rad = min(bound, max(-bound, slow_rad)), 0.0
        self._slow_var, self._fast_var, self._shared_var = slow**2, fast**2, 0.0
        self._from_accel_rad = 0.0
        self._expected = (slow_rad, slow_sigma_rad)
        self._unconfirmed_s = 0.0
        self.at_bound = False

    @property
    def pitch_rad(self) -> float:
        """Best estimate, within the bound."""
        bound = self._settings.max_rad
        total = self._slow_rad + self._fast_rad + self._from_accel_rad
        return min(bound, max(-bound, total))

    @property
    def slow_rad(self) -> float:
        """The slow part alone."""
        return self._slow_rad

    @property
    def sigma_rad(self) -> float:
        """Standard deviation of the estimate."""
        return math.sqrt(self._slow_var + 2 * self._shared_var + self._fast_var)

    def predict(self, dt_s: float, accel_mps2: float | None) -> None:
        """Let dt_s pass; accel_mps2 is the ego's, None if unknown.

        Where nothing has confirmed a pitch at its bound for some seconds it starts anew.
        """
        self._unconfirmed_s += dt_s
        if self.at_bound and self._unconfirmed_s > _DOUBT_S:
            self.reset(*self._expected)
        settings = self._settings
        keep = math.exp(-dt_s / settings.fast_time_s)
        self._fast_rad *= keep
        self._shared_var *= keep
        self._fast_var *= keep * keep
        self._fast_var += settings.fast_sigma_rad**2 * (1 - keep * keep)
        self._slow_var += settings.slow_noise_rad**2 * dt_s / settings.slow_time_s
        self._slow_var = min(self._slow_var, settings.slow_sigma_rad**2)
        self._from_accel_rad = settings.fast_per_accel * (accel_mps2 or 0.0)

    def update(self, error_rad: float, sigma_rad: float) -> None:
        """The points say: the pitch is the present estimate + error_rad, ± sigma_rad."""
        slow, fast = self._slow_var + self._shared_var, self._fast_var + self._shared_var
        total = slow + fast + sigma_rad**2
        self._fast_rad += fast / total * error_rad
        self._slow_var -= slow * slow / total
        self._fast_var -= fast * fast / total
        self._shared_var -= slow * fast / total
        bound = self._settings.max_rad
        slow_rad = self._slow_rad + slow / total * error_rad
        self.at_bound = abs(slow_rad) >= bound
        self._unconfirmed_s = 0.0
        self._slow_rad = min(bound, max(-bound, slow_rad))


def information_of_points(
    prior_sigma_rad: float, mean_rad: float, sigma_rad: float
) -> tuple[float, float] | None:
    """What a fit's points alone say of the pitch error, its prior (0 ± prior σ) taken out.

    Returns (error, σ), or None where the points said next to nothing.
    """
    gained = 1 / sigma_rad**2 - 1 / prior_sigma_rad**2
    if gained <= 1e-2 / prior_sigma_rad**2:
        return None
    return mean_rad / sigma_rad**2 / gained, 1 / math.sqrt(gained)
