"""The vehicle as the loop sees it: what it says of itself, and what we tell it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from drag_edge.adas.decision import Command, Decision
from drag_edge.clock import Clock, Periodic, Step
from drag_edge.config.vehicle import VehicleSettings
from drag_edge.errors import DragEdgeError
from drag_edge.events import Event
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Scene
from drag_edge.vehicle.bus import OpenAdapter, open_bus, open_usual
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.ego import EgoReader
from drag_edge.vehicle.gnss import STEP_S as GNSS_STEP_S
from drag_edge.vehicle.gnss import GnssReader
from drag_edge.vehicle.mcu import McuLink
from drag_edge.vehicle.replay import open_replay
from drag_edge.vehicle.schedule import TICK_S
from drag_edge.vehicle.sender import CyclicSender

RECEIVE_PERIOD_S = 0.005


class VehicleLink:
    """Bus, cyclic sender and ego reader, running from the moment it is made.

    Raises UnavailableError (bus), ConfigError (DBC, mapping), CannotCreateError (log) or
    InputMissingError (a log to be replayed that is damaged).
    """

    def __init__(
        self,
        settings: VehicleSettings,
        clock: Clock,
        on_event: Callable[[Event], None],
        open_adapter: OpenAdapter = open_usual,
    ) -> None:
        self.busy_s = 0.0
        self._bus = open_bus(settings.can, clock, on_event, open_adapter)
        try:
            self._reader = EgoReader(self._bus, settings.ego, clock.now_s(), on_event)
            self._replay = open_replay(settings.can, clock.now_s(), on_event)
        except DragEdgeError:
            self._bus.shutdown()
            raise
        now_s = clock.now_s()
        self._mcu = None if settings.mcu is None else McuLink(settings.mcu, now_s, on_event)
        self._gnss = None if settings.gnss is None else GnssReader(settings.gnss, now_s, on_event)
        self._sender = CyclicSender(self._bus, Codec(), clock)
        # The first status leaves now: receivers hear that we start before the slow parts load.
        self._sender.step(clock.now_s())
        self.first_sent_wall_s = time.perf_counter()
        self._steps = self._start(clock, settings)

    def _start(self, clock: Clock, settings: VehicleSettings) -> tuple[Periodic, ...]:
        steps = []
        if self._replay is not None:  # first: what is due is on the bus before it is read
            steps.append(clock.every(RECEIVE_PERIOD_S, self._replay.step, "can-replay"))
        sending = self._timed(self._sender.step)
        steps.append(clock.every(TICK_S, sending, "can-send", urgent=True))
        steps.append(clock.every(RECEIVE_PERIOD_S, self._timed(self._reader.step), "can-receive"))
        if self._mcu is not None and settings.mcu is not None:
            steps.append(clock.every(settings.mcu.period_s, self._mcu.step, "mcu", urgent=True))
        if self._gnss is not None:
            steps.append(clock.every(GNSS_STEP_S, self._gnss.step, "gnss"))
        return tuple(steps)

    def _timed(self, step: Step) -> Step:
        """The same step, its wall time added to busy_s for benchmarks."""

        def timed(now_s: float) -> None:
            start_s = time.perf_counter()
            step(now_s)
            self.busy_s += time.perf_counter() - start_s

        return timed

    def ego(self, now_s: float) -> EgoState:
        """The own vehicle as known at now_s."""
        state = self._reader.state(now_s)
        told = None if self._gnss is None else self._gnss.speed(now_s)
        return (
            state if told is None else replace(state, gnss_speed_mps=told[0], gnss_time_s=told[1])
        )

    def publish(self, scene: Scene, decision: Decision, command: Command) -> None:
        """Tell the bus this from now on."""
        self._sender.publish(scene, decision, command)
        if self._mcu is not None:
            self._mcu.publish(scene, decision, command)

    @property
    def sent(self) -> int:
        """Frames that left."""
        return self._sender.sent

    @property
    def status_sent(self) -> int:
        """Status frames that left."""
        return self._sender.status_sent

    @property
    def received(self) -> int:
        """Frames of others."""
        return self._reader.frames

    @property
    def failed(self) -> int:
        """Frames that could not leave."""
        return self._sender.failed

    @property
    def fallback_frames(self) -> int:
        """Frames that said only that there is no command."""
        return self._sender.fallback_frames

    @property
    def mcu(self) -> McuLink | None:
        """The microcontroller, where there is one."""
        return self._mcu

    @property
    def gnss(self) -> GnssReader | None:
        """The receiver of satellites, where there is one."""
        return self._gnss

    @property
    def off(self) -> bool:
        """Nothing has left for a while."""
        return self._bus.health.off

    @property
    def last_error(self) -> str:
        """The newest failure's, "" before any."""
        return self._bus.health.last_error

    def close(self) -> None:
        """Stop sending with a neutral last set, then close the bus and the log. Idempotent.

        Each part whatever became of the one before, and the microcontroller first: it hears the end
        also where a CAN adapter hangs.
        """
        with ExitStack() as closing:  # the last one in is the first one out
            closing.callback(self._bus.shutdown)
            if self._replay is not None:
                closing.callback(self._replay.close)
            if self._gnss is not None:
                closing.callback(self._gnss.close)
            closing.callback(self._sender.close)
            for step in reversed(self._steps):
                closing.callback(step.stop)
            if self._mcu is not None:
                closing.callback(self._mcu.close)
