"""What the sender is told, and when it still holds."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import Command, Decision
from drag_edge.perception.scene import Scene


@dataclass(frozen=True, slots=True)
class Outputs:
    """One step of the main loop, as it is to be told on the bus."""

    scene: Scene
    decision: Decision
    command: Command

    def holds(self, now_s: float) -> bool:
        """Whether the command may still be told; after that only fallback frames leave."""
        return now_s <= self.command.valid_until_s


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How the main loop is doing, seen by the sender.

    loop_age_s: since the loop last published, None before it did. fps: of the loop, 0 when it
    stands. uptime_s: since the sender started. faults: the fault signals of STATUS that are set.
    """

    loop_age_s: float | None
    fps: float
    uptime_s: float
    faults: frozenset[str] = frozenset()
