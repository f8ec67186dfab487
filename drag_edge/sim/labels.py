"""Ground truth from the same geometry that the picture is painted from: boxes and class maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from drag_edge.sim.camera import Camera, Projector, projector_of
from drag_edge.sim.painting.canvas import KOSCHMIEDER
from drag_edge.sim.painting.figures import figure_outline_m
from drag_edge.sim.painting.lens import bonnet_outline, flank_outline
from drag_edge.sim.painting.signals import signal_head_corners
from drag_edge.sim.painting.vehicles import in_world, vehicle_mesh
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Look
from drag_edge.sim.road import Decoration, OverheadSign, Road
from drag_edge.sim.road_surface import (
    Stretch,
    mark_outline,
    open_stretches,
    visible_stations,
)
from drag_edge.sim.world import Actor, ActorKind, EgoPose, World

Roi = tuple[float, float, float, float]
ByteMap = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.int32]
Window = tuple[slice, slice]

OBJECT_CLASS: dict[ActorKind, str] = {
    "car": "car",
    "truck": "truck",
    "pedestrian": "pedestrian",
    "cyclist": "bicycle",
}
BACKGROUND, DRIVABLE, LANE_LINE = 0, 1, 2

LINE_REACH_M = 100.0
MIN_VISIBLE = 0.25
MIN_INSIDE = 0.15
HAZE_LIMIT = 0.9
"""A thing with less than 1 − this much contrast left gets no label."""


@dataclass(frozen=True, slots=True)
class BoxLabel:
    """A box in pixels of the full picture, cut at its border; ``visible`` is 0–1."""

    name: str
    x0: float
    y0: float
    x1: float
    y1: float
    visible: float
    distance_m: float


Outline = tuple[float, Actor, FloatArray]
"""Distance, who it is, and the convex hull (N, 2) in pixels of the full picture."""


def outlines(world: World, ego: EgoPose, camera: Camera) -> list[Outline]:
    """Every road user in front of the camera, in the order of the world."""
    projector = projector_of(camera, ego)
    found = []
    for actor in world.actors:
        hull = silhouette(projector, actor, world.time_s)
        if hull is not None:
            centre = projector.to_optical((actor.x_m, actor.y_m, 0.5 * actor.height_m))
            away_m = math.sqrt(float(centre.dot(centre))) - 0.4 * actor.length_m
            found.append((away_m, actor, hull))
    return found


def object_labels(
    world: World,
    ego: EgoPose,
    camera: Camera,
    look: Look,
    outlined: Sequence[Outline] | None = None,
) -> list[BoxLabel]:
    """Road users. The box is the whole thing's (also its hidden part), cut at the border.

    Left out: less than a quarter visible behind others, mostly outside the picture, lost in
    haze. Too small is for the caller to say, who knows the model's input. outlined: the same
    instant's outlines, for whoever has them already.
    """
    projector = projector_of(camera, ego)
    found = list(outlined) if outlined is not None else outlines(world, ego, camera)
    if not found:
        return []
    found.sort(key=lambda item: -item[0])
    drawn = [np.round(hull).astype(np.int32) for _, _, hull in found]
    owner = _owner_map(camera, projector, look, drawn)
    labels = []
    for number, (distance, actor, hull) in enumerate(found, start=1):
        box = _clipped_box(hull, camera)
        if box is None or _haze(world, distance) > HAZE_LIMIT:
            continue
        window = _window(drawn[number - 1], camera)
        inside = _mask_area(drawn[number - 1], camera, window)
        visible = float(np.count_nonzero(owner[window] == number)) / max(1.0, inside)
        share_inside = inside / max(1.0, float(cv2.contourArea(hull.astype(np.float32))))
        large = inside > 0.005 * camera.width * camera.height
        if visible < MIN_VISIBLE or (share_inside < MIN_INSIDE and not large):
            continue
        labels.append(BoxLabel(OBJECT_CLASS[actor.kind], *box, min(1.0, visible), distance))
    return labels


def silhouette(projector: Projector, actor: Actor, time_s: float) -> FloatArray | None:
    """Convex hull (N, 2) of an actor in pixels; None when it is behind the camera."""
    if actor.kind in ("car", "truck"):
        optical = projector.to_optical(in_world(actor, vehicle_mesh(actor).points_m))
        pixels = _visible_pixels(projector, optical)
    else:
        ends, radii = figure_outline_m(actor, time_s)
        optical = projector.to_optical(ends)
        if optical[:, 2].min() < 0.5:
            return None
        middle = projector.to_pixels(optical)
        reach = (radii * projector.camera.fx / optical[:, 2])[:, None]
        pixels = np.concatenate((middle - reach, middle + reach))
    if pixels is None or len(pixels) < 3:
        return None
    limit = 20000.0
    inside = np.minimum(np.maximum(pixels, -limit), limit)
    hull = cv2.convexHull(inside.astype(np.float32))
    return np.asarray(hull[:, 0].astype(np.float64))


def _visible_pixels(projector: Projector, optical: FloatArray) -> FloatArray | None:
    depth = optical[:, 2]
    if depth.min() >= 0.5:
        return projector.to_pixels(optical)
    ahead = depth >= 0.5
    if not ahead.any():
        return None
    # Points behind the near plane slide along lines to the nearest point that is in front.
    front, back = optical[ahead], optical[~ahead]
    share = (0.5 - back[:, None, 2]) / (front[None, :, 2] - back[:, None, 2])
    cut = back[:, None] + share[..., None] * (front[None] - back[:, None])
    return projector.to_pixels(np.concatenate((front, cut.reshape(-1, 3))))


def _owner_map(
    camera: Camera, projector: Projector, look: Look, drawn: list[Pixels]
) -> npt.NDArray[np.uint16]:
    """Which hull (from 1) each pixel shows; ego parts and nothing are 0."""
    owner = np.zeros((camera.height, camera.width), np.uint16)
    for number, pixels in enumerate(drawn, start=1):
        cv2.fillConvexPoly(owner, pixels, number)
    lowest = max(int(pixels[:, 1].max()) for pixels in drawn)
    for outline in (bonnet_outline(projector, look), flank_outline(projector)):
        if outline is not None and outline[:, 1].min() <= lowest + 1:
            cv2.fillPoly(owner, [np.round(outline).astype(np.int32)], 0)
    return owner


def _mask_area(drawn: Pixels, camera: Camera, window: Window) -> float:
    """Pixels of the picture that a polygon covers."""
    rows, columns = window
    (x0, y0), (x1, y1) = drawn.min(axis=0).tolist(), drawn.max(axis=0).tolist()
    if rows.start == y0 and rows.stop == y1 + 1 and columns.start == x0 and columns.stop == x1 + 1:
        mask = np.zeros((y1 + 1 - y0, x1 + 1 - x0), np.uint8)  # nothing of it is cut away
        cv2.fillConvexPoly(mask, drawn - np.array((x0, y0), np.int32), 1)
        return float(np.count_nonzero(mask))
    mask = np.zeros((camera.height, camera.width), np.uint8)
    cv2.fillConvexPoly(mask, drawn, 1)
    return float(np.count_nonzero(mask[window]))


def _window(drawn: Pixels, camera: Camera) -> Window:
    """Rows and columns of the picture outside of which nothing of a polygon is drawn."""
    (x0, y0), (x1, y1) = drawn.min(axis=0).tolist(), drawn.max(axis=0).tolist()
    rows = slice(max(0, y0), max(0, min(camera.height, y1 + 1)))
    return rows, slice(max(0, x0), max(0, min(camera.width, x1 + 1)))


def _clipped_box(pixels: FloatArray, camera: Camera) -> tuple[float, float, float, float] | None:
    (x0, y0), (x1, y1) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
    x0, y0 = max(x0, 0.0), max(y0, 0.0)
    x1, y1 = min(x1, float(camera.width)), min(y1, float(camera.height))
    if x1 - x0 < 1.0 or y1 - y0 < 1.0:
        return None
    return x0, y0, x1, y1


def _haze(world: World, distance_m: float) -> float:
    return float(1.0 - np.exp(-KOSCHMIEDER * distance_m / world.weather.visibility_m))


def _hidden_share(
    box: tuple[float, float, float, float],
    distance_m: float,
    hulls: list[tuple[float, FloatArray]],
    camera: Camera,
) -> float:
    """Share of a box that nearer road users cover."""
    x0, y0, x1, y1 = box
    width, height = max(1, round(x1 - x0)), max(1, round(y1 - y0))
    mask = np.zeros((height, width), np.uint8)
    for other_m, hull in hulls:
        if other_m < distance_m:
            cv2.fillConvexPoly(mask, np.round(hull - (x0, y0)).astype(np.int32), 1)
    return float(mask.mean())


def _hulls(world: World, projector: Projector) -> list[tuple[float, FloatArray]]:
    hulls = []
    for actor in world.actors:
        hull = silhouette(projector, actor, world.time_s)
        if hull is not None:
            centre = np.array([actor.x_m, actor.y_m, 0.5 * actor.height_m])
            hulls.append((float(np.linalg.norm(projector.to_optical(centre))), hull))
    return hulls


def signal_labels(world: World, ego: EgoPose, camera: Camera) -> list[BoxLabel]:
    """Heads of traffic lights that face the camera, named by state; half visible at least."""
    projector = projector_of(camera, ego)
    hulls = _hulls(world, projector)
    labels = []
    for light, state in zip(world.road.traffic_lights, world.light_states, strict=True):
        corners = signal_head_corners(world.road, light)
        optical = projector.to_optical(corners)
        _, _, heading = world.road.pose(light.s_m, light.d_m)
        distance = float(np.linalg.norm(optical.mean(axis=0)))
        towards = (corners.mean(axis=0) - projector.position) / max(distance, 1e-6)
        facing = towards[0] * np.cos(heading) + towards[1] * np.sin(heading)
        if optical[:, 2].min() < 1.0 or facing < 0.45 or _haze(world, distance) > HAZE_LIMIT:
            continue
        pixels = projector.to_pixels(optical)
        box = _clipped_box(pixels, camera)
        if box is None or _hidden_share(box, distance, hulls, camera) > 0.5:
            continue
        whole = np.prod(pixels.max(axis=0) - pixels.min(axis=0))
        inside = (box[2] - box[0]) * (box[3] - box[1]) / float(whole)
        if inside >= 0.5:
            labels.append(BoxLabel(f"traffic_light_{state}", *box, inside, distance))
    return labels


def split_labels(world: World, ego: EgoPose, camera: Camera, look: Look) -> list[BoxLabel]:
    """Road-surface marks, each with the box of its paint; 40 % visible at least."""
    projector = projector_of(camera, ego)
    hulls = _hulls(world, projector)
    bonnet = bonnet_outline(projector, look)
    if bonnet is not None:
        hulls.append((0.0, bonnet))
    labels = []
    for mark in world.road.marks:
        points = mark_outline(world.road, mark)
        optical = projector.to_optical(points)
        if optical[:, 2].max() < 1.5:
            continue
        pixels = projector.to_pixels(optical[optical[:, 2] > 1.0])
        box = _clipped_box(pixels, camera)
        distance = float(np.linalg.norm(optical.mean(axis=0)))
        if box is None or _haze(world, distance) > HAZE_LIMIT:
            continue
        hidden = _hidden_share(box, distance, hulls, camera)
        if hidden <= 0.6:
            labels.append(BoxLabel(mark.kind, *box, 1.0 - hidden, distance))
    return labels


CLUTTER_REACH_M = 80.0


def clutter_labels(world: World, ego: EgoPose, camera: Camera) -> list[BoxLabel]:
    """What is no road user and yet may pass for one: flat things on the road, signs over it."""
    projector = projector_of(camera, ego)
    things = [("car", _flat_corners(world.road, item)) for item in world.road.decorations]
    things += [("truck", _panel_corners(world.road, sign)) for sign in world.road.overhead_signs]
    labels = []
    for name, corners in things:
        optical = projector.to_optical(corners)
        distance = float(np.linalg.norm(optical.mean(axis=0)))
        if optical[:, 2].min() < 1.0 or distance > CLUTTER_REACH_M:
            continue
        box = _clipped_box(projector.to_pixels(optical), camera)
        if box is not None:
            labels.append(BoxLabel(name, *box, 1.0, distance))
    return labels


@lru_cache(maxsize=256)
def _flat_corners(road: Road, item: Decoration) -> FloatArray:
    s = item.s_m + 0.5 * item.length_m * np.array([-1.0, -1.0, 1.0, 1.0])
    d = item.d_m + 0.5 * item.width_m * np.array([-1.0, 1.0, 1.0, -1.0])
    x, y, _ = road.pose(s, d)
    return np.column_stack((x, y, np.zeros(4)))


@lru_cache(maxsize=64)
def _panel_corners(road: Road, sign: OverheadSign) -> FloatArray:
    d = sign.d_m + 0.5 * sign.width_m * np.array([-1.0, 1.0, 1.0, -1.0])
    x, y, _ = road.pose(np.full(4, sign.s_m), d)
    z = sign.height_m + sign.panel_height_m * np.array([0.0, 0.0, 1.0, 1.0])
    return np.column_stack((x, y, z))


def road_map(
    world: World,
    ego: EgoPose,
    camera: Camera,
    look: Look,
    roi: Roi,
    size: tuple[int, int],
    outlined: Sequence[Outline] | None = None,
) -> ByteMap:
    """Class map (height, width) of a crop, drawn at the model's own ``size`` (width, height).

    Drivable is the carriageway between its outermost lines, oncoming lanes and junctions
    included; lane lines are continuous, also between dashes (as in public data sets), at least
    one pixel wide, up to ``LINE_REACH_M``. Road users and the ego's own parts are background.
    outlined: the same instant's outlines, for whoever has them already.
    """
    cropped = camera.cropped(roi, *size)
    projector = projector_of(cropped, ego)
    road = world.road
    classes = np.zeros((size[1], size[0]), np.uint8)
    stations = visible_stations(road, projector)
    left, right = road.boundary_d_m(0), road.boundary_d_m(len(road.lanes))
    whole = Stretch.of(road, stations)
    polygons = [whole.ribbon(left, right)]
    eye_s, _ = road.locate(float(projector.position[0]), float(projector.position[1]))
    painted = _painted(road, stations, whole, np.abs(stations - eye_s) <= LINE_REACH_M)
    for boundary, line in enumerate(road.lines):
        if line.style == "none":
            continue
        d, half = road.boundary_d_m(boundary), 0.5 * line.width_m
        polygons += [stretch.ribbon(d + half, d - half) for stretch in painted]
    value = DRIVABLE
    for seen in projector.polygons_pixels(polygons):
        if seen is not None:
            points = np.round(seen * 16).astype(np.int32)
            cv2.fillPoly(classes, [points], value, cv2.LINE_8, 4)
        value = LANE_LINE
    origin = np.array([roi[0] * camera.width, roi[1] * camera.height])
    scale = np.array([cropped.fx / camera.fx, cropped.fy / camera.fy])
    for _, _, hull in outlined if outlined is not None else outlines(world, ego, camera):
        cv2.fillConvexPoly(classes, np.round((hull - origin) * scale).astype(np.int32), BACKGROUND)
    bonnet = bonnet_outline(projector_of(camera, ego), look)
    if bonnet is not None:
        pixels = np.round((bonnet - origin) * scale).astype(np.int32)
        cv2.fillPoly(classes, [pixels], BACKGROUND)
    return classes


def _painted(
    road: Road, stations_m: FloatArray, whole: Stretch, near: npt.NDArray[np.bool_]
) -> list[Stretch]:
    """Where lane lines are painted: what is near, but for junctions."""
    if not road.junctions:
        return [whole.part(near)]
    return [Stretch.of(road, piece) for piece in open_stretches(road, stations_m[near])]
