"""How hard road users have slowed down, from their speeds of the last moments.

An acceleration of this moment comes late and errs; what a speed lost over a second or two tells it
better of who goes on braking, and too long of who has ended it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from drag_edge.perception.scene import Scene

Speeds = tuple[tuple[float, float], ...]
"""(scene time in s, speed over ground in m/s), the oldest first."""

_LONGEST_STEP_S = 0.5
_LEAST_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class Slowing:
    """One track and its speeds of late."""

    id: int
    speeds: Speeds

    @property
    def accel_mps2(self) -> float | None:
        """Slope of the speeds by least squares, None of too few."""
        count = len(self.speeds)
        if count < _LEAST_SAMPLES:
            return None
        mean_s = sum(time_s for time_s, _ in self.speeds) / count
        spread = sum((time_s - mean_s) ** 2 for time_s, _ in self.speeds)
        return sum((time_s - mean_s) * mps for time_s, mps in self.speeds) / spread


def follow_slowings(
    scene: Scene, before: Sequence[Slowing], window_s: float
) -> tuple[Slowing, ...]:
    """Every track ahead whose speed is known, with its speeds of the last window_s."""
    known = {one.id: one.speeds for one in before}
    return tuple(
        Slowing(track.id, _followed(known.get(track.id, ()), scene.time_s, speed_mps, window_s))
        for track in scene.tracks or ()
        if track.x_m > 0 and (speed_mps := track.speed_mps) is not None
    )


def _followed(before: Speeds, time_s: float, speed_mps: float, window_s: float) -> Speeds:
    step_s = time_s - before[-1][0] if before else math.inf
    if not 0 <= step_s <= _LONGEST_STEP_S:
        return ((time_s, speed_mps),)
    if step_s == 0.0:
        return before
    return (*(one for one in before if one[0] > time_s - window_s), (time_s, speed_mps))
