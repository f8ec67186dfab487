"""`perception`: road users — their usual sizes, ranges, tracks, and what is none."""

from __future__ import annotations

from pydantic import Field

from drag_edge.config.base import Section, quantity


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
    noise_least: float = quantity(
        0.05,
        "1",
        "The learned variance is never taken for less than this share of the assumed one; lower "
        "lets a fine detector notice a braking lead earlier",
        gt=0,
        le=1,
    )
    noise_least_px: float = quantity(
        1.0,
        "px",
        "Nor is a box' width or height ever believed more exactly than this: a small network moves "
        "the edges of a far box in steps, which look like none at all and then like braking",
        ge=0,
        le=10,
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
    left_share: float = quantity(
        0.5,
        "1",
        "A track unseen that has run out of a mirror's picture to less than this share is gone",
        ge=0,
        le=1,
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
    spanning_share: float = quantity(
        0.9,
        "1",
        "A box below the horizon this wide, as a share of the picture, is the bonnet",
        gt=0,
    )
    spanning_range_m: float = quantity(
        3.0, "m", "… if its foot seems no further than this before the bumper", ge=0, le=10
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
