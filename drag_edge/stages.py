"""How long each stage of the loop took: measured for people and benchmarks, never for decisions."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

import numpy as np

WINDOW = 4096


class Stages:
    """A stopwatch with named laps. Times are wall milliseconds of the newest and recent ticks."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}
        self._latest: dict[str, float] = {}
        self._lap_s = self._start_s = time.perf_counter()

    def start(self) -> None:
        """A tick begins."""
        self._lap_s = self._start_s = time.perf_counter()

    def mark(self, name: str) -> None:
        """The stage `name` ends here."""
        now_s = time.perf_counter()
        self._keep(name, 1000 * (now_s - self._lap_s))
        self._lap_s = now_s

    def end(self) -> None:
        """The tick ends; its whole length is the stage "loop"."""
        self._keep("loop", 1000 * (time.perf_counter() - self._start_s))

    def since_start_s(self) -> float:
        """Seconds since the tick began."""
        return time.perf_counter() - self._start_s

    def _keep(self, name: str, milliseconds: float) -> None:
        self._latest[name] = milliseconds
        self._recent.setdefault(name, deque(maxlen=WINDOW)).append(milliseconds)

    def latest_ms(self) -> Mapping[str, float]:
        """The newest tick's stages, in order."""
        return dict(self._latest)

    def percentiles_ms(self) -> dict[str, dict[str, float]]:
        """p50, p99 and mean of each stage over the last few thousand ticks."""
        return {name: percentiles(values) for name, values in self._recent.items()}


def percentiles(values: deque[float] | list[float]) -> dict[str, float]:
    """p50, p99 and mean; values must not be empty."""
    p50, p99 = np.percentile(np.asarray(values), (50, 99))
    return {
        "p50": round(float(p50), 3),
        "p99": round(float(p99), 3),
        "mean": round(float(np.mean(values)), 3),
    }
