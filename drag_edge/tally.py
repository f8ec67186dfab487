"""What the loop counts for those who ask from outside; written by the loop, read by any thread."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Mapping

from drag_edge.adas.decision import Decision
from drag_edge.frames.frame import Frame

# Upper bounds in seconds: fine where a 30 Hz loop lives, coarse where only "too late" matters.
BOUNDS_S = (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)


class Histogram:
    """Counts of durations by BOUNDS_S; the last count is of those beyond."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds


class Tally:
    """Ages and durations of the loop's rounds, and the newest of everything."""

    def __init__(self, cameras: Mapping[str, object]) -> None:
        self.rounds = 0
        self.round_wall_s = time.monotonic()
        self.round_s = Histogram()
        self.latency_s = Histogram()
        self.frame_age_s = {name: Histogram() for name in cameras}
        self.newest_s: dict[str, float] = {}
        self.decision: Decision | None = None
        self.reloads = {"taken": 0, "refused": 0}

    def round(self, frames: Mapping[str, Frame], sampled_s: float, decision: Decision) -> None:
        """The loop came round with these new frames, which it had at sampled_s."""
        self.rounds += 1
        for name, frame in frames.items():
            self.newest_s[name] = frame.time_s
            self.frame_age_s[name].add(sampled_s - frame.time_s)
        self.decision = decision
        self.round_wall_s = time.monotonic()
