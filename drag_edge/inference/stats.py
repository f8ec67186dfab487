"""How a model is doing: counts, failures, and latencies over the last few hundred frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drag_edge.inference.path import StepTimes

WINDOW = 512


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds over the window: the median and the 99th percentile."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class ModelStats:
    """A snapshot.

    count: good results since the start. failures: frames and loads that failed since the start.
    last_error: of the newest failure, "" if there was none. total, preprocess, engine, decode:
    None before the first result. load_time_s: of the newest load, None before it.
    """

    count: int
    failures: int
    last_error: str
    loaded: bool
    load_time_s: float | None
    total: Latency | None
    preprocess: Latency | None
    engine: Latency | None
    decode: Latency | None


class StatsRecorder:
    """Collects; bounded memory."""

    def __init__(self) -> None:
        self._times_ms = np.zeros((WINDOW, 3))
        self._count = 0
        self._failures = 0
        self._last_error = ""
        self.load_time_s: float | None = None

    def record(self, times: StepTimes) -> None:
        """One good result."""
        self._times_ms[self._count % WINDOW] = (
            times.preprocess_s * 1e3,
            times.engine_s * 1e3,
            times.decode_s * 1e3,
        )
        self._count += 1

    def record_failure(self, error: str) -> None:
        """One frame or load that failed."""
        self._failures += 1
        self._last_error = error

    def snapshot(self, loaded: bool) -> ModelStats:
        """Now. May be called from another thread: at worst one row is a frame newer."""
        times = self._times_ms[: min(self._count, WINDOW)].copy()
        preprocess, engine, decode = (_latency(times[:, step]) for step in range(3))
        return ModelStats(
            count=self._count,
            failures=self._failures,
            last_error=self._last_error,
            loaded=loaded,
            load_time_s=self.load_time_s,
            total=_latency(times.sum(axis=1)),
            preprocess=preprocess,
            engine=engine,
            decode=decode,
        )


def _latency(times_ms: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Latency | None:
    if not len(times_ms):
        return None
    p50, p99 = np.percentile(times_ms, (50, 99))
    return Latency(float(p50), float(p99))
