"""Everything that one picture shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drag_edge.adas.decision import Command, Decision
from drag_edge.display.status import LoopStatus
from drag_edge.frames.frame import Frame
from drag_edge.perception.scene import Scene


@dataclass(frozen=True, slots=True)
class Moment:
    """One tick's results, and the newest frame of each camera.

    front: name of the camera that fills the picture. zoom: how much its frame was enlarged.
    stale_after_s: what is older is dimmed.
    """

    front: str
    frames: Mapping[str, Frame]
    scene: Scene | None
    decision: Decision | None
    command: Command | None
    status: LoopStatus
    zoom: float
    stale_after_s: float

    def age_s(self, time_s: float) -> float:
        """How old something from time_s is when the picture is drawn."""
        return self.status.time_s - time_s

    def is_old(self, time_s: float) -> bool:
        """Whether it is too old to be shown as if it were now."""
        return self.age_s(time_s) > self.stale_after_s
