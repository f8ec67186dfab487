"""The traffic light that concerns the own lane, and what it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.perception import LightSettings
from drag_edge.inference.results import Detections
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.scene import LightState, Path, TrafficLight

STATES = {
    "traffic_light": LightState.UNKNOWN,
    "traffic_light_off": LightState.OFF,
    "traffic_light_red": LightState.RED,
    "traffic_light_yellow": LightState.YELLOW,
    "traffic_light_green": LightState.GREEN,
}
_SWITCH_FACTOR = 1.3
_LOOK_AHEAD_M = 40.0


@dataclass(slots=True)
class _Light:
    """One light over time; the state shown changes only after several frames agree."""

    box_px: tuple[float, float, float, float]
    score: float
    seen_s: float
    state: LightState = LightState.UNKNOWN
    candidate: LightState = LightState.UNKNOWN
    candidate_frames: int = 0
    frames: int = field(default=0)

    def vote(self, state: LightState, confirm_frames: int) -> None:
        self.frames += 1
        if state is LightState.UNKNOWN:
            return
        if state is self.candidate:
            self.candidate_frames += 1
        else:
            self.candidate, self.candidate_frames = state, 1
        if self.candidate_frames >= confirm_frames:
            self.state = self.candidate


class LightWatch:
    """All lights in view over time; says which one counts."""

    def __init__(self, camera: CameraModel, front_overhang_m: float, settings: LightSettings):
        self._camera, self._settings = camera, settings
        self._front_overhang_m = front_overhang_m
        self.reset()

    def tune(self, settings: LightSettings) -> None:
        """Changed settings, from the next step on."""
        self._settings = settings

    def reset(self) -> None:
        """Forget all lights."""
        self._lights: list[_Light] = []
        self._chosen: _Light | None = None

    def step(
        self, detections: Sequence[Detections] | None, path: Path, time_s: float
    ) -> TrafficLight | None:
        """The relevant light at time_s, None if there is none. detections None: nobody looked."""
        if detections is not None:
            self._look(detections, time_s)
        hold_s = self._settings.hold_s
        self._lights = [light for light in self._lights if time_s - light.seen_s <= hold_s]
        self._choose(path)
        light = self._chosen
        if light is None:
            return None
        return TrafficLight(
            state=light.state,
            distance_m=self._distance_m(light),
            box_px=light.box_px,
            confidence=light.score,
            age_s=max(0.0, time_s - light.seen_s),
        )

    def _look(self, detections: Sequence[Detections], time_s: float) -> None:
        for result in detections:
            # Within one model's answer each box is another light; two models may see the same.
            taken: list[_Light] = []
            for box, score, label in zip(
                result.boxes_px, result.scores, result.labels, strict=True
            ):
                if label not in STATES or not _sound(box, float(score), self._settings):
                    continue
                x0, y0, x1, y1 = (float(value) for value in box)
                light = self._nearest((x0, y0, x1, y1), taken)
                if light is None:
                    light = _Light((x0, y0, x1, y1), float(score), time_s)
                    self._lights.append(light)
                light.box_px, light.seen_s = (x0, y0, x1, y1), time_s
                light.score += 0.5 * (float(score) - light.score)
                light.vote(STATES[label], self._settings.confirm_frames)
                taken.append(light)

    def _nearest(
        self, box_px: tuple[float, float, float, float], taken: list[_Light]
    ) -> _Light | None:
        """The known light this box continues: its centre less than 1.5 housings away."""
        best, best_distance = None, math.inf
        for light in self._lights:
            if any(light is other for other in taken):
                continue
            reach = 1.5 * max(light.box_px[3] - light.box_px[1], box_px[3] - box_px[1])
            distance = math.hypot(
                (light.box_px[0] + light.box_px[2] - box_px[0] - box_px[2]) / 2,
                (light.box_px[1] + light.box_px[3] - box_px[1] - box_px[3]) / 2,
            )
            if distance < reach and distance < best_distance:
                best, best_distance = light, distance
        return best

    def _choose(self, path: Path) -> None:
        """The largest (nearest) light about the path's direction; a rival must be much better."""
        settings = self._settings
        ahead = path.y_at(_LOOK_AHEAD_M) / _LOOK_AHEAD_M
        best, best_merit, merit_of_chosen = None, 0.0, 0.0
        for light in self._lights:
            x0, y0, x1, y1 = light.box_px
            ray = self._camera.rays([[(x0 + x1) / 2, (y0 + y1) / 2]])[0]
            aside = math.atan2(float(ray[1]), float(ray[0])) - math.atan(ahead)
            if abs(aside) > settings.max_bearing_rad or light.frames < settings.confirm_frames:
                continue
            merit = (y1 - y0) * math.exp(-((2 * aside / settings.max_bearing_rad) ** 2) / 2)
            if light is self._chosen:
                merit_of_chosen = merit
            if merit > best_merit:
                best, best_merit = light, merit
        if merit_of_chosen == 0.0 or best_merit > _SWITCH_FACTOR * merit_of_chosen:
            self._chosen = best

    def _distance_m(self, light: _Light) -> float | None:
        height_m = self._settings.housing_height_m
        if height_m is None:
            return None
        height_px = light.box_px[3] - light.box_px[1]
        depth_m = height_m * self._camera.fy / max(height_px, 1.0)
        return max(0.0, self._camera.x_m + depth_m - self._front_overhang_m)


def _sound(box: NDArray[np.float32], score: float, settings: LightSettings) -> bool:
    if not (np.isfinite(box).all() and settings.min_score <= score <= 1.0001):
        return False
    return bool(box[2] - box[0] > 1 and box[3] - box[1] > 1)
