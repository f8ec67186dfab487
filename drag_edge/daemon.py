"""The loop: sample → infer → understand → decide → gate → publish → show → tick."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drag_edge.adas.decide import AdasState, decide
from drag_edge.adas.decision import Command, Decision
from drag_edge.adas.events import policy_of
from drag_edge.adas.gate import GateState, gate
from drag_edge.config.cameras import Role
from drag_edge.config.root import Settings
from drag_edge.events import Event
from drag_edge.frames.feed import Sample
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import Perceived
from drag_edge.instruments import Instruments
from drag_edge.parts import Parts
from drag_edge.perception.repeats import without_repeats
from drag_edge.perception.scene import Scene
from drag_edge.service.event_log import EventLog
from drag_edge.stages import Stages
from drag_edge.summary import RunSummary
from drag_edge.tally import Tally
from drag_edge.tuning import Change, camera_models, take

# The two clocks are read one after another: so much may pass in between on a busy machine.
_NAP_S = 0.5


@dataclass(frozen=True, slots=True)
class Tick:
    """One way through the house: what each stage made of the sample."""

    perceived: Mapping[str, Perceived]
    scene: Scene
    events: tuple[Event, ...]
    decision: Decision
    command: Command


def _nothing() -> None:
    pass


class Daemon:
    """Runs the loop until the cameras end, a limit is reached, or it is told to stop."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self.parts = parts
        self.summary = RunSummary()
        self.stages = Stages()
        self._settings = settings
        self._adas_state = AdasState()
        self._gate_state = GateState()
        self.started_s = parts.clock.now_s()
        self._asleep_s = parts.clock.asleep_s()
        self._front = front_camera(settings)
        self.tally = Tally(settings.cameras)
        self._event_log = EventLog(settings)
        self._instruments = Instruments(
            parts.clock, parts.pool, parts.vehicle, settings.run.latency_budget_s
        )

    @property
    def settings(self) -> Settings:
        """Those that hold now."""
        return self._settings

    def fps(self) -> float | None:
        """Front pictures decided upon per second, None before the second."""
        return self._instruments.rate()

    def camera_faults(self) -> dict[str, str]:
        """Cameras that the safety monitor holds a fault of the camera itself against."""
        faults = self._adas_state.monitor.faults
        return {one.source: one.name for one in faults if policy_of(one.name).camera}

    def tune(self, change: Change) -> None:
        """Take changed settings; between two ticks."""
        take(change, self.parts)
        self._settings = change.settings
        self._instruments.budget_s = change.settings.run.latency_budget_s
        self._event_log.tune(change.settings)

    def tell(self, notice: str, for_s: float) -> None:
        """Show a line on the overlay for so long."""
        self._instruments.tell(notice, self.parts.clock.now_s() + for_s)

    def run(
        self,
        stop: threading.Event,
        seconds: float | None = None,
        frames: int | None = None,
        between: Callable[[], None] = _nothing,
    ) -> None:
        """Loop. seconds: of the daemon's clock. frames: samples that held a picture.

        between: called after every round, whether or not there was a picture.
        """
        while not stop.is_set():
            sample = self.parts.feed.next()
            if sample.ended or self.parts.show.closed:
                return
            self.tick(self._awake(sample))
            between()
            if frames is not None and self.summary.samples >= frames:
                return
            if seconds is not None and self.parts.clock.now_s() - self.started_s >= seconds:
                return

    def _awake(self, sample: Sample) -> Sample:
        """The sample; without its pictures when the computer slept since the one before.

        By the clock, which stood still, what was seen before would be milliseconds old.
        """
        asleep_s = self.parts.clock.asleep_s()
        slept_s, self._asleep_s = asleep_s - self._asleep_s, asleep_s
        if slept_s < _NAP_S:
            return sample
        parts, settings, now_s = self.parts, self._settings, self.parts.clock.now_s()
        parts.events.put(Event("clock_jump", "clock", f"slept for {slept_s:.1f} s", now_s))
        cameras = camera_models(settings, parts.feed.sizes_px())
        known = parts.perception.calibrations()
        parts.perception.begin(settings.perception, cameras, settings.body, known)
        return Sample({}, sample.ended)

    def tick(self, sample: Sample) -> Tick:
        """From pictures to the bus and the screen. A sample without pictures ages the scene."""
        parts, settings, stages = self.parts, self._settings, self.stages
        stages.start()
        perceived = {name: parts.pool.infer(frame) for name, frame in sample.frames.items()}
        stages.mark("infer")
        now_s = parts.clock.now_s()
        ego = parts.vehicle.ego(now_s)
        seen = parts.watch.step(sample.frames, ego.speed_mps, now_s)
        news = without_repeats(perceived, parts.watch.repeating)
        scene = parts.perception.understand(news, ego, now_s)
        stages.mark("understand")
        events = (*parts.events.take(), *seen)
        decision, self._adas_state = decide(
            scene, events, settings.adas, settings.body, self._adas_state, now_s
        )
        stages.mark("decide")
        command, self._gate_state = gate(decision, ego, settings.adas, self._gate_state, now_s)
        stages.mark("gate")
        parts.vehicle.publish(scene, decision, command)
        stages.mark("publish")
        self._event_log.write(decision.events, now_s)
        self._count(sample.frames, now_s)
        self.summary.add(sample.frames, scene, decision, command)
        if parts.show.active:
            status = self._instruments.status(stages)
            parts.show.show(sample.frames, perceived, scene, decision, command, status)
        stages.mark("show")
        stages.end()
        self.tally.round(sample.frames, now_s, decision)
        self.tally.round_s.add(stages.since_start_s())
        return Tick(perceived, scene, events, decision, command)

    def _count(self, frames: Mapping[str, Frame], sampled_s: float) -> None:
        front = frames.get(self._front)
        if front is None:
            return
        waited_s = sampled_s - front.time_s
        latency_s = waited_s + self.stages.since_start_s()
        self._instruments.count(front.index, latency_s)
        self.tally.latency_s.add(latency_s)
        now_s = self.parts.clock.now_s()
        if now_s - front.time_s > self._settings.run.latency_budget_s:
            detail = f"{now_s - front.time_s:.3f} s from picture to command"
            self.parts.events.put(Event("frame_late", front.camera, detail, now_s))


def front_camera(settings: Settings) -> str:
    """The name of the camera that looks ahead, "" if there is none."""
    fronts = (name for name, camera in settings.cameras.items() if camera.role is Role.FRONT)
    return next(fronts, "")
