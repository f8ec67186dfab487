"""How near the ego is to each line of its lane, and how fast it comes nearer."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import Side
from drag_edge.config.body import BodySettings
from drag_edge.config.lka import LkaSettings
from drag_edge.perception.scene import LaneLine, Lanes


@dataclass(frozen=True, slots=True)
class Approach:
    """One line: from the body's side to it (negative: over it), and how fast it comes nearer."""

    side: Side
    distance_m: float
    speed_mps: float

    @property
    def time_s(self) -> float | None:
        """Until the line is reached, 0 when over it; None when not moving towards it."""
        if self.speed_mps <= 0.01:
            return None
        return max(0.0, self.distance_m) / self.speed_mps


def usable(confidence: float, age_s: float, settings: LkaSettings) -> bool:
    """Whether lines of this confidence and age may be acted on."""
    return confidence >= settings.min_confidence and age_s <= settings.max_lane_age_s


def approaches(
    lanes: Lanes, lateral_mps: float, age_s: float, settings: LkaSettings, body: BodySettings
) -> list[Approach]:
    """Both lines that are seen, as they are now. lateral_mps: of the ego in the lane, left."""

    def approach(line: LaneLine | None, side: Side, sign: float) -> list[Approach]:
        if line is None or not usable(line.confidence, line.age_s, settings):
            return []
        # At the front wheels: they are over the line first when the ego drifts.
        distance = sign * line.y_at(body.wheelbase_m) - body.width_m / 2
        speed = sign * lateral_mps
        return [Approach(side, distance - speed * age_s, speed)]

    return approach(lanes.left, Side.LEFT, 1.0) + approach(lanes.right, Side.RIGHT, -1.0)


def urgency(approach: Approach) -> float:
    """Smaller is more urgent: the time to the line, then the distance."""
    time_s = approach.time_s
    return approach.distance_m + 1e3 if time_s is None else time_s
