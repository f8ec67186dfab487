"""What a row of numbers says: percentiles, a line through memory, gaps between frames."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Growth:
    """Of a value over time, as fractions of its beginning.

    ends: the median of the last part over that of the first. fitted: what a straight line through
    all of it rises.
    """

    ends: float
    fitted: float


def percentile(values: Sequence[float], percent: float) -> float | None:
    """None of nothing."""
    return float(np.percentile(values, percent)) if len(values) else None


def growth(times_s: Sequence[float], values: Sequence[float]) -> Growth | None:
    """None where there are fewer than ten values. The ends are a tenth of the values each."""
    if len(values) < 10:
        return None
    times, levels = np.asarray(times_s, float), np.asarray(values, float)
    tenth = max(1, len(levels) // 10)
    first, last = np.median(levels[:tenth]), np.median(levels[-tenth:])
    slope, start = np.polyfit(times - times[0], levels, 1)
    return Growth(float(last / first - 1), float(slope * (times[-1] - times[0]) / start))


def jitter_s(
    times_s: Iterable[float], cycle_s: float, without: Sequence[Span]
) -> NDArray[np.float64]:
    """How far each gap between two frames is from the cycle time; gaps that touch one of the
    spans (sorted, apart) are left out: nothing could be heard there."""
    times = np.asarray(list(times_s), float)
    if len(times) < 2:
        return np.zeros(0)
    keep = [not touches(a, b, without) for a, b in itertools.pairwise(times)]
    gaps: NDArray[np.float64] = np.abs(np.diff(times) - cycle_s)[np.array(keep)]
    return gaps


def touches(start_s: float, end_s: float, spans: Sequence[Span]) -> bool:
    """Whether [start, end] meets one of the spans, which are sorted and apart."""
    after = bisect.bisect_right(spans, (end_s, float("inf")))
    return after > 0 and spans[after - 1][1] >= start_s


def joined(spans: Iterable[Span]) -> list[Span]:
    """Sorted, and those that overlap made one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
