"""The daemon's decisions driving the plant over the bus, with perfect or spoilt perception."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import can
import numpy as np

from drag_edge.adas.decide import AdasState, decide
from drag_edge.adas.decision import Command, Decision
from drag_edge.adas.gate import GateState, gate
from drag_edge.clock import VirtualClock
from drag_edge.config.adas import AdasSettings
from drag_edge.config.body import BodySettings
from drag_edge.config.load import load
from drag_edge.config.vehicle import CanSettings, VehicleSettings
from drag_edge.events import Event
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.perceive import Perception
from drag_edge.perception.scene import Scene
from drag_edge.sim.perfect import PerfectPerception
from drag_edge.sim.render_look import look_from_seed
from drag_edge.sim.scenario import Scenario
from drag_edge.sim.sensor import LabelSensor, SensorErrors, perceive_all
from drag_edge.sim.session import SimSession, Snapshot
from drag_edge.sim.source import simulated_camera
from drag_edge.vehicle.link import VehicleLink
from tests.conftest import REPOSITORY

PERIOD_S = 0.05
See = Callable[[Snapshot, EgoState], Scene]
_channels = itertools.count()


@dataclass
class Drive:
    """What came of it."""

    session: SimSession
    vehicle: VehicleLink
    events: list[Event]
    times_s: list[float] = field(default_factory=list)
    scenes: list[Scene] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)


def drive(
    scenario: Scenario,
    adas: AdasSettings,
    *,
    seed: int = 1,
    seconds: float | None = None,
    spoil: Callable[[Scene], Scene | None] = lambda scene: scene,
    errors: SensorErrors | None = None,
    latency_s: float = 0.0,
) -> Drive:
    """Run a scenario to its end.

    spoil: changes what perception says; None: no frame. errors: not None runs the real perception
    on labelled boxes and class maps instead of the perfect scene. latency_s: from the picture to
    the decision.
    """
    clock = VirtualClock()
    settings = vehicle_settings()
    events: list[Event] = []
    vehicle_end = can.Bus(interface="virtual", channel=settings.can.channel)
    link = VehicleLink(settings, clock, events.append)
    try:
        session = SimSession(scenario, clock, vehicle_end, seed)
        session.start()
        result = Drive(session, link, events)
        see = _perfect(session) if errors is None else _labelled(session, errors, seed)
        _run(
            result,
            clock,
            adas,
            seconds or scenario.duration_s,
            latency_s,
            lambda snapshot, ego: spoil(see(snapshot, ego)),
        )
    finally:
        link.close()
        vehicle_end.shutdown()
    return result


def vehicle_settings() -> VehicleSettings:
    """The demo's own mapping of the simulated vehicle, on a virtual bus of its own."""
    settings = load(REPOSITORY / "configs" / "demo.yaml", check_files=False).vehicle
    channel = CanSettings(channel=f"closed-loop-{next(_channels)}")
    return settings.model_copy(update={"can": channel})


def _perfect(session: SimSession) -> See:
    return PerfectPerception(session.road, session.car).understand


def _labelled(session: SimSession, errors: SensorErrors, seed: int) -> See:
    settings = load(REPOSITORY / "configs" / "demo.yaml", check_files=False)
    rng, look = np.random.default_rng([seed, 7]), look_from_seed(seed)
    sensors, models = {}, {}
    for name, camera in settings.cameras.items():
        view = simulated_camera(name, camera)
        sensors[name] = LabelSensor(view, look, rng, errors, front=name == "front")
        models[name] = CameraModel.from_settings(camera, view.width, view.height)
    roles = {name: camera.role for name, camera in settings.cameras.items()}
    perception = Perception(settings.perception, models, roles, settings.body)

    def see(snapshot: Snapshot, ego: EgoState) -> Scene:
        return perception.understand(perceive_all(sensors, snapshot), ego, snapshot.time_s)

    return see


def _run(
    result: Drive,
    clock: VirtualClock,
    adas: AdasSettings,
    seconds: float,
    latency_s: float,
    see: Callable[[Snapshot, EgoState], Scene | None],
) -> None:
    body = BodySettings()
    adas_state, gate_state = AdasState(), GateState()
    for tick in range(round(seconds / PERIOD_S)):
        clock.advance_to(tick * PERIOD_S)
        snapshot = result.session.snapshot()
        clock.advance_to(tick * PERIOD_S + latency_s)
        now_s = clock.now_s()
        ego = result.vehicle.ego(now_s)
        scene = see(snapshot, ego)
        if scene is None:
            continue
        news = tuple(result.events)
        result.events.clear()
        decision, adas_state = decide(scene, news, adas, body, adas_state, now_s)
        command, gate_state = gate(decision, ego, adas, gate_state, now_s)
        result.vehicle.publish(scene, decision, command)
        result.times_s.append(now_s)
        result.scenes.append(scene)
        result.decisions.append(decision)
        result.commands.append(command)
