"""Where a box will be in the next frame: its motion in the picture."""

from __future__ import annotations

import math

import numpy as np

from drag_edge.perception.camera import Floats

_FOLLOW = 0.7
_FOLLOW_RATE = 0.3
_MOST_GROWTH_1PS = 3.0


class BoxMotion:
    """α–β filter over [centre x, centre y, ln width, ln height] of a box, pixels and seconds."""

    def __init__(self, box_px: Floats) -> None:
        self._state = _encode(box_px)
        self._rate = np.zeros(4)
        self._measured = 1

    @property
    def box_px(self) -> Floats:
        """x0, y0, x1, y1 now."""
        centre, half = self._state[:2], np.exp(self._state[2:]) / 2
        return np.concatenate((centre - half, centre + half))

    def predict(self, dt_s: float) -> None:
        """Let dt_s pass."""
        self._state = self._state + self._rate * dt_s

    def measure(self, box_px: Floats, dt_s: float) -> None:
        """A box was associated, dt_s after the last one."""
        residual = _encode(box_px) - self._state
        # The first step knows no rate yet and takes all of it.
        follow = _FOLLOW if self._measured > 1 else 1.0
        rate = _FOLLOW_RATE if self._measured > 1 else 0.5
        self._state = self._state + follow * residual
        self._rate = self._rate + rate * residual / max(dt_s, 1e-3)
        self._rate[2:] = np.clip(self._rate[2:], -_MOST_GROWTH_1PS, _MOST_GROWTH_1PS)
        self._measured += 1

    def rest(self, dt_s: float, time_s: float = 0.3) -> None:
        """Unseen: the motion fades, so that a lost box does not fly away."""
        self._rate = self._rate * math.exp(-dt_s / time_s)


def _encode(box_px: Floats) -> Floats:
    x0, y0, x1, y1 = box_px
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2, math.log(x1 - x0), math.log(y1 - y0)])
