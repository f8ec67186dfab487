"""The closed loop on a virtual clock: look, wait, understand, decide, gate, publish, obey."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from drag_edge.adas.decide import AdasState, decide
from drag_edge.adas.decision import Decision
from drag_edge.adas.gate import GateState, gate
from drag_edge.clock import VirtualClock
from drag_edge.config.cameras import CameraSettings
from drag_edge.config.root import Settings
from drag_edge.config.vehicle import CanSettings
from drag_edge.events import EventBox
from drag_edge.faults.bus import open_faulty
from drag_edge.faults.fault import Fault
from drag_edge.faults.plan import bus_faults
from drag_edge.faults.sight import SightFaults
from drag_edge.frames.thumbnail import Sighting
from drag_edge.frames.watch import CameraWatch
from drag_edge.inference.results import Perceived
from drag_edge.perception.repeats import without_repeats
from drag_edge.perception.scene import Scene
from drag_edge.score.drive import Drive
from drag_edge.score.ending import Ending
from drag_edge.score.eyes import Eyes, LabelEyes, PerfectEyes, Seen, SensorModel
from drag_edge.score.film import Film
from drag_edge.score.local_bus import LocalBus, local_pair
from drag_edge.score.row import EndsOn
from drag_edge.sim.scenario import Scenario
from drag_edge.sim.session import SimSession
from drag_edge.vehicle.bus import OpenAdapter
from drag_edge.vehicle.link import VehicleLink

IDLE_TICK_S = 0.05
"""Without pictures the daemon's feed gives up waiting after this, and the loop ticks."""

MakeEyes = Callable[[SimSession], Eyes]
Spoil = Callable[[Scene], Scene | None]
Alter = Callable[[Decision], Decision]


def label_eyes(settings: Settings, scenario: Scenario, seed: int, model: SensorModel) -> MakeEyes:
    """The object level's eyes."""
    return lambda session: LabelEyes(settings, scenario.cameras, seed, model)


def perfect_eyes() -> MakeEyes:
    """Eyes without error."""
    return PerfectEyes


def drive(
    scenario: Scenario,
    settings: Settings,
    *,
    seed: int = 1,
    seconds: float | None = None,
    model: SensorModel | None = None,
    make_eyes: MakeEyes | None = None,
    ends_on: Sequence[EndsOn] = (),
    spoil: Spoil | None = None,
    alter: Alter | None = None,
    faults: Sequence[Fault] = (),
    video: Path | None = None,
    record_period_s: float = 0.01,
) -> Drive:
    """Run a scenario to its end, as the daemon would on this configuration.

    spoil: changes a scene before it is decided on; None: the tick is lost. alter: changes what was
    decided before the gate (broken controllers for tests of the judge). faults: of cameras,
    networks, the loop and the bus; their times count from the drive's start. video: a
    film of it with the overlay.
    """
    model = model if model is not None else SensorModel()
    if make_eyes is None:
        make_eyes = label_eyes(settings, scenario, seed, model)
    clock, events = VirtualClock(), EventBox()
    own_end, vehicle_end = local_pair()
    adapter = _adapter(own_end, faults, settings, clock, seed)
    with _closed_at_last(vehicle_end), _linked(settings, clock, events, adapter) as link:
        session = SimSession(scenario, clock, vehicle_end, seed, record_period_s=record_period_s)
        session.start()
        result = Drive(session, link, faults=faults)
        film = None
        if video is not None:
            film = Film(settings, scenario.cameras, seed, video, events.put)
        eyes, sight = make_eyes(session), SightFaults(faults, seed)
        loop = _Loop(result, clock, events, settings, eyes, sight, spoil, alter, film)
        rng = np.random.default_rng([seed, 11])
        loop.run(seconds or scenario.duration_s, model, rng, Ending(session, ends_on))
        session.close()
        if film is not None:
            film.close()
        link.close()
        while (message := vehicle_end.recv()) is not None:
            result.last_words.append(message)
    return result


@contextmanager
def _closed_at_last(end: LocalBus) -> Iterator[None]:
    """The vehicle's end is closed whatever happens."""
    try:
        yield
    finally:
        end.shutdown()


def _adapter(
    own_end: LocalBus,
    faults: Sequence[Fault],
    settings: Settings,
    clock: VirtualClock,
    seed: int,
) -> OpenAdapter:
    """How the daemon opens its end of the bus: as it is, or with faults."""
    if not faults:
        return lambda _: own_end.opened()
    rng = np.random.default_rng([seed, 13])
    broken = bus_faults(faults, settings.vehicle.ego, clock, rng)
    return lambda _: open_faulty(own_end.opened, broken)


