"""When something was so: spans of time in sampled data, and means over windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Span = tuple[float, float]


def spans(times_s: Sequence[float], holds: Sequence[bool], bridge_s: float = 0.0) -> list[Span]:
    """(begin, end) of every stretch in which it held; breaks up to bridge_s are ignored.

    The end is the time of the first sample at which it no longer held, or of the last sample.
    """
    found: list[Span] = []
    begin: float | None = None
    for time_s, held in zip(times_s, holds, strict=True):
        if held and begin is None:
            begin = time_s
        elif not held and begin is not None:
            found.append((begin, time_s))
            begin = None
    if begin is not None:
        found.append((begin, times_s[-1]))
    joined: list[Span] = []
    for start_s, end_s in found:
        if joined and start_s - joined[-1][1] <= bridge_s:
            joined[-1] = (joined[-1][0], end_s)
        else:
            joined.append((start_s, end_s))
    return joined


def window_mean(values: FloatArray, window_s: float, step_s: float) -> FloatArray:
    """Mean over the last window_s at every sample; NaN until the window is full."""
    count = max(1, round(window_s / step_s))
    result = np.full(len(values), np.nan)
    if len(values) >= count:
        sums = np.concatenate(([0.0], np.cumsum(values)))
        result[count - 1 :] = (sums[count:] - sums[:-count]) / count
    return result


def window_slope(values: FloatArray, window_s: float, step_s: float) -> FloatArray:
    """Mean rate of change over the last window_s at every sample; NaN until the window is full."""
    count = max(1, round(window_s / step_s))
    result = np.full(len(values), np.nan)
    if len(values) > count:
        result[count:] = (values[count:] - values[:-count]) / (count * step_s)
    return result


def window_all(holds: BoolArray, window_s: float, step_s: float) -> BoolArray:
    """Whether it held at every sample of the last window_s; False until the window is full."""
    count = max(1, round(window_s / step_s))
    result = np.zeros(len(holds), bool)
    if len(holds) >= count:
        sums = np.concatenate(([0], np.cumsum(holds)))
        result[count - 1 :] = sums[count:] - sums[:-count] == count
    return result
