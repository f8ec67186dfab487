"""Traffic lights: pole, arm, head and lamps."""

from __future__ import annotations

import numpy as np

from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.painting.roadside import raised
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Colour
from drag_edge.sim.road import Road, TrafficLight
from drag_edge.sim.road_surface import on_ground

HEAD_WIDTH_M = 0.42
HEAD_HEIGHT_M = 1.15
LAMP_RADIUS_M = 0.145
LAMPS: tuple[tuple[str, float, Colour], ...] = (
    ("red", 0.36, (45.0, 40.0, 255.0)),
    ("yellow", 0.0, (30.0, 190.0, 255.0)),
    ("green", -0.36, (140.0, 255.0, 60.0)),
)


def signal_head_corners(road: Road, light: TrafficLight) -> FloatArray:
    """The head's front face (4, 3): bottom left, bottom right, top right, top left."""
    d = light.d_m + 0.5 * HEAD_WIDTH_M * np.array([1.0, -1.0])
    foot = on_ground(road, np.full(2, light.s_m), d)
    low, high = light.height_m - 0.5 * HEAD_HEIGHT_M, light.height_m + 0.5 * HEAD_HEIGHT_M
    return np.concatenate((raised(foot, low), raised(foot[::-1], high)))


def paint_traffic_light(
    canvas: Canvas, road: Road, light: TrafficLight, state: str, distance_m: float
) -> None:
    """Pole, arm, head and lamps; from behind only the dark back of the head shows."""
    pole = on_ground(road, np.array(light.s_m), np.array(light.pole_d_m))
    steel = canvas.hazed(canvas.lit((95.0, 98.0, 95.0)), distance_m)
    arm_m = light.height_m + 0.15
    canvas.stroke(pole, raised(pole, arm_m), 0.16, steel)
    corners = signal_head_corners(road, light)
    middle = corners.mean(axis=0)
    canvas.stroke(raised(pole, arm_m), middle, 0.12, steel)
    shell = canvas.hazed(canvas.lit((38.0, 40.0, 38.0)), distance_m)
    canvas.fill(corners, shell)
    _, _, heading = road.pose(light.s_m, light.d_m)
    outward = np.array([-np.cos(heading), -np.sin(heading), 0.0])
    if float(outward @ (canvas.projector.position - middle)) <= 0.0:
        return
    clearness = 1.0 - canvas.haze_at(distance_m)
    for name, raise_m, lit in LAMPS:
        centre = raised(middle, raise_m) + 0.06 * outward
        dark = tuple(0.16 * c + 14.0 for c in lit)
        colour = lit if name == state else canvas.lit(dark)  # type: ignore[arg-type]
        canvas.disc(centre, LAMP_RADIUS_M, canvas.hazed(colour, 0.4 * distance_m))
        if name == state:
            canvas.disc(centre, 0.55 * LAMP_RADIUS_M, tuple(0.55 * c + 115.0 for c in lit))  # type: ignore[arg-type]
            strength = 0.75 if canvas.palette.lamps else 0.35
            canvas.glow(centre, 0.45, lit, strength * clearness)