@contextmanager
def _linked(
    settings: Settings, clock: VirtualClock, events: EventBox, adapter: OpenAdapter
) -> Iterator[VehicleLink]:
    """The daemon's end of the bus, closed at the end."""
    own = settings.vehicle.model_copy(update={"can": CanSettings()})
    link = VehicleLink(own, clock, events.put, adapter)
    try:
        yield link
    finally:
        link.close()


class _Loop:
    """The daemon's tick, with what it remembers."""

    def __init__(
        self,
        result: Drive,
        clock: VirtualClock,
        events: EventBox,
        settings: Settings,
        eyes: Eyes,
        sight: SightFaults,
        spoil: Spoil | None,
        alter: Alter | None,
        film: Film | None,
    ) -> None:
        self._result = result
        self._clock = clock
        self._events = events
        self._settings = settings
        self._eyes = eyes
        self._sight = sight
        self._spoil = spoil
        self._alter = alter
        self._film = film
        cameras: dict[str, CameraSettings] = {
            name: settings.cameras[name] for name in result.session.scenario.cameras
        }
        self._watch = CameraWatch(
            cameras, settings.adas.monitor, settings.run.frame_timeout_s, clock.now_s()
        )
        self._held: dict[str, Perceived] = {}
        self._ticked_s = clock.now_s()
        self._waiting = False
        self._adas_state = AdasState()
        self._gate_state = GateState()

    def run(
        self, seconds: float, model: SensorModel, rng: np.random.Generator, ending: Ending
    ) -> None:
        """Look every period, tick when what was seen has arrived."""
        arriving: deque[tuple[float, Seen]] = deque()
        arrival_s = 0.0
        for index in range(round(seconds / model.period_s)):
            look_s = index * model.period_s
            while arriving and arriving[0][0] <= look_s:
                self._arrive(*arriving.popleft())
            self._idle(look_s)
            self._clock.advance_to(look_s)
            if ending.reached(self._result):
                return
            snapshot = self._result.session.snapshot()
            self._result.snapshots.append(snapshot)
            seen = self._eyes.look(snapshot)
            if self._film is not None:
                self._film.take(snapshot, seen)
            delay_s = model.latency_s + float(rng.uniform(-1.0, 1.0)) * model.latency_spread_s
            arrival_s = max(look_s + delay_s, arrival_s + 1e-3) if index else look_s + delay_s
            arriving.append((arrival_s, seen))
        while arriving:
            self._arrive(*arriving.popleft())

    def _arrive(self, now_s: float, seen: Seen) -> None:
        """What was seen reaches the daemon, unless a fault keeps it away."""
        self._idle(now_s)
        self._clock.advance_to(now_s)
        now_s = self._clock.now_s()
        if self._sight.stalled(now_s):
            self._held |= seen  # after the stall the newest is taken
            return
        seen, self._held = {**self._held, **seen}, {}
        arrived, sightings = self._sight.see(seen, now_s)
        self._waiting = bool(seen) and not arrived
        if not self._waiting:
            self._tick(now_s, arrived, sightings)

    def _idle(self, until_s: float) -> None:
        """While a picture that should have come does not, the daemon's wait ends again and again.

        Between pictures that come, such ticks would bring nothing new, and are left out.
        """
        while self._waiting and (now_s := self._ticked_s + IDLE_TICK_S) < until_s:
            self._clock.advance_to(max(now_s, self._clock.now_s()))
            self._tick(self._clock.now_s(), {}, {})

    def _tick(self, now_s: float, seen: Seen, sightings: Mapping[str, Sighting]) -> None:
        self._ticked_s = now_s
        result, settings = self._result, self._settings
        ego = result.vehicle.ego(now_s)
        watched = self._watch.look(sightings, ego.speed_mps, now_s)
        seen = without_repeats(seen, self._watch.repeating)
        scene: Scene | None = self._eyes.understand(seen, ego, now_s)
        if self._spoil is not None and scene is not None:
            scene = self._spoil(scene)
        if scene is None:
            return
        events = (*self._events.take(), *watched)
        decision, self._adas_state = decide(
            scene, events, settings.adas, settings.body, self._adas_state, now_s
        )
        if self._alter is not None:
            decision = self._alter(decision)
        command, self._gate_state = gate(decision, ego, settings.adas, self._gate_state, now_s)
        result.vehicle.publish(scene, decision, command)
        result.times_s.append(now_s)
        result.scenes.append(scene)
        result.decisions.append(decision)
        result.commands.append(command)
        result.told.extend(decision.events)
        if self._film is not None:
            self._film.show(seen, scene, decision, command, now_s)
