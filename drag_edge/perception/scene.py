"""The road in metres. Axes: ISO 8855, origin on the ground under the rear axle's centre."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from drag_edge.events import Event
from drag_edge.perception.ego import EgoState


@dataclass(frozen=True, slots=True)
class LaneLine:
    """One line: y(x) = offset_m + heading_rad·x + curvature·x²/2 + curvature_rate·x³/6.

    offset_m: left positive, at x = 0. view_range_m: how far ahead it was seen.
    confidence: 0–1. age_s: since it was last measured (0 in the frame that measured it).
    """

    offset_m: float
    heading_rad: float
    curvature_1pm: float
    curvature_rate_1pm2: float
    view_range_m: float
    confidence: float
    age_s: float

    def y_at(self, x_m: float) -> float:
        """Lateral position at x_m, metres, left positive."""
        slope = self.heading_rad + x_m * (
            self.curvature_1pm / 2 + x_m * self.curvature_rate_1pm2 / 6
        )
        return self.offset_m + x_m * slope

    def slope_at(self, x_m: float) -> float:
        """dy/dx at x_m."""
        return self.heading_rad + x_m * (self.curvature_1pm + x_m * self.curvature_rate_1pm2 / 2)


@dataclass(frozen=True, slots=True)
class Lanes:
    """The own lane.

    offset_m: where the ego is, measured from the lane's centre, left positive.
    heading_rad: the ego's heading relative to the lane, left positive (so the lateral velocity
    towards the left is speed·heading). curvature_1pm: of the lane, left positive.
    width_m: 2.5–4.5. A side that is not seen now nor shortly ago is None.
    """

    left: LaneLine | None
    right: LaneLine | None
    offset_m: float
    heading_rad: float
    curvature_1pm: float
    width_m: float
    confidence: float
    age_s: float


class PathSource(Enum):
    """What the predicted path rests on."""

    LANES = "lanes"
    BLEND = "blend"
    YAW_RATE = "yaw_rate"
    STRAIGHT = "straight"


@dataclass(frozen=True, slots=True)
class Path:
    """Where the ego is going: y(x) = offset_m + heading_rad·x + curvature_1pm·x²/2."""

    offset_m: float
    heading_rad: float
    curvature_1pm: float
    source: PathSource

    def y_at(self, x_m: float) -> float:
        """Lateral position at x_m, metres, left positive."""
        return self.offset_m + x_m * (self.heading_rad + x_m * self.curvature_1pm / 2)

    def slope_at(self, x_m: float) -> float:
        """dy/dx at x_m."""
        return self.heading_rad + x_m * self.curvature_1pm


@dataclass(frozen=True, slots=True)
class Track:
    """A road user followed over time.

    box_px: the newest box in the camera's frame. x_m: nearest face, y_m: its centre, left positive
    (rear axle origin). gap_m: from the ego's nearest bumper to the object, along x.
    range_rate_mps: d(gap)/dt, negative when closing. speed_mps: over ground, along x.
    accel_mps2: over ground, along x. vy_mps: lateral velocity over ground, left positive.
    ttc_s: from range and rate, constant acceleration not assumed; None when not closing.
    scale_ttc_s: from the growth of the box, only when two windows agree; else None.
    least_ttc_s: sooner than this the growth of the box allows no contact; None where it cannot tell
    or the track does not close in.
    path_overlap: share of the object's width inside the ego's corridor, 0–1.
    confidence: 0–1. age_s: since first seen. coasted_s: since last measured.
    frames: how many frames measured it. since_jump_s: since its range had to begin anew because
    the boxes contradicted it; inf if that never happened.
    """

    id: int
    camera: str
    label: str
    box_px: tuple[float, float, float, float]
    x_m: float
    y_m: float
    width_m: float
    gap_m: float
    range_rate_mps: float
    speed_mps: float | None
    accel_mps2: float
    vy_mps: float
    ttc_s: float | None
    scale_ttc_s: float | None
    path_overlap: float
    confidence: float
    age_s: float
    coasted_s: float
    frames: int
    range_std_m: float
    since_jump_s: float = math.inf
    least_ttc_s: float | None = None


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """One side. occupied: a road user is in the zone. closing_ttc_s: of the nearest that approaches
    from behind on that side, None if none. gap_m: to the nearest, None if none. Perception gives
    None instead of a BlindSpot where no camera sees that side.
    """

    occupied: bool
    track_id: int | None
    gap_m: float | None
    closing_speed_mps: float | None
    closing_ttc_s: float | None
    age_s: float


class LightState(Enum):
    """What a traffic light shows."""

    UNKNOWN = 0
    OFF = 1
    RED = 2
    YELLOW = 3
    GREEN = 4


@dataclass(frozen=True, slots=True)
class TrafficLight:
    """The light that concerns the own lane; distance_m from the front bumper, None if unknown."""

    state: LightState
    distance_m: float | None
    box_px: tuple[float, float, float, float]
    confidence: float
    age_s: float


@dataclass(frozen=True, slots=True)
class RoadMark:
    """A mark on the surface ahead: label of the vocabulary, distance from the front bumper."""

    label: str
    distance_m: float
    y_m: float
    box_px: tuple[float, float, float, float]
    confidence: float


@dataclass(frozen=True, slots=True)
class RejectedBox:
    """A detection that is no road user. reason: one of the names in perception/plausibility.py."""

    camera: str
    label: str
    box_px: tuple[float, float, float, float]
    reason: str


@dataclass(frozen=True, slots=True)
class Pose:
    """A place and heading in odometry axes: those of the ego when dead reckoning began."""

    x_m: float
    y_m: float
    yaw_rad: float


@dataclass(frozen=True, slots=True)
class ParkingGap:
    """A gap between two parked vehicles, in odometry axes.

    side: 1 left, −1 right of the ego as it drove past. corner: its rear end at the road side, the
    heading along the row as driven. length_m: along the row; length_std_m includes the odometry.
    free_depth_m: how far from the road side it was seen to be free; what was not looked at is not
    free. crosswise: the neighbours stand across the row. rear_flank_m, front_flank_m: how much
    deeper than the corner each neighbour's near flank lies.
    """

    id: int
    side: int
    corner: Pose
    length_m: float
    length_std_m: float
    free_depth_m: float
    crosswise: bool
    rear_flank_m: float
    front_flank_m: float


@dataclass(frozen=True, slots=True)
class ParkedVehicle:
    """A standing vehicle beside the way: its rear near corner, size along and across the row."""

    side: int
    corner: Pose
    length_m: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Parking:
    """What is known of parking beside the way; pose: the ego's at time_s in the same axes.

    start_s: when odometry began; places of another beginning mean nothing.
    """

    time_s: float
    start_s: float
    pose: Pose
    gaps: tuple[ParkingGap, ...]
    vehicles: tuple[ParkedVehicle, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """The road as understood from frames up to `time_s` (capture time of the newest front frame).

    None means unknown (the model failed, is not configured, or is too old); an empty tuple means
    looked and saw nothing. pitch_rad: estimated deviation from the mounted pitch, nose down
    positive. events: what went wrong or is implausible in this step. rejected: detections of this
    step that are no road users, each with its reason. parking: None without odometry or without a
    camera to the side.
    """

    time_s: float
    frame_index: int
    ego: EgoState
    lanes: Lanes | None
    path: Path
    tracks: tuple[Track, ...] | None
    lead: Track | None
    side_tracks: tuple[Track, ...] | None
    blind_spot_left: BlindSpot | None
    blind_spot_right: BlindSpot | None
    traffic_light: TrafficLight | None
    marks: tuple[RoadMark, ...] | None
    pitch_rad: float
    events: tuple[Event, ...]
    rejected: tuple[RejectedBox, ...] = ()
    parking: Parking | None = None
