"""Everybody but the ego: made from the scenario, stepped together."""

from __future__ import annotations

import math

import numpy as np

from drag_edge.sim.road_cursor import RoadCursor
from drag_edge.sim.scenario import ActorSettings, Scenario
from drag_edge.sim.traffic.behaviour import KMH, Body, EgoOnRoad, MovingActor, ahead_of
from drag_edge.sim.traffic.following import FollowingStyle
from drag_edge.sim.world import ACTOR_SIZE_M, Actor


class Traffic:
    """The actors of a scenario."""

    def __init__(
        self, scenario: Scenario, cursor: RoadCursor, ego: EgoOnRoad, rng: np.random.Generator
    ) -> None:
        self._cursor = cursor
        self.actors = [
            _make_actor(settings, number, cursor, ego, rng)
            for number, settings in enumerate(scenario.actors, start=1)
        ]

    def step(self, time_s: float, dt_s: float, ego: EgoOnRoad) -> None:
        """Advance everybody to ``time_s``, in the scenario's order."""
        for actor in self.actors:
            ahead = ahead_of(actor, self.actors, ego) if actor.follows else None
            actor.step(time_s, dt_s, self._cursor, ego, ahead)

    def snapshot(self) -> tuple[Actor, ...]:
        """Everybody, for pictures and truth, in the scenario's order."""
        return tuple(actor.snapshot(self._cursor) for actor in self.actors)


def _make_actor(
    settings: ActorSettings,
    number: int,
    cursor: RoadCursor,
    ego: EgoOnRoad,
    rng: np.random.Generator,
) -> MovingActor:
    road = cursor.road
    usual = ACTOR_SIZE_M[settings.kind]
    given = (settings.length_m, settings.width_m, settings.height_m)
    length_m, width_m, height_m = (
        own if own is not None else kind for own, kind in zip(given, usual, strict=True)
    )
    # Drawn in a fixed order whether used or not: one actor's spread never moves another's.
    look = int(rng.integers(1, 2**31))
    speed_share, place_share = rng.uniform(-1.0, 1.0, 2).tolist()
    lane = settings.lane
    d_m = settings.d_m if settings.d_m is not None else road.lane_center_d_m(lane or 0)
    opposite = lane is not None and road.lanes[lane].direction == "opposite"
    speed_kmh = settings.speed_kmh + speed_share * settings.speed_spread_kmh
    place_m = place_share * settings.gap_spread_m
    return MovingActor(
        Body(
            number,
            settings.name,
            settings.kind,
            length_m,
            width_m,
            height_m,
            direction=-1 if opposite else 1,
            seed=look,
            turned_rad=math.radians(settings.heading_deg),
        ),
        s_m=_start_s_m(settings, ego, length_m) + place_m,
        d_m=d_m,
        speed_mps=max(0.0, speed_kmh) * KMH,
        acts=settings.acts,
        motion=settings.motion,
        follows=FollowingStyle(time_gap_s=settings.time_gap_s) if settings.follows else None,
    )


def _start_s_m(settings: ActorSettings, ego: EgoOnRoad, length_m: float) -> float:
    if settings.s_m is not None:
        return settings.s_m
    assert settings.gap_m is not None
    if settings.gap_m >= 0.0:
        return ego.front_s_m + settings.gap_m + 0.5 * length_m
    return ego.rear_s_m + settings.gap_m - 0.5 * length_m
