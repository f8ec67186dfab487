"""The road's reference line: piecewise linear curvature, integrated once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

STEP_M = 0.5
"""Station spacing of the integrated samples; between samples the line is an arc."""

OVERHANG_M = 300.0
"""The line continues this far before the first and after the last station."""

LOCATE_ITERATIONS = 6


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceLine:
    """A plane curve by arc length.

    ``station_m`` (N,), ``x_m`` (N,), ``y_m`` (N,), ``heading_rad`` (N,), ``curvature_1pm`` (N,):
    samples at equal spacing. Axes: ISO 8855, heading counter-clockwise from x.
    """

    station_m: FloatArray
    x_m: FloatArray
    y_m: FloatArray
    heading_rad: FloatArray
    curvature_1pm: FloatArray

    def curvature_at(self, s_m: npt.ArrayLike) -> FloatArray:
        """Curvature in 1/m at station s; positive bends left; ends hold their value."""
        return np.asarray(np.interp(np.asarray(s_m, float), self.station_m, self.curvature_1pm))

    def pose(
        self, s_m: npt.ArrayLike, d_m: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """World x, y (m) and heading (rad) at station s, lateral offset d (left positive).

        Accepts scalars or arrays that broadcast together.
        """
        s, d = np.broadcast_arrays(np.asarray(s_m, float), np.asarray(d_m, float))
        x, y, heading = self.points(s)
        return x - d * np.sin(heading), y + d * np.cos(heading), heading

    def points(self, s_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """World x, y (m) of the line itself and its heading (rad) at stations s."""
        index = np.floor((s_m - self.station_m[0]) / STEP_M).astype(np.int64)
        index = np.minimum(np.maximum(index, 0), len(self.station_m) - 2)
        along = s_m - self.station_m[index]
        middle = 0.5 * (self.curvature_1pm[index] + self.curvature_1pm[index + 1])
        half_turn = 0.5 * middle * along
        chord_heading = self.heading_rad[index] + half_turn
        heading = chord_heading + half_turn
        x = self.x_m[index] + along * np.cos(chord_heading)
        y = self.y_m[index] + along * np.sin(chord_heading)
        return x, y, heading

    def locate(self, x_m: float, y_m: float, hint_s_m: float | None = None) -> tuple[float, float]:
        """Station and lateral offset of the nearest point of the line.

        ``hint_s_m``: a station within about half a curve radius of the answer, for speed and
        to stay on one branch; without it the nearest sample starts the search. Unique only
        where ``|d|`` is below the curve radius.
        """
        if hint_s_m is None:
            distance_sq = (self.x_m - x_m) ** 2 + (self.y_m - y_m) ** 2
            s = float(self.station_m[int(np.argmin(distance_sq))])
        else:
            s = float(hint_s_m)
        lateral = 0.0
        for _ in range(LOCATE_ITERATIONS):
            px, py, heading, curvature = self.at(s)
            dx, dy = x_m - px, y_m - py
            cosine, sine = float(np.cos(heading)), float(np.sin(heading))
            ahead = dx * cosine + dy * sine
            lateral = -dx * sine + dy * cosine
            stretch = max(0.2, 1.0 - curvature * lateral)
            s += ahead / stretch
            if abs(ahead) < 1e-6:
                break
        return s, lateral

    def at(self, s_m: float) -> tuple[float, float, float, float]:
        """x, y, heading and curvature at one station: what ``pose`` and ``curvature_at`` say, to
        the bit (numpy's cosine is not the C library's)."""
        station, last = self.station_m, len(self.station_m) - 2
        index = min(max(math.floor((s_m - float(station[0])) / STEP_M), 0), last)
        along = s_m - float(station[index])
        before, after = float(self.curvature_1pm[index]), float(self.curvature_1pm[index + 1])
        half_turn = 0.5 * (0.5 * (before + after)) * along
        chord = float(self.heading_rad[index]) + half_turn
        x = float(self.x_m[index]) + along * float(np.cos(chord))
        y = float(self.y_m[index]) + along * float(np.sin(chord))
        curvature = (after - before) / STEP_M * max(along, 0.0) + before
        if along >= STEP_M:
            curvature = after
        return x, y, chord + half_turn, curvature


def build_reference_line(
    curvature_knots: Sequence[tuple[float, float]], length_m: float
) -> ReferenceLine:
    """Integrate (s_m, curvature_1pm) knots into a line that starts at (0, 0) heading along x.

    Curvature is linear between knots and constant outside them. Raises ValueError for no
    knots, unsorted stations or a length that is not positive.
    """
    if not curvature_knots:
        raise ValueError("a road needs at least one (s_m, curvature_1pm) knot")
    knot_s = np.array([knot[0] for knot in curvature_knots], float)
    knot_curvature = np.array([knot[1] for knot in curvature_knots], float)
    if np.any(np.diff(knot_s) <= 0.0):
        raise ValueError("curvature knots must have increasing stations")
    if length_m <= 0.0:
        raise ValueError("a road needs a positive length")
    station = np.arange(-OVERHANG_M, length_m + OVERHANG_M + STEP_M, STEP_M)
    curvature = np.interp(station, knot_s, knot_curvature)
    middle = 0.5 * (curvature[:-1] + curvature[1:])
    heading = np.concatenate(([0.0], np.cumsum(middle * STEP_M)))
    chord = heading[:-1] + 0.5 * middle * STEP_M
    x = np.concatenate(([0.0], np.cumsum(np.cos(chord) * STEP_M)))
    y = np.concatenate(([0.0], np.cumsum(np.sin(chord) * STEP_M)))
    origin = round(OVERHANG_M / STEP_M)
    turn = -heading[origin]
    dx, dy = x - x[origin], y - y[origin]
    return ReferenceLine(
        station_m=station,
        x_m=dx * np.cos(turn) - dy * np.sin(turn),
        y_m=dx * np.sin(turn) + dy * np.cos(turn),
        heading_rad=heading + turn,
        curvature_1pm=curvature,
    )
