"""Where trees, buildings and posts stand beside a road, by its scenery and seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.road import Road
from drag_edge.sim.road_surface import on_ground

PropKind = Literal["tree", "bush", "building", "post", "lamp_post", "sign"]

WINDOW_SPACING_M = 3.2
FLOOR_M = 3.0


class Place(NamedTuple):
    """A standing thing in road coordinates; metres."""

    kind: PropKind
    s_m: float
    d_m: float
    width_m: float
    height_m: float
    depth_m: float
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Prop:
    """A standing thing in the world.

    ``left_of_road``: on which side; ``shade`` (3,) its colour as BGR; ``outline`` (layers, 11)
    radii of a crown, 0–1; ``corners_m`` (4, 3) of a building: front start, front end, back
    start, back end on the ground; ``windows_m`` (N, 4, 3) on its front.
    """

    kind: PropKind
    foot_m: FloatArray
    left_of_road: bool
    width_m: float
    height_m: float
    depth_m: float
    seed: int
    shade: FloatArray
    outline: FloatArray
    corners_m: FloatArray
    windows_m: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Roadside:
    """All places of one road; ``station_m`` (N,) and ``foot_m`` (N, 3) in the same order."""

    places: tuple[Place, ...]
    station_m: FloatArray
    foot_m: FloatArray


@lru_cache(maxsize=8)
def roadside_of(road: Road) -> Roadside:
    """What stands where along a road; the same road always has the same."""
    rng = np.random.default_rng([road.scenery_seed, 808])
    places: list[Place] = []
    left = road.boundary_d_m(0) + road.left_shoulder_m
    right = road.boundary_d_m(len(road.lanes)) - road.right_shoulder_m
    for side, edge in ((1.0, left), (-1.0, right)):
        places += _greenery(road, rng, side, edge)
        places += _posts(road, rng, side, edge)
        if road.scenery != "rural":
            places += _buildings(road, rng, side, edge)
    clear = [(j.s_m - 2.0, j.s_m + j.length_m + 2.0) for j in road.junctions]
    places = [
        p for p in places if not any(a < p.s_m + 0.5 * p.depth_m and p.s_m < b for a, b in clear)
    ]
    station = np.array([place.s_m for place in places])
    foot = on_ground(road, station, np.array([place.d_m for place in places]))
    return Roadside(tuple(places), station, foot)


@lru_cache(maxsize=2048)
def prop_at(road: Road, place: Place) -> Prop:
    """The thing that stands at one place, built when it is first seen."""
    foot_m = on_ground(road, np.array(place.s_m), np.array(place.d_m))
    rng = np.random.default_rng(place.seed)
    nothing = np.zeros((0, 4, 3))
    shade, outline, corners, windows = np.zeros(3), np.zeros((0, 11)), nothing, nothing
    if place.kind in ("tree", "bush"):
        shade = np.array([40.0, 85.0, 60.0]) * rng.uniform(0.7, 1.3) + rng.uniform(-12, 12, 3)
        outline = np.array([rng.uniform(0.72, 1.0, 11) * (1.0 - 0.22 * k) for k in range(3)])
    elif place.kind == "building":
        shade = rng.uniform(110, 200) + rng.uniform(-14, 14, 3)
        corners = _building_corners(road, place)
        windows = _windows(place, corners[0], corners[1])
    return Prop(
        kind=place.kind,
        foot_m=foot_m,
        left_of_road=place.d_m > 0,
        width_m=place.width_m,
        height_m=place.height_m,
        depth_m=place.depth_m,
        seed=place.seed,
        shade=shade,
        outline=outline,
        corners_m=corners,
        windows_m=windows,
    )


def _building_corners(road: Road, place: Place) -> FloatArray:
    half = 0.5 * place.depth_m
    towards_road = -0.5 * place.width_m if place.d_m > 0 else 0.5 * place.width_m
    s = place.s_m + half * np.array([-1.0, 1.0, -1.0, 1.0])
    d = place.d_m + towards_road * np.array([1.0, 1.0, -1.0, -1.0])
    return on_ground(road, s, d)


def _windows(place: Place, start_m: FloatArray, end_m: FloatArray) -> FloatArray:
    columns = max(2, int(place.depth_m / WINDOW_SPACING_M))
    floors = max(1, int(place.height_m / FLOOR_M))
    column, level = (grid.ravel() for grid in np.meshgrid(range(columns), range(floors)))
    low = FLOOR_M * level + 1.0
    share = np.stack([column + 0.28, column + 0.72, column + 0.72, column + 0.28], axis=1) / columns
    corners = start_m + share[..., None] * (end_m - start_m)
    corners[..., 2] = np.stack([low, low, low + 1.4, low + 1.4], axis=1)
    return np.asarray(corners)


def _greenery(road: Road, rng: np.random.Generator, side: float, edge: float) -> list[Place]:
    spacing = {"rural": 16.0, "suburb": 22.0, "city": 40.0}[road.scenery]
    near = {"rural": 4.0, "suburb": 3.5, "city": 2.0}[road.scenery]
    reach = {"rural": 40.0, "suburb": 9.0, "city": 1.0}[road.scenery]
    places: list[Place] = []
    s = -80.0
    while s < road.length_m + 250.0:
        s += float(rng.exponential(spacing)) + 2.0
        d = edge + side * (near + reach * float(rng.random()) ** 1.5)
        if rng.random() < 0.7 or road.scenery == "city":
            height = float(rng.uniform(4.0, 12.0))
            width = height * float(rng.uniform(0.45, 0.8))
            places.append(Place("tree", s, d, width, height, width, int(rng.integers(1 << 20))))
        else:
            size = float(rng.uniform(0.8, 2.4))
            places.append(Place("bush", s, d, 1.6 * size, size, size, int(rng.integers(1 << 20))))
    return places


def _posts(road: Road, rng: np.random.Generator, side: float, edge: float) -> list[Place]:
    places: list[Place] = []
    lamps = road.scenery != "rural"
    step = 35.0 if lamps else 50.0
    for s in np.arange(-50.0, road.length_m + 250.0, step):
        seed = int(rng.integers(1 << 20))
        if lamps:
            places.append(Place("lamp_post", float(s), edge + 1.0 * side, 0.16, 7.5, 0.16, seed))
        else:
            places.append(Place("post", float(s), edge + 0.6 * side, 0.12, 1.0, 0.12, seed))
        if side < 0 and rng.random() < 0.3:
            offset = float(rng.uniform(5.0, 30.0))
            places.append(Place("sign", float(s) + offset, edge - 1.2, 0.7, 2.6, 0.1, seed))
    return places


def _buildings(road: Road, rng: np.random.Generator, side: float, edge: float) -> list[Place]:
    city = road.scenery == "city"
    places: list[Place] = []
    s = -80.0
    while s < road.length_m + 250.0:
        length = float(rng.uniform(9.0, 24.0))
        height = float(rng.uniform(6.0, 20.0) if city else rng.uniform(3.5, 9.0))
        setback = float(rng.uniform(4.0, 7.0) if city else rng.uniform(9.0, 18.0))
        depth = 10.0
        middle = edge + side * (setback + 0.5 * depth)
        seed = int(rng.integers(1 << 20))
        places.append(Place("building", s + 0.5 * length, middle, depth, height, length, seed))
        s += length + float(rng.uniform(0.0, 6.0) if city else rng.uniform(6.0, 30.0))
    return places
