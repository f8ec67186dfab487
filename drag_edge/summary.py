"""What a run did, in numbers: printed at the end, and written as JSON."""

from __future__ import annotations

import json
import os
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drag_edge.adas.decision import AebStage, BsdLevel, Command, Decision
from drag_edge.perception.scene import Scene

BRAKING = (AebStage.PARTIAL, AebStage.FULL)
MIRROR_LIT = (BsdLevel.OCCUPIED, BsdLevel.WARN)
# A vehicle that led before so many others is not known again: a service runs for weeks.
_KNOWN_LEADS = 64


@dataclass
class RunSummary:
    """Counts over one run. `add` is called once a decision; `as_dict` is what the JSON holds."""

    samples: int = 0
    frames: Counter[str] = field(default_factory=Counter)
    decisions: int = 0
    both_lines: int = 0
    any_line: int = 0
    with_lead: int = 0
    min_gap_m: float | None = None
    leads: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    lights: Counter[str] = field(default_factory=Counter)
    aeb_frames: int = 0
    fcw_frames: int = 0
    mirror_frames: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    _alerts_on: frozenset[str] = frozenset()
    _newest_leads: deque[int] = field(default_factory=lambda: deque(maxlen=_KNOWN_LEADS))

    def add(
        self,
        cameras: Iterable[str],
        scene: Scene,
        decision: Decision,
        command: Command,
    ) -> None:
        """Count one tick; an alert counts once each time it comes on. cameras: with a new frame."""
        arrived = tuple(cameras)
        self.samples += bool(arrived)
        self.frames.update(arrived)
        self.events.update(f"{event.name}:{event.source}" for event in decision.events)
        self.decisions += 1
        self.modes[decision.mode.name] += 1
        self._add_road(scene)
        alerts = frozenset(alert.name for alert in decision.alerts)
        self.alerts.update(alerts - self._alerts_on)
        self._alerts_on = alerts
        self.aeb_frames += decision.aeb.stage in BRAKING
        self.fcw_frames += decision.aeb.warning
        self.mirror_frames["left"] += decision.bsd.left in MIRROR_LIT
        self.mirror_frames["right"] += decision.bsd.right in MIRROR_LIT
        self.limited.update(command.limited)

    def _add_road(self, scene: Scene) -> None:
        if scene.lanes is not None:
            # A line counts as found when this very frame measured it.
            left, right = (
                line is not None and line.age_s == 0.0
                for line in (scene.lanes.left, scene.lanes.right)
            )
            self.both_lines += left and right
            self.any_line += left or right
        if scene.traffic_light is not None:
            self.lights[scene.traffic_light.state.name] += 1
        if scene.lead is not None:
            self.with_lead += 1
            self._count_lead(scene.lead.id)
            gap_m = scene.lead.gap_m
            self.min_gap_m = gap_m if self.min_gap_m is None else min(gap_m, self.min_gap_m)

    def _count_lead(self, track_id: int) -> None:
        """Each vehicle once."""
        if track_id not in self._newest_leads:
            self.leads += 1
            self._newest_leads.append(track_id)

    def as_dict(self, elapsed_s: float) -> dict[str, Any]:
        """Everything that was counted; elapsed_s is the wall time of the run."""
        total = sum(self.frames.values())
        return {
            "frames": dict(self.frames),
            "elapsed_s": round(elapsed_s, 2),
            "fps": round(self.decisions / elapsed_s, 1) if elapsed_s > 0 else None,
            "frames_per_s": round(total / elapsed_s, 1) if elapsed_s > 0 else None,
            "decisions": self.decisions,
            "lanes": {"both_lines": self.both_lines, "any_line": self.any_line},
            "lead": {
                "frames": self.with_lead,
                "vehicles": self.leads,
                "min_gap_m": None if self.min_gap_m is None else round(self.min_gap_m, 2),
            },
            "traffic_light": dict(self.lights),
            "modes": dict(self.modes),
            "alerts": dict(self.alerts),
            "aeb_frames": self.aeb_frames,
            "fcw_frames": self.fcw_frames,
            "mirror_frames": dict(self.mirror_frames),
            "limited": dict(self.limited),
            "events": dict(self.events),
        }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(json.dumps(content, indent=2) + "\n")
        os.replace(unfinished, path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
