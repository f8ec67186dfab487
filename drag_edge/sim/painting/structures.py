"""Paints what follows or spans the road: guardrails and overhead signs."""

from __future__ import annotations

import numpy as np

from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.painting.roadside import raised
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Colour
from drag_edge.sim.road import OverheadSign, Road
from drag_edge.sim.road_surface import on_ground

RAIL_PIECE = 8
"""Stations in one piece of guardrail."""


def paint_guardrails(canvas: Canvas, road: Road, stations_m: FloatArray) -> None:
    """The guardrails a road has: a band with posts at 4 m."""
    sides = []
    if road.left_guardrail:
        sides.append(road.boundary_d_m(0) + road.left_shoulder_m + 0.4)
    if road.right_guardrail:
        sides.append(road.boundary_d_m(len(road.lanes)) - road.right_shoulder_m - 0.4)
    for d in sides:
        rail = on_ground(road, stations_m, np.full_like(stations_m, d))
        posts = on_ground(road, np.arange(*_post_range(stations_m), 4.0), np.array(d))
        eye = canvas.projector.position
        for post in posts[np.linalg.norm(posts - eye, axis=1) < 40.0]:
            canvas.stroke(post, raised(post, 0.6), 0.12, canvas.lit((110.0, 112.0, 112.0)))
        # In pieces, because the haze grows with distance.
        for first in range(0, len(rail) - 1, RAIL_PIECE):
            piece = rail[first : first + RAIL_PIECE + 1]
            distance = float(np.linalg.norm(piece[len(piece) // 2] - eye))
            for low, high, level in ((0.45, 0.6, 150.0), (0.6, 0.78, 190.0)):
                colour = canvas.hazed(canvas.lit((level, level, level)), distance)
                band = np.concatenate((raised(piece, low), raised(piece[::-1], high)))
                canvas.fill(band, colour, smooth=False)


def _post_range(stations_m: FloatArray) -> tuple[float, float]:
    return 4.0 * np.ceil(stations_m[0] / 4.0), float(stations_m[-1])


def paint_overhead_sign(canvas: Canvas, road: Road, sign: OverheadSign, distance_m: float) -> None:
    """A gantry: two posts, a beam and the panel with lines of pretended text."""
    left = road.boundary_d_m(0) + road.left_shoulder_m + 1.0
    right = road.boundary_d_m(len(road.lanes)) - road.right_shoulder_m - 1.0
    ends = on_ground(road, np.array([sign.s_m, sign.s_m]), np.array([left, right]))
    steel = canvas.hazed(canvas.lit((135.0, 135.0, 132.0)), distance_m)
    beam_m = sign.height_m + 0.5 * sign.panel_height_m
    for foot in ends:
        canvas.stroke(foot, raised(foot, beam_m), 0.3, steel)
    canvas.stroke(raised(ends[0], beam_m), raised(ends[1], beam_m), 0.3, steel)
    half = 0.5 * sign.width_m
    d = np.array([sign.d_m + half, sign.d_m - half])
    foot = on_ground(road, np.full(2, sign.s_m - 0.2), d)
    base: Colour = (140.0, 75.0, 20.0) if sign.seed % 2 else (70.0, 120.0, 20.0)
    panel = np.concatenate(
        (raised(foot, sign.height_m), raised(foot[::-1], sign.height_m + sign.panel_height_m))
    )
    canvas.fill(panel, canvas.hazed(canvas.lit(base), distance_m))
    white = canvas.hazed(canvas.lit((235.0, 235.0, 235.0)), distance_m)
    across = foot[1] - foot[0]
    for row, (u0, u1) in enumerate(((0.1, 0.65), (0.1, 0.85))):
        z0 = sign.height_m + sign.panel_height_m * (0.58 - 0.4 * row)
        z1 = z0 + 0.22 * sign.panel_height_m
        a, b = foot[0] + u0 * across, foot[0] + u1 * across
        canvas.fill(np.array([raised(a, z0), raised(b, z0), raised(b, z1), raised(a, z1)]), white)
