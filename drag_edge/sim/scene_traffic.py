"""Random road users around the ego vehicle for training scenes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from drag_edge.sim.camera import EGO_LENGTH_M, EGO_REAR_OVERHANG_M
from drag_edge.sim.road import Road
from drag_edge.sim.world import Actor, ActorKind, Indicator, actor_on_road

INDICATORS: tuple[Indicator, ...] = ("off", "off", "off", "left", "right", "hazard")


@dataclass(frozen=True, slots=True)
class EgoPlace:
    """Where the ego stands: station and lateral position of its rear axle, and its lane."""

    s_m: float
    d_m: float
    lane: int


def sample_traffic(
    rng: np.random.Generator, road: Road, ego: EgoPlace, behind: bool, people: float
) -> list[Actor]:
    """Vehicles lane by lane, then people on foot and on bicycles; nobody inside the ego.

    ``behind``: fill the road behind for the mirror cameras; ``people``: mean number in a town.
    """
    actors: list[Actor] = []
    low, high = (-75.0, 6.0) if behind else (-12.0, 105.0)
    for lane in range(len(road.lanes)):
        density = float(rng.choice([0.0, 0.4, 1.0], p=[0.25, 0.45, 0.3]))
        if density > 0.0:
            actors += _lane_traffic(rng, road, ego, lane, (low, high), density)
    town = road.scenery != "rural"
    if town:
        actors += _parked(rng, road, ego.s_m, (low, high))
        actors += _crossing_traffic(rng, road)
    if rng.random() < (0.85 if town else 0.25):
        mean = people if town else 0.8
        actors += _people(rng, road, ego.s_m, (low, min(high, 65.0)), mean)
    ego_centre_s = ego.s_m + 0.5 * EGO_LENGTH_M - EGO_REAR_OVERHANG_M
    kept: list[Actor] = []
    for actor in actors:
        blocked = _touches_ego(road, actor, ego_centre_s, ego.d_m)
        if not blocked and not any(_overlap(actor, other) for other in kept):
            kept.append(replace(actor, actor_id=len(kept) + 1))
    return kept


def _overlap(actor: Actor, other: Actor) -> bool:
    """Whether the actor's centre is inside the other's footprint, grown by its half width."""
    dx, dy = actor.x_m - other.x_m, actor.y_m - other.y_m
    c, s = np.cos(other.yaw_rad), np.sin(other.yaw_rad)
    grown = 0.5 * actor.width_m + 0.2
    along, across = c * dx + s * dy, -s * dx + c * dy
    return bool(
        abs(along) < 0.5 * other.length_m + grown and abs(across) < 0.5 * other.width_m + grown
    )


def _touches_ego(road: Road, actor: Actor, centre_s_m: float, ego_d_m: float) -> bool:
    s, d = road.locate(actor.x_m, actor.y_m, centre_s_m)
    reach_s = 0.5 * (EGO_LENGTH_M + actor.length_m) + 0.8
    return abs(s - centre_s_m) < reach_s and abs(d - ego_d_m) < 1.3 + 0.5 * actor.width_m


def _size(rng: np.random.Generator, kind: ActorKind) -> tuple[float, float, float]:
    if kind == "truck":
        return (
            float(rng.uniform(6.5, 14.0)),
            float(rng.uniform(2.3, 2.55)),
            float(rng.uniform(2.9, 3.9)),
        )
    if kind == "car":
        tall = rng.random() < 0.3
        height = rng.uniform(1.6, 1.95) if tall else rng.uniform(1.38, 1.58)
        return float(rng.uniform(3.7, 5.0)), float(rng.uniform(1.68, 1.95)), float(height)
    if kind == "cyclist":
        return float(rng.uniform(1.7, 1.9)), 0.6, float(rng.uniform(1.6, 1.85))
    return 0.5, 0.6, float(rng.uniform(1.45, 1.92))


def _vehicle(
    rng: np.random.Generator, road: Road, s_m: float, d_m: float, yaw_offset_rad: float
) -> Actor:
    kind: ActorKind = "truck" if rng.random() < 0.22 else "car"
    return actor_on_road(
        road,
        0,
        kind,
        s_m,
        d_m,
        yaw_offset_rad=yaw_offset_rad,
        speed_mps=float(rng.uniform(0.0, 30.0)),
        brake_lights=bool(rng.random() < 0.3),
        indicator=INDICATORS[int(rng.integers(len(INDICATORS)))],
        size_m=_size(rng, kind),
        seed=int(rng.integers(64)),
    )


def _lane_traffic(
    rng: np.random.Generator,
    road: Road,
    ego: EgoPlace,
    lane: int,
    reach_m: tuple[float, float],
    density: float,
) -> list[Actor]:
    actors: list[Actor] = []
    opposite = road.lanes[lane].direction == "opposite"
    offset = reach_m[0] + float(rng.uniform(0.0, 14.0))
    if lane == ego.lane and reach_m[1] > 50.0:
        offset = 3.65 + 3.0 + float(rng.exponential(16.0))
    while offset < reach_m[1]:
        d = road.lane_center_d_m(lane) + float(rng.normal(0.0, 0.25))
        yaw = float(np.deg2rad(rng.normal(0.0, 1.5)))
        if rng.random() < 0.12:
            d += float(rng.uniform(-1.7, 1.7))
            yaw += float(np.deg2rad(rng.uniform(-8.0, 8.0)))
        actor = _vehicle(rng, road, ego.s_m + offset, d, yaw + (np.pi if opposite else 0.0))
        actors.append(actor)
        offset += actor.length_m + 4.0 + float(rng.exponential(14.0 / density))
    return actors


def _parked(
    rng: np.random.Generator, road: Road, ego_s_m: float, reach_m: tuple[float, float]
) -> list[Actor]:
    if rng.random() < 0.55:
        return []
    actors = []
    offset = reach_m[0] + float(rng.uniform(0.0, 30.0))
    d = road.boundary_d_m(len(road.lanes)) - road.right_shoulder_m - 0.7
    while offset < min(reach_m[1], 70.0):
        actors.append(_vehicle(rng, road, ego_s_m + offset, d, 0.0))
        offset += float(rng.uniform(6.0, 11.0)) + float(rng.exponential(8.0)) + 6.0
    return actors


def _crossing_traffic(rng: np.random.Generator, road: Road) -> list[Actor]:
    actors = []
    for junction in road.junctions:
        for lane, turn in ((0.28, 1.0), (0.72, -1.0)):
            if rng.random() < 0.45:
                s = junction.s_m + lane * junction.length_m
                d = float(rng.uniform(-25.0, 25.0))
                swing = float(np.deg2rad(rng.normal(0.0, 12.0)))
                actors.append(_vehicle(rng, road, s, d, turn * 0.5 * np.pi + swing))
    return actors


def _people(
    rng: np.random.Generator,
    road: Road,
    ego_s_m: float,
    reach_m: tuple[float, float],
    mean: float,
) -> list[Actor]:
    actors = []
    left = road.boundary_d_m(0) + road.left_shoulder_m
    right = road.boundary_d_m(len(road.lanes)) - road.right_shoulder_m
    for _ in range(1 + int(rng.poisson(mean))):
        kind: ActorKind = "cyclist" if rng.random() < 0.42 else "pedestrian"
        s = ego_s_m + 6.0 + (reach_m[1] - 6.0) * float(rng.random()) ** 1.4
        if reach_m[1] < 20.0:
            s = ego_s_m + float(rng.uniform(*reach_m))
        on_road = rng.random() < (0.45 if kind == "pedestrian" else 0.75)
        if on_road:
            d = float(rng.uniform(right, left))
        else:
            d = right - float(rng.uniform(0.3, 2.8))
            d = d if rng.random() < 0.6 else left + float(rng.uniform(0.3, 2.8))
        along = float(rng.choice([0.0, np.pi]))
        across = float(rng.choice([-0.5, 0.5])) * np.pi
        sideways = rng.random() < (0.5 if kind == "pedestrian" else 0.2)
        yaw = (across if sideways else along) + float(rng.normal(0.0, 0.2))
        speed = float(rng.uniform(0.0, 2.0) if kind == "pedestrian" else rng.uniform(2.0, 7.0))
        actors.append(
            actor_on_road(
                road,
                0,
                kind,
                s,
                d,
                yaw_offset_rad=yaw,
                speed_mps=speed,
                size_m=_size(rng, kind),
                seed=int(rng.integers(1 << 16)),
            )
        )
    return actors
