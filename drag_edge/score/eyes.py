"""Who looks at the small world: labels with errors through the real perception, or the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from drag_edge.config.root import Settings
from drag_edge.inference.results import Perceived
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.perceive import Perception
from drag_edge.perception.scene import Scene
from drag_edge.sim.perfect import PerfectPerception
from drag_edge.sim.render_look import look_from_seed
from drag_edge.sim.sensor import LabelSensor, Pitching, SensorErrors, perceive_all
from drag_edge.sim.session import SimSession, Snapshot
from drag_edge.sim.source import simulated_camera

Seen = Mapping[str, Perceived]
"""By camera; what the networks made of the pictures of one instant."""


@dataclass(frozen=True, slots=True)
class SensorModel:
    """What is wrong with the sensor of the object level.

    Latency: from the picture to the daemon's tick, evenly spread; pictures arrive in order.
    """

    errors: SensorErrors = field(
        default_factory=lambda: SensorErrors(edge_sigma_px=1.0, dropout=0.05, clutter=0.3)
    )
    latency_s: float = 0.10
    latency_spread_s: float = 0.03
    pitch_deg: float = 0.3
    pitch_hz: float = 1.5
    period_s: float = 0.05


PERFECT_SENSOR = SensorModel(
    errors=SensorErrors(), latency_s=0.0, latency_spread_s=0.0, pitch_deg=0.0
)


class Eyes(Protocol):
    """One drive's way from the world to a scene."""

    def look(self, snapshot: Snapshot) -> Seen:
        """What the networks say of this instant."""

    def understand(self, seen: Seen, ego: EgoState, now_s: float) -> Scene:
        """The scene once that has arrived; empty: nothing new."""


class LabelEyes:
    """Labels with errors, then the real perception."""

    def __init__(
        self,
        settings: Settings,
        cameras: tuple[str, ...],
        seed: int,
        model: SensorModel,
    ) -> None:
        rng, look = np.random.default_rng([seed, 7]), look_from_seed(seed)
        self._pitching = Pitching(
            math.radians(model.pitch_deg), model.pitch_hz, float(rng.uniform(0.0, math.tau))
        )
        self._sensors: dict[str, LabelSensor] = {}
        lenses: dict[str, CameraModel] = {}
        roles = {}
        for name in cameras:
            camera = settings.cameras[name]
            view = simulated_camera(name, camera)
            own = np.random.default_rng([seed, 7, len(self._sensors)])
            front = name == "front"
            self._sensors[name] = LabelSensor(view, look, own, model.errors, front=front)
            lenses[name] = CameraModel.from_settings(camera, view.width, view.height)
            roles[name] = camera.role
        self._perception = Perception(settings.perception, lenses, roles, settings.body)

    def look(self, snapshot: Snapshot) -> Seen:
        """The labels of this instant, from a car that nods."""
        return perceive_all(self._sensors, self._pitching.at(snapshot))

    def understand(self, seen: Seen, ego: EgoState, now_s: float) -> Scene:
        """What the daemon's perception makes of them."""
        return self._perception.understand(seen, ego, now_s)


class PerfectEyes:
    """The truth itself as a scene, for tests of decisions alone."""

    def __init__(self, session: SimSession) -> None:
        self._perfect = PerfectPerception(session.road, session.car)
        self._cameras = session.scenario.cameras
        self._snapshot = session.snapshot()
        self._looks = 0

    def look(self, snapshot: Snapshot) -> Seen:
        """Remembers the instant; there are pictures and no networks."""
        self._snapshot = snapshot
        self._looks += 1
        return {
            name: Perceived(
                camera=name,
                index=self._looks,
                time_s=snapshot.time_s,
                width_px=0,
                height_px=0,
                results={},
            )
            for name in self._cameras
        }

    def understand(self, seen: Seen, ego: EgoState, now_s: float) -> Scene:
        """The remembered instant."""
        return self._perfect.understand(self._snapshot, ego)
