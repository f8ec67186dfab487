"""Paints cars and trucks: shadow, body faces towards the camera, lamps by state."""

from __future__ import annotations

import numpy as np

from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.painting.vehicle_mesh import Face, Polygon, VehicleMesh, car_mesh, truck_mesh
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Colour
from drag_edge.sim.world import Actor, World

DETAIL_PX = 16.0
"""Trim is left out when the vehicle is less high than this in the picture."""

BLINK_S = 0.7
BRAKE_RED: Colour = (70.0, 60.0, 255.0)
NIGHT_TAIL: Colour = (50.0, 40.0, 215.0)
INDICATOR_AMBER: Colour = (40.0, 165.0, 255.0)
HEADLAMP_WHITE: Colour = (240.0, 250.0, 255.0)


def vehicle_mesh(actor: Actor) -> VehicleMesh:
    """The body of a car or truck."""
    build = truck_mesh if actor.kind == "truck" else car_mesh
    return build(actor.length_m, actor.width_m, actor.height_m, actor.seed)


def in_world(actor: Actor, body_points_m: FloatArray) -> FloatArray:
    """Points (N, 3) of an actor's own frame in world coordinates."""
    c, s = np.cos(actor.yaw_rad), np.sin(actor.yaw_rad)
    along, across = body_points_m[:, 0], body_points_m[:, 1]
    points = np.empty_like(body_points_m)
    points[:, 0] = actor.x_m + c * along - s * across
    points[:, 1] = actor.y_m + s * along + c * across
    points[:, 2] = body_points_m[:, 2]
    return points


def paint_vehicle(canvas: Canvas, world: World, actor: Actor) -> None:
    """One car or truck."""
    mesh = vehicle_mesh(actor)
    points = in_world(actor, mesh.points_m)
    optical = canvas.projector.to_optical(points)
    nearest = float(optical[:, 2].min())
    if float(optical[:, 2].max()) < 0.5:
        return
    distance = max(0.5, float(np.median(optical[:, 2])))
    haze = canvas.haze_at(distance)
    if haze > 0.97:
        return
    _paint_shadow(canvas, actor, distance)
    eye = _eye_in_body(canvas, actor)
    size_px = canvas.projector.camera.fy * actor.height_m / max(0.5, nearest)
    pixels = canvas.projector.to_pixels(optical) if nearest > 0.5 else None
    for face in mesh.faces:
        if np.dot(face.normal, eye - np.array(face.centre)) <= 0.0:
            continue
        gain = _shade(canvas, world, actor, face)
        for polygon in face.polygons:
            if polygon.detail and size_px < DETAIL_PX:
                continue
            colour = canvas.hazed(_colour(canvas, world, actor, polygon, gain), distance)
            part = slice(polygon.start, polygon.end)
            shape = (
                pixels[part]
                if pixels is not None
                else canvas.projector.optical_polygon_pixels(optical[part])
            )
            if shape is not None:
                canvas.fill_pixels(shape, colour)
    _paint_glows(canvas, actor, eye, 1.0 - haze)


def _eye_in_body(canvas: Canvas, actor: Actor) -> FloatArray:
    dx = canvas.projector.position[0] - actor.x_m
    dy = canvas.projector.position[1] - actor.y_m
    c, s = np.cos(actor.yaw_rad), np.sin(actor.yaw_rad)
    return np.array([c * dx + s * dy, -s * dx + c * dy, canvas.projector.position[2]])


def _paint_shadow(canvas: Canvas, actor: Actor, distance_m: float) -> None:
    half_length, half_width = 0.5 * actor.length_m + 0.12, 0.5 * actor.width_m + 0.12
    corners = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)]) * (half_length, half_width)
    if canvas.palette.sun_gain > 0.2:
        sun = canvas.weather.sun_azimuth_rad - actor.yaw_rad
        corners = corners - 0.3 * np.array([np.cos(sun), np.sin(sun)])
    ground = in_world(actor, np.column_stack((corners, np.zeros(4))))
    canvas.fill(ground, canvas.hazed(canvas.lit((32.0, 31.0, 30.0)), distance_m))


def _shade(canvas: Canvas, world: World, actor: Actor, face: Face) -> float:
    azimuth = world.weather.sun_azimuth_rad - actor.yaw_rad
    sun = np.array([0.75 * np.cos(azimuth), 0.75 * np.sin(azimuth), 0.66])
    towards = max(0.0, float(np.dot(face.normal, sun)))
    return 0.72 + 0.16 * max(0.0, face.normal[2]) + canvas.palette.sun_gain * towards


def _blink_on(world: World, actor: Actor) -> bool:
    return bool((world.time_s + 0.13 * (actor.seed % 5)) % BLINK_S < 0.5 * BLINK_S)


def _colour(canvas: Canvas, world: World, actor: Actor, polygon: Polygon, gain: float) -> Colour:
    """A polygon's colour; lit lamps do not depend on daylight."""
    lamps = canvas.palette.lamps
    if polygon.part in ("tail", "brake") and actor.brake_lights:
        return BRAKE_RED
    if polygon.part == "tail" and lamps:
        return NIGHT_TAIL
    if polygon.part == "headlamp" and lamps:
        return HEADLAMP_WHITE
    if polygon.part in ("left", "right") and actor.indicator in (polygon.part, "hazard"):
        if _blink_on(world, actor):
            return INDICATOR_AMBER
    elif polygon.part in ("left", "right") and actor.brake_lights and polygon.colour[2] < 200:
        return BRAKE_RED
    return canvas.lit(polygon.colour, gain)


def _paint_glows(canvas: Canvas, actor: Actor, eye: FloatArray, clearness: float) -> None:
    if not canvas.palette.lamps:
        return
    half, side = 0.5 * actor.length_m, 0.4 * actor.width_m
    height = 0.45 * min(actor.height_m, 2.0)
    if eye[0] > half:
        lamps = np.array([(half, side, height), (half, -side, height)])
        colour, radius, strength = HEADLAMP_WHITE, 0.55, 0.8
    elif eye[0] < -half:
        lamps = np.array([(-half, side, height), (-half, -side, height)])
        colour, radius, strength = BRAKE_RED, 0.35, 0.6 if actor.brake_lights else 0.25
    else:
        return
    for lamp in in_world(actor, lamps):
        canvas.glow(lamp, radius, colour, strength * clearness)
