"""Time to collision from how fast a box grows; believed when two windows agree."""

from __future__ import annotations

import math
from collections import deque

_LEAST_RATE_1PS = 0.02
_SLOWEST_RATE_1PS = 0.001
_LEAST_SAMPLES = 4
_FILLED = 0.7


class ScaleTtc:
    """Slope of ln(size) over time; 1/TTC = slope, without any distance or camera constant.

    A short window reacts, a long one is steady: only when both say the same within the agreement,
    and the long one's own σ is small against its slope, is there a TTC at all. One kind of size at
    a time: a change of kind starts anew.
    """

    def __init__(self, short_s: float, long_s: float, agreement: float, uncertainty: float) -> None:
        self._short_s, self._long_s = short_s, long_s
        self._agreement, self._uncertainty = agreement, uncertainty
        self._samples: deque[tuple[float, float]] = deque()
        self._kind = ""

    def add(self, time_s: float, kind: str, size: float) -> None:
        """A measured size (> 0, any unit) of one kind ("width" or "height")."""
        if kind != self._kind:
            self._samples.clear()
            self._kind = kind
        self._samples.append((time_s, math.log(size)))
        while self._samples and self._samples[0][0] < time_s - self._long_s - 1e-6:
            self._samples.popleft()

    def ttc_s(self) -> float | None:
        """Seconds until the camera would be reached; None unless both windows agree on closing."""
        if len(self._samples) < _LEAST_SAMPLES:
            return None
        first, last = self._samples[0], self._samples[-1]
        # Most road users do not grow: nothing to fit for them.
        if last[1] - first[1] < 0.5 * _LEAST_RATE_1PS * (last[0] - first[0]):
            return None
        long, short = self._slope(self._long_s), self._slope(self._short_s)
        if long is None or short is None or min(long[0], short[0]) < _LEAST_RATE_1PS:
            return None
        if abs(long[0] - short[0]) > self._agreement * max(long[0], short[0]):
            return None
        if long[1] > self._uncertainty * long[0]:
            return None
        return 1 / long[0]

    def least_ttc_s(self, time_s: float) -> float | None:
        """The camera is not reached sooner than this, by the most that the boxes may grow now (3 σ
        above the short window's slope); None while that window is not filled, or is old at time_s.
        """
        if len(self._samples) < _LEAST_SAMPLES or time_s - self._samples[-1][0] > self._short_s:
            return None
        short = self._slope(self._short_s)
        if short is None:
            return None
        return 1 / max(short[0] + 3 * short[1], _SLOWEST_RATE_1PS)

    def _slope(self, window_s: float) -> tuple[float, float] | None:
        """Least-squares slope of ln size over the newest window_s, and its σ, both 1/s.

        None if the window is not filled enough.
        """
        end_s = self._samples[-1][0]
        chosen = [(t - end_s, value) for t, value in self._samples if end_s - t <= window_s + 1e-6]
        count = len(chosen)
        if count < _LEAST_SAMPLES or -chosen[0][0] < _FILLED * window_s:
            return None
        mean_s = sum(t for t, _ in chosen) / count
        mean = sum(value for _, value in chosen) / count
        centred = [(t - mean_s, value - mean) for t, value in chosen]
        spread = sum(t * t for t, _ in centred)
        slope = sum(t * value for t, value in centred) / spread
        misfit = sum((value - slope * t) ** 2 for t, value in centred)
        return slope, math.sqrt(misfit / (count - 2) / spread)
