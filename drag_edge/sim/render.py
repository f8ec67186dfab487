"""The small world as one camera sees it: a pure function of world, ego pose, camera and look."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from drag_edge.sim.camera import Camera, Projector
from drag_edge.sim.painting.background import paint_background
from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.painting.figures import paint_figure
from drag_edge.sim.painting.ground import paint_ground
from drag_edge.sim.painting.lens import finish_picture, paint_ego_parts, paint_rain
from drag_edge.sim.painting.roadside import paint_prop
from drag_edge.sim.painting.signals import paint_traffic_light
from drag_edge.sim.painting.structures import paint_guardrails, paint_overhead_sign
from drag_edge.sim.painting.vehicles import paint_vehicle
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Look, look_from_seed, palette_of
from drag_edge.sim.road import Road
from drag_edge.sim.road_surface import on_ground, visible_stations
from drag_edge.sim.roadside import prop_at, roadside_of
from drag_edge.sim.world import EgoPose, World

PROP_REACH_M = 130.0

Item = tuple[float, Callable[[], None]]
"""Distance from the camera, and what paints the thing."""


def render(world: World, ego: EgoPose, camera: Camera, look: Look | int) -> npt.NDArray[np.uint8]:
    """One BGR picture, (camera.height, camera.width, 3) uint8.

    ``look``: how the drive looks, or the seed that chooses it. Equal arguments give equal
    pixels; the noise changes with ``world.time_s``.
    """
    if isinstance(look, int):
        look = look_from_seed(look)
    palette = palette_of(world.weather)
    projector = Projector(camera, ego)
    canvas = Canvas(projector, palette, world.weather)
    horizon_row = int(np.clip(round(projector.horizon_row()), 0, camera.height))
    paint_background(canvas, look, world.road.scenery, horizon_row)
    paint_ground(canvas, world, look, horizon_row)
    paint_guardrails(canvas, world.road, visible_stations(world.road, projector))
    for _, paint in sorted(_standing_things(canvas, world), key=lambda item: -item[0]):
        paint()
    rng = np.random.default_rng([look.seed, round(world.time_s * 1000.0) & 0x7FFFFFFF])
    if world.weather.precipitation == "rain":
        paint_rain(canvas, rng)
    paint_ego_parts(canvas, look)
    finish_picture(canvas, look, rng)
    return canvas.image


def _standing_things(canvas: Canvas, world: World) -> list[Item]:
    items: list[Item] = []
    items += _actor_items(canvas, world)
    items += _prop_items(canvas, world.road)
    road = world.road
    for light, state in zip(road.traffic_lights, world.light_states, strict=True):
        point = on_ground(road, np.array(light.s_m), np.array(light.d_m))
        distance = _distance_ahead(canvas, point)
        if distance is not None:
            items.append(
                (distance, partial(paint_traffic_light, canvas, road, light, state, distance))
            )
    for sign in road.overhead_signs:
        point = on_ground(road, np.array(sign.s_m), np.array(sign.d_m))
        distance = _distance_ahead(canvas, point)
        if distance is not None:
            items.append((distance, partial(paint_overhead_sign, canvas, road, sign, distance)))
    return items


def _actor_items(canvas: Canvas, world: World) -> list[Item]:
    items: list[Item] = []
    for actor in world.actors:
        centre = np.array([actor.x_m, actor.y_m, 0.5 * actor.height_m])
        optical = canvas.projector.to_optical(centre)
        if optical[2] < -0.5 * actor.length_m or optical[2] > 250.0:
            continue
        paint = paint_vehicle if actor.kind in ("car", "truck") else paint_figure
        # A long body counts from its nearest part, or it would hide behind what it covers.
        distance = float(np.linalg.norm(optical)) - 0.4 * actor.length_m
        items.append((distance, partial(paint, canvas, world, actor)))
    return items


def _prop_items(canvas: Canvas, road: Road) -> list[Item]:
    items: list[Item] = []
    roadside = roadside_of(road)
    position = canvas.projector.position
    ego_s, _ = road.locate(float(position[0]), float(position[1]))
    close = np.flatnonzero(np.abs(roadside.station_m - ego_s) < PROP_REACH_M)
    optical = canvas.projector.to_optical(roadside.foot_m[close])
    distances = np.linalg.norm(optical, axis=1)
    limit = 0.5 * canvas.projector.camera.width / canvas.projector.camera.fx
    for index, point, distance in zip(close, optical, distances.tolist(), strict=True):
        place = roadside.places[index]
        slack = 0.7 * place.depth_m + place.width_m
        outside = abs(point[0]) > limit * max(0.0, point[2]) + slack
        if outside or point[2] < -slack or canvas.haze_at(distance) > 0.95:
            continue
        prop = prop_at(road, place)
        items.append((distance, partial(paint_prop, canvas, prop, distance)))
    return items


def _distance_ahead(canvas: Canvas, point: FloatArray) -> float | None:
    optical = canvas.projector.to_optical(point)
    return float(np.linalg.norm(optical)) if 1.0 < optical[2] < 200.0 else None
