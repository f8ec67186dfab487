"""A world of cuboids and painted lines, seen through a pinhole: truth for the perception tests.

It projects with its own few lines of arithmetic, not with the room's camera model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.perception import PerceptionSettings
from drag_edge.inference.results import ClassMap, Detections, Perceived
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.perceive import Perception
from drag_edge.perception.scene import Scene

FRONT = CameraModel(1280, 720, 1000.0, 1000.0, 640.0, 360.0, 1.9, 0.0, 1.3)
LEFT = CameraModel(
    640, 320, 420.0, 420.0, 320.0, 160.0, 2.0, 0.95, 1.0, 0.0, math.radians(3), math.radians(155)
)
RIGHT = CameraModel(
    640, 320, 420.0, 420.0, 320.0, 160.0, 2.0, -0.95, 1.0, 0.0, math.radians(3), math.radians(-155)
)
BODY = BodySettings()
MAP_SHAPE = (160, 512)
MAP_REGION = (0.0, 320.0, 1280.0, 720.0)


@dataclass(frozen=True)
class Cuboid:
    """An aligned road user: x of its rear face, y of its middle, vehicle axes.

    What a box outlines are a car's wheels and body; its bumpers stand `overhang_m` before them.
    """

    x_m: float
    y_m: float
    label: str = "car"
    length_m: float = 4.4
    width_m: float = 1.8
    height_m: float = 1.5
    yaw_rad: float = 0.0

    @property
    def overhang_m(self) -> float:
        return 0.65 if self.label == "car" else 0.0

    def corners(self) -> np.ndarray:
        along = np.array([self.overhang_m, self.length_m - self.overhang_m])
        across = np.array([-self.width_m / 2, self.width_m / 2])
        x, y, z = np.meshgrid(along, across, [0.0, self.height_m], indexing="ij")
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        return np.column_stack(
            (
                self.x_m + cos * x.ravel() - sin * y.ravel(),
                self.y_m + sin * x.ravel() + cos * y.ravel(),
                z.ravel(),
            )
        )


def pixels(camera: CameraModel, points: np.ndarray, pitch_rad: float = 0.0) -> np.ndarray:
    """Pinhole without lens errors; NaN behind the camera. Own arithmetic."""
    relative = points - np.array([camera.x_m, camera.y_m, camera.z_m])
    down = camera.pitch_rad
    # The body's own pitch acts first, then the mounting's yaw and pitch.
    forward = relative[:, 0] * math.cos(pitch_rad) - relative[:, 2] * math.sin(pitch_rad)
    up = relative[:, 0] * math.sin(pitch_rad) + relative[:, 2] * math.cos(pitch_rad)
    left = relative[:, 1]
    cos, sin = math.cos(camera.yaw_rad), math.sin(camera.yaw_rad)
    forward, left = cos * forward + sin * left, -sin * forward + cos * left
    depth = math.cos(down) * forward - math.sin(down) * up
    rise = math.sin(down) * forward + math.cos(down) * up
    depth = np.where(depth > 0.05, depth, np.nan)
    return np.column_stack(
        (camera.cx - camera.fx * left / depth, camera.cy - camera.fy * rise / depth)
    )


def box_of(camera: CameraModel, item: Cuboid, pitch_rad: float = 0.0) -> np.ndarray | None:
    """Its bounding box clipped to the picture; None if out of view."""
    corners = item.corners()
    if camera.heading[0] < 0 or item.x_m < camera.x_m + 0.3:
        corners = _in_front_of(camera, item)
    seen = pixels(camera, corners, pitch_rad)
    seen = seen[~np.isnan(seen).any(axis=1)]
    if len(seen) < 4:
        return None
    low, high = seen.min(axis=0), seen.max(axis=0)
    size = np.array([camera.width_px, camera.height_px], float)
    low, high = np.clip(low, 0, size), np.clip(high, 0, size)
    if (high - low).min() < 3:
        return None
    return np.concatenate((low, high))


def _in_front_of(camera: CameraModel, item: Cuboid) -> np.ndarray:
    """A dense shell of the cuboid, so that what lies behind the camera can simply be left out."""
    base = Cuboid(0.0, 0.0, item.label, item.length_m, item.width_m, item.height_m).corners()
    low, high = base.min(axis=0), base.max(axis=0)
    steps = [np.linspace(low[axis], high[axis], 24) for axis in range(3)]
    shell = []
    for axis in range(3):
        for value in (low[axis], high[axis]):
            others = [steps[other] for other in range(3) if other != axis]
            first, second = np.meshgrid(*others)
            face = np.empty((first.size, 3))
            face[:, axis] = value
            rest = [other for other in range(3) if other != axis]
            face[:, rest[0]], face[:, rest[1]] = first.ravel(), second.ravel()
            shell.append(face)
    points = np.concatenate(shell)
    cos, sin = math.cos(item.yaw_rad), math.sin(item.yaw_rad)
    x = item.x_m + cos * points[:, 0] - sin * points[:, 1]
    y = item.y_m + sin * points[:, 0] + cos * points[:, 1]
    shell_points = np.column_stack((x, y, points[:, 2]))
    seen = pixels(camera, shell_points)
    size = np.array([camera.width_px, camera.height_px], float)
    with np.errstate(invalid="ignore"):
        inside = ((seen >= -0.3 * size) & (seen <= 1.3 * size)).all(axis=1)
    return shell_points[inside]


def detect(
    camera: CameraModel,
    items: Sequence[Cuboid],
    rng: np.random.Generator | None = None,
    noise_px: float = 0.0,
    pitch_rad: float = 0.0,
    score: float = 0.85,
    dropout: float = 0.0,
) -> Detections:
    """What an ideal detector with edge noise and dropouts would say."""
    boxes, labels = [], []
    for item in items:
        box = box_of(camera, item, pitch_rad)
        if box is None or (rng is not None and rng.random() < dropout):
            continue
        if rng is not None and noise_px > 0:
            border = np.array([0, 0, camera.width_px, camera.height_px], float)
            free = np.abs(box - border) > 0.5
            box = box + free * rng.normal(0.0, noise_px, 4)
        boxes.append(box)
        labels.append(item.label)
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), score, np.float32),
        tuple(labels),
        vocabulary=("car", "truck", "pedestrian", "bicycle"),
    )


@dataclass(frozen=True)
class Line:
    """y = offset + slope·x + curvature·x²/2; dashes as (length, period, phase) or solid."""

    offset_m: float
    slope: float = 0.0
    curvature_1pm: float = 0.0
    dash: tuple[float, float, float] | None = None
    from_m: float = 3.0
    to_m: float = 80.0


def paint(
    lines: Sequence[Line],
    camera: CameraModel = FRONT,
    pitch_rad: float = 0.0,
    rng: np.random.Generator | None = None,
    noise: float = 0.0,
) -> ClassMap:
    """A class map of drivable ground and 0.15 m wide lines, with salt noise on the ground."""
    rows, columns = MAP_SHAPE
    x0, y0, x1, y1 = MAP_REGION
    classes = np.zeros(MAP_SHAPE, np.uint8)
    horizon = camera.cy - camera.fy * math.tan(camera.pitch_rad + pitch_rad)
    first = max(0, math.ceil((horizon + 8 - y0) * rows / (y1 - y0)))
    classes[first:] = 1
    if rng is not None and noise > 0:
        salt = rng.random(MAP_SHAPE) < noise
        classes[salt & (classes == 1)] = 2
    for line in lines:
        x = np.concatenate((np.arange(line.from_m, 20, 0.02), np.arange(20, line.to_m, 0.1)))
        x = x[(x >= line.from_m) & (x <= line.to_m)]
        if line.dash is not None:
            length, period, phase = line.dash
            x = x[np.mod(x + phase, period) < length]
        for aside in np.linspace(-0.075, 0.075, 7):
            y = line.offset_m + line.slope * x + line.curvature_1pm * x * x / 2 + aside
            seen = pixels(camera, np.column_stack((x, y, np.zeros_like(x))), pitch_rad)
            column = np.floor((seen[:, 0] + 0.5 - x0) * columns / (x1 - x0))
            row = np.floor((seen[:, 1] + 0.5 - y0) * rows / (y1 - y0))
            good = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
            classes[row[good].astype(int), column[good].astype(int)] = 2
    return ClassMap(classes, MAP_REGION)


def perception(settings: PerceptionSettings | None = None, sides: bool = False) -> Perception:
    cameras = {"front": FRONT}
    roles = {"front": Role.FRONT}
    if sides:
        cameras |= {"left": LEFT, "right": RIGHT}
        roles |= {"left": Role.LEFT, "right": Role.RIGHT}
    return Perception(settings or PerceptionSettings(), cameras, roles, BODY)


def perceived(
    time_s: float,
    detections: Detections | None,
    class_map: ClassMap | None = None,
    camera: str = "front",
    index: int = 0,
) -> Perceived:
    model = {"front": FRONT, "left": LEFT, "right": RIGHT}[camera]
    results = {"objects": detections}
    if class_map is not None:
        results["road"] = class_map
    return Perceived(camera, index, time_s, model.width_px, model.height_px, results)


def look(
    room: Perception,
    time_s: float,
    detections: Detections | None,
    class_map: ClassMap | None = None,
    ego: EgoState | None = None,
) -> Scene:
    """One front frame through the room."""
    frame = perceived(time_s, detections, class_map)
    return room.understand({"front": frame}, ego or EgoState(time_s), time_s)
