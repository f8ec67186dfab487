"""Paints trees, buildings and posts beside the road."""

from __future__ import annotations

import numpy as np

from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Colour
from drag_edge.sim.roadside import Prop

WINDOWS_REACH_M = 90.0
CROWN_ANGLES = np.linspace(0, 2 * np.pi, 11, endpoint=False)
CROWN = np.stack((np.cos(CROWN_ANGLES), -np.sin(CROWN_ANGLES)), axis=1)
SIGN_COLOURS: tuple[Colour, ...] = ((40, 30, 190), (170, 80, 20), (230, 230, 230), (40, 190, 230))


def paint_prop(canvas: Canvas, prop: Prop, distance_m: float) -> None:
    """One prop."""
    if prop.kind == "building":
        _paint_building(canvas, prop, distance_m)
    elif prop.kind in ("tree", "bush"):
        _paint_tree(canvas, prop, distance_m)
    else:
        _paint_post(canvas, prop, distance_m)


def raised(foot: FloatArray, height_m: float) -> FloatArray:
    """World points lifted by a height."""
    return np.asarray(foot + np.array([0.0, 0.0, height_m]))


def _paint_tree(canvas: Canvas, prop: Prop, distance_m: float) -> None:
    optical = canvas.projector.to_optical(prop.foot_m)
    if optical[2] < 1.0:
        return
    scale = canvas.projector.camera.fx / optical[2]
    base = canvas.projector.to_pixels(optical)
    trunk_share = 0.3 if prop.kind == "tree" else 0.0
    if trunk_share:
        trunk = canvas.hazed(canvas.lit((45.0, 55.0, 70.0)), distance_m)
        top = raised(prop.foot_m, 0.45 * prop.height_m)
        canvas.stroke(prop.foot_m, top, 0.05 * prop.height_m, trunk)
    crown = (1.0 - trunk_share) * prop.height_m * scale
    middle = base - (0.0, trunk_share * prop.height_m * scale + 0.5 * crown)
    extent = np.array([0.5 * prop.width_m * scale, 0.5 * crown])
    for layer in range(3 if scale * prop.width_m > 18 else 1):
        shift = (-2.0 * layer, -0.07 * layer * crown)
        points = middle + shift + extent * CROWN * prop.outline[layer][:, None]
        shade = tuple((prop.shade * (0.8 + 0.2 * layer)).tolist())
        colour = canvas.hazed(canvas.lit(shade), distance_m)
        canvas.fill_pixels(points, colour, smooth=False)


def _paint_post(canvas: Canvas, prop: Prop, distance_m: float) -> None:
    pale = prop.kind == "post"
    colour = canvas.lit((215.0, 215.0, 215.0) if pale else (95.0, 95.0, 92.0))
    top = raised(prop.foot_m, prop.height_m)
    width = prop.width_m if prop.kind != "sign" else 0.08
    canvas.stroke(prop.foot_m, top, width, canvas.hazed(colour, distance_m))
    if prop.kind == "sign":
        face = canvas.hazed(canvas.lit(SIGN_COLOURS[prop.seed % 4]), distance_m)
        inner = canvas.hazed(canvas.lit((235.0, 235.0, 235.0)), distance_m)
        canvas.disc(top, 0.5 * prop.width_m, face)
        canvas.disc(top, 0.34 * prop.width_m, inner if prop.seed % 3 else face)
    elif prop.kind == "lamp_post":
        right = canvas.projector.world_to_optical[0]
        arm_m = 1.4 if prop.left_of_road else -1.4
        head = top - np.array([right[0], right[1], 0.0]) * arm_m
        canvas.stroke(top, head, 0.14, canvas.hazed(colour, distance_m))
        if canvas.palette.lamps:
            canvas.glow(head, 0.6, (150.0, 215.0, 255.0), 0.7)


def _paint_building(canvas: Canvas, prop: Prop, distance_m: float) -> None:
    front_start, front_end, back_start, back_end = prop.corners_m
    eye = canvas.projector.position
    gables = ((front_start, back_start), (front_end, back_end))
    near_gable = min(gables, key=lambda gable: float(np.linalg.norm(gable[0] - eye)))
    shade = tuple(prop.shade.tolist())
    for (a, b), gain in ((near_gable, 0.7), ((front_start, front_end), 0.9)):
        top_a, top_b = raised(a, prop.height_m), raised(b, prop.height_m)
        colour = canvas.hazed(canvas.lit(shade, gain), distance_m)
        canvas.fill(np.array([a, b, top_b, top_a]), colour, smooth=False)
    if distance_m < WINDOWS_REACH_M:
        _paint_windows(canvas, prop, distance_m)


def _paint_windows(canvas: Canvas, prop: Prop, distance_m: float) -> None:
    glass = (70.0, 62.0, 55.0)
    if canvas.palette.lamps and prop.seed % 2:
        glass = (120.0, 190.0, 235.0)
    colour = canvas.hazed(canvas.lit(glass), distance_m)
    optical = canvas.projector.to_optical(prop.windows_m)
    ahead = optical[..., 2].min(axis=1) > 0.5
    canvas.fill_pixels_many(list(canvas.projector.to_pixels(optical[ahead])), colour, smooth=False)
