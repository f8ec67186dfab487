"""Medians and means of a run, and how they read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def summary(milliseconds: Sequence[float]) -> dict[str, float]:
    """p50, mean, p99 and count of one series, milliseconds."""
    values = np.asarray(milliseconds, np.float64)
    p50, p99 = np.percentile(values, (50, 99))
    return {
        "p50_ms": round(float(p50), 4),
        "mean_ms": round(float(values.mean()), 4),
        "p99_ms": round(float(p99), 4),
        "count": len(values),
    }


def ms(figures: dict[str, float]) -> str:
    """One series in a cell."""
    return f"{figures['p50_ms']:.3f} ms (mean {figures['mean_ms']:.3f})"
