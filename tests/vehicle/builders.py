"""Values for tests of the vehicle room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import can

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
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import (
    LaneLine,
    Lanes,
    LightState,
    Path,
    PathSource,
    RoadMark,
    Scene,
    Track,
    TrafficLight,
)


@dataclass
class Sink:
    """Collects what is sent; refuses while `broken`."""

    frames: list[can.Message] = field(default_factory=list)
    broken: bool = False

    def transmit(self, message: can.Message) -> bool:
        if self.broken:
            return False
        self.frames.append(message)
        return True

    def transmit_surely(self, message: can.Message) -> bool:
        return self.transmit(message)


def track(**changes: Any) -> Track:
    values: dict[str, Any] = {
        "id": 7,
        "camera": "front",
        "label": "car",
        "box_px": (0.0, 0.0, 10.0, 10.0),
        "x_m": 33.65,
        "y_m": -0.4,
        "width_m": 1.8,
        "gap_m": 30.0,
        "range_rate_mps": -2.0,
        "speed_mps": 18.0,
        "accel_mps2": -0.5,
        "vy_mps": 0.0,
        "ttc_s": 15.0,
        "scale_ttc_s": None,
        "path_overlap": 0.9,
        "confidence": 0.8,
        "age_s": 4.0,
        "coasted_s": 0.0,
        "frames": 40,
        "range_std_m": 0.5,
    }
    return Track(**{**values, **changes})


def line(offset_m: float, age_s: float = 0.0) -> LaneLine:
    return LaneLine(offset_m, 0.01, 0.001, 0.0, 50.0, 0.9, age_s)


def scene(time_s: float = 1.0, **changes: Any) -> Scene:
    lead = track()
    values: dict[str, Any] = {
        "time_s": time_s,
        "frame_index": 20,
        "ego": EgoState(time_s, speed_mps=20.0),
        "lanes": Lanes(line(1.7), line(-1.8, 0.1), 0.05, 0.01, 0.001, 3.5, 0.9, 0.0),
        "path": Path(0.0, 0.0, 0.001, PathSource.LANES),
        "tracks": (lead, track(id=300, label="pedestrian", x_m=12.0, y_m=4.0)),
        "lead": lead,
        "side_tracks": (),
        "blind_spot_left": None,
        "blind_spot_right": None,
        "traffic_light": TrafficLight(LightState.RED, 55.0, (0, 0, 1, 1), 0.7, 0.2),
        "marks": (RoadMark("stop_line", 50.0, 0.0, (0, 0, 1, 1), 0.9),),
        "pitch_rad": 0.0,
        "events": (),
    }
    return Scene(**{**values, **changes})


def decision(time_s: float = 1.0, **changes: Any) -> Decision:
    values: dict[str, Any] = {
        "time_s": time_s,
        "mode": Mode.ACTIVE,
        "acc": AccDecision(AccState.FOLLOW, -0.5, 33.0, 2, 1.5, 32.0, 7, False, "follow"),
        "lka": LkaDecision(LkaState.ACTIVE, 0.001, Side.NONE, None, 0.8, 0.0, "centre"),
        "aeb": AebDecision(AebStage.READY, None, False, 7, 15.0, 9.0, "clear"),
        "bsd": BsdDecision(BsdLevel.CLEAR, BsdLevel.WARN, None, 2.5),
        "alerts": (),
        "events": (),
    }
    return Decision(**{**values, **changes})


def command(time_s: float = 1.0, **changes: Any) -> Command:
    values: dict[str, Any] = {
        "time_s": time_s,
        "valid_until_s": time_s + 0.3,
        "actuation": True,
        "accel_mps2": -0.5,
        "aeb_decel_mps2": None,
        "curvature_1pm": 0.001,
        "limited": (),
    }
    return Command(**{**values, **changes})
