"""How pixels become a Scene: who is the lead, who is beside us, lights, marks; and the root."""

from __future__ import annotations

from pydantic import Field, model_validator

from drag_edge.config.base import Section, quantity
from drag_edge.config.calibration import CalibrationSettings, SilenceSettings
from drag_edge.config.lanes import LaneSettings, PathSettings, PitchSettings
from drag_edge.config.parking import ParkingSettings
from drag_edge.config.tracking import RangeSettings, RejectionSettings, TrackSettings


class LeadSettings(Section):
    """Which road user the ego follows."""

    corridor_margin_m: float = quantity(
        0.3, "m", "The corridor is the ego's width and this", ge=-0.5, le=2
    )
    enter_overlap: float = quantity(
        0.4, "1", "Share of the object's width in the corridor to become the lead", gt=0, le=1
    )
    leave_overlap: float = quantity(0.15, "1", "Below this share it no longer is", ge=0, lt=1)
    enter_frames: int = quantity(3, "1", "In so many of the last frames", ge=1, le=20)
    window_frames: int = quantity(5, "1", "How many last frames count", ge=1, le=20)
    cut_in_s: float = quantity(
        1.5, "s", "Who reaches the corridor within this time is cutting in", ge=0, le=5
    )
    cut_in_mps: float = quantity(
        0.4, "m/s", "Slower movement across the road is no cutting in", ge=0, le=5
    )
    cut_in_least_mps: float = quantity(
        1.5, "m/s", "Who drives slower than this stands, and cuts in nowhere", ge=0, le=10
    )
    cut_in_doubt_1ps: float = quantity(
        0.01,
        "1/s",
        "… and so much faster must it be for every metre ahead: there the road's direction is "
        "known less well",
        ge=0,
        le=0.1,
    )
    cut_in_range_m: float = quantity(
        50.0, "m", "Cutting in is looked for up to this gap", ge=0, le=200
    )
    cut_in_frames: int = quantity(
        8, "1", "A track's lateral speed is believed from this many frames on", ge=1, le=100
    )
    min_confidence: float = quantity(0.3, "1", "Track confidence of a new lead", ge=0, le=1)
    max_range_m: float = quantity(150.0, "m", "Nobody beyond this is a lead", gt=10, le=400)


class ZoneSettings(Section):
    """The blind-spot zone of one side, measured from the body."""

    inner_m: float = quantity(0.5, "m", "From this far beside the body side", ge=-3, le=5)
    outer_m: float = quantity(3.0, "m", "To this far beside the body side", ge=0, le=10)
    behind_m: float = quantity(3.0, "m", "From this far behind the tail", ge=0, le=50)
    eye_x_m: float = quantity(
        1.6, "m", "Forward to the driver's eye, from the rear axle", ge=-10, le=10
    )


class BlindSpotSettings(Section):
    """Objects beside and behind (ISO 17387)."""

    zone: ZoneSettings = Field(default_factory=ZoneSettings, description="Where 'occupied' is")
    start_frames: int = quantity(2, "1", "Measured frames before a side is occupied", ge=1, le=20)
    hold_s: float = quantity(
        0.3, "s", "A side stays occupied this long after the last that was in it", ge=0, le=1
    )
    young_s: float = quantity(
        0.3, "s", "How far aside a track is stays a guess for this long", ge=0, le=2
    )
    young_margin_m: float = quantity(
        0.5, "m", "… and it must be so much further inside the zone until then", ge=0, le=2
    )
    closing_outer_m: float = quantity(
        3.5, "m", "Approaching vehicles count up to this far beside the body", ge=0, le=10
    )
    closing_range_m: float = quantity(
        90.0, "m", "Approaching vehicles count up to this far behind the tail", ge=3, le=200
    )
    closing_min_mps: float = quantity(0.5, "m/s", "Slower is not approaching", ge=0, le=20)
    max_age_s: float = quantity(
        0.5, "s", "A side camera silent for longer makes its side unknown", gt=0, le=5
    )

    @model_validator(mode="after")
    def _zone_in_order(self) -> BlindSpotSettings:
        if not self.zone.inner_m < self.zone.outer_m:
            raise ValueError("zone.inner_m < zone.outer_m")
        return self


class LightSettings(Section):
    """Traffic lights."""

    min_score: float = quantity(0.35, "1", "Weaker boxes are ignored", gt=0, lt=1)
    housing_height_m: float | None = quantity(
        None,
        "m",
        "Height of a three-lamp housing, for the distance; none: distance unknown",
        gt=0.2,
        le=3,
    )
    confirm_frames: int = quantity(2, "1", "A state counts from this many frames on", ge=1, le=20)
    hold_s: float = quantity(1.0, "s", "Unseen for longer, the light is gone", gt=0, le=5)
    max_bearing_rad: float = quantity(
        0.35, "rad", "Lights further to the side of the path are others'", gt=0.02, le=1.5
    )


class MarkSettings(Section):
    """Marks on the road surface."""

    min_score: float = quantity(0.35, "1", "Weaker boxes are ignored", gt=0, lt=1)
    max_range_m: float = quantity(60.0, "m", "Further marks are ignored", gt=3, le=150)
    max_lateral_m: float = quantity(6.0, "m", "Marks further aside are ignored", gt=1, le=30)


class PerceptionSettings(Section):
    """Pixels to metres."""

    lanes: LaneSettings = Field(default_factory=LaneSettings, description="Own lane")
    pitch: PitchSettings = Field(default_factory=PitchSettings, description="Body pitch")
    tracks: TrackSettings = Field(default_factory=TrackSettings, description="Road users")
    ranging: RangeSettings = Field(default_factory=RangeSettings, description="Distances")
    rejection: RejectionSettings = Field(
        default_factory=RejectionSettings, description="What is no road user"
    )
    path: PathSettings = Field(default_factory=PathSettings, description="Predicted path")
    lead: LeadSettings = Field(default_factory=LeadSettings, description="Lead selection")
    blind_spot: BlindSpotSettings = Field(
        default_factory=BlindSpotSettings, description="Side and rear"
    )
    parking: ParkingSettings = Field(
        default_factory=ParkingSettings, description="Gaps between parked vehicles"
    )
    lights: LightSettings = Field(default_factory=LightSettings, description="Traffic lights")
    marks: MarkSettings = Field(default_factory=MarkSettings, description="Road marks")
    silence: SilenceSettings = Field(
        default_factory=SilenceSettings, description="Detectors that see nobody any more"
    )
    calibration: CalibrationSettings = Field(
        default_factory=CalibrationSettings, description="How the front camera really sits"
    )
    max_step_s: float = quantity(
        1.0, "s", "A longer step, or one back in time, makes perception start anew", gt=0.1, le=10
    )
    unavailable_after_s: float = quantity(
        0.5, "s", "A kind of result missing for longer is unknown", gt=0, le=5
    )
    failing_after_s: float = quantity(
        0.1, "s", "A kind of result whose models all fail for this long is unavailable", gt=0, le=1
    )
