"""Where the ego is going: lanes blended with yaw rate over speed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drag_edge.config.lanes import PathSettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import LaneLine, Lanes, Path, PathSource


@dataclass(frozen=True, slots=True)
class Corridor:
    """The strip of road the ego will need: the path and half its width.

    line: of the own lane, for the road's direction ahead; None where none is known.
    """

    path: Path
    half_width_m: float
    line: LaneLine | None = None

    def overlap(self, x_m: float, y_m: float, width_m: float) -> float:
        """Share of an object's width at (x, y) that lies in the corridor, 0–1."""
        middle = self.path.y_at(max(0.0, x_m))
        low = max(y_m - width_m / 2, middle - self.half_width_m)
        high = min(y_m + width_m / 2, middle + self.half_width_m)
        return min(1.0, max(0.0, high - low) / max(width_m, 0.1))

    def across_mps(self, x_m: float, speed_mps: float, vy_mps: float) -> float:
        """Lateral speed of an object at x against the road there, left positive.

        The path holds its curvature; where a bend begins, the road 50 m ahead has turned by some
        hundredths more, and who follows it seems to move across. The lines' curvature rate knows
        of that, but errs with the square of the distance. Of both readings the one with less
        movement counts; 0 where they contradict each other.
        """
        across = vy_mps - speed_mps * self.path.slope_at(x_m)
        if self.line is None:
            return across
        of_line = vy_mps - speed_mps * self.line.slope_at(x_m)
        if across * of_line <= 0:
            return 0.0
        return min(across, of_line, key=abs)

    def time_to_reach_s(
        self, x_m: float, y_m: float, vy_mps: float, width_m: float
    ) -> float | None:
        """Seconds until an object's flank is in the corridor at its present lateral speed.

        0 when it is inside, None when it does not approach.
        """
        aside = y_m - self.path.y_at(max(0.0, x_m))
        free_m = abs(aside) - width_m / 2 - self.half_width_m
        if free_m <= 0:
            return 0.0
        towards_mps = -math.copysign(1.0, aside) * vy_mps
        return free_m / towards_mps if towards_mps > 0.05 else None


def line_of_path(path: Path, lanes: Lanes | None) -> LaneLine | None:
    """A line that shows the road's shape; None where the path does not rest on the lanes."""
    if lanes is None or path.source not in (PathSource.LANES, PathSource.BLEND):
        return None
    return lanes.left or lanes.right


class PathPredictor:
    """Follows the yaw rate smoothly and blends it with the lanes by their confidence."""

    def __init__(self, settings: PathSettings) -> None:
        self._settings = settings
        self.reset()

    def tune(self, settings: PathSettings) -> None:
        """Changed settings, from the next step on."""
        self._settings = settings

    def reset(self) -> None:
        """Forget the smoothed curvature."""
        self._curvature_1pm: float | None = None

    def step(self, lanes: Lanes | None, ego: EgoState, dt_s: float) -> Path:
        """The path now; x from the rear axle."""
        own = self._own_curvature(ego, dt_s)
        if lanes is None:
            return _turning(own)
        settings = self._settings
        span = settings.full_confidence - settings.least_confidence
        share = (lanes.confidence - settings.least_confidence) / span
        share = min(1.0, max(0.0, share))
        if share == 0.0:
            return _turning(own)
        # The ego drives on from where it is, not from the lane's middle: offset 0, then the lane.
        if share == 1.0 or own is None:
            return Path(0.0, -lanes.heading_rad, lanes.curvature_1pm, PathSource.LANES)
        return Path(
            0.0,
            -lanes.heading_rad * share,
            lanes.curvature_1pm * share + own * (1 - share),
            PathSource.BLEND,
        )

    def _own_curvature(self, ego: EgoState, dt_s: float) -> float | None:
        if ego.yaw_rate_radps is None or ego.speed_mps is None:
            self._curvature_1pm = None
            return None
        # Below that speed the yaw rate's noise would look like sharp turns, and there are none.
        measured = ego.yaw_rate_radps / max(ego.speed_mps, self._settings.min_speed_mps)
        if self._curvature_1pm is None:
            self._curvature_1pm = measured
        follow = 1 - math.exp(-dt_s / self._settings.smooth_s)
        self._curvature_1pm += follow * (measured - self._curvature_1pm)
        return self._curvature_1pm


def _turning(curvature_1pm: float | None) -> Path:
    if curvature_1pm is None:
        return Path(0.0, 0.0, 0.0, PathSource.STRAIGHT)
    return Path(0.0, 0.0, curvature_1pm, PathSource.YAW_RATE)
