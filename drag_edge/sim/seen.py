"""Who is where in the ego's own axes, and what of it a camera could see."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drag_edge.sim.camera import Camera, Projector
from drag_edge.sim.ego.plant import CarState
from drag_edge.sim.world import Actor

LEAST_BOX_PX = 6.0
LEAST_VISIBLE = 0.25

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PlacedActor:
    """An actor in the ego's axes: extent in x and y, velocity and acceleration over ground, and
    how fast its x changes as the ego moves and turns."""

    actor: Actor
    accel_mps2: float
    rear_m: float
    front_m: float
    right_m: float
    left_m: float
    vx_mps: float
    vy_mps: float
    x_rate_mps: float

    @property
    def y_m(self) -> float:
        """Lateral position of its middle."""
        return 0.5 * (self.right_m + self.left_m)


def place(actor: Actor, accel_mps2: float, ego: CarState) -> PlacedActor:
    """An actor with its own acceleration, seen from the ego."""
    dx, dy = actor.x_m - ego.x_m, actor.y_m - ego.y_m
    cosine, sine = math.cos(ego.yaw_rad), math.sin(ego.yaw_rad)
    x_m, y_m = dx * cosine + dy * sine, dy * cosine - dx * sine
    turn = actor.yaw_rad - ego.yaw_rad
    half_x = 0.5 * (actor.length_m * abs(math.cos(turn)) + actor.width_m * abs(math.sin(turn)))
    half_y = 0.5 * (actor.length_m * abs(math.sin(turn)) + actor.width_m * abs(math.cos(turn)))
    vx = actor.speed_mps * math.cos(turn)
    return PlacedActor(
        actor=actor,
        accel_mps2=accel_mps2 * math.cos(turn),
        rear_m=x_m - half_x,
        front_m=x_m + half_x,
        right_m=y_m - half_y,
        left_m=y_m + half_y,
        vx_mps=vx,
        vy_mps=actor.speed_mps * math.sin(turn),
        x_rate_mps=vx - ego.speed_mps + ego.yaw_rate_radps * y_m,
    )


def in_view(
    placed: Sequence[PlacedActor], projector: Projector, reach_m: float
) -> list[tuple[PlacedActor, Box]]:
    """Those within reach whose box is in the picture and not hidden, the nearest first.

    At least a quarter of a box must be inside the picture, and uncovered by nearer boxes.
    """
    boxes: list[tuple[float, PlacedActor, Box]] = []
    for one in placed:
        away_m = math.hypot(0.5 * (one.rear_m + one.front_m), one.y_m)
        box = picture_box(one.actor, projector) if away_m <= reach_m else None
        if box is not None:
            boxes.append((away_m, one, box))
    boxes.sort(key=lambda item: item[0])
    seen: list[tuple[PlacedActor, Box]] = []
    nearer: list[Box] = []
    for _, one, box in boxes:
        if sum(_covered(box, other) for other in nearer) <= 1.0 - LEAST_VISIBLE:
            seen.append((one, box))
        nearer.append(box)
    return seen


def picture_box(actor: Actor, projector: Projector) -> Box | None:
    """The picture box of an actor's upright cuboid, cut by the border; None when out of view."""
    camera: Camera = projector.camera
    half_l, half_w = 0.5 * actor.length_m, 0.5 * actor.width_m
    cosine, sine = math.cos(actor.yaw_rad), math.sin(actor.yaw_rad)
    corners = [
        (
            actor.x_m + along * cosine - across * sine,
            actor.y_m + along * sine + across * cosine,
            height,
        )
        for along in (-half_l, half_l)
        for across in (-half_w, half_w)
        for height in (0.0, actor.height_m)
    ]
    optical = projector.to_optical(np.array(corners))
    if not np.any(optical[:, 2] > 0.5):
        return None
    optical[:, 2] = np.maximum(optical[:, 2], 0.5)
    pixels = projector.to_pixels(optical)
    u0, v0 = np.maximum(pixels.min(axis=0), 0.0).tolist()
    u1, v1 = np.minimum(pixels.max(axis=0), (camera.width, camera.height)).tolist()
    if u1 - u0 < LEAST_BOX_PX or v1 - v0 < LEAST_BOX_PX:
        return None
    whole = float(np.prod(pixels.max(axis=0) - pixels.min(axis=0)))
    visible = (u1 - u0) * (v1 - v0) >= LEAST_VISIBLE * min(whole, camera.width * camera.height)
    return (u0, v0, u1, v1) if visible else None


def _covered(box: Box, by: Box) -> float:
    """Share of a box that lies behind another one."""
    width = min(box[2], by[2]) - max(box[0], by[0])
    height = min(box[3], by[3]) - max(box[1], by[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(0.0, width) * max(0.0, height) / area
