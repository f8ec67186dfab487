"""What is really so: the ego on its road, who is ahead, who was touched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from drag_edge.sim.collision import Footprint, overlap
from drag_edge.sim.ego.commands import Controls, Demands
from drag_edge.sim.ego.driver import DriverInputs
from drag_edge.sim.ego.plant import Car, CarState
from drag_edge.sim.road_cursor import RoadCursor
from drag_edge.sim.traffic.behaviour import EgoOnRoad, MovingActor
from drag_edge.sim.world import Actor


@dataclass(frozen=True, slots=True)
class RoadPosition:
    """The ego's rear axle on the road: station, lateral position (left positive) and its rate,
    heading against the road, and the lane it is in (None off the lanes)."""

    s_m: float
    d_m: float
    d_rate_mps: float
    heading_rad: float
    curvature_1pm: float
    lane: int | None
    lane_offset_m: float | None


@dataclass(frozen=True, slots=True)
class LeadTruth:
    """The nearest road user whose width overlaps the ego's ahead, bumper to bumper.

    ``ttc_s``: at constant speeds; None when not closing.
    """

    actor_id: int
    gap_m: float
    speed_mps: float
    accel_mps2: float
    ttc_s: float | None


@dataclass(frozen=True, slots=True)
class Collision:
    """The first touch of an actor; ``closing_mps`` is the ego's speed minus the actor's along
    the ego's heading (the impact speed of the test protocols)."""

    time_s: float
    actor_id: int
    closing_mps: float


@dataclass(frozen=True, slots=True)
class Truth:
    """One step of a drive; ``time_s`` counts from the scenario's start."""

    time_s: float
    ego: CarState
    road: RoadPosition
    lead: LeadTruth | None
    demands: Demands
    controls: Controls
    driver: DriverInputs


def position_on_road(
    state: CarState, car: Car, cursor: RoadCursor, hint_s_m: float
) -> RoadPosition:
    """Where the rear axle is on the road, searched near the hint."""
    s_m, d_m, heading = cursor.locate(state.x_m, state.y_m, hint_s_m)
    road = cursor.road
    heading_error = math.remainder(state.yaw_rad - heading, math.tau)
    slip_mps = state.lateral_speed_mps - car.rear_axle_to_cog_m * state.yaw_rate_radps
    lane = road.lane_at(d_m)
    return RoadPosition(
        s_m=s_m,
        d_m=d_m,
        d_rate_mps=state.speed_mps * math.sin(heading_error) + slip_mps * math.cos(heading_error),
        heading_rad=heading_error,
        curvature_1pm=cursor.curvature_at(s_m),
        lane=lane,
        lane_offset_m=None if lane is None else d_m - road.lane_center_d_m(lane),
    )


def ego_on_road(position: RoadPosition, speed_mps: float, car: Car) -> EgoOnRoad:
    """What actors know of the ego."""
    return EgoOnRoad(
        rear_s_m=position.s_m - car.rear_overhang_m,
        front_s_m=position.s_m + car.front_overhang_m,
        d_m=position.d_m,
        speed_mps=speed_mps,
    )


def lead_of(ego: EgoOnRoad, car: Car, actors: Sequence[MovingActor]) -> LeadTruth | None:
    """The nearest actor ahead that the ego would touch if everybody kept their lateral place."""
    nearest: MovingActor | None = None
    nearest_gap_m = math.inf
    for actor in actors:
        body = actor.body
        if abs(actor.d_m - ego.d_m) > 0.5 * (body.width_m + car.width_m):
            continue
        gap_m = actor.s_m - 0.5 * body.length_m - ego.front_s_m
        if gap_m < nearest_gap_m and actor.s_m > ego.rear_s_m:
            nearest, nearest_gap_m = actor, gap_m
    if nearest is None:
        return None
    closing = ego.speed_mps - nearest.speed_along_mps
    return LeadTruth(
        actor_id=nearest.body.actor_id,
        gap_m=nearest_gap_m,
        speed_mps=nearest.speed_along_mps,
        accel_mps2=nearest.accel_mps2 * nearest.body.direction,
        ttc_s=max(nearest_gap_m, 0.0) / closing if closing > 0.01 else None,
    )


def touched(state: CarState, car: Car, actors: Sequence[Actor], time_s: float) -> list[Collision]:
    """Every actor whose footprint overlaps the ego's now."""
    middle_m = 0.5 * car.length_m - car.rear_overhang_m
    cosine, sine = math.cos(state.yaw_rad), math.sin(state.yaw_rad)
    x_m, y_m = state.x_m + middle_m * cosine, state.y_m + middle_m * sine
    reach_m = 0.5 * (car.length_m + car.width_m)
    found = []
    for actor in actors:
        far_m = reach_m + 0.5 * (actor.length_m + actor.width_m)
        if abs(actor.x_m - x_m) > far_m or abs(actor.y_m - y_m) > far_m:
            continue
        ego_box = Footprint(x_m, y_m, state.yaw_rad, car.length_m, car.width_m)
        box = Footprint(actor.x_m, actor.y_m, actor.yaw_rad, actor.length_m, actor.width_m)
        if overlap(ego_box, box):
            along = actor.speed_mps * math.cos(actor.yaw_rad - state.yaw_rad)
            found.append(Collision(time_s, actor.actor_id, state.speed_mps - along))
    return found
