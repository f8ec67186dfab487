"""A closed loop in numbers: point-mass ego, late and noisy scenes, decide() and gate().

The plant runs at 100 Hz; the brakes have 150 ms of dead time and a ramp of 25 m/s³; steering
follows with 100 ms. Decisions are taken at 20 Hz.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Sequence

from drag_edge.adas.decide import AdasState, decide
from drag_edge.adas.decision import AebStage, Command, Decision, Side
from drag_edge.adas.gate import GateState, gate
from drag_edge.config.adas import AdasSettings
from drag_edge.perception.ego import EgoState
from tests.adas import scenes
from tests.adas.eyes import QUIET, STEP_S, Actor, Eyes, Noise

KPH = 1 / 3.6
ON = AdasSettings(actuation=True)
BODY = scenes.BODY


@dataclasses.dataclass(frozen=True)
class Sample:
    """One decision and the truth at its time; gap and lead speed of the first actor."""

    time_s: float
    speed_mps: float
    accel_mps2: float
    gap_m: float
    lead_mps: float
    offset_m: float
    lateral_accel_mps2: float
    decision: Decision
    command: Command

    @property
    def ttc_s(self) -> float:
        """True time to collision with the first actor."""
        closing = self.speed_mps - self.lead_mps
        return self.gap_m / closing if closing > 0 else math.inf


@dataclasses.dataclass
class Run:
    """What a drive gave; impact_mps: relative speed of the contact, None when there was none."""

    samples: list[Sample]
    impact_mps: float | None
    least_gap_m: float

    @property
    def impact_kph(self) -> float:
        """0 when there was no contact."""
        return 0.0 if self.impact_mps is None else self.impact_mps / KPH

    def first(self, wanted: Callable[[Decision], bool]) -> Sample | None:
        """The first sample whose decision is as wanted."""
        return next((sample for sample in self.samples if wanted(sample.decision)), None)

    @property
    def warned(self) -> Sample | None:
        """First collision warning."""
        return self.first(lambda decision: decision.aeb.warning)

    @property
    def braked(self) -> Sample | None:
        """First emergency braking."""
        return self.first(lambda decision: decision.aeb.stage in (AebStage.PARTIAL, AebStage.FULL))

    @property
    def departed(self) -> Sample | None:
        """First lane departure warning."""
        return self.first(lambda decision: decision.lka.departure is not Side.NONE)


class Plant:
    """The ego: speed along the road, offset and heading in the lane."""

    def __init__(self, speed_mps: float, offset_m: float, heading_rad: float, curvature: float):
        self.speed_mps = speed_mps
        self.accel_mps2 = 0.0
        self.travelled_m = 0.0
        self.offset_m = offset_m
        self.heading_rad = heading_rad
        self.curvature_1pm = curvature
        self._demands = deque([0.0] * 15)
        self._acting_mps2 = 0.0

    def step(self, accel_mps2: float, steer_1pm: float | None, road_1pm: float) -> None:
        """One plant step. steer_1pm None: hands that keep the heading relative to the road."""
        self._demands.append(accel_mps2)
        wanted, most = self._demands.popleft(), 25.0 * STEP_S
        self._acting_mps2 += min(max(wanted - self._acting_mps2, -most), most)
        before = self.speed_mps
        self.speed_mps = max(0.0, before + max(-9.0, self._acting_mps2) * STEP_S)
        self.accel_mps2 = (self.speed_mps - before) / STEP_S
        self.travelled_m += (before + self.speed_mps) / 2 * STEP_S
        steer = road_1pm if steer_1pm is None else steer_1pm
        self.curvature_1pm += (steer - self.curvature_1pm) * STEP_S / 0.1
        self.offset_m += before * self.heading_rad * STEP_S
        self.heading_rad += before * (self.curvature_1pm - road_1pm) * STEP_S

    def state(self, time_s: float, acc: bool, braking: bool) -> EgoState:
        """What the vehicle's bus says."""
        return scenes.ego(
            self.speed_mps,
            time_s,
            accel_mps2=self.accel_mps2,
            yaw_rate_radps=self.speed_mps * self.curvature_1pm,
            steering_wheel_angle_rad=scenes.BODY.steering_ratio
            * math.atan(scenes.BODY.wheelbase_m * self.curvature_1pm),
            acc_enabled=acc,
            brake_pressed=braking,
        )


