"""Distance, closing speed, acceleration and true size of one road user, from angles alone."""

from __future__ import annotations

import math
from collections.abc import Iterable

from drag_edge.config.tracking import RangeSettings, SizePrior
from drag_edge.perception.edge_noise import EdgeNoise

RANGE, RATE, ACCEL, LN_WIDTH, LN_HEIGHT = range(5)
_LEAST_RANGE_M = 0.3
_FOOT = 5
_TURNED_SIGMA = 0.3
_DRIFT_FOLLOW = 0.15


class RangeFilter:
    """Extended Kalman filter over [distance, rate, own acceleration, ln width, ln height].

    distance: from the camera to the nearest face, along the vehicle's x axis, positive, metres.
    rate: its change, m/s. acceleration: the object's over ground, along x, m/s².

    The size is part of the state, so that what the foot point teaches about it moves the distance
    and never fakes a closing speed: the filter knows that an error of the size scales all ranges.
    Measurements are the logarithms of the box's angular width and height, and the tangent under
    which the foot is seen; errors of an edge are Gaussian there, as they are not in metres.

    How much a detector's edges really scatter is learned from the innovations, each kind of
    measurement for itself (Mehra 1970): a coarse detector is trusted less than a fine one.
    """

    def __init__(
        self, prior: SizePrior, camera_height_m: float, direction: float, settings: RangeSettings
    ) -> None:
        self._prior = prior
        self._settings = settings
        self._camera_height_m = camera_height_m
        self._direction = direction
        # Five numbers and their 25: cheaper as lists than as arrays.
        self._mean = [0.0] * 5
        self._covariance = _diagonal([1.0] * 5)
        self.refused_in_row = 0
        self._noise = {
            kind: EdgeNoise(settings.noise_follow) for kind in (LN_WIDTH, LN_HEIGHT, _FOOT)
        }
        self._drift = {LN_WIDTH: 0.0, LN_HEIGHT: 0.0}

    @property
    def range_m(self) -> float:
        """Distance from the camera to the nearest face."""
        return self._mean[RANGE]

    @property
    def range_std_m(self) -> float:
        """Its standard deviation."""
        return math.sqrt(self._covariance[RANGE][RANGE])

    @property
    def rate_mps(self) -> float:
        """Change of the distance, negative when it shrinks."""
        return self._mean[RATE]

    @property
    def width_m(self) -> float:
        """Learned width."""
        return math.exp(self._mean[LN_WIDTH])

    @property
    def height_m(self) -> float:
        """Learned height."""
        return math.exp(self._mean[LN_HEIGHT])

    @property
    def accel_mps2(self) -> float:
        """The object's acceleration over ground, along the vehicle's x axis."""
        return self._mean[ACCEL]

    def start(
        self, range_m: float, ego_speed_mps: float | None, stretch: float | None = None
    ) -> None:
        """Begin at a first guess of the distance; its measurements have yet to be applied.

        stretch: the box' width over height, as a multiple of the usual; well above 1, a flank is
        seen as well (the road user is turned), and its usual width says little.
        """
        prior, settings = self._prior, self._settings
        width_m, width_sigma = prior.width_m, prior.width_sigma_m / prior.width_m
        if stretch is not None and stretch > settings.turned_stretch:
            width_m, width_sigma = width_m * stretch, _TURNED_SIGMA
        range_sigma_m = 0.4 * range_m + 1.0
        rate_sigma = max(settings.first_rate_sigma_mps, 0.6 * (ego_speed_mps or 0.0))
        height_sigma = prior.height_sigma_m / prior.height_m
        range_m = max(_LEAST_RANGE_M, range_m)
        self._mean = [range_m, 0.0, 0.0, math.log(width_m), math.log(prior.height_m)]
        sigmas = (
            range_sigma_m,
            rate_sigma,
            settings.accel_sigma_mps2 / 2,
            width_sigma,
            height_sigma,
        )
        self._covariance = _diagonal([sigma * sigma for sigma in sigmas])
        self.refused_in_row = 0

    def predict(self, dt_s: float, ego_accel_mps2: float) -> None:
        """Let dt_s pass: acceleration fades (Singer 1970), the ego's own acts as a known input."""
        settings, direction = self._settings, self._direction
        keep = math.exp(-dt_s / settings.accel_time_s)
        gain, gain_m = direction * dt_s, direction * dt_s * dt_s / 2

        def later(values: Iterable[float]) -> list[float]:
            """The transition, applied to a state or to a row of its covariance."""
            distance, rate, accel, ln_width, ln_height = values
            return [
                distance + dt_s * rate + gain_m * accel,
                rate + gain * accel,
                keep * accel,
                ln_width,
                ln_height,
            ]

        mean = later(self._mean)
        mean[RANGE] = max(_LEAST_RANGE_M, mean[RANGE] - gain_m * ego_accel_mps2)
        mean[RATE] -= gain * ego_accel_mps2
        self._mean = mean
        half_way = zip(*map(later, self._covariance), strict=True)
        covariance = _symmetric([later(column) for column in half_way])
        accel_sigma = settings.accel_sigma_mps2 * self._restlessness()
        covariance[ACCEL][ACCEL] += accel_sigma**2 * (1 - keep * keep)
        covariance[RATE][RATE] += (0.3 * settings.accel_sigma_mps2 * dt_s) ** 2
        self._covariance = covariance

    def measure_width(self, tangent: float, sigma: float, finest: float, gate: bool) -> bool:
        """Angular width of the face, its scatter learned down to `finest`; False if refused."""
        return self._measure_size(LN_WIDTH, tangent, sigma, finest, gate)

    def measure_height(self, tangent: float, sigma: float, finest: float, gate: bool) -> bool:
        """Angular height, likewise."""
        return self._measure_size(LN_HEIGHT, tangent, sigma, finest, gate)

    def measure_foot(self, tangent: float, sigma: float, gate: bool) -> bool:
        """Fall of the ray to the foot per metre forward; False if refused."""
        distance = self._mean[RANGE] + self._prior.rounding_m
        expected = self._camera_height_m / distance
        by_range = -expected / distance
        spread = [by_range * row[RANGE] for row in self._covariance]
        known = by_range * spread[RANGE]
        least = self._settings.noise_least
        return self._update(_FOOT, tangent - expected, spread, known, sigma * sigma, least, gate)

    def _measure_size(
        self, size: int, tangent: float, sigma: float, finest: float, gate: bool
    ) -> bool:
        distance = self._mean[RANGE] + self._prior.rounding_m
        spread = [row[size] - row[RANGE] / distance for row in self._covariance]
        known = spread[size] - spread[RANGE] / distance
        residual = math.log(tangent) - self._mean[size] + math.log(distance)
        least = max(self._settings.noise_least, (finest / sigma) ** 2)
        return self._update(size, residual, spread, known, (sigma / tangent) ** 2, least, gate)

    def _update(
        self,
        kind: int,
        residual: float,
        spread: list[float],
        known: float,
        variance: float,
        least: float,
        gate: bool,
    ) -> bool:
        """spread: the state's covariance with what is measured; known: the latter's variance;
        least: share of the assumed variance that the learned one is never below."""
        total = known + variance * self._noise[kind].factor
        if gate:
            self._noise[kind].learn(residual, known, variance, least)
            self._notice_manoeuvre(kind, residual / math.sqrt(total))
        if gate and residual * residual > self._settings.gate_sigma**2 * total:
            return False
        step = residual / total
        self._mean = [value + step * s for value, s in zip(self._mean, spread, strict=True)]
        self._mean[RANGE] = max(_LEAST_RANGE_M, self._mean[RANGE])
        self._covariance = [
            [value - one * other / total for value, other in zip(row, spread, strict=True)]
            for row, one in zip(self._covariance, spread, strict=True)
        ]
        return True

    def _notice_manoeuvre(self, kind: int, normalised: float) -> None:
        """Innovations of the size that keep their sign: the object does what was not expected."""
        if kind in self._drift:
            self._drift[kind] += _DRIFT_FOLLOW * (normalised - self._drift[kind])

    def _restlessness(self) -> float:
        """Factor on the spread of the acceleration, above 1 while width and height agree on a
        manoeuvre."""
        wide, tall = self._drift[LN_WIDTH], self._drift[LN_HEIGHT]
        drift = min(abs(wide), abs(tall)) if wide * tall > 0 else 0.0
        excess = drift / self._settings.manoeuvre_drift - 1
        return 1 + (self._settings.manoeuvre_factor - 1) * min(1.0, max(0.0, excess))


def _diagonal(variances: list[float]) -> list[list[float]]:
    return [
        [variance if row == column else 0.0 for column in range(len(variances))]
        for row, variance in enumerate(variances)
    ]


def _symmetric(rows: list[list[float]]) -> list[list[float]]:
    """Rounding must not make a covariance lopsided over time."""
    return [
        [(one + other) / 2 for one, other in zip(row, column, strict=True)]
        for row, column in zip(rows, zip(*rows, strict=True), strict=True)
    ]
