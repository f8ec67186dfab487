"""Sends our messages at their cycle times, whatever the main loop does."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from typing import Protocol

import can

from drag_edge.adas.decision import Command, Decision
from drag_edge.clock import Clock
from drag_edge.perception.scene import Scene
from drag_edge.vehicle.ages import age_at_scene_s
from drag_edge.vehicle.codec import Codec, Draft
from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.e2e import COUNTER_MODULUS, protect
from drag_edge.vehicle.faults import FaultMemory
from drag_edge.vehicle.outputs import Heartbeat, Outputs
from drag_edge.vehicle.schedule import NEARLY_S, Due, spread_offsets_s
from drag_edge.vehicle.signals import (
    OBJECT_SLOTS,
    SIGNALS,
    Signals,
    objects,
    status,
    status_without_command,
    without_command,
)

_FPS_WINDOW_S = 2.0
_CLOSING_S = 0.5
_STARTING = without_command("UNAVAILABLE")
_LATE = without_command("UNAVAILABLE", alert="system_fallback")
_OFF = without_command("OFF")


class FrameSink(Protocol):
    """Where frames go: VehicleBus, which counts failures and never raises."""

    def transmit(self, message: can.Message) -> bool:
        """Send one frame; False when it could not leave."""

    def transmit_surely(self, message: can.Message) -> bool:
        """The same, with some patience."""


class CyclicSender:
    """The newest published outputs on the bus, each message at its cycle time.

    `publish` may be called from any thread, the newest wins. `step` is called by the clock every
    schedule.TICK_S. While nothing was published, and as soon as the last command is too old
    (`valid_until_s`), only fallback frames leave: mode INIT or FALLBACK, no actuation, nothing
    known of the road, the late bit, and the alert that tells the driver to take over.
    """

    def __init__(self, bus: FrameSink, codec: Codec, clock: Clock) -> None:
        self._bus = bus
        self._codec = codec
        self._clock = clock
        self._start_s = clock.now_s()
        cycle_times_s = {name: codec.cycle_time_s(name) for name in codec.names}
        offsets_s = spread_offsets_s(cycle_times_s, first="STATUS")
        self._due = {
            name: Due(self._start_s + offsets_s[name], cycle_times_s[name]) for name in codec.names
        }
        self._counters = dict.fromkeys(codec.names, 0)
        self._slot = 0
        self._outputs: Outputs | None = None
        self._drafts: dict[tuple[str, int], Draft] = {}
        self._drafts_of: Outputs | None = None
        self._published_s: deque[float] = deque(maxlen=240)
        self._faults = FaultMemory()
        self._publishing = threading.Lock()
        self._sending = threading.Lock()
        self._closed = threading.Event()
        self.sent_of = dict.fromkeys(codec.names, 0)
        self.failed = 0
        self.fallback_frames = 0
        self.saturated: dict[str, int] = {}

    @property
    def sent(self) -> int:
        """Frames that left."""
        return sum(self.sent_of.values())

    @property
    def status_sent(self) -> int:
        """Heartbeats that left."""
        return self.sent_of["STATUS"]

    def publish(self, scene: Scene, decision: Decision, command: Command) -> None:
        """Tell the bus this from now on."""
        with self._publishing:
            self._outputs = Outputs(scene, decision, command)
            now_s = self._clock.now_s()
            self._published_s.append(now_s)
            self._faults.note((*scene.events, *decision.events), now_s)

    def step(self, now_s: float) -> None:
        """Send what is due."""
        with self._sending:
            if self._closed.is_set():
                return
            with self._publishing:
                outputs = self._outputs
            for name, due in self._due.items():
                if self._closed.is_set():
                    return
                # Asked here first: most are not due, and are asked 200 times a second.
                if now_s >= due.next_s - NEARLY_S and due.is_due(now_s):
                    # The time at which it leaves: the one before may have held us, opening the bus.
                    self._send(name, outputs, max(now_s, self._clock.now_s()))

    def close(self) -> None:
        """Send every message a last time, neutral (mode STANDBY, features OFF), OBJECTS for every
        slot; then silence. Silence at once where an adapter holds the step that is sending.
        """
        closed = self._closed.is_set()
        self._closed.set()
        if closed or not self._sending.acquire(timeout=_CLOSING_S):
            return
        try:
            for name in self._codec.names:
                for _ in range(OBJECT_SLOTS if name == "OBJECTS" else 1):
                    self._send_last(name, self._clock.now_s())
        finally:
            self._sending.release()

    def _send_last(self, name: str, now_s: float) -> None:
        if name == "OBJECTS":
            self._slot = (self._slot + 1) % OBJECT_SLOTS
        draft = self._codec.draft(name, self._neutral(name, _OFF, "STANDBY", False, now_s))
        message = self._message(name, draft, None, now_s)
        self._count(name, self._bus.transmit_surely(message))

    def _heartbeat(self, now_s: float) -> Heartbeat:
        with self._publishing:
            times_s = tuple(self._published_s)
            faults = self._faults.bits(now_s)
        first = bisect_left(times_s, True, key=lambda time_s: now_s - time_s <= _FPS_WINDOW_S)
        span_s = times_s[-1] - times_s[first] if first < len(times_s) else 0.0
        return Heartbeat(
            # A publish may be a little newer than the time of this step.
            loop_age_s=max(0.0, now_s - times_s[-1]) if times_s else None,
            fps=(len(times_s) - first - 1) / span_s if span_s > 0 else 0.0,
            uptime_s=now_s - self._start_s,
            faults=faults,
        )

    def _send(self, name: str, outputs: Outputs | None, now_s: float) -> None:
        if name == "OBJECTS":
            self._slot = (self._slot + 1) % OBJECT_SLOTS
        if outputs is not None and outputs.holds(now_s):
            draft = self._told(name, outputs, now_s)
        else:
            late = outputs is not None
            states, mode = (_LATE, "FALLBACK") if late else (_STARTING, "INIT")
            draft = self._codec.draft(name, self._neutral(name, states, mode, late, now_s))
            self.fallback_frames += 1
        message = self._message(name, draft, outputs, now_s)
        self._count(name, self._bus.transmit(message))

    def _told(self, name: str, outputs: Outputs, now_s: float) -> Draft:
        """What the frame says but for its age; the same outputs say the same again."""
        if name == "STATUS":
            return self._codec.draft(name, status(outputs, self._heartbeat(now_s)))
        if self._drafts_of is not outputs:
            self._drafts_of, self._drafts = outputs, {}
        slot = self._slot if name == "OBJECTS" else 0
        draft = self._drafts.get((name, slot))
        if draft is None:
            signals = objects(outputs, slot) if name == "OBJECTS" else SIGNALS[name](outputs)
            draft = self._drafts[name, slot] = self._codec.draft(name, signals)
        return draft

    def _neutral(
        self,
        name: str,
        states: Mapping[str, Signals],
        mode: str,
        late: bool,
        now_s: float,
    ) -> Signals:
        if name == "STATUS":
            return status_without_command(mode, late, self._heartbeat(now_s))
        if name == "OBJECTS":
            return objects(None, self._slot)
        return states.get(name, {})

    def _message(
        self, name: str, draft: Draft, outputs: Outputs | None, now_s: float
    ) -> can.Message:
        """The frame with its age, the next counter and the CRC."""
        age_s = self._age_s(name, outputs, now_s)
        encoded = self._codec.finish(name, draft, {_AGE_SIGNALS[name]: age_s})
        for signal in encoded.saturated:
            self.saturated[signal] = self.saturated.get(signal, 0) + 1
        counter = self._counters[name]
        self._counters[name] = (counter + 1) % COUNTER_MODULUS
        return can.Message(
            timestamp=now_s,
            arbitration_id=self._codec.frame_id(name),
            data=protect(encoded.payload, DATA_IDS[name], counter),
            is_extended_id=False,
            is_rx=False,
        )

    def _count(self, name: str, left: bool) -> None:
        if left:
            self.sent_of[name] += 1
        else:
            self.failed += 1

    def _age_s(self, name: str, outputs: Outputs | None, now_s: float) -> float | None:
        if outputs is None:
            return None
        age_s = age_at_scene_s(name, outputs.scene, self._slot)
        if age_s is None:
            return None
        age_s += now_s - outputs.scene.time_s
        return max(0.0, age_s) if math.isfinite(age_s) else None  # max(0.0, nan) would be 0.0


def _age_signal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_")) + "Age"


_AGE_SIGNALS = {name: _age_signal(name) for name in DATA_IDS}
