"""What perception would say of the bench's world: late, noisy, and of nothing that is not there."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Path, PathSource, Scene, Track
from tests.adas import scenes

STEP_S = 0.01


@dataclasses.dataclass(frozen=True)
class Noise:
    """Standard deviations of what a tracker says, and the share of pictures that are lost."""

    gap_share: float = 0.0
    rate_mps: float = 0.0
    accel_mps2: float = 0.0
    lateral_m: float = 0.0
    lateral_mps: float = 0.0
    lane_offset_m: float = 0.0
    lane_heading_rad: float = 0.0
    dropout: float = 0.0


QUIET = Noise()
REAL = Noise(0.02, 0.4, 0.6, 0.08, 0.2, 0.03, 0.002, 0.05)


@dataclasses.dataclass
class Actor:
    """Another road user; gap_m from the ego's bumper at the start, accel in m/s² by time."""

    gap_m: float
    speed_mps: float
    accel: Callable[[float], float] = lambda time_s: 0.0
    y_m: float = 0.0
    vy_mps: float = 0.0
    label: str = "car"
    width_m: float = 1.8
    appears_s: float = -math.inf
    stops_at_y_m: float | None = None
    seen_frames: int = 0
    estimated_accel: float = 0.0

    def step(self, time_s: float, accel_lag_s: float) -> None:
        """Move by one plant step; its acceleration is seen with a first-order lag."""
        before = self.speed_mps
        if before >= 0:
            self.speed_mps = max(0.0, before + self.accel(time_s) * STEP_S)
        self.gap_m += (before + self.speed_mps) / 2 * STEP_S
        if self.stops_at_y_m is not None and (self.y_m - self.stops_at_y_m) * self.vy_mps >= 0:
            self.vy_mps = 0.0
        self.y_m += self.vy_mps * STEP_S
        accel = (self.speed_mps - before) / STEP_S
        self.estimated_accel += (accel - self.estimated_accel) * STEP_S / (STEP_S + accel_lag_s)


class Eyes:
    """Scenes at 20 Hz that arrive latency_s after they were taken."""

    def __init__(self, noise: Noise, seed: int, latency_s: float) -> None:
        self._noise = noise
        self._rng = np.random.default_rng(seed)
        self._latency_s = latency_s
        self._on_the_way: deque[Scene] = deque()
        self.newest: Scene | None = None

    def look(
        self,
        ego: EgoState,
        travelled_m: float,
        actors: Sequence[Actor],
        lane: tuple[float, float, float],
    ) -> None:
        """Take a picture now (lane: ego's offset and heading in it, its curvature), and receive
        what was taken latency_s ago."""
        if self._rng.random() >= self._noise.dropout:
            self._on_the_way.append(self._see(ego, travelled_m, actors, lane))
        while (
            self._on_the_way and self._on_the_way[0].time_s <= ego.time_s - self._latency_s + 1e-9
        ):
            self.newest = self._on_the_way.popleft()

    def _error(self, deviation: float) -> float:
        return float(self._rng.normal(0.0, 1.0)) * deviation

    def _see(
        self,
        ego: EgoState,
        travelled_m: float,
        actors: Sequence[Actor],
        lane: tuple[float, float, float],
    ) -> Scene:
        tracks = []
        for number, actor in enumerate(actors, start=1):
            gap = actor.gap_m - travelled_m
            visible = 0.3 < gap < 150.0 and ego.time_s >= actor.appears_s
            actor.seen_frames = actor.seen_frames + 1 if visible else 0
            if actor.seen_frames >= 3:
                tracks.append(self._track(number, actor, gap, ego))
        offset, heading, curvature = lane
        lanes = scenes.lanes(
            offset + self._error(self._noise.lane_offset_m),
            heading + self._error(self._noise.lane_heading_rad),
            curvature,
        )
        in_path = [track for track in tracks if track.path_overlap > 0.4]
        return scenes.scene(
            ego.time_s,
            ego=ego,
            lanes=lanes,
            path=Path(-lanes.offset_m, -lanes.heading_rad, curvature, PathSource.LANES),
            tracks=tuple(tracks),
            lead=min(in_path, key=lambda track: track.gap_m, default=None),
        )

    def _track(self, number: int, actor: Actor, gap: float, ego: EgoState) -> Track:
        assert ego.speed_mps is not None
        noise = self._noise
        gap = max(0.3, gap * (1 + self._error(noise.gap_share)))
        speed = actor.speed_mps + self._error(noise.rate_mps)
        y = actor.y_m + self._error(noise.lateral_m)
        half = scenes.BODY.width_m / 2 + 0.3
        shared = min(y + actor.width_m / 2, half) - max(y - actor.width_m / 2, -half)
        return scenes.track(
            gap,
            speed - ego.speed_mps,
            ego.speed_mps,
            id=number,
            label=actor.label,
            y_m=y,
            width_m=actor.width_m,
            accel_mps2=actor.estimated_accel + self._error(noise.accel_mps2),
            vy_mps=actor.vy_mps + self._error(noise.lateral_mps),
            path_overlap=max(0.0, shared) / actor.width_m,
            frames=actor.seen_frames,
        )
