"""How pixels become a Scene: every threshold of the perception room."""

from __future__ import annotations

from pydantic import Field, model_validator

from drag_edge.config.base import Section, quantity


class LaneSettings(Section):
    """Own lane from the segmenter's class map."""

    max_range_m: float = quantity(60.0, "m", "Line points beyond this are not used", ge=15, le=150)
    search_range_m: float = quantity(
        25.0, "m", "A lost lane is searched for within this distance", ge=8, le=60
    )
    search_gate_m: float = quantity(
        0.8, "m", "Like gate_m, in the frame that finds the lane", gt=0.1, le=2
    )
    max_lateral_m: float = quantity(
        9.0, "m", "Line points further to the side are not used", ge=3, le=30
    )
    max_line_width_m: float = quantity(
        0.5, "m", "Wider paint is a stop line, a crosswalk or a filled area", gt=0.1, le=2
    )
    blur_px: float = quantity(
        6.0, "px", "What the segmenter adds to a line's width, in its own pixels", ge=0, le=30
    )
    point_sigma_m: float = quantity(
        0.05, "m", "Scatter of a line point that does not depend on distance", gt=0, le=1
    )
    point_sigma_px: float = quantity(
        0.7, "px", "Scatter of a line point in the segmenter's own pixels", gt=0, le=10
    )
    gate_m: float = quantity(
        0.45,
        "m",
        "Points further from the predicted line (beyond its own σ) are others'",
        gt=0.1,
        le=1.5,
    )
    effective_points: int = quantity(
        10, "1", "Neighbouring points err alike: one line counts as at most this many", ge=2, le=500
    )
    min_points: int = quantity(6, "1", "Fewer points do not make a line in a frame", ge=3, le=500)
    min_span_m: float = quantity(
        2.0, "m", "Points that cover less length do not make a line in a frame", ge=0.5, le=30
    )
    rival_m: float = quantity(
        0.5, "m", "Another pair of lines differs if centre or width differ by more", gt=0.1, le=2
    )
    rival_frames: int = quantity(
        10, "1", "After so many frames with a likelier pair the lane is searched anew", ge=2, le=200
    )
    min_width_m: float = quantity(2.5, "m", "Narrower is not a lane", ge=1.5, le=4)
    max_width_m: float = quantity(4.5, "m", "Wider is not one lane", ge=3, le=8)
    usual_width_m: float = quantity(3.6, "m", "Expected before both lines were seen", ge=2, le=5)
    usual_width_sigma_m: float = quantity(0.35, "m", "Its uncertainty", gt=0, le=1)
    max_heading_rad: float = quantity(
        0.15, "rad", "The ego is never turned further against its lane", gt=0.02, le=0.6
    )
    max_curvature_1pm: float = quantity(
        0.02, "1/m", "Sharper is not a lane one follows at speed", gt=0.001, le=0.2
    )
    max_age_s: float = quantity(0.7, "s", "A line not measured for longer is gone", gt=0.05, le=1.0)
    confirm_s: float = quantity(
        0.15,
        "s",
        "Time constant with which a line's confidence follows its measurements",
        gt=0,
        le=2,
    )
    full_confidence_points: int = quantity(
        30, "1", "A line seen at this many points has full confidence", ge=3, le=500
    )
    untidy_m: float = quantity(
        0.2, "m", "Points that scatter this much about their line halve its confidence", gt=0, le=2
    )
    offset_noise: float = quantity(
        0.1, "m/sqrt(s)", "Random walk of the lateral offset, own speed known", gt=0, le=5
    )
    offset_noise_blind: float = quantity(
        0.4, "m/sqrt(s)", "Random walk of the lateral offset, own speed unknown", gt=0, le=5
    )
    heading_noise: float = quantity(
        0.006, "rad/sqrt(s)", "Random walk of the heading, yaw rate known", gt=0, le=1
    )
    heading_noise_blind: float = quantity(
        0.06, "rad/sqrt(s)", "Random walk of the heading, yaw rate unknown", gt=0, le=1
    )
    curvature_noise: float = quantity(
        0.001, "1/m/sqrt(s)", "Random walk of the curvature", gt=0, le=0.1
    )
    curvature_rate_noise: float = quantity(
        5e-5, "1/m^2/sqrt(s)", "Random walk of the curvature's rate", gt=0, le=0.01
    )
    width_noise: float = quantity(0.04, "m/sqrt(s)", "Random walk of the width", gt=0, le=2)

    @model_validator(mode="after")
    def _widths_in_order(self) -> LaneSettings:
        if not self.min_width_m < self.usual_width_m < self.max_width_m:
            raise ValueError("min_width_m < usual_width_m < max_width_m")
        return self


