"""Terrain, asphalt, paint and everything flat on the road."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Colour, Look
from drag_edge.sim.road import Decoration, LaneLine, Road
from drag_edge.sim.road_surface import (
    dash_polygons,
    mark_polygons,
    on_ground,
    open_stretches,
    ribbon,
    visible_stations,
)
from drag_edge.sim.world import World

TEXTURE_PX = 1024
TEXTURE_M = 12.0
TEXTURE_REACH_M = 45.0
HAZE_BANDS = 24


@lru_cache(maxsize=8)
def ground_texture(seed: int) -> npt.NDArray[np.uint8]:
    """A tile of brightness around 128 (TEXTURE_PX², repeats every TEXTURE_M metres)."""
    rng = np.random.default_rng([seed, 303])
    tile = np.zeros((TEXTURE_PX, TEXTURE_PX), np.float32)
    for cells, gain in ((6, 9.0), (24, 7.0), (128, 7.0), (512, 10.0)):
        grid = rng.normal(0.0, gain, (cells, cells)).astype(np.float32)
        wrapped = np.pad(grid, 1, mode="wrap")
        step = TEXTURE_PX // cells
        enlarged = cv2.resize(wrapped, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
        tile += enlarged[step : step + TEXTURE_PX, step : step + TEXTURE_PX]
    return np.asarray(np.clip(tile + 128.0, 0, 255), np.uint8)


def paint_ground(canvas: Canvas, world: World, look: Look, horizon_row: int) -> None:
    """Everything below the horizon that has no height."""
    road = world.road
    height = canvas.image.shape[0]
    if horizon_row >= height:
        return
    top = max(0, horizon_row)
    width = canvas.image.shape[1]
    cv2.rectangle(canvas.image, (0, top), (width, height), canvas.lit(look.terrain), -1)
    stations = visible_stations(road, canvas.projector)
    asphalt = asphalt_colour(canvas, look)
    _paint_carriageway(canvas, road, look, stations, asphalt)
    for decoration in road.decorations:
        if decoration.kind != "shadow" and _in_view(decoration.s_m, stations):
            _paint_decoration(canvas, road, decoration, asphalt)
    _paint_lines(canvas, road, look, stations)
    _paint_marks(canvas, road, look, stations)
    for decoration in road.decorations:
        if decoration.kind == "shadow" and _in_view(decoration.s_m, stations):
            _paint_shadow(canvas, road, decoration)
    _apply_texture(canvas, look, horizon_row)
    _apply_haze(canvas, horizon_row)


def asphalt_colour(canvas: Canvas, look: Look) -> Colour:
    """Asphalt under this light; rain darkens it."""
    wet = 0.72 if canvas.weather.precipitation == "rain" else 1.0
    level = look.asphalt_level * wet
    return canvas.lit((level * 1.02, level, level * 0.98))


def paint_colour(canvas: Canvas, look: Look, colour: str, wear: float = 1.0) -> Colour:
    """Road paint under this light; ``wear`` 0–1 dims it."""
    level = look.paint_level * wear
    if colour == "yellow":
        return canvas.lit((0.22 * level, 0.72 * level, 0.95 * level))
    return canvas.lit((level, level, level))


def _in_view(s_m: float, stations: FloatArray) -> bool:
    return bool(stations[0] - 8.0 < s_m < stations[-1])


def _paint_carriageway(
    canvas: Canvas, road: Road, look: Look, stations: FloatArray, asphalt: Colour
) -> None:
    left = road.boundary_d_m(0) + road.left_shoulder_m
    right = road.boundary_d_m(len(road.lanes)) - road.right_shoulder_m
    if road.scenery == "city":
        pavement = canvas.lit((150.0, 152.0, 156.0))
        canvas.fill(ribbon(road, stations, left + 3.0, right - 3.0), pavement, smooth=False)
        kerb = canvas.lit((120.0, 120.0, 122.0))
        canvas.fill(ribbon(road, stations, left + 0.2, right - 0.2), kerb, smooth=False)
    else:
        verge = canvas.lit(tuple(0.5 * t + 55.0 for t in look.terrain))  # type: ignore[arg-type]
        canvas.fill(ribbon(road, stations, left + 0.8, right - 0.8), verge, smooth=False)
    for junction in road.junctions:
        if _in_view(junction.s_m, stations):
            span = np.array([junction.s_m, junction.s_m + junction.length_m])
            canvas.fill(ribbon(road, span, left + 45.0, right - 45.0), asphalt, smooth=False)
    canvas.fill(ribbon(road, stations, left, right), asphalt)


def _paint_lines(canvas: Canvas, road: Road, look: Look, stations: FloatArray) -> None:
    for boundary, line in enumerate(road.lines):
        if line.style == "none":
            continue
        d = road.boundary_d_m(boundary)
        wear = 0.8 + 0.2 * float(np.sin(look.seed * 1.7 + boundary) ** 2)
        colour = paint_colour(canvas, look, line.colour, wear)
        for stretch in open_stretches(road, stations):
            _paint_line(canvas, road, line, d, stretch, colour)


def _paint_line(
    canvas: Canvas, road: Road, line: LaneLine, d_m: float, stretch: FloatArray, colour: Colour
) -> None:
    half = 0.5 * line.width_m
    if line.style == "solid":
        canvas.fill(ribbon(road, stretch, d_m + half, d_m - half), colour)
        return
    polygons = []
    for dash in dash_polygons(road, line, d_m, stretch):
        pixels = canvas.projector.polygon_pixels(dash)
        if pixels is not None:
            polygons.append(pixels)
    canvas.fill_pixels_many(polygons, colour)


def _paint_marks(canvas: Canvas, road: Road, look: Look, stations: FloatArray) -> None:
    for index, mark in enumerate(road.marks):
        if not _in_view(mark.s_m, stations):
            continue
        wear = 0.8 + 0.2 * float(np.sin(look.seed + 2.3 * index) ** 2)
        colour = paint_colour(canvas, look, "white", wear)
        for polygon in mark_polygons(road, mark):
            canvas.fill(polygon, colour)


def decoration_outline(road: Road, decoration: Decoration) -> FloatArray:
    """Corners of a decoration (N, 3): a rectangle, or an irregular blob for shadows."""
    half_length, half_width = 0.5 * decoration.length_m, 0.5 * decoration.width_m
    if decoration.kind in ("steel_plate", "asphalt_patch"):
        along = np.array([-1.0, 1.0, 1.0, -1.0]) * half_length
        across = np.array([1.0, 1.0, -1.0, -1.0]) * half_width
    else:
        rng = np.random.default_rng([decoration.seed, 404])
        angle = np.linspace(0.0, 2.0 * np.pi, 14, endpoint=False)
        radius = rng.uniform(0.7, 1.0, 14) if decoration.kind != "manhole" else np.ones(14)
        along = np.cos(angle) * radius * half_length
        across = np.sin(angle) * radius * half_width
    return on_ground(road, decoration.s_m + along, decoration.d_m + across)


def _paint_decoration(canvas: Canvas, road: Road, decoration: Decoration, asphalt: Colour) -> None:
    outline = decoration_outline(road, decoration)
    level = 0.75 + 0.4 * ((decoration.seed * 7919) % 100) / 100.0
    if decoration.kind == "steel_plate":
        canvas.fill(outline, canvas.lit((150.0, 145.0, 138.0), level))
    elif decoration.kind == "asphalt_patch":
        canvas.fill(outline, tuple(c * (0.55 if level < 0.95 else 1.2) for c in asphalt))  # type: ignore[arg-type]
    else:
        canvas.fill(outline, tuple(c * 0.5 for c in asphalt))  # type: ignore[arg-type]


def _paint_shadow(canvas: Canvas, road: Road, decoration: Decoration) -> None:
    pixels = canvas.projector.polygon_pixels(decoration_outline(road, decoration))
    if pixels is None:
        return
    height, width = canvas.image.shape[:2]
    low = np.clip(np.floor(pixels.min(axis=0)).astype(int), 0, (width, height))
    high = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + 1, 0, (width, height))
    if np.any(high - low < 1):
        return
    patch = canvas.image[low[1] : high[1], low[0] : high[0]]
    mask = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(pixels - low).astype(np.int32)], 255)
    cv2.copyTo(cv2.convertScaleAbs(patch, alpha=0.55), mask, patch)


def _apply_texture(canvas: Canvas, look: Look, horizon_row: int) -> None:
    """Multiply the near ground by the texture, at half resolution for speed."""
    projector = canvas.projector
    camera = projector.camera
    reach_px = camera.fy * projector.position[2] / TEXTURE_REACH_M
    top = max(0, horizon_row + int(reach_px))
    rows = camera.height - top
    if rows < 8:
        return
    to_optical = projector.world_to_optical
    offset = -to_optical @ projector.position
    intrinsics = np.array(
        [[camera.fx, 0.0, camera.cx], [0.0, camera.fy, camera.cy - top], [0.0, 0.0, 1.0]]
    )
    ground_to_image = intrinsics @ np.column_stack((to_optical[:, 0], to_optical[:, 1], offset))
    metres = TEXTURE_M / TEXTURE_PX
    # Whole tiles are taken off the position, so that coordinates stay small on long drives.
    tile_x = TEXTURE_M * np.floor(projector.position[0] / TEXTURE_M)
    tile_y = TEXTURE_M * np.floor(projector.position[1] / TEXTURE_M)
    texture_to_ground = np.array([[metres, 0.0, tile_x], [0.0, metres, tile_y], [0.0, 0.0, 1.0]])
    half = np.diag([0.5, 0.5, 1.0])
    matrix = half @ ground_to_image @ texture_to_ground
    size = ((camera.width + 1) // 2, (rows + 1) // 2)
    texture = cv2.warpPerspective(
        ground_texture(look.seed % 8),
        matrix,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    gain = cv2.convertScaleAbs(texture, alpha=look.texture_gain, beta=128 * (1 - look.texture_gain))
    gain = cv2.resize(gain, (camera.width, rows), interpolation=cv2.INTER_LINEAR)
    part = canvas.image[top:]
    cv2.multiply(part, cv2.cvtColor(gain, cv2.COLOR_GRAY2BGR), dst=part, scale=1.0 / 128.0)


@lru_cache(maxsize=4)
def _veil(colour: Colour, height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def _apply_haze(canvas: Canvas, horizon_row: int) -> None:
    """Fade the ground towards the horizon's colour, in bands of equal haze."""
    camera = canvas.projector.camera
    height_m = float(canvas.projector.position[2])
    top = max(0, horizon_row)
    edges = top + np.unique(np.round(np.geomspace(1, camera.height - top + 1, HAZE_BANDS)) - 1)
    for first, last in pairwise(edges.astype(int).tolist()):
        drop_px = max(0.5, 0.5 * (first + last) - horizon_row)
        share = canvas.haze_at(camera.fy * height_m / drop_px)
        if share < 0.01:
            break
        band = canvas.image[first:last]
        veil = _veil(canvas.palette.horizon, camera.height, camera.width)[first:last]
        cv2.addWeighted(band, 1.0 - share, veil, share, 0.0, dst=band)
