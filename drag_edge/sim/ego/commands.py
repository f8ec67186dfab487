"""Commands to the simulated car: taken from the bus, checked, timed out, ended in a ramp."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import can
from cantools.database.can import Signal

from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import NOT_AVAILABLE, drag_edge_dbc
from drag_edge.vehicle.e2e import E2EReceiver, E2ESettings, E2EStatus

TIMEOUT_CYCLES = 5


class Control(Enum):
    """Who has an actuator; the numbers are those of the ACTUATORS message."""

    NONE = 0
    CONTROLLED = 1
    RAMP_OUT = 2
    DRIVER_OVERRIDE = 3


@dataclass(frozen=True, slots=True)
class Channel:
    """One command message: when its demand counts, and how long its end takes.

    ``ready_states``: states in which the feature would act if the driver let it.
    """

    message: str
    actuation: str
    request: str
    demand: str
    state: str
    ready_states: frozenset[str]
    ramp_out_s: float


ACC = Channel(
    "ACC",
    "AccActuation",
    "AccAccelRequest",
    "AccAccelDemand",
    "AccState",
    frozenset({"SPEED", "FOLLOW", "STOPPED", "OVERRIDE"}),
    ramp_out_s=1.0,
)
LKA = Channel(
    "LKA",
    "LkaActuation",
    "LkaSteerRequest",
    "LkaCurvatureDemand",
    "LkaState",
    frozenset({"ACTIVE"}),
    ramp_out_s=0.5,
)
AEB = Channel(
    "AEB",
    "AebActuation",
    "AebBrakeRequest",
    "AebDecelDemand",
    "AebStage",
    frozenset({"PARTIAL", "FULL"}),
    ramp_out_s=0.2,
)


class SignalReader:
    """One signal's value in a frame's bits: its label, its number, or None for not available (a
    test compares it with cantools)."""

    def __init__(self, signal: Signal) -> None:
        if signal.byte_order != "little_endian" or signal.is_signed:
            raise ValueError(f"{signal.name}: our signals are little-endian and unsigned")
        self._start = int(signal.start)
        self._mask: int = (1 << int(signal.length)) - 1
        self._labels = {int(raw): str(label) for raw, label in (signal.choices or {}).items()}
        self._scale, self._offset = float(signal.scale), float(signal.offset)

    def __call__(self, bits: int) -> str | float | None:
        """Its value in a frame that was read as one little-endian number."""
        raw = (bits >> self._start) & self._mask
        label = self._labels.get(raw)
        if label is None:
            return raw * self._scale + self._offset
        return None if label == NOT_AVAILABLE else label


@dataclass(frozen=True, slots=True)
class Demand:
    """What one channel asks of its actuator now; None when it asks nothing. ``ready``: it would
    ask if the driver let it."""

    value: float | None
    control: Control
    ready: bool = False


NO_DEMAND = Demand(None, Control.NONE)


class CommandChannel:
    """The newest trusted demand of one message: E2E check, time-out, ramp to nothing."""

    def __init__(self, channel: Channel, now_s: float) -> None:
        message = drag_edge_dbc().get_message_by_name(channel.message)
        self.frame_id: int = message.frame_id
        read = {signal.name: SignalReader(signal) for signal in message.signals}
        self._actuation, self._request = read[channel.actuation], read[channel.request]
        self._asked, self._state = read[channel.demand], read[channel.state]
        self._channel = channel
        timeout_s = TIMEOUT_CYCLES * (message.cycle_time or 20) / 1000.0
        settings = E2ESettings(timeout_s=timeout_s)
        self._receiver = E2EReceiver(DATA_IDS[channel.message], settings, now_s)
        self._demand: float | None = None
        self._ready = False
        self._released_s: float | None = None
        self._last = 0.0
        self.rejected = 0
        """Frames refused for CRC or counter so far."""

    def receive(self, data: bytes, now_s: float) -> None:
        """Take a frame; a refused one changes nothing (silence then ends the demand)."""
        if not self._receiver.receive(data, now_s).usable:
            self.rejected += 1
            return
        bits = int.from_bytes(data, "little")
        allowed = self._actuation(bits) == "YES"
        self._ready = allowed and self._state(bits) in self._channel.ready_states
        demand = self._asked(bits) if self._request(bits) == "YES" else None
        self._demand = float(demand) if allowed and isinstance(demand, (int, float)) else None

    def step(self, now_s: float) -> Demand:
        """The demand at this instant."""
        if self._receiver.poll(now_s) is E2EStatus.TIMEOUT:
            self._demand, self._ready = None, False
        if self._demand is not None:
            self._last, self._released_s = self._demand, now_s
            return Demand(self._demand, Control.CONTROLLED, ready=True)
        if self._released_s is None:
            return Demand(None, Control.NONE, self._ready)
        left = 1.0 - (now_s - self._released_s) / self._channel.ramp_out_s
        if left <= 0.0:
            self._released_s = None
            return Demand(None, Control.NONE, self._ready)
        return Demand(self._last * left, Control.RAMP_OUT, self._ready)


@dataclass(frozen=True, slots=True)
class Demands:
    """All channels at one instant."""

    accel: Demand = NO_DEMAND
    curvature: Demand = NO_DEMAND
    brake: Demand = NO_DEMAND
    rejected: int = 0


class CommandReceiver:
    """Reads the daemon's frames from the bus; nothing else moves the plant's actuators."""

    def __init__(self, bus: can.BusABC, now_s: float) -> None:
        self._bus = bus
        self._acc = CommandChannel(ACC, now_s)
        self._lka = CommandChannel(LKA, now_s)
        self._aeb = CommandChannel(AEB, now_s)
        self._by_id = {item.frame_id: item for item in (self._acc, self._lka, self._aeb)}

    def step(self, now_s: float) -> Demands:
        """Take all that has arrived; what is asked now."""
        while (message := self._bus.recv(timeout=0)) is not None:
            channel = self._by_id.get(message.arbitration_id)
            if channel is not None and not message.is_error_frame:
                channel.receive(bytes(message.data), now_s)
        return Demands(
            accel=self._acc.step(now_s),
            curvature=self._lka.step(now_s),
            brake=self._aeb.step(now_s),
            rejected=sum(channel.rejected for channel in self._by_id.values()),
        )


@dataclass(frozen=True, slots=True)
class Controls:
    """Who has each actuator."""

    drive: Control = Control.NONE
    steering: Control = Control.NONE
    brake: Control = Control.NONE
