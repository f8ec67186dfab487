"""What the simulated car says of itself on the bus."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import can
import cantools
from cantools.database.can import Database, Signal

from drag_edge.sim.ego.commands import Controls
from drag_edge.sim.ego.driver import DriverInputs
from drag_edge.sim.ego.plant import Car, CarState
from drag_edge.vehicle.e2e import data_ids_of, protect

VEHICLE_DBC_PATH = Path(__file__).parents[1] / "vehicle.dbc"


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
        own = ("_crc", "_counter")  # zero here; `protect` fills them in
        fields = [_Field(signal) for signal in message.signals]
        self._fields = [field for field in fields if not field.name.endswith(own)]

    def is_due(self, time_s: float) -> bool:
        return time_s >= self._sent * self._cycle_s - 1e-9

    def frame(self, values: Mapping[str, float]) -> can.Message:
        bits = 0
        for field in self._fields:
            bits |= field.bits(values[field.name])
        payload = bits.to_bytes(self._message.length, "little")
        data = protect(payload, self._data_ids, self._sent % 16)
        self._sent += 1
        return can.Message(arbitration_id=self._message.frame_id, data=data, is_extended_id=False)


class _Field:
    """Where a signal is in its frame: cantools' bytes (a test compares them), several times as
    fast."""

    def __init__(self, signal: Signal) -> None:
        if signal.byte_order != "little_endian":
            raise ValueError(f"{signal.name}: our signals are little-endian")
        self.name = signal.name
        self._start = int(signal.start)
        self._mask: int = (1 << int(signal.length)) - 1
        self._scale, self._offset = float(signal.scale), float(signal.offset)
        self._low, self._high = float(signal.minimum), float(signal.maximum)

    def bits(self, value: float) -> int:
        """The nearest value in range, in place."""
        inside = min(max(float(value), self._low), self._high)
        return (round((inside - self._offset) / self._scale) & self._mask) << self._start
