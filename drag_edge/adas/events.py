"""What an event means: ONE table, event → mode, alert, and which features may no longer act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from types import MappingProxyType

from drag_edge.adas.decision import Mode


class Right(Flag):
    """What a feature may do; the safety monitor takes rights away."""

    NONE = 0
    ACC = auto()  # accelerate and brake
    LKA = auto()  # steer
    LDW = auto()  # warn of a departure
    AEB = auto()  # brake in an emergency
    FCW = auto()  # warn of a collision
    BSD = auto()  # light a mirror
    APA = auto()  # offer parking gaps and guide into them


ALL = Right.ACC | Right.LKA | Right.LDW | Right.AEB | Right.FCW | Right.BSD | Right.APA
CONTROL = Right.ACC | Right.LKA
ACTUATION = CONTROL | Right.AEB
FORWARD = Right.ACC | Right.LKA | Right.LDW | Right.AEB | Right.FCW


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """What follows from one event.

    mode: the best mode while it holds; None when it does not touch the mode.
    alert: key of alerts.ALERTS, or None. forbids: rights taken away while it holds.
    hold_s: it holds this long after its last report; with `until` it holds until that event comes
    from the same source. persist_s: it counts only once reported for this long.
    until: the event that ends it. camera: a fault of one camera, which takes away only
    blind-spot detection (and only if it takes anything) when the camera's name is in
    monitor.blind_spot_sources.
    """

    mode: Mode | None
    alert: str | None
    forbids: Right
    hold_s: float = 0.5
    persist_s: float = 0.0
    until: str | None = None
    camera: bool = False


UNKNOWN_EVENT = "unknown_event"

_INFORMATION = EventPolicy(None, None, Right.NONE, hold_s=0.0)
_PICTURE_FAULT = EventPolicy(
    Mode.DEGRADED, "camera_fault", FORWARD, until="picture_recovered", camera=True
)

EVENTS: Mapping[str, EventPolicy] = MappingProxyType(
    {
        # cameras and frames
        "camera_lost": EventPolicy(
            Mode.DEGRADED, "camera_fault", FORWARD, until="camera_recovered", camera=True
        ),
        "camera_recovered": _INFORMATION,
        "camera_resized": _INFORMATION,
        "camera_frozen": _PICTURE_FAULT,
        "camera_black": _PICTURE_FAULT,
        "camera_blind": _PICTURE_FAULT,
        "picture_recovered": _INFORMATION,
        "source_ended": _INFORMATION,
        "frame_late": EventPolicy(Mode.DEGRADED, "system_degraded", Right.NONE, persist_s=1.0),
        "latency_high": EventPolicy(Mode.DEGRADED, "system_degraded", Right.NONE),
        "frame_missing": EventPolicy(None, None, Right.NONE, hold_s=0.3),
        "frame_dropped": EventPolicy(
            Mode.DEGRADED, "camera_fault", CONTROL, hold_s=0.15, camera=True
        ),
        "frame_rate_low": EventPolicy(Mode.DEGRADED, "camera_fault", Right.NONE, camera=True),
        "frame_invalid": EventPolicy(Mode.DEGRADED, "camera_fault", Right.NONE, persist_s=0.3),
        # models: what is missing is None in the scene, and the features see that themselves
        "model_loaded": _INFORMATION,
        "model_classes_unmapped": _INFORMATION,
        # results are the same, only slower: frame_late and loop_late tell when that is too slow
        "gpu_kernels_missing": _INFORMATION,
        "cuda_graph_unavailable": _INFORMATION,
        "model_not_loaded": EventPolicy(Mode.DEGRADED, "model_fault", Right.NONE),
        "model_failed": EventPolicy(
            Mode.DEGRADED, "model_fault", Right.NONE, until="model_recovered"
        ),
        "model_output_invalid": EventPolicy(
            Mode.DEGRADED, "model_fault", Right.NONE, until="model_recovered"
        ),
        "model_recovered": _INFORMATION,
        "model_output_missing": EventPolicy(
            Mode.DEGRADED, "model_fault", Right.NONE, hold_s=0.3, persist_s=0.1
        ),
        "model_output_impossible": EventPolicy(
            Mode.DEGRADED, "model_fault", Right.NONE, hold_s=0.3
        ),
        # perception
        "objects_unavailable": EventPolicy(
            Mode.DEGRADED, "model_fault", Right.ACC | Right.AEB | Right.FCW, hold_s=0.3
        ),
        "road_unavailable": EventPolicy(
            Mode.DEGRADED, "model_fault", Right.LKA | Right.LDW, hold_s=0.3
        ),
        # a detector that ran, and saw nothing where road users were an instant before
        "detector_silent": EventPolicy(
            Mode.DEGRADED, "model_fault", Right.ACC | Right.AEB | Right.FCW, hold_s=0.3
        ),
        "lanes_lost": _INFORMATION,
        "lanes_implausible": EventPolicy(None, None, Right.LKA | Right.LDW, hold_s=0.2),
        "range_jump": EventPolicy(None, None, Right.NONE),
        "pitch_implausible": EventPolicy(
            Mode.DEGRADED, "camera_fault", ACTUATION, hold_s=1.0, persist_s=0.5
        ),
        "calibration_off": EventPolicy(Mode.DEGRADED, "camera_fault", ACTUATION, hold_s=2.0),
        "calibration_learned": _INFORMATION,
        "calibration_loaded": _INFORMATION,
        "calibration_refused": EventPolicy(None, "system_degraded", Right.NONE, hold_s=3.0),
        "scene_invalid": EventPolicy(Mode.DEGRADED, "model_fault", Right.NONE, persist_s=0.1),
        "scene_late": EventPolicy(Mode.DEGRADED, "system_degraded", Right.NONE, persist_s=1.0),
        "scene_stale": EventPolicy(Mode.FALLBACK, "system_fallback", ALL, hold_s=0.1),
        # the own vehicle
        "ego_speed_lost": EventPolicy(Mode.DEGRADED, "ego_fault", FORWARD, hold_s=0.1),
        "ego_signal_lost": EventPolicy(
            Mode.DEGRADED, "ego_fault", Right.NONE, until="ego_signal_recovered"
        ),
        "ego_signal_recovered": _INFORMATION,
        "ego_speed_implausible": EventPolicy(Mode.DEGRADED, "ego_fault", ACTUATION, hold_s=1.0),
        "ego_yaw_implausible": EventPolicy(
            Mode.DEGRADED, "ego_fault", Right.LKA, hold_s=0.5, persist_s=0.3
        ),
        "ego_frame_invalid": EventPolicy(Mode.DEGRADED, "ego_fault", Right.NONE, persist_s=0.3),
        # the bus
        "bus_off": EventPolicy(Mode.FALLBACK, "bus_fault", ACTUATION, until="bus_recovered"),
        "bus_recovered": _INFORMATION,
        "can_receive_fault": EventPolicy(Mode.DEGRADED, "bus_fault", CONTROL),
        "can_send_fault": EventPolicy(Mode.DEGRADED, "bus_fault", ACTUATION),
        # serial links beside it
        "mcu_lost": EventPolicy(Mode.DEGRADED, "bus_fault", ACTUATION, until="mcu_recovered"),
        "mcu_recovered": _INFORMATION,
        "mcu_fault": EventPolicy(Mode.DEGRADED, "bus_fault", ACTUATION, hold_s=0.5),
        "gnss_lost": _INFORMATION,  # it only confirms
        "gnss_recovered": _INFORMATION,
        # time
        "clock_jump": EventPolicy(Mode.DEGRADED, "system_degraded", FORWARD, hold_s=0.3),
        "loop_late": EventPolicy(Mode.DEGRADED, "system_degraded", Right.NONE, persist_s=1.0),
        "loop_stalled": EventPolicy(Mode.DEGRADED, "system_degraded", ACTUATION, hold_s=0.3),
        # the settings file
        "settings_changed": _INFORMATION,
        "settings_need_restart": _INFORMATION,
        "settings_refused": EventPolicy(None, "settings_refused", Right.NONE, hold_s=5.0),
        # around it
        "log_failed": EventPolicy(None, "log_fault", Right.NONE, hold_s=3.0),
        "display_failed": EventPolicy(None, "system_degraded", Right.NONE, hold_s=3.0),
        "device_hot": EventPolicy(None, "system_degraded", Right.NONE, hold_s=3.0),
        "device_throttled": EventPolicy(Mode.DEGRADED, "system_degraded", Right.NONE, hold_s=2.0),
        # a name that is not in this table: somebody's mistake, so it is loud and stops control
        UNKNOWN_EVENT: EventPolicy(Mode.DEGRADED, "system_fault", CONTROL, hold_s=2.0),
    }
)


def policy_of(name: str) -> EventPolicy:
    """The row of an event; an unknown name has the row of `unknown_event`."""
    return EVENTS.get(name, EVENTS[UNKNOWN_EVENT])
