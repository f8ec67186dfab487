"""How an actor moves: along the road at a wanted speed, across it when an act says so."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drag_edge.sim.road_cursor import RoadCursor
from drag_edge.sim.scenario import ActorAct
from drag_edge.sim.traffic.following import FollowingStyle, following_accel
from drag_edge.sim.world import Actor, ActorKind, Indicator

KMH = 1.0 / 3.6
BRAKE_LIGHT_DECEL_MPS2 = 0.7
MOVING_MPS = 0.05


@dataclass(frozen=True, slots=True)
class Body:
    """What an actor is, for its whole life. ``direction``: 1 with the stations, −1 against;
    ``turned_rad``: its heading against that direction, left positive."""

    actor_id: int
    name: str
    kind: ActorKind
    length_m: float
    width_m: float
    height_m: float
    direction: int
    seed: int
    turned_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class EgoOnRoad:
    """What actors know of the ego: stations of its bumpers, lateral position, speed."""

    rear_s_m: float
    front_s_m: float
    d_m: float
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next road user in an actor's lane."""

    gap_m: float
    speed_mps: float


class _LateralMove:
    """From one lateral position to another, smoothly in a time or at a constant speed."""

    def __init__(self, from_d_m: float, to_d_m: float, act: ActorAct, start_s: float) -> None:
        self._from_m = from_d_m
        self._change_m = to_d_m - from_d_m
        self._start_s = start_s
        self._smooth = act.over_s is not None
        speed_mps = (act.lateral_kmh or 0.0) * KMH
        self._duration_s = act.over_s or max(abs(self._change_m) / max(speed_mps, 0.01), 1e-3)

    def at(self, time_s: float) -> tuple[float, float, bool]:
        """Lateral position, its rate, and whether the move is over."""
        share = (time_s - self._start_s) / self._duration_s
        if share >= 1.0:
            return self._from_m + self._change_m, 0.0, True
        if self._smooth:
            # Quintic blend: no jump in lateral speed or acceleration.
            moved = share**3 * (10.0 + share * (6.0 * share - 15.0))
            rate = 30.0 * share**2 * (1.0 - share) ** 2 / self._duration_s
        else:
            moved, rate = share, 1.0 / self._duration_s
        return self._from_m + self._change_m * moved, self._change_m * rate, False


