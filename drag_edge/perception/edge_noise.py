"""How much a detector's box edges really scatter, learned from the innovations of a filter."""

from __future__ import annotations

_MOST = 25.0
_BIAS_FOLLOW = 0.15
_CORRELATION_FOLLOW = 0.05
_MOST_CORRELATION = 0.7


class EdgeNoise:
    """One kind of measurement: the factor on its assumed variance (after Mehra 1970).

    Two things are learned. Scatter about the innovations' own mean: a mean that stays is no noise
    but motion. And how alike successive errors are: a network errs alike on like pictures, and n
    errors of correlation ρ weigh as n·(1 − ρ)/(1 + ρ) independent ones.

    follow: share by which one innovation moves what is learned.
    """

    def __init__(self, follow: float) -> None:
        self._follow = follow
        self._scatter = 1.0
        self._bias = 0.0
        self._last = 0.0
        self._power = 1e-12
        self._product = 0.0

    @property
    def factor(self) -> float:
        """What to multiply the assumed variance by."""
        alike = min(_MOST_CORRELATION, max(0.0, self._product / self._power))
        return self._scatter * (1 + alike) / (1 - alike)

    def learn(self, innovation: float, known: float, variance: float, least: float) -> None:
        """An innovation whose filter part has variance `known`, of a measurement assumed to have
        `variance`, of which the scatter is at least this share. One outlier says little."""
        scatter = (innovation - self._bias) ** 2
        self._bias += _BIAS_FOLLOW * (innovation - self._bias)
        said = min(max(0.0, scatter - known) / variance, 9.0 * self._scatter)
        self._scatter += self._follow * (said - self._scatter)
        self._scatter = min(_MOST, max(least, self._scatter))
        limited = max(-3.0, min(3.0, innovation / variance**0.5))
        self._power += _CORRELATION_FOLLOW * (limited * limited - self._power)
        self._product += _CORRELATION_FOLLOW * (limited * self._last - self._product)
        self._last = limited
