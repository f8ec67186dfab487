"""The vehicle's side of the bus: commands come in checked and timed out, own messages go out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

import can
import cantools
from cantools.database.can import Database

from drag_edge.sim.driver import DriverInputs
from drag_edge.sim.plant import Car, CarState
from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import decode, drag_edge_dbc
from drag_edge.vehicle.e2e import E2EReceiver, E2ESettings, E2EStatus, data_ids_of, protect

VEHICLE_DBC_PATH = Path(__file__).with_name("vehicle.dbc")
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
        self._channel = channel
        timeout_s = TIMEOUT_CYCLES * (message.cycle_time or 20) / 1000.0
        settings = E2ESettings(timeout_s=timeout_s)
        self._receiver = E2EReceiver(DATA_IDS[channel.message], settings, now_s)
        self._demand: float | None = None
        self._ready = False
        self._released_s: float | None = None
        self._last = 0.0

    @property
    def rejected(self) -> int:
        """Frames refused for CRC or counter so far."""
        bad = (E2EStatus.ERROR, E2EStatus.REPEATED, E2EStatus.WRONGSEQ)
        return sum(self._receiver.counts[status] for status in bad)

    def receive(self, data: bytes, now_s: float) -> None:
        """Take a frame; a refused one changes nothing (silence then ends the demand)."""
        if not self._receiver.receive(data, now_s).usable:
            return
        channel = self._channel
        values = decode(self.frame_id, data)
        allowed = values[channel.actuation] == "YES"
        self._ready = allowed and values[channel.state] in channel.ready_states
        demand = values[channel.demand] if values[channel.request] == "YES" else None
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


@lru_cache(maxsize=1)
def vehicle_dbc() -> Database:
    """The simulated vehicle's own messages."""
    database = cantools.database.load_file(VEHICLE_DBC_PATH, strict=True)
    assert isinstance(database, Database)
    return database


def vehicle_values(
    state: CarState, car: Car, inputs: DriverInputs, controls: Controls, rejected: int
) -> Mapping[str, float]:
    """Signal values in the DBC's units, saturated to their ranges when they are sent."""
    return {
        "standstill": state.speed_mps == 0.0,
        "speed": state.speed_mps * 3.6,
        "longitudinal_accel": state.accel_mps2,
        "yaw_rate": math.degrees(state.yaw_rate_radps),
        "hands_on": inputs.hands_on,
        "steering_wheel_angle": math.degrees(state.steering_rad * car.steering_ratio),
        "driver_torque": inputs.torque_nm,
        "brake_pressed": inputs.brake_pressed,
        "accelerator_position": inputs.accelerator * 100.0,
        "indicator_left": inputs.indicator_left,
        "indicator_right": inputs.indicator_right,
        "acc_main_switch": inputs.acc_on,
        "gap_choice": inputs.gap_setting,
        "set_speed": inputs.set_speed_mps * 3.6,
        "drive_control": controls.drive.value,
        "steering_control": controls.steering.value,
        "brake_control": controls.brake.value,
        "rejected_frames": min(rejected, 0xFFFF),
    }


class VehicleSender:
    """Sends the vehicle's own messages at their cycle times."""

    def __init__(self, bus: can.BusABC) -> None:
        self._bus = bus
        self._messages = [_CyclicMessage(message) for message in vehicle_dbc().messages]
        self.lost = 0

    def step(self, time_s: float, values: Mapping[str, float]) -> None:
        """Send what is due at ``time_s`` (from 0); a full or closed bus counts as ``lost``."""
        for message in self._messages:
            if not message.is_due(time_s):
                continue
            try:
                self._bus.send(message.frame(values))
            except can.CanError:
                self.lost += 1


class _CyclicMessage:
    def __init__(self, message: cantools.database.can.Message) -> None:
        self._message = message
        self._data_ids = data_ids_of(message.frame_id)
        self._cycle_s = (message.cycle_time or 20) / 1000.0
        self._sent = 0
        own = ("_crc", "_counter")
        self._signals = [signal for signal in message.signals if not signal.name.endswith(own)]
        self._own = {signal.name: 0 for signal in message.signals if signal.name.endswith(own)}

    def is_due(self, time_s: float) -> bool:
        return time_s >= self._sent * self._cycle_s - 1e-9

    def frame(self, values: Mapping[str, float]) -> can.Message:
        saturated: dict[str, float] = dict(self._own)
        for signal in self._signals:
            value = float(values[signal.name])
            saturated[signal.name] = min(max(value, signal.minimum), signal.maximum)
        payload = self._message.encode(saturated, strict=True)
        data = protect(payload, self._data_ids, self._sent % 16)
        self._sent += 1
        return can.Message(arbitration_id=self._message.frame_id, data=data, is_extended_id=False)