class MovingActor:
    """One actor's state on the road; stepped with an explicit time."""

    def __init__(
        self,
        body: Body,
        s_m: float,
        d_m: float,
        speed_mps: float,
        acts: tuple[ActorAct, ...] = (),
        follows: FollowingStyle | None = None,
        motion: tuple[tuple[float, float], ...] = (),
    ) -> None:
        self.body = body
        self.s_m = s_m
        self.d_m = d_m
        self.speed_mps = speed_mps
        self.accel_mps2 = 0.0
        self.lateral_mps = 0.0
        self.follows = follows
        self._wanted_mps = speed_mps
        self._wanted_accel_mps2 = 1.5
        self._acts = acts
        self._was_beyond: dict[ActorAct, bool] = {}
        self._move: _LateralMove | None = None
        self._yaw_offset_rad = 0.0
        self._indicator: Indicator = "off"
        self._stood: tuple[float, float, Indicator, Actor] | None = None
        self._follows_motion = bool(motion)
        self._motion_s = np.array([time_s for time_s, _ in motion])
        self._motion_mps = np.array([speed_kmh * KMH for _, speed_kmh in motion])

    @property
    def _parked(self) -> bool:
        """Nothing has moved it, and nothing ever will."""
        still = self.speed_mps == 0.0 == self._wanted_mps and self._move is None
        return still and not self._acts and not self._follows_motion and self.accel_mps2 == 0.0

    @property
    def speed_along_mps(self) -> float:
        """Rate of the station: negative for oncoming traffic."""
        return self.speed_mps * self.body.direction

    def step(
        self, time_s: float, dt_s: float, cursor: RoadCursor, ego: EgoOnRoad, ahead: Ahead | None
    ) -> None:
        """Advance to ``time_s``, which is ``dt_s`` after the last step."""
        if self._parked:
            return
        if self._acts:
            self._begin_acts(time_s, cursor, ego)
        if self._follows_motion:
            self._wanted_mps = float(np.interp(time_s, self._motion_s, self._motion_mps))
            self._wanted_accel_mps2 = math.inf
        self._step_along(dt_s, cursor, ahead)
        self._step_across(time_s)

    def snapshot(self, cursor: RoadCursor) -> Actor:
        """The actor as the renderer sees it."""
        stood = self._stood
        stands = self.speed_mps == self.lateral_mps == self.accel_mps2 == 0.0
        if stands and stood is not None and stood[:3] == (self.s_m, self.d_m, self._indicator):
            return stood[3]  # who stands still looks as before
        actor = self._seen(cursor)
        self._stood = (self.s_m, self.d_m, self._indicator, actor) if stands else None
        return actor

    def _seen(self, cursor: RoadCursor) -> Actor:
        x, y, heading = cursor.pose(self.s_m, self.d_m)
        along = self.speed_along_mps
        if math.hypot(along, self.lateral_mps) > MOVING_MPS:
            self._yaw_offset_rad = math.atan2(self.lateral_mps, along)
        elif self.body.direction < 0:
            self._yaw_offset_rad = math.pi
        body = self.body
        return Actor(
            actor_id=body.actor_id,
            kind=body.kind,
            x_m=x,
            y_m=y,
            yaw_rad=heading + self._yaw_offset_rad + body.turned_rad,
            length_m=body.length_m,
            width_m=body.width_m,
            height_m=body.height_m,
            speed_mps=math.hypot(along, self.lateral_mps),
            brake_lights=self.accel_mps2 < -BRAKE_LIGHT_DECEL_MPS2,
            indicator=self._indicator,
            seed=body.seed,
        )

    def _begin_acts(self, time_s: float, cursor: RoadCursor, ego: EgoOnRoad) -> None:
        due = [act for act in self._acts if self._is_due(act, time_s, ego)]
        if not due:
            return
        self._acts = tuple(act for act in self._acts if act not in due)
        for act in due:
            self._begin(act, time_s, cursor)

    def _is_due(self, act: ActorAct, time_s: float, ego: EgoOnRoad) -> bool:
        if act.at_s is not None:
            return time_s >= act.at_s - 1e-9
        gap_m = self.s_m - 0.5 * self.body.length_m - ego.front_s_m
        if act.at_gap_m is not None:
            return self._passes(act, gap_m > act.at_gap_m)
        if act.at_station_m is not None:
            return self._passes(act, self.s_m > act.at_station_m)
        assert act.at_ttc_s is not None
        # Time until the ego's front is at the actor's middle: crossing actors are met there.
        middle_m = self.s_m - ego.front_s_m
        closing = ego.speed_mps - self.speed_along_mps
        return closing > 0.0 and middle_m <= act.at_ttc_s * closing

    def _passes(self, act: ActorAct, beyond: bool) -> bool:
        """Whether the side on which the actor was at first has changed."""
        return self._was_beyond.setdefault(act, beyond) != beyond

    def _begin(self, act: ActorAct, time_s: float, cursor: RoadCursor) -> None:
        if act.speed_kmh is not None:
            self._wanted_mps = act.speed_kmh * KMH
            self._wanted_accel_mps2 = act.accel_mps2
        if act.indicator is not None:
            self._indicator = act.indicator
        target_m = act.d_m
        if act.lane is not None:
            target_m = cursor.road.lane_center_d_m(act.lane)
        if target_m is not None:
            self._move = _LateralMove(self.d_m, target_m, act, time_s)

    def _step_along(self, dt_s: float, cursor: RoadCursor, ahead: Ahead | None) -> None:
        change = self._wanted_mps - self.speed_mps
        largest = self._wanted_accel_mps2
        accel = min(max(change / dt_s, -largest), largest)
        if self.follows is not None:
            gap_m = None if ahead is None else ahead.gap_m
            lead_mps = 0.0 if ahead is None else ahead.speed_mps
            # The act says how hard it slows for a lower wish; following only adds caution.
            wanted_mps = max(self._wanted_mps, self.speed_mps) if change < 0 else self._wanted_mps
            followed = following_accel(self.speed_mps, wanted_mps, gap_m, lead_mps, self.follows)
            accel = min(accel, followed)
        speed = max(0.0, self.speed_mps + accel * dt_s)
        self.accel_mps2 = (speed - self.speed_mps) / dt_s
        self.speed_mps = speed
        # Beside a bent reference line the same speed covers more or fewer stations.
        stretch = max(0.2, 1.0 - cursor.curvature_at(self.s_m) * self.d_m)
        self.s_m += self.body.direction * speed * dt_s / stretch

    def _step_across(self, time_s: float) -> None:
        if self._move is None:
            return
        self.d_m, self.lateral_mps, over = self._move.at(time_s)
        if over:
            self._move = None


def ahead_of(
    actor: MovingActor, actors: list[MovingActor], ego: EgoOnRoad, half_lane_m: float = 1.5
) -> Ahead | None:
    """Who an actor drives behind: the nearest in its path, the ego included."""
    direction = actor.body.direction
    nose_m = direction * actor.s_m + 0.5 * actor.body.length_m
    best: Ahead | None = None
    for other in actors:
        if other is actor or abs(other.d_m - actor.d_m) > half_lane_m:
            continue
        middle_m = direction * other.s_m
        if middle_m <= direction * actor.s_m:
            continue
        gap_m = middle_m - 0.5 * other.body.length_m - nose_m
        if best is None or gap_m < best.gap_m:
            best = Ahead(gap_m, direction * other.speed_along_mps)
    if abs(ego.d_m - actor.d_m) <= half_lane_m:
        tail_m = min(direction * ego.rear_s_m, direction * ego.front_s_m)
        gap_m = tail_m - nose_m
        if tail_m > direction * actor.s_m and (best is None or gap_m < best.gap_m):
            best = Ahead(gap_m, direction * ego.speed_mps)
    return best