class PitchSettings(Section):
    """The body's pitch against the mounted one, from the lanes' vanishing point."""

    max_rad: float = quantity(0.06, "rad", "The estimate never leaves ± this", gt=0, le=0.3)
    slow_time_s: float = quantity(
        1.5, "s", "Time constant of the slow part (load, mounting, long hills)", gt=0.1, le=60
    )
    slow_sigma_rad: float = quantity(
        0.02, "rad", "Spread of the slow part before anything was seen", gt=0, le=0.2
    )
    slow_noise_rad: float = quantity(
        0.004, "rad", "How far the slow part strays in one of its time constants", gt=0, le=0.1
    )
    fast_time_s: float = quantity(
        0.15, "s", "Time constant of the fast part (bumps, braking)", gt=0.01, le=5
    )
    fast_sigma_rad: float = quantity(0.006, "rad", "Spread of the fast part", ge=0, le=0.1)
    fast_per_accel: float = quantity(
        -0.002,
        "rad/(m/s^2)",
        "Pitch by longitudinal acceleration: braking dips the nose",
        ge=-0.02,
        le=0,
    )


class SizePrior(Section):
    """What a kind of road user measures, before its own size is learned."""

    width_m: float = quantity(..., "m", "Usual width of what one sees from behind", gt=0.1, le=4)
    width_sigma_m: float = quantity(..., "m", "Its spread", gt=0, le=2)
    height_m: float = quantity(..., "m", "Usual height", gt=0.2, le=6)
    height_sigma_m: float = quantity(..., "m", "Its spread", gt=0, le=2)
    length_m: float = quantity(..., "m", "Usual length", gt=0.1, le=30)
    rounding_m: float = quantity(
        0.0, "m", "The widest part lies this far behind the nearest face", ge=0, le=2
    )
    max_speed_mps: float = quantity(70.0, "m/s", "It never moves faster over ground", gt=1, le=120)


def _size(
    width: float,
    width_sigma: float,
    height: float,
    height_sigma: float,
    length: float,
    rounding: float = 0.0,
    speed: float = 70.0,
) -> SizePrior:
    return SizePrior(
        width_m=width,
        width_sigma_m=width_sigma,
        height_m=height,
        height_sigma_m=height_sigma,
        length_m=length,
        rounding_m=rounding,
        max_speed_mps=speed,
    )


def usual_sizes() -> dict[str, SizePrior]:
    """Priors of the road users that a COCO-like detector knows."""
    return {
        "car": _size(1.78, 0.11, 1.5, 0.13, 4.4, 0.65),
        "truck": _size(2.45, 0.2, 3.2, 0.6, 8.0, 0.0),
        "bus": _size(2.5, 0.12, 3.1, 0.3, 11.0, 0.1),
        "motorcycle": _size(0.8, 0.2, 1.5, 0.2, 2.1),
        "bicycle": _size(0.6, 0.25, 1.6, 0.25, 1.8, 0.0, 20.0),
        "pedestrian": _size(0.6, 0.2, 1.7, 0.13, 0.5, 0.0, 8.0),
        "animal": _size(0.6, 0.4, 0.9, 0.5, 1.2, 0.0, 20.0),
        "train": _size(3.0, 0.3, 4.0, 0.4, 20.0),
    }


class RangeSettings(Section):
    """Distance and its change from foot point and size."""

    box_sigma_px: float = quantity(
        1.5, "px", "Scatter of a box' edge, in frame pixels", gt=0, le=20
    )
    box_sigma_share: float = quantity(
        0.02, "1", "Scatter of a box' edge as a share of the box", ge=0, le=0.5
    )
    box_correlation_s: float = quantity(
        0.1, "s", "A box' proportional error lasts this long", ge=0, le=5
    )
    noise_follow: float = quantity(
        0.08, "1", "Share by which one frame moves the learned scatter of a box' edges", ge=0, le=1
    )
    foot_sigma_rad: float = quantity(
        0.004,
        "rad",
        "What hills and bumps do to the foot's angle besides the known pitch",
        ge=0,
        le=0.1,
    )
    foot_correlation_s: float = quantity(
        0.4, "s", "Errors of the foot's angle last this long", ge=0, le=5
    )
    accel_sigma_mps2: float = quantity(2.5, "m/s^2", "Spread of others' acceleration", gt=0, le=15)
    accel_time_s: float = quantity(2.0, "s", "It changes with this time constant", gt=0.05, le=10)
    manoeuvre_drift: float = quantity(
        0.4,
        "1",
        "Innovations whose mean exceeds this many of their σ are a manoeuvre (fully at twice that)",
        gt=0,
        le=5,
    )
    manoeuvre_factor: float = quantity(
        4.0, "1", "In a manoeuvre the spread of the acceleration is this much larger", ge=1, le=10
    )
    first_rate_sigma_mps: float = quantity(
        8.0, "m/s", "Spread of a new object's closing speed", gt=0, le=60
    )
    gate_sigma: float = quantity(
        2.6, "1", "Measurements further out than this many σ are refused (99 %)", gt=1, le=10
    )
    turned_stretch: float = quantity(
        1.3, "1", "A box this much wider for its height than usual shows a flank", gt=1, le=3
    )
    jump_frames: int = quantity(
        3, "1", "After this many refusals in a row the range starts anew", ge=1, le=50
    )
    lateral_accel_sigma_mps2: float = quantity(
        2.5, "m/s^2", "Spread of others' lateral acceleration", gt=0, le=15
    )
    ttc_short_s: float = quantity(0.35, "s", "Short window of the TTC from scale", gt=0.05, le=2)
    ttc_long_s: float = quantity(0.8, "s", "Long window of the TTC from scale", gt=0.1, le=5)
    ttc_uncertainty: float = quantity(
        0.25, "1", "The σ of 1/TTC may be this share of it at most", gt=0, le=2
    )
    ttc_agreement: float = quantity(
        0.35, "1", "The windows agree when their 1/TTC differ by less than this share", gt=0, le=2
    )