def _unchanged(time_s: float, ego: EgoState) -> EgoState:
    return ego


def drive(
    speed_mps: float,
    actors: Sequence[Actor] = (),
    seconds: float = 10.0,
    settings: AdasSettings = ON,
    noise: Noise = QUIET,
    seed: int = 0,
    latency_s: float = 0.15,
    accel_lag_s: float = 0.3,
    acc: bool = False,
    driver: Callable[[float, EgoState], EgoState] = _unchanged,
    feet: Callable[[float, float, float, float], float] | None = None,
    curvature: Callable[[float], float] = lambda time_s: 0.0,
    hands: Callable[[float], float] | None = None,
    offset_m: float = 0.0,
    heading_rad: float = 0.0,
) -> Run:
    """Drive until `seconds` are over or contact.

    driver: what it changes in the ego's signals. feet: acceleration that the driver asks for, from
    time, gap, speed and lead speed; more than 0.3 m/s² of braking presses the pedal. curvature: of
    the road by time. hands: curvature that the driver steers while LKA does not; by default what
    keeps the heading relative to the road.
    """
    actors = [dataclasses.replace(actor) for actor in actors]
    plant = Plant(speed_mps, offset_m, heading_rad, curvature(0.0))
    eyes = Eyes(noise, seed, latency_s)
    state, gate_state = AdasState(), GateState()
    command: Command | None = None
    samples: list[Sample] = []
    least_gap = math.inf
    for step in range(round(seconds / STEP_S)):
        time_s = step * STEP_S
        gap, lead_mps = math.inf, math.inf
        if actors:
            gap, lead_mps = actors[0].gap_m - plant.travelled_m, actors[0].speed_mps
        asked = 0.0 if feet is None else feet(time_s, gap, plant.speed_mps, lead_mps)
        ego = driver(time_s, plant.state(time_s, acc, asked < -0.3))
        lane = (plant.offset_m, plant.heading_rad, curvature(time_s))
        if step % 5 == 0:
            eyes.look(ego, plant.travelled_m, actors, lane)
        if step % 5 == 0 and eyes.newest is not None:
            scene = dataclasses.replace(eyes.newest, ego=ego)
            decision, state = decide(scene, (), settings, BODY, state, time_s)
            command, gate_state = gate(decision, ego, settings, gate_state, time_s)
            samples.append(
                Sample(time_s, plant.speed_mps, plant.accel_mps2, gap, lead_mps, plant.offset_m,
                       plant.speed_mps**2 * plant.curvature_1pm, decision, command)
            )  # fmt: skip
        steer = None if hands is None else hands(time_s)
        if command is not None and command.curvature_1pm is not None:
            steer = command.curvature_1pm
        plant.step(_pedals(command, asked), steer, curvature(time_s))
        for actor in actors:
            actor.step(time_s, accel_lag_s)
            least_gap = min(least_gap, _front_gap(actor, plant.travelled_m, time_s))
            if least_gap <= 0.0:
                return Run(samples, max(0.0, plant.speed_mps - actor.speed_mps), 0.0)
    return Run(samples, None, least_gap)


def _pedals(command: Command | None, driver_mps2: float) -> float:
    if command is None:
        return driver_mps2
    demand = driver_mps2 if command.accel_mps2 is None else command.accel_mps2
    return demand if command.aeb_decel_mps2 is None else min(demand, command.aeb_decel_mps2)


def _front_gap(actor: Actor, travelled_m: float, time_s: float) -> float:
    """Gap in front of the bumper, infinite beside it: what walks into the side is no impact."""
    gap = actor.gap_m - travelled_m
    ahead = abs(actor.y_m) < (BODY.width_m + actor.width_m) / 2
    return gap if ahead and gap > -1.0 and time_s >= actor.appears_s else math.inf
