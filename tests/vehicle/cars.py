"""Vehicles for tests: a small DBC with its mapping, a real one's mapping, frames that wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import can

from drag_edge.config.vehicle import EgoSettings
from drag_edge.events import Event
from drag_edge.vehicle.ego import EgoReader

DBC = """VERSION ""
NS_ :
BS_:
BU_: CAR
BO_ 256 MOTION: 8 CAR
 SG_ SPEED : 16|16@1+ (0.01,0) [0|400] "km/h" CAR
 SG_ YAW : 32|16@1- (0.01,0) [-180|180] "deg/s" CAR
 SG_ ANGLE : 48|12@1- (1.5,0) [-500|500] "deg" CAR
 SG_ FRACTION : 60|4@1- (0.1,0) [-0.7|0.7] "deg" CAR
BO_ 257 CABIN: 8 CAR
 SG_ PEDAL : 16|8@1+ (0.5,0) [0|100] "%" CAR
 SG_ BRAKE : 24|8@1+ (0.5,0) [0|127] "bar" CAR
 SG_ STALK : 32|2@1+ (1,0) [0|3] "" CAR
 SG_ GAP : 34|2@1+ (1,0) [0|3] "" CAR
 SG_ HANDS_OFF : 36|1@1+ (1,0) [0|1] "" CAR
BO_ 2566849792 LONG_ID: 8 CAR
 SG_ TORQUE : 0|8@1- (0.1,0) [-12|12] "Nm" CAR
VAL_ 257 STALK 0 "NONE" 1 "LEFT" 2 "RIGHT" 3 "UNKNOWN" ;
VAL_ 257 GAP 1 "FAR" 2 "MEDIUM" 3 "CLOSE" ;
"""
MAPPING: dict[str, Any] = {
    "speed": {"message": "MOTION", "signal": "SPEED"},
    "yaw_rate": {"message": "MOTION", "signal": "YAW", "invert": True},
    "steering_wheel_angle": {"message": "MOTION", "signal": "ANGLE", "plus": "FRACTION"},
    "accelerator": {"message": "CABIN", "signal": "PEDAL"},
    "brake_pressed": {"message": "CABIN", "signal": "BRAKE", "above": 2.0},
    "indicator_left": {"message": "CABIN", "signal": "STALK", "on": ["LEFT"]},
    "indicator_right": {"message": "CABIN", "signal": "STALK", "on": [2]},
    "hands_on": {"message": "CABIN", "signal": "HANDS_OFF", "invert": True},
    "gap_setting": {
        "message": "CABIN",
        "signal": "GAP",
        "values": {"FAR": 3, "MEDIUM": 2, "3": 1},
    },
    "driver_torque": {"message": "LONG_ID", "signal": "TORQUE"},
}


class Source:
    """Frames that wait on a bus."""

    def __init__(self) -> None:
        self.waiting: list[can.Message] = []

    def receive(self) -> can.Message | None:
        return self.waiting.pop(0) if self.waiting else None

    def put(self, identifier: int, data: bytes, extended: bool = False) -> None:
        self.waiting.append(
            can.Message(arbitration_id=identifier, data=data, is_extended_id=extended)
        )


class Car:
    """A reader on a bus of its own, and what it said."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        path = folder / "car.dbc"
        path.write_text(DBC)
        self.source = Source()
        self.events: list[Event] = []
        settings = EgoSettings.model_validate({"dbc": path, **MAPPING, **changes})
        self.reader = EgoReader(self.source, settings, 0.0, self.events.append)

    def names(self) -> list[tuple[str, str]]:
        return [(event.name, event.source) for event in self.events]


def motion(
    speed_kmh: float, yaw_degps: float = 0.0, angle_raw: int = 0, fraction: int = 0
) -> bytes:
    speed, yaw = round(speed_kmh * 100), round(yaw_degps * 100)
    tail = (angle_raw & 0xFFF) | (fraction & 0xF) << 12
    return bytes(2) + b"".join(
        value.to_bytes(2, "little", signed=value < 0) for value in (speed, yaw, tail)
    )


def cabin(pedal: int = 0, brake: int = 0, switches: int = 0) -> bytes:
    return bytes((0, 0, pedal, brake, switches, 0, 0, 0))


RAV4: dict[str, Any] = {
    "speed": {"message": "SPEED", "signal": "SPEED"},
    "yaw_rate": {"message": "KINEMATICS", "signal": "YAW_RATE"},
    "steering_wheel_angle": {
        "message": "STEER_ANGLE_SENSOR",
        "signal": "STEER_ANGLE",
        "plus": "STEER_FRACTION",
    },
    "accelerator": {"message": "GAS_PEDAL", "signal": "GAS_PEDAL"},
    "brake_pressed": {"message": "PCM_CRUISE_2", "signal": "BRAKE_PRESSED"},
    "acc_enabled": {"message": "PCM_CRUISE_2", "signal": "MAIN_ON"},
    "set_speed": {"message": "PCM_CRUISE_2", "signal": "SET_SPEED"},
    "gap_setting": {
        "message": "PCM_CRUISE_2",
        "signal": "PCM_FOLLOW_DISTANCE",
        "values": {"far": 3, "medium": 2, "close": 1},
    },
    "indicator_left": {
        "message": "BLINKERS_STATE",
        "signal": "TURN_SIGNALS",
        "on": ["left"],
        "timeout_s": 30.0,
    },
}
