"""How an uneven road rocks the body: pitch of a resonant body on random bumps."""

from __future__ import annotations

import math

import numpy as np

RESONANCE_HZ = 1.5
DAMPING = 0.3
FULL_SPEED_MPS = 20.0


class Shake:
    """A damped oscillator driven by white noise, scaled so that its spread is ``std_rad`` at
    ``FULL_SPEED_MPS`` and above; a standing car does not shake."""

    def __init__(self, std_rad: float, rng: np.random.Generator, dt_s: float) -> None:
        self._rng = rng
        self._dt_s = dt_s
        self._omega = 2.0 * math.pi * RESONANCE_HZ
        # Stationary variance of x'' + 2ζω x' + ω² x = w is S/(4ζω³) for noise of density S.
        self._force = std_rad * math.sqrt(4.0 * DAMPING * self._omega**3 / dt_s)
        self._rate = 0.0
        self.pitch_rad = 0.0

    def step(self, speed_mps: float) -> None:
        """Advance by one step of ``dt_s``."""
        if self._force == 0.0:
            return
        share = min(speed_mps / FULL_SPEED_MPS, 1.0)
        push = share * self._force * float(self._rng.standard_normal())
        spring = -(self._omega**2) * self.pitch_rad - 2.0 * DAMPING * self._omega * self._rate
        self._rate += (spring + push) * self._dt_s
        self.pitch_rad += self._rate * self._dt_s
