"""A drive: plant, driver and traffic stepped at 100 Hz; talks to the daemon over the bus only."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import can
import numpy as np

from drag_edge.clock import Clock, Periodic
from drag_edge.sim.ego.actuators import arbitrate
from drag_edge.sim.ego.commands import CommandReceiver, Controls, Demands
from drag_edge.sim.ego.driver import Driver, DriverInputs, DriverView
from drag_edge.sim.ego.plant import Car, CarState, step
from drag_edge.sim.ego.shake import Shake
from drag_edge.sim.ego.stops import StopLine, StopLines
from drag_edge.sim.ego.vehicle_bus import VehicleSender, vehicle_values
from drag_edge.sim.outcome import Outcome, outcome_of
from drag_edge.sim.road_cursor import RoadCursor
from drag_edge.sim.scenario import EgoStart, Scenario
from drag_edge.sim.traffic.actors import Traffic
from drag_edge.sim.traffic.behaviour import KMH
from drag_edge.sim.truth import (
    Collision,
    Truth,
    ego_on_road,
    lead_of,
    position_on_road,
    touched,
)
from drag_edge.sim.world import EgoPose, World, world_at

STEP_S = 0.01
MOST_STEPS_AT_ONCE = 50
"""After a stall on a real clock the world does not run after the time that was lost."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One instant, consistent in itself; made anew by every step, so that any thread may keep it.

    ``time_s`` is on the daemon's clock; ``truth.time_s`` counts from the scenario's start. The
    accelerations are along each actor's heading, in the order of ``world.actors``. The road's
    bumps add ``bump_pitch_rad`` to the ego's own pitch.
    """

    time_s: float
    world: World
    truth: Truth
    actor_accels_mps2: tuple[float, ...]
    bump_pitch_rad: float

    @property
    def ego_pose(self) -> EgoPose:
        """The ego's body for a camera."""
        pose = self.truth.ego.pose
        return replace(pose, pitch_rad=pose.pitch_rad + self.bump_pitch_rad)


