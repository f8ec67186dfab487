"""What the features decided, and what of it may leave the house."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from drag_edge.events import Event


class Mode(Enum):
    """The daemon's mode; the numbers are those on the bus."""

    INIT = 0
    STANDBY = 1
    ACTIVE = 2
    DEGRADED = 3
    FALLBACK = 4


class AccState(Enum):
    """Adaptive cruise control."""

    OFF = 0
    STANDBY = 1
    SPEED = 2
    FOLLOW = 3
    STOPPED = 4
    OVERRIDE = 5
    UNAVAILABLE = 6


class Side(Enum):
    """A side of the vehicle."""

    NONE = 0
    LEFT = 1
    RIGHT = 2


class LkaState(Enum):
    """Lane keeping."""

    OFF = 0
    STANDBY = 1
    ACTIVE = 2
    SUPPRESSED = 3
    UNAVAILABLE = 4


class AebStage(Enum):
    """Emergency braking, in the order of escalation."""

    OFF = 0
    READY = 1
    PREFILL = 2
    WARN = 3
    PARTIAL = 4
    FULL = 5
    UNAVAILABLE = 6


class BsdLevel(Enum):
    """One mirror."""

    OFF = 0
    CLEAR = 1
    OCCUPIED = 2
    WARN = 3
    UNAVAILABLE = 4


@dataclass(frozen=True, slots=True)
class AccDecision:
    """accel_mps2: wanted, None when ACC does not control. desired_gap_m, time_gap_s: of the gap in
    force. lead_id: the track followed. takeover: the driver must brake (demand at the limit)."""

    state: AccState
    accel_mps2: float | None
    set_speed_mps: float | None
    gap_setting: int
    time_gap_s: float
    desired_gap_m: float | None
    lead_id: int | None
    takeover: bool
    reason: str


@dataclass(frozen=True, slots=True)
class LkaDecision:
    """curvature_1pm: wanted, left positive, None when LKA does not steer. departure: the side the
    ego is about to leave by (LDW). time_to_line_s: to the nearest line, None when not moving
    towards it. distance_to_line_m: body side to line, negative when over it."""

    state: LkaState
    curvature_1pm: float | None
    departure: Side
    time_to_line_s: float | None
    distance_to_line_m: float | None
    hands_off_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class AebDecision:
    """decel_mps2: wanted braking, ≤ 0, None when AEB does not brake. warning: forward collision
    warning is on. min_gap_m: least gap of the "brake now" prediction."""

    stage: AebStage
    decel_mps2: float | None
    warning: bool
    target_id: int | None
    ttc_s: float | None
    min_gap_m: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class BsdDecision:
    """One level a side."""

    left: BsdLevel
    right: BsdLevel
    closing_ttc_left_s: float | None
    closing_ttc_right_s: float | None
    reason: str = ""


class ApaState(Enum):
    """Parking assistance."""

    OFF = 0
    SEARCHING = 1
    OFFERING = 2
    GUIDING = 3
    STOP = 4
    DONE = 5
    ENDED = 6
    UNAVAILABLE = 7


@dataclass(frozen=True, slots=True)
class OfferedSlot:
    """A gap that suffices. x_m: from the rear axle forward to its middle (negative: passed).
    corners_m: x, y of its four corners in vehicle axes. crosswise: to be entered across the row."""

    id: int
    side: Side
    crosswise: bool
    length_m: float
    x_m: float
    corners_m: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class ParkingGuidance:
    """What the driver is to do now. forward: else backwards. curvature_1pm: of the rear axle's
    path, as steered; steering_wheel_rad: the same at the wheel the driver holds, left positive.
    to_go_m: to the next stop. moves_left: this one included. off_m: from the path, left positive.
    path_m: x, y in vehicle axes of what is still to be driven. text: the same for a person."""

    slot_id: int
    side: Side
    crosswise: bool
    forward: bool
    curvature_1pm: float
    steering_wheel_rad: float
    to_go_m: float
    moves_left: int
    off_m: float
    path_m: tuple[tuple[float, float], ...]
    text: str


@dataclass(frozen=True, slots=True)
class ApaDecision:
    """Gaps offered, nearest first (when guided, the one gap), and guidance into it.

    It never demands anything of an actuator: Command has no field for it. STOP: the driver is to
    stand, and to change gear if the direction says so, before going on.
    """

    state: ApaState = ApaState.OFF
    slots: tuple[OfferedSlot, ...] = ()
    guidance: ParkingGuidance | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What the driver is told: an entry of the table in adas/alerts.py.

    name: its key. sound: what is heard, "" for none. priority: higher wins. duration_s: it is shown
    at least this long.
    """

    name: str
    text: str
    sound: str
    priority: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What the features want, before the gate; `time_s` is the scene's.

    events: all that the decision knew of, those that it raised itself included.
    mode_reason: which faults the mode rests on, "" when none.
    """

    time_s: float
    mode: Mode
    acc: AccDecision
    lka: LkaDecision
    aeb: AebDecision
    bsd: BsdDecision
    alerts: tuple[Alert, ...]
    events: tuple[Event, ...]
    mode_reason: str = ""
    apa: ApaDecision = ApaDecision()


@dataclass(frozen=True, slots=True)
class Command:
    """What may reach the actuators, after the last gate.

    actuation: the YAML allows it; when False every demand is None and the bus says so.
    accel_mps2: longitudinal demand of ACC, or None. aeb_decel_mps2: ≤ 0, or None.
    curvature_1pm: left positive, or None. limited: names of the limits that cut something.
    time_s: of the scene it was computed from. valid_until_s: after that nobody may act on it.
    """

    time_s: float
    valid_until_s: float
    actuation: bool
    accel_mps2: float | None
    aeb_decel_mps2: float | None
    curvature_1pm: float | None
    limited: tuple[str, ...]
