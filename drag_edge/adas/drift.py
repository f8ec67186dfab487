"""How fast each road user moves away from the own path, or the path from it.

A car's lateral speed alone does not tell: where a bend begins, the path turns away from what stands
straight ahead. Hence the measured distance from the path is followed from picture to picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from drag_edge.perception.scene import Scene, Track

_LONGEST_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Drift:
    """One track: its distance from the path (left positive), how fast that changes, smoothed, and
    for how long it was followed."""

    id: int
    aside_m: float
    rate_mps: float
    followed_s: float
    scene_time_s: float

    @property
    def away_mps(self) -> float:
        """How fast it moves away from the middle of the path, negative towards it."""
        return math.copysign(1.0, self.aside_m) * self.rate_mps


def follow_drifts(scene: Scene, before: Sequence[Drift], smooth_s: float) -> tuple[Drift, ...]:
    """The drifts after this scene, of every track ahead. smooth_s: time constant of the rate."""
    known = {drift.id: drift for drift in before}
    return tuple(
        _followed(track, scene, known.get(track.id), smooth_s)
        for track in scene.tracks or ()
        if track.x_m > 0
    )


def _followed(track: Track, scene: Scene, before: Drift | None, smooth_s: float) -> Drift:
    aside_m = track.y_m - scene.path.y_at(track.x_m)
    step_s = math.inf if before is None else scene.time_s - before.scene_time_s
    if before is None or not 0 <= step_s <= _LONGEST_STEP_S:
        return Drift(track.id, aside_m, 0.0, 0.0, scene.time_s)
    if step_s == 0.0:
        return before
    measured = (aside_m - before.aside_m) / step_s
    rate = before.rate_mps + (measured - before.rate_mps) * step_s / (step_s + smooth_s)
    return Drift(track.id, aside_m, rate, before.followed_s + step_s, scene.time_s)
