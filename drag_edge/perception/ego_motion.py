"""What the filters need of the ego's motion, with what to assume where the bus is silent."""

from __future__ import annotations

import math

from drag_edge.perception.ego import EgoState

_SMOOTH_S = 0.3


class EgoMotion:
    """Longitudinal acceleration: the bus's own, else the smoothed change of speed, else None."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the last speed."""
        self._last: tuple[float, float] | None = None
        self._accel_mps2: float | None = None

    def accel_mps2(self, ego: EgoState) -> float | None:
        """Acceleration now; call once a step."""
        if ego.accel_mps2 is not None:
            return ego.accel_mps2
        if ego.speed_mps is None:
            self.reset()
            return None
        if self._last is not None and ego.time_s > self._last[0]:
            dt_s = ego.time_s - self._last[0]
            measured = (ego.speed_mps - self._last[1]) / dt_s
            follow = 1 - math.exp(-dt_s / _SMOOTH_S)
            known = self._accel_mps2 or 0.0
            self._accel_mps2 = known + follow * (measured - known)
        self._last = (ego.time_s, ego.speed_mps)
        return self._accel_mps2