class SimSession:
    """The simulated vehicle and its surroundings.

    ``bus`` is the vehicle's own endpoint (python-can hands a bus none of its own frames, so it
    must not be the daemon's object). ``seed`` varies the looks, the scenery and what the
    scenario allows to vary; the same seed and the same commands give the same drive to the bit.
    ``record_period_s``: how often a step is kept in ``record``.
    """

    def __init__(
        self,
        scenario: Scenario,
        clock: Clock,
        bus: can.BusABC,
        seed: int = 1,
        car: Car | None = None,
        record_period_s: float = 0.05,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.scenario = scenario
        self.seed = seed
        self.car = car if car is not None else Car()
        self.road = scenario.road.build(int(rng.integers(1, 2**31)))
        self.collisions: list[Collision] = []
        self.min_gap_m: float | None = None
        self.record: list[Truth] = []
        self._clock = clock
        self._start_s = clock.now_s()
        self._cursor = RoadCursor(self.road)
        self._weather = scenario.weather.build()
        self._state = _start_state(scenario.ego, self._cursor)
        self._position = position_on_road(self._state, self.car, self._cursor, scenario.ego.s_m)
        ego = ego_on_road(self._position, self._state.speed_mps, self.car)
        self._traffic = Traffic(scenario, self._cursor, ego, rng)
        self._shake = Shake(math.radians(scenario.road.bumps_pitch_deg), rng, STEP_S)
        self._stops = StopLines(self.road)
        self._driver = Driver(scenario.driver, self.car, scenario.ego.lane)
        self._lane_d_m = tuple(
            self.road.lane_center_d_m(lane) for lane in range(len(self.road.lanes))
        )
        self._receiver = CommandReceiver(bus, self._start_s)
        self._sender = VehicleSender(bus)
        self._record_every = max(1, round(record_period_s / STEP_S))
        self._steps = 0
        self._periodic: Periodic | None = None
        self._snapshot = self._look(Demands(), Controls(), self._driver.resting())

    def start(self) -> None:
        """Run with the clock from now on; the vehicle says at once how it stands."""
        if self._periodic is None:
            self._start_s = self._clock.now_s()
            self._snapshot = self._look(Demands(), Controls(), self._driver.resting())
            self._tell(0.0, self._snapshot.truth)
            self._periodic = self._clock.every(STEP_S, self.advance, "simulation")

    def close(self) -> None:
        """Stop. Idempotent."""
        if self._periodic is not None:
            self._periodic.stop()

    def finished(self, now_s: float) -> bool:
        """Whether the scenario's time is over."""
        return now_s - self._start_s >= self.scenario.duration_s - 1e-9

    @property
    def start_s(self) -> float:
        """When the scenario began, on the daemon's clock."""
        return self._start_s

    @property
    def collided(self) -> bool:
        """Whether the ego has touched anybody so far."""
        return bool(self.collisions)

    def outcome(self) -> Outcome:
        """What has come of the drive so far."""
        record = self.record if self.record else [self._snapshot.truth]
        return outcome_of(record, self.collisions, self.min_gap_m)

    def snapshot(self) -> Snapshot:
        """The newest instant."""
        return self._snapshot

    def world(self) -> World:
        """The newest instant as a camera sees it."""
        return self._snapshot.world

    def ego_pose(self) -> EgoPose:
        """The ego's body at that instant."""
        return self._snapshot.ego_pose

    def advance(self, now_s: float) -> None:
        """Catch up to ``now_s`` in steps of 10 ms; called by the clock."""
        due = round((now_s - self._start_s) / STEP_S)
        if due - self._steps > MOST_STEPS_AT_ONCE:
            self._start_s += (due - self._steps - MOST_STEPS_AT_ONCE) * STEP_S
            due = self._steps + MOST_STEPS_AT_ONCE
        while self._steps < due:
            self._steps += 1
            self._step(self._steps * STEP_S)

    def _step(self, time_s: float) -> None:
        demands = self._receiver.step(self._start_s + time_s)
        inputs = self._driver.step(self._view(time_s, demands), STEP_S)
        command, controls = arbitrate(demands, inputs, self._state, self.car)
        self._state = step(self._state, command, self.car, STEP_S)
        self._position = position_on_road(self._state, self.car, self._cursor, self._position.s_m)
        ego = ego_on_road(self._position, self._state.speed_mps, self.car)
        self._traffic.step(time_s, STEP_S, ego)
        self._shake.step(self._state.speed_mps)
        self._snapshot = self._look(demands, controls, inputs)
        self._judge(self._snapshot)
        self._tell(time_s, self._snapshot.truth)

    def _look(self, demands: Demands, controls: Controls, inputs: DriverInputs) -> Snapshot:
        time_s = self._steps * STEP_S
        ego = ego_on_road(self._position, self._state.speed_mps, self.car)
        lead = lead_of(ego, self.car, self._traffic.actors)
        actors = self._traffic.snapshot()
        return Snapshot(
            time_s=self._start_s + time_s,
            world=world_at(self.road, time_s, actors, self._weather),
            truth=Truth(time_s, self._state, self._position, lead, demands, controls, inputs),
            actor_accels_mps2=tuple(actor.accel_mps2 for actor in self._traffic.actors),
            bump_pitch_rad=self._shake.pitch_rad,
        )

    def _view(self, time_s: float, demands: Demands) -> DriverView:
        position, speed = self._position, self._state.speed_mps
        lead = self._snapshot.truth.lead
        ahead_m = self._driver.habits.preview_s * speed
        front_s_m = position.s_m + self.car.front_overhang_m
        stop: StopLine | None = self._stops.demanding(front_s_m, speed, time_s)
        return DriverView(
            time_s=time_s,
            speed_mps=speed,
            d_m=position.d_m,
            d_rate_mps=position.d_rate_mps,
            preview_curvature_1pm=self._cursor.curvature_at(position.s_m + ahead_m),
            lane_d_m=self._lane_d_m,
            gap_m=None if lead is None else lead.gap_m,
            lead_speed_mps=0.0 if lead is None else lead.speed_mps,
            stop_m=None if stop is None else stop.s_m - front_s_m,
            steered=demands.curvature.ready,
            driven=demands.accel.ready,
            braked=demands.brake.value is not None,
        )

    def _judge(self, snapshot: Snapshot) -> None:
        truth = snapshot.truth
        known = {collision.actor_id for collision in self.collisions}
        for collision in touched(truth.ego, self.car, snapshot.world.actors, truth.time_s):
            if collision.actor_id not in known:
                self.collisions.append(collision)
        if truth.lead is not None:
            gap_m = truth.lead.gap_m
            self.min_gap_m = gap_m if self.min_gap_m is None else min(gap_m, self.min_gap_m)
        if self._steps % self._record_every == 0:
            self.record.append(truth)

    def _tell(self, time_s: float, truth: Truth) -> None:
        values = vehicle_values(
            truth.ego, self.car, truth.driver, truth.controls, truth.demands.rejected
        )
        self._sender.step(time_s, values)


def _start_state(start: EgoStart, cursor: RoadCursor) -> CarState:
    """Rolling along in equilibrium with the curve it starts in."""
    d_m = cursor.road.lane_center_d_m(start.lane) + start.offset_m
    x_m, y_m, heading = cursor.pose(start.s_m, d_m)
    speed = start.speed_kmh * KMH
    yaw = heading + math.radians(start.heading_deg)
    return CarState(x_m, y_m, yaw, speed, yaw_rate_radps=speed * cursor.curvature_at(start.s_m))
