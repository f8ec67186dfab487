"""`adas.aeb`: forward collision warning and emergency braking."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drag_edge.config.base import Section, quantity


class AebSettings(Section):
    """Emergency braking: the brake that is predicted, the stages, the evidence asked for."""

    enabled: bool = Field(True, description="False: neither warning nor braking.")
    policy: Literal["brake_now", "ttc_stages"] = Field(
        "brake_now",
        description="brake_now brakes at the last point at which braking still avoids the "
        "contact, by simulation; ttc_stages by fixed times to collision.",
    )
    ttc_full_s: float = quantity(0.6, "s", "Policy ttc_stages: full braking.", gt=0, le=5)
    ttc_partial_s: float = quantity(1.5, "s", "Policy ttc_stages: half braking.", gt=0, le=5)
    ttc_warn_s: float = quantity(3.0, "s", "Policy ttc_stages: warning.", gt=0, le=8)

    full_decel_mps2: float = quantity(
        9.0, "m/s^2", "Full braking (R152 asks for at least 5).", ge=5, le=10
    )
    partial_decel_mps2: float = quantity(
        5.5,
        "m/s^2",
        "Partial braking. At low speed there is no other: UN R152 asks for a demand of at least "
        "5.0, and for more than just that where the bus rounds.",
        ge=1,
        le=8,
    )
    brake_latency_s: float = quantity(
        0.05, "s", "From this decision to the brake controller.", ge=0, le=1
    )
    brake_dead_time_s: float = quantity(0.15, "s", "Until the brakes bite.", ge=0, le=1)
    brake_ramp_mps3: float = quantity(25.0, "m/s^3", "Build-up of the deceleration.", gt=1, le=100)
    margin_m: float = quantity(1.0, "m", "Least gap that the prediction must keep.", ge=0.2, le=5)
    prefill_lead_s: float = quantity(
        1.75, "s", "Brakes are prefilled this long before full braking.", ge=0, le=3
    )
    warn_lead_s: float = quantity(
        1.6, "s", "Warning this long before full braking (R152: ≥0.8 s before any).", ge=0.8, le=3
    )
    warn_before_s: float = quantity(
        0.8,
        "s",
        "Partial braking waits until the driver was warned this long (UN R152: 0.8 s); full "
        "braking, which cannot wait, does not.",
        ge=0,
        le=2,
    )
    warn_least_s: float = quantity(
        1.0, "s", "A warning lasts this long while its object remains a threat.", ge=0, le=5
    )
    partial_lead_s: float = quantity(
        0.3, "s", "Partial braking this long before full braking.", ge=0, le=1
    )
    vulnerable_warn_lead_s: float = quantity(
        1.2, "s", "Warning lead for pedestrians and two-wheelers.", ge=0, le=3
    )
    lead_decel_gain: float = quantity(
        1.5,
        "1",
        "A braking lead is braked for as if it braked this much harder than estimated: estimates "
        "come late. Warnings go so far only where the speed that it lost tells so.",
        ge=1,
        le=2,
    )
    slowing_window_s: float = quantity(
        1.2,
        "s",
        "The speed that a lead lost in this time tells warnings by how much more than estimated it "
        "brakes.",
        ge=0.3,
        le=4,
    )
    lead_decel_noise_mps2: float = quantity(
        0.5, "m/s^2", "A lead that slows by less is coasting, or it is noise.", ge=0, le=2
    )
    lead_decel_max_mps2: float = quantity(
        10.0, "m/s^2", "No lead is taken to brake harder than this.", ge=3, le=12
    )
    calm_decel_mps2: float = quantity(
        3.0,
        "m/s^2",
        "No warning of a lead that brakes while less braking than this copes with it.",
        ge=0,
        le=5,
    )
    calm_slow_decel_mps2: float = quantity(
        4.3,
        "m/s^2",
        "The same below 5 m/s; calm_decel_mps2 counts from 20 m/s on, linear between (ISO 15622 "
        "grants 5 and 3.5 m/s^2).",
        ge=0,
        le=6,
    )
    standing_speed_mps: float = quantity(
        1.5,
        "m/s",
        "A vehicle slower than this is taken for standing: from afar that is all one knows.",
        ge=0,
        le=4,
    )
    horizon_s: float = quantity(8.0, "s", "How far the prediction looks.", ge=2, le=12)

    min_gap_m: float = quantity(0.75, "m", "No decision on nearer objects.", ge=0, le=5)
    max_gap_m: float = quantity(120.0, "m", "No decision on farther objects.", ge=20, le=250)
    min_speed_mps: float = quantity(2.0, "m/s", "No decision below this ego speed.", ge=0, le=10)
    max_speed_mps: float = quantity(60.0, "m/s", "No decision above this ego speed.", ge=10, le=100)
    min_closing_mps: float = quantity(1.0, "m/s", "No decision on slower closing.", ge=0, le=5)
    min_confidence: float = quantity(
        0.7, "1", "Least confidence of a track to brake for.", ge=0, le=1
    )
    min_frames: int = quantity(
        3, "1", "Frames in a row that must agree before acting.", ge=1, le=20
    )
    warn_frames: int = quantity(
        2,
        "1",
        "Frames in a row that must call for a warning before there is one; for a young track's "
        "braking as well where the box's growth does not confirm it.",
        ge=1,
        le=20,
    )
    young_s: float = quantity(
        2.0,
        "s",
        "The speed of a track younger than this is still settling: one frame alone, or one in "
        "which it is not seen, begins no braking for it.",
        ge=0,
        le=10,
    )
    cautious_frames: int = quantity(
        6,
        "1",
        "Where the box's growth does not confirm the range: frames in a row for full braking, "
        "frames seen for any.",
        ge=1,
        le=40,
    )
    max_range_jump_m: float = quantity(
        8.0, "m", "A larger jump between frames starts the count again.", gt=0, le=30
    )
    max_speed_jump_mps: float = quantity(
        3.0,
        "m/s",
        "A larger change of the object's speed between frames starts the count again.",
        gt=0,
        le=20,
    )
    scale_ttc_ratio: float = quantity(
        2.0, "1", "Times to collision from range and growth agree within this factor.", gt=1, le=5
    )
    min_path_overlap: float = quantity(
        0.35, "1", "Share of a vehicle that must lie in the own corridor.", gt=0, le=1
    )
    vulnerable_lateral_margin_m: float = quantity(
        0.3, "m", "Corridor beyond the body for pedestrians and two-wheelers.", ge=0, le=1.5
    )
    crossing_speed_mps: float = quantity(
        0.5,
        "m/s",
        "Pedestrians and two-wheelers that move sideways slower than this are taken to stay.",
        gt=0,
        le=2,
    )
    leaving_speed_mps: float = quantity(
        0.5,
        "m/s",
        "A vehicle leaving the corridor faster than this is expected to be gone.",
        gt=0,
        le=5,
    )
    drift_smooth_s: float = quantity(
        0.3,
        "s",
        "Time constant for how fast an object's distance from the path changes; not believed "
        "before as long.",
        gt=0,
        le=2,
    )
    data_hold_s: float = quantity(
        0.5, "s", "Braking in progress outlives its target's data this long.", ge=0, le=0.5
    )
    withdrawn_hold_s: float = quantity(
        0.2,
        "s",
        "Braking in progress outlives the monitor's word that it may not go on by this much.",
        ge=0,
        le=0.5,
    )
    standstill_hold_s: float = quantity(
        1.5, "s", "After stopping the brake is held this long.", ge=0, le=10
    )
    kickdown: float = quantity(
        0.9, "1", "Accelerator position by which the driver interrupts.", gt=0.3, le=1
    )
    steering_override_radps: float = quantity(
        3.5, "rad/s", "Steering-wheel speed by which the driver interrupts.", gt=0.5, le=20
    )
    override_hold_s: float = quantity(
        1.0, "s", "No braking this long after the driver interrupted.", ge=0, le=10
    )
