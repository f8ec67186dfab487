"""What the loop tells a person about itself, from its parts' own counters."""

from __future__ import annotations

import time
from collections import deque

from drag_edge.clock import Clock
from drag_edge.display.status import LoopStatus, ModelStatus
from drag_edge.inference.pool import ModelPool
from drag_edge.inference.stats import ModelStats
from drag_edge.stages import Stages
from drag_edge.vehicle.link import VehicleLink

RATE_WINDOW = 40
MODELS_EVERY_S = 0.5
SILENT_AFTER_S = 2.0


class Instruments:
    """Builds a LoopStatus on demand. Wall times appear here and in no decision."""

    def __init__(
        self, clock: Clock, pool: ModelPool, vehicle: VehicleLink, latency_budget_s: float
    ) -> None:
        self._clock = clock
        self._pool = pool
        self._vehicle = vehicle
        self.budget_s = latency_budget_s
        self._notice = ""
        self._notice_until_s = float("-inf")
        self._started_s = clock.now_s()
        self._ticks_s: deque[float] = deque(maxlen=RATE_WINDOW)
        self._frames = 0
        self._dropped = 0
        self._late = 0
        self._next_index: int | None = None
        self._latency_s = 0.0
        self._models: dict[str, ModelStatus] = {}
        self._models_made_s = float("-inf")

    def count(self, index: int, latency_s: float) -> None:
        """One front frame was decided upon, latency_s after it was taken.

        index: the frame's own number; gaps are frames that newer ones replaced.
        """
        self._ticks_s.append(time.perf_counter())
        self._frames += 1
        if self._next_index is not None and index > self._next_index:
            self._dropped += index - self._next_index
        self._next_index = index + 1
        self._latency_s = latency_s
        self._late += latency_s > self.budget_s

    def tell(self, notice: str, until_s: float) -> None:
        """A line for the picture, until then on the clock."""
        self._notice, self._notice_until_s = notice, until_s

    def status(self, stages: Stages) -> LoopStatus:
        """Now."""
        now_s = self._clock.now_s()
        wall_s = time.perf_counter()
        if wall_s - self._models_made_s > MODELS_EVERY_S:
            self._models = {name: _model(stats) for name, stats in self._pool.stats().items()}
            self._models_made_s = wall_s
        return LoopStatus(
            time_s=now_s,
            fps=self.rate(),
            latency_ms=1000 * self._latency_s,
            stages_ms=stages.latest_ms(),
            models=self._models,
            frames=self._frames,
            dropped=self._dropped,
            late=self._late,
            can_sent=self._vehicle.sent,
            can_received=self._vehicle.received,
            can_errors=self._vehicle.failed,
            uptime_s=now_s - self._started_s,
            notice=self._notice if now_s < self._notice_until_s else "",
        )

    def rate(self) -> float | None:
        """Front frames per second, None before the second; 0 when none came for a while."""
        if len(self._ticks_s) < 2:
            return None
        first_s, last_s = self._ticks_s[0], self._ticks_s[-1]
        if time.perf_counter() - last_s > SILENT_AFTER_S:
            return 0.0
        span_s = last_s - first_s
        return (len(self._ticks_s) - 1) / span_s if span_s > 0 else None


def _model(stats: ModelStats) -> ModelStatus:
    time_ms = None if stats.total is None else stats.total.p50_ms
    if stats.last_error and not stats.loaded:
        return ModelStatus("failed", time_ms)
    return ModelStatus("ready" if stats.loaded else "idle", time_ms)
