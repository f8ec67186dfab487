"""Cameras whose networks are always right, or wrong by as much as asked: labels as results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from drag_edge.config.vocabulary import ROAD_MARKS, ROAD_USERS, TRAFFIC_LIGHTS
from drag_edge.inference.results import ClassMap, Detections, Perceived, Result
from drag_edge.sim.camera import Camera
from drag_edge.sim.labels import (
    BoxLabel,
    Roi,
    clutter_labels,
    object_labels,
    outlines,
    road_map,
    signal_labels,
    split_labels,
)
from drag_edge.sim.render_look import Look
from drag_edge.sim.session import Snapshot
from drag_edge.sim.world import Actor, EgoPose, World

NEAR_M = 15.0
"""Longer than half of any vehicle and the way from the rear axle to a camera."""

ROAD_ROI: Roi = (0.0, 0.444444, 1.0, 1.0)
ROAD_SIZE = (512, 160)
OBJECTS_ROI: Roi = (0.0, 0.111111, 1.0, 1.0)
SIGNAL_ROI: Roi = (0.2, 0.083333, 0.8, 0.616667)
SPLIT_ROI: Roi = (0.2, 0.466667, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class SensorErrors:
    """What is wrong with every box: spread of its edges in pixels, share of boxes missing (each
    on its own), score told, and the least height in pixels that is seen at all. ``clutter``:
    share of pictures in which a steel plate, a patch or a sign over the road passes for a vehicle,
    with ``clutter_score``."""

    edge_sigma_px: float = 0.0
    dropout: float = 0.0
    score: float = 0.9
    least_height_px: float = 10.0
    clutter: float = 0.0
    clutter_score: float = 0.5


@dataclass(frozen=True, slots=True)
class Pitching:
    """A car that nods while it drives: the picture moves, nobody is told. Below
    ``full_speed_mps`` it nods less, standing not at all."""

    amplitude_rad: float
    frequency_hz: float
    phase_rad: float
    full_speed_mps: float = 3.0

    def at(self, snapshot: Snapshot) -> Snapshot:
        """The same instant with the body pitched."""
        share = min(1.0, snapshot.truth.ego.speed_mps / self.full_speed_mps)
        angle = math.tau * self.frequency_hz * snapshot.time_s + self.phase_rad
        nod_rad = share * self.amplitude_rad * math.sin(angle)
        return replace(snapshot, bump_pitch_rad=snapshot.bump_pitch_rad + nod_rad)


class LabelSensor:
    """One simulated camera with its networks, at the regions the demo's models look at."""

    def __init__(
        self,
        camera: Camera,
        look: Look,
        rng: np.random.Generator,
        errors: SensorErrors | None = None,
        front: bool = True,
    ) -> None:
        self._camera = camera
        self._look = look
        self._rng = rng
        self._errors = errors if errors is not None else SensorErrors()
        self._front = front
        self._index = 0

    def perceive(self, snapshot: Snapshot) -> Perceived:
        """What all networks say about the picture of this instant."""
        ego, camera, look = snapshot.ego_pose, self._camera, self._look
        world = self._within_reach(snapshot.world, ego)
        outlined = outlines(world, ego, camera)
        objects = object_labels(world, ego, camera, look, outlined)
        real = len(objects)
        if self._front and self._errors.clutter > 0.0:
            objects += self._mistaken(clutter_labels(world, ego, camera))
        results: dict[str, Result | None] = {
            "objects": self._boxes(objects, OBJECTS_ROI, ROAD_USERS, real)
        }
        if self._front:
            classes = road_map(world, ego, camera, look, ROAD_ROI, ROAD_SIZE, outlined)
            road = world.road
            signals = signal_labels(world, ego, camera) if road.traffic_lights else []
            marks = split_labels(world, ego, camera, look) if road.marks else []
            results |= {
                "road": ClassMap(classes, self._region(ROAD_ROI)),
                "signal": self._boxes(signals, SIGNAL_ROI, TRAFFIC_LIGHTS),
                "split": self._boxes(marks, SPLIT_ROI, ROAD_MARKS),
            }
        perceived = Perceived(
            camera=camera.name,
            index=self._index,
            time_s=snapshot.time_s,
            width_px=camera.width,
            height_px=camera.height,
            results=results,
        )
        self._index += 1
        return perceived

    def _boxes(
        self,
        labels: Sequence[BoxLabel],
        roi: Roi,
        vocabulary: tuple[str, ...],
        real: int | None = None,
    ) -> Detections:
        errors, region = self._errors, self._region(roi)
        boxes: list[tuple[float, float, float, float]] = []
        names: list[str] = []
        scores: list[float] = []
        for number, label in enumerate(labels):
            # Drawn whether used or not, so that one box's fate never moves another's.
            shifts = self._rng.normal(0.0, 1.0, 4) * errors.edge_sigma_px
            lost = self._rng.random() < errors.dropout
            x0, y0, x1, y1 = shifts.tolist()
            box = _cut((label.x0 + x0, label.y0 + y0, label.x1 + x1, label.y1 + y1), region)
            if lost or box is None or box[3] - box[1] < errors.least_height_px:
                continue
            boxes.append(box)
            names.append(label.name)
            trusted = real is None or number < real
            scores.append(errors.score if trusted else errors.clutter_score)
        return Detections(
            boxes_px=np.array(boxes, np.float32).reshape(-1, 4),
            scores=np.array(scores, np.float32),
            labels=tuple(names),
            vocabulary=vocabulary,
            region_px=region,
        )

    def _within_reach(self, world: World, ego: EgoPose) -> World:
        """The world without those who are behind the camera, or too far away to be seen: they
        would only cost time."""
        camera = self._camera
        yaw = ego.yaw_rad + math.radians(camera.mount.yaw_deg)
        cosine, sine = math.cos(yaw), math.sin(yaw)

        def matters(actor: Actor) -> bool:
            ahead_m = (actor.x_m - ego.x_m) * cosine + (actor.y_m - ego.y_m) * sine
            reach_m = camera.fy * actor.height_m / self._errors.least_height_px
            return -NEAR_M < ahead_m < reach_m + NEAR_M

        return replace(world, actors=tuple(actor for actor in world.actors if matters(actor)))

    def _mistaken(self, clutter: Sequence[BoxLabel]) -> list[BoxLabel]:
        """Those that pass for a vehicle this time; every one draws its own lot."""
        return [label for label in clutter if self._rng.random() < self._errors.clutter]

    def _region(self, roi: Roi) -> tuple[float, float, float, float]:
        width, height = self._camera.width, self._camera.height
        return (roi[0] * width, roi[1] * height, roi[2] * width, roi[3] * height)


def perceive_all(sensors: Mapping[str, LabelSensor], snapshot: Snapshot) -> dict[str, Perceived]:
    """Every camera's answer about one instant."""
    return {name: sensor.perceive(snapshot) for name, sensor in sensors.items()}


def _cut(
    box: tuple[float, float, float, float], region: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | None:
    """A box within the region a network looked at; None when less than half of it is inside."""
    x0, y0 = max(box[0], region[0]), max(box[1], region[1])
    x1, y1 = min(box[2], region[2]), min(box[3], region[3])
    whole = max((box[2] - box[0]) * (box[3] - box[1]), 1e-6)
    if x1 <= x0 or y1 <= y0 or (x1 - x0) * (y1 - y0) < 0.5 * whole:
        return None
    return x0, y0, x1, y1