class TrackSettings(Section):
    """Following road users from frame to frame."""

    high_score: float = quantity(0.4, "1", "Boxes above are associated first", gt=0, lt=1)
    low_score: float = quantity(0.1, "1", "Boxes below are ignored", ge=0, lt=1)
    new_score: float = quantity(0.35, "1", "A track begins with at least this score", gt=0, lt=1)
    first_overlap: float = quantity(0.2, "1", "IoU asked of high scores", gt=0, lt=1)
    second_overlap: float = quantity(0.35, "1", "IoU asked of low scores", gt=0, lt=1)
    duplicate_overlap: float = quantity(
        0.6, "1", "Vehicle boxes that overlap more are one, whatever their labels", gt=0, lt=1
    )
    confirm_frames: int = quantity(3, "1", "A track counts from this many frames on", ge=1, le=30)
    drop_after_s: float = quantity(0.5, "s", "A track unseen for longer is gone", gt=0, le=1.0)
    doubt_after_s: float = quantity(
        0.15, "s", "An unconfirmed track unseen for longer is gone", gt=0, le=1.0
    )
    max_tracks: int = quantity(32, "1", "Best-scored boxes looked at in a frame", ge=1, le=200)
    sizes: dict[str, SizePrior] = Field(
        default_factory=usual_sizes, description="What kinds of road user measure"
    )


class RejectionSettings(Section):
    """What is no road user, or not one on the road."""

    border_px: float = quantity(
        4.0, "px", "A box this near to the picture's edge is cut by it", ge=0, le=50
    )
    border_share: float = quantity(
        0.04, "1", "… or nearer than this share of its own size", ge=0, le=0.5
    )
    border_picture_share: float = quantity(
        0.012, "1", "… or nearer than this share of the picture", ge=0, le=0.2
    )
    border_memory_s: float = quantity(
        0.5, "s", "A road user that was cut by the edge becomes no lead for this long", ge=0, le=5
    )
    min_width_px: float = quantity(6.0, "px", "Narrower boxes are not believed", ge=1, le=200)
    min_height_px: float = quantity(8.0, "px", "Lower boxes are not believed", ge=1, le=200)
    body_margin_m: float = quantity(
        0.15, "m", "What stands nearer to the own bumper than this is the own body", ge=-1, le=2
    )
    size_tolerance: float = quantity(
        0.45, "1", "A size may differ from its kind's by this share (beyond its σ)", gt=0, le=2
    )
    odd_frames: int = quantity(
        3,
        "1",
        "A track survives so many impossible sizes in a row (a bump in the road)",
        ge=0,
        le=50,
    )
    horizon_margin_rad: float = quantity(
        0.015, "rad", "A foot this far above the horizon stands on no road", ge=0, le=0.2
    )
    off_road_share: float = quantity(
        0.12, "1", "Less drivable area than this at a vehicle's foot: off the road", ge=0, le=1
    )
    min_drivable_share: float = quantity(
        0.03,
        "1",
        "With less drivable area in the map than this nothing is called off the road",
        ge=0,
        le=1,
    )
    road_memory_s: float = quantity(
        0.4, "s", "Time constant of a track's on-road evidence", gt=0, le=5
    )


class PathSettings(Section):
    """Where the ego is going."""

    full_confidence: float = quantity(
        0.6, "1", "From this lane confidence on the lanes alone give the path", gt=0, le=1
    )
    least_confidence: float = quantity(
        0.2, "1", "Below this lane confidence the yaw rate alone does", ge=0, lt=1
    )
    min_speed_mps: float = quantity(
        2.0, "m/s", "Slower, yaw rate over speed says nothing of the road", gt=0, le=10
    )
    smooth_s: float = quantity(0.3, "s", "Time constant of the yaw-rate path", gt=0, le=3)


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
    closing_outer_m: float = quantity(
        3.5, "m", "Approaching vehicles count up to this far beside the body", ge=0, le=10
    )
    closing_range_m: float = quantity(
        70.0, "m", "Approaching vehicles count up to this far behind the tail", ge=3, le=200
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
    lights: LightSettings = Field(default_factory=LightSettings, description="Traffic lights")
    marks: MarkSettings = Field(default_factory=MarkSettings, description="Road marks")
    max_step_s: float = quantity(
        1.0, "s", "A longer step, or one back in time, makes perception start anew", gt=0.1, le=10
    )
    unavailable_after_s: float = quantity(
        0.5, "s", "A kind of result missing for longer is unknown", gt=0, le=5
    )
