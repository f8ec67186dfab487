"""Drives made by hand: each test says what happened, nobody drives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from drag_edge.adas.decision import (
    AccDecision,
    AccState,
    AebDecision,
    AebStage,
    BsdDecision,
    BsdLevel,
    Command,
    Decision,
    LkaDecision,
    LkaState,
    Mode,
    Side,
)
from drag_edge.events import Event
from drag_edge.faults.fault import Fault
from drag_edge.score.drive import Drive
from drag_edge.sim.ego.commands import Control, Controls, Demand, Demands
from drag_edge.sim.ego.driver import DriverInputs
from drag_edge.sim.ego.plant import Car, CarState
from drag_edge.sim.scenario import Scenario
from drag_edge.sim.truth import Collision, LeadTruth, RoadPosition, Truth

STEP_S = 0.01
TICK_S = 0.05
Of = Callable[[float], Any]

ROAD: dict[str, Any] = {
    "length_m": 400,
    "lanes": [{"width_m": 3.5}, {"width_m": 3.5}, {"width_m": 3.5}],
    "reference_lane": 1,
}
SCENARIO = Scenario.model_validate(
    {
        "title": "hand made",
        "duration_s": 10,
        "road": ROAD,
        "ego": {"lane": 1, "speed_kmh": 72},
        "driver": {"set_speed_kmh": 72},
    }
)


def decision(
    time_s: float,
    *,
    warning: bool = False,
    decel: float | None = None,
    departure: Side = Side.NONE,
    left: BsdLevel = BsdLevel.CLEAR,
    right: BsdLevel = BsdLevel.CLEAR,
    lead_id: int | None = None,
    mode: Mode = Mode.ACTIVE,
    events: Sequence[str] = (),
) -> Decision:
    stage = AebStage.FULL if decel is not None else AebStage.READY
    return Decision(
        time_s=time_s,
        mode=mode,
        acc=AccDecision(AccState.SPEED, 0.0, 20.0, 1, 1.5, None, lead_id, False, ""),
        lka=LkaDecision(LkaState.STANDBY, None, departure, None, None, 0.0, ""),
        aeb=AebDecision(stage, decel, warning, None, None, None, ""),
        bsd=BsdDecision(left, right, None, None),
        alerts=(),
        events=tuple(Event(name, "test", "", time_s) for name in events),
    )


def command(time_s: float, decel: float | None = None) -> Command:
    return Command(time_s, time_s + 0.3, True, 0.0, decel, None, ())


def hand_made(
    *,
    seconds: float = 8.0,
    speed: Of = lambda t: 20.0,
    accel: Of = lambda t: 0.0,
    gap: Of = lambda t: None,
    lead_speed: Of = lambda t: 20.0,
    lead_accel: Of = lambda t: 0.0,
    brake: Of = lambda t: 0.0,
    d: Of = lambda t: 0.0,
    d_rate: Of = lambda t: 0.0,
    yaw_rate: Of = lambda t: 0.0,
    drive_control: Of = lambda t: Control.CONTROLLED,
    steer_control: Of = lambda t: Control.CONTROLLED,
    accel_demand: Of = lambda t: 0.0,
    decide: Of = lambda t: decision(t),
    collisions: Sequence[Collision] = (),
    scenario: Scenario = SCENARIO,
    faults: Sequence[Fault] = (),
) -> Drive:
    """What happened, as functions of time; decisions come every 50 ms."""
    record = []
    for step in range(round(seconds / STEP_S) + 1):
        t = step * STEP_S
        lead = None
        if gap(t) is not None:
            closing = speed(t) - lead_speed(t)
            ttc_s = gap(t) / closing if closing > 0.01 else None
            lead = LeadTruth(1, gap(t), lead_speed(t), lead_accel(t), ttc_s)
        state = CarState(0.0, d(t), 0.0, speed(t), accel(t), yaw_rate_radps=yaw_rate(t))
        demands = Demands(
            accel=Demand(accel_demand(t), drive_control(t)),
            curvature=Demand(0.0, steer_control(t)),
            brake=Demand(-brake(t) if brake(t) else None, Control.NONE),
        )
        controls = Controls(drive_control(t), steer_control(t), Control.NONE)
        place = RoadPosition(30.0, d(t), d_rate(t), 0.0, 0.0, 1, d(t))
        record.append(Truth(t, state, place, lead, demands, controls, DriverInputs()))
    gaps = [truth.lead.gap_m for truth in record if truth.lead is not None]
    session: Any = SimpleNamespace(
        record=record,
        collisions=list(collisions),
        min_gap_m=min(gaps, default=None),
        scenario=scenario,
        car=Car(),
        road=scenario.road.build(1),
    )
    result = Drive(session, vehicle=None, faults=faults)  # type: ignore[arg-type]
    for tick in range(round(seconds / TICK_S) + 1):
        t = tick * TICK_S
        made = decide(t)
        result.times_s.append(t)
        result.decisions.append(made)
        result.commands.append(command(t, made.aeb.decel_mps2))
        result.scenes.append(SimpleNamespace(lead=None))  # type: ignore[arg-type]
    return result
