"""`perception`: the road ahead — lane lines, the body's pitch, the predicted path."""

from __future__ import annotations

from pydantic import model_validator

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
