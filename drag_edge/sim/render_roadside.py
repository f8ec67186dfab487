"""What stands beside and above the road: trees, buildings, posts, guardrails, signs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_canvas import Canvas
from drag_edge.sim.render_look import Colour
from drag_edge.sim.road import OverheadSign, Road
from drag_edge.sim.road_surface import on_ground

PropKind = Literal["tree", "bush", "building", "post", "lamp_post", "sign"]


@dataclass(frozen=True, slots=True)
class Prop:
    """A standing thing at (s, d) with size in metres."""

    kind: PropKind
    s_m: float
    d_m: float
    width_m: float
    height_m: float
    depth_m: float
    seed: int


@lru_cache(maxsize=32)
def roadside_props(road: Road) -> tuple[Prop, ...]:
    """All props of a road, by its scenery and seed."""
    rng = np.random.default_rng([road.scenery_seed, 808])
    props: list[Prop] = []
    left = road.boundary_d_m(0) + road.left_shoulder_m
    right = road.boundary_d_m(len(road.lanes)) - road.right_shoulder_m
    for side, edge in ((1.0, left), (-1.0, right)):
        props += _greenery(road, rng, side, edge)
        props += _posts(road, rng, side, edge)
        if road.scenery != "rural":
            props += _buildings(road, rng, side, edge)
    clear = [(j.s_m - 2.0, j.s_m + j.length_m + 2.0) for j in road.junctions]
    return tuple(
        p for p in props if not any(a < p.s_m + 0.5 * p.depth_m and p.s_m < b for a, b in clear)
    )


def _greenery(road: Road, rng: np.random.Generator, side: float, edge: float) -> list[Prop]:
    spacing = {"rural": 16.0, "suburb": 22.0, "city": 40.0}[road.scenery]
    near = {"rural": 4.0, "suburb": 3.5, "city": 2.0}[road.scenery]
    reach = {"rural": 40.0, "suburb": 9.0, "city": 1.0}[road.scenery]
    props: list[Prop] = []
    s = -80.0
    while s < road.length_m + 250.0:
        s += float(rng.exponential(spacing)) + 2.0
        d = edge + side * (near + reach * float(rng.random()) ** 1.5)
        if rng.random() < 0.7 or road.scenery == "city":
            height = float(rng.uniform(4.0, 12.0))
            width = height * float(rng.uniform(0.45, 0.8))
            props.append(Prop("tree", s, d, width, height, width, int(rng.integers(1 << 20))))
        else:
            size = float(rng.uniform(0.8, 2.4))
            props.append(Prop("bush", s, d, 1.6 * size, size, size, int(rng.integers(1 << 20))))
    return props


def _posts(road: Road, rng: np.random.Generator, side: float, edge: float) -> list[Prop]:
    props: list[Prop] = []
    lamps = road.scenery != "rural"
    step = 35.0 if lamps else 50.0
    for s in np.arange(-50.0, road.length_m + 250.0, step):
        seed = int(rng.integers(1 << 20))
        if lamps:
            props.append(Prop("lamp_post", float(s), edge + 1.0 * side, 0.16, 7.5, 0.16, seed))
        else:
            props.append(Prop("post", float(s), edge + 0.6 * side, 0.12, 1.0, 0.12, seed))
        if side < 0 and rng.random() < 0.3:
            offset = float(rng.uniform(5.0, 30.0))
            props.append(Prop("sign", float(s) + offset, edge - 1.2, 0.7, 2.6, 0.1, seed))
    return props


def _buildings(road: Road, rng: np.random.Generator, side: float, edge: float) -> list[Prop]:
    city = road.scenery == "city"
    props: list[Prop] = []
    s = -80.0
    while s < road.length_m + 250.0:
        length = float(rng.uniform(9.0, 24.0))
        height = float(rng.uniform(6.0, 20.0) if city else rng.uniform(3.5, 9.0))
        setback = float(rng.uniform(4.0, 7.0) if city else rng.uniform(9.0, 18.0))
        depth = 10.0
        middle = edge + side * (setback + 0.5 * depth)
        seed = int(rng.integers(1 << 20))
        props.append(Prop("building", s + 0.5 * length, middle, depth, height, length, seed))
        s += length + float(rng.uniform(0.0, 6.0) if city else rng.uniform(6.0, 30.0))
    return props


def paint_prop(canvas: Canvas, road: Road, prop: Prop, distance_m: float) -> None:
    """One prop."""
    if prop.kind == "building":
        _paint_building(canvas, road, prop, distance_m)
        return
    foot = on_ground(road, np.array(prop.s_m), np.array(prop.d_m))
    if prop.kind in ("tree", "bush"):
        _paint_tree(canvas, prop, foot, distance_m)
    else:
        _paint_post(canvas, prop, foot, distance_m)


def raised(foot: FloatArray, height_m: float) -> FloatArray:
    """World points lifted by a height."""
    return np.asarray(foot + np.array([0.0, 0.0, height_m]))


def _paint_tree(canvas: Canvas, prop: Prop, foot: FloatArray, distance_m: float) -> None:
    rng = np.random.default_rng(prop.seed)
    optical = canvas.projector.to_optical(foot)
    if optical[2] < 1.0:
        return
    scale = canvas.projector.camera.fx / optical[2]
    base = canvas.projector.to_pixels(optical)
    green = np.array([40.0, 85.0, 60.0]) * rng.uniform(0.7, 1.3) + rng.uniform(-12, 12, 3)
    trunk_share = 0.3 if prop.kind == "tree" else 0.0
    if trunk_share:
        trunk = canvas.hazed(canvas.lit((45.0, 55.0, 70.0)), distance_m)
        canvas.stroke(foot, raised(foot, 0.45 * prop.height_m), 0.05 * prop.height_m, trunk)
    crown = (1.0 - trunk_share) * prop.height_m * scale
    for layer in range(3 if scale * prop.width_m > 18 else 1):
        angle = np.linspace(0, 2 * np.pi, 11, endpoint=False)
        radius = rng.uniform(0.72, 1.0, 11) * (1.0 - 0.22 * layer)
        x = base[0] + 0.5 * prop.width_m * scale * radius * np.cos(angle) - 2.0 * layer
        middle = base[1] - trunk_share * prop.height_m * scale - 0.5 * crown - 0.07 * layer * crown
        y = middle - 0.5 * crown * radius * np.sin(angle)
        colour = canvas.hazed(canvas.lit(tuple(green * (0.8 + 0.2 * layer))), distance_m)
        canvas.fill_pixels(np.stack((x, y), axis=1), colour, smooth=False)


SIGN_COLOURS: tuple[Colour, ...] = ((40, 30, 190), (170, 80, 20), (230, 230, 230), (40, 190, 230))


def _paint_post(canvas: Canvas, prop: Prop, foot: FloatArray, distance_m: float) -> None:
    pale = prop.kind == "post"
    colour = canvas.lit((215.0, 215.0, 215.0) if pale else (95.0, 95.0, 92.0))
    top = raised(foot, prop.height_m)
    width = prop.width_m if prop.kind != "sign" else 0.08
    canvas.stroke(foot, top, width, canvas.hazed(colour, distance_m))
    if prop.kind == "sign":
        face = canvas.hazed(canvas.lit(SIGN_COLOURS[prop.seed % 4]), distance_m)
        inner = canvas.hazed(canvas.lit((235.0, 235.0, 235.0)), distance_m)
        canvas.disc(top, 0.5 * prop.width_m, face)
        canvas.disc(top, 0.34 * prop.width_m, inner if prop.seed % 3 else face)
    elif prop.kind == "lamp_post":
        side = -1.0 if prop.d_m > 0 else 1.0
        right = canvas.projector.world_to_optical[0]
        head = top + np.array([right[0], right[1], 0.0]) * -side * -1.4
        canvas.stroke(top, head, 0.14, canvas.hazed(colour, distance_m))
        if canvas.palette.lamps:
            canvas.glow(head, 0.6, (150.0, 215.0, 255.0), 0.7)


def _paint_building(canvas: Canvas, road: Road, prop: Prop, distance_m: float) -> None:
    rng = np.random.default_rng(prop.seed)
    wall = rng.uniform(110, 200) + rng.uniform(-14, 14, 3)
    half = 0.5 * prop.depth_m
    side = 1.0 if prop.d_m > 0 else -1.0
    face_d = prop.d_m - side * 0.5 * prop.width_m
    s = np.array([prop.s_m - half, prop.s_m + half])
    front = on_ground(road, s, np.array([face_d, face_d]))
    back = on_ground(road, s, np.full(2, prop.d_m + side * 0.5 * prop.width_m))
    gables = ((front[0], back[0]), (front[1], back[1]))
    eye = canvas.projector.position
    near_gable = min(gables, key=lambda g: float(np.linalg.norm(g[0] - eye)))
    for (a, b), gain in ((near_gable, 0.7), ((front[0], front[1]), 0.9)):
        top_a, top_b = raised(a, prop.height_m), raised(b, prop.height_m)
        colour = canvas.hazed(canvas.lit(tuple(wall), gain), distance_m)
        canvas.fill(np.array([a, b, top_b, top_a]), colour, smooth=False)
    if distance_m < 90.0:
        _paint_windows(canvas, prop, front, distance_m)


def _paint_windows(canvas: Canvas, prop: Prop, front: FloatArray, distance_m: float) -> None:
    columns = max(2, int(prop.depth_m / 3.2))
    floors = max(1, int(prop.height_m / 3.0))
    glass = (70.0, 62.0, 55.0)
    if canvas.palette.lamps and prop.seed % 2:
        glass = (120.0, 190.0, 235.0)
    colour = canvas.hazed(canvas.lit(glass), distance_m)
    quads = []
    along = front[1] - front[0]
    for column in range(columns):
        u0, u1 = (column + 0.28) / columns, (column + 0.72) / columns
        for level in range(floors):
            z0 = 3.0 * level + 1.0
            foot0, foot1 = front[0] + u0 * along, front[0] + u1 * along
            quads.append(
                np.array(
                    [
                        raised(foot0, z0),
                        raised(foot1, z0),
                        raised(foot1, z0 + 1.4),
                        raised(foot0, z0 + 1.4),
                    ]
                )
            )
    optical = canvas.projector.to_optical(np.array(quads))
    ahead = optical[..., 2].min(axis=1) > 0.5
    canvas.fill_pixels_many(list(canvas.projector.to_pixels(optical[ahead])), colour, smooth=False)


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
        for first in range(len(rail) - 2, -1, -1):
            pair = rail[first : first + 2]
            distance = float(np.linalg.norm(pair[0] - eye))
            for low, high, level in ((0.45, 0.6, 150.0), (0.6, 0.78, 190.0)):
                colour = canvas.hazed(canvas.lit((level, level, level)), distance)
                band = np.concatenate((raised(pair, low), raised(pair[::-1], high)))
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
