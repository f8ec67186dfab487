"""`adas.acc`: adaptive cruise control."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from drag_edge.config.base import Section, quantity


class AccSettings(Section):
    """Adaptive cruise control: set speed, gap, stop and go."""

    enabled: bool = Field(True, description="False: ACC is OFF whatever the driver's switch says.")
    policy: Literal["time_gap", "fixed_gap"] = Field(
        "time_gap",
        description="time_gap keeps speed × time gap (but never less than the stand-off); "
        "fixed_gap keeps fixed_gap_m at every speed.",
    )
    time_gaps_s: tuple[float, float, float] = quantity(
        (1.0, 1.5, 2.0),
        "s",
        "Time gaps of the driver's three settings, short to long. ISO 15622: none below 0.8 s, "
        "one within 1.5–2.2 s.",
    )
    default_gap_setting: Literal[1, 2, 3] = Field(
        2, description="Gap setting used while the vehicle does not tell the driver's choice."
    )
    fixed_gap_m: float = quantity(50.0, "m", "The gap of policy fixed_gap.", ge=2, le=200)
    standoff_m: float = quantity(
        4.0, "m", "Gap to a stopped lead. Expected by drivers: 2–5 m.", ge=2, le=10
    )
    reserve_s: float = quantity(
        0.4,
        "s",
        "Braking that is needed keeps the stand-off and this time's way: what it is computed from "
        "errs.",
        ge=0,
        le=1,
    )
    gap_gain_1ps2: float = quantity(
        0.25, "1/s^2", "Acceleration per metre of gap error.", gt=0, le=1
    )
    gap_tolerance: float = quantity(
        0.18,
        "1",
        "Errors below this share of the desired gap count less, with the third power of what they "
        "are of it: half of it an eighth. Lower keeps the gap better; a string of cars amplifies.",
        gt=0,
        le=0.5,
    )
    speed_gain_1ps: float = quantity(
        0.45, "1/s", "Acceleration per m/s of relative speed.", gt=0, le=2
    )
    lead_speed_filter_s: float = quantity(
        0.3, "s", "Time constant that smooths the lead's speed.", ge=0, le=2
    )
    lead_accel_filter_s: float = quantity(
        0.5,
        "s",
        "The same for the lead's acceleration: lower brakes sooner behind a lead that brakes, "
        "and for leads that only seem to.",
        ge=0,
        le=2,
    )
    lead_accel_gain: float = quantity(
        0.4,
        "1",
        "With a time gap of 1 s: share of the lead's acceleration fed forward. It reacts sooner; "
        "but as a camera tells it, late and with noise, a string of cars amplifies: none from "
        "1.5 s on.",
        ge=0,
        le=1,
    )
    set_speed_gain_1ps: float = quantity(
        0.4, "1/s", "Acceleration per m/s below the set speed.", gt=0, le=2
    )
    comfort_accel_mps2: float = quantity(
        1.4, "m/s^2", "Most acceleration towards the set speed.", gt=0, le=4
    )
    comfort_decel_mps2: float = quantity(
        1.5, "m/s^2", "Most deceleration towards a lower set or curve speed.", gt=0, le=3.5
    )
    comfort_jerk_mps3: float = quantity(
        2.0, "m/s^3", "Fastest change of the demand; needed braking is not held back.", gt=0, le=5
    )
    filter_s: float = quantity(
        0.1, "s", "Time constant that keeps measurement noise out of the demand.", ge=0, le=1
    )
    curve_lateral_accel_mps2: float = quantity(
        2.5, "m/s^2", "Lateral acceleration that limits the speed in curves.", gt=0.5, le=4
    )
    cut_in_time_gap_s: float = quantity(
        0.8, "s", "Least gap kept at once behind a car that cut in without closing.", ge=0.4, le=2
    )
    gap_recovery_sps: float = quantity(
        0.1, "1", "How fast the time gap opens again after a cut-in or a new setting.", gt=0, le=1
    )
    go_gap_m: float = quantity(
        1.0, "m", "A stopped ego follows once the gap grew by this much.", ge=0.2, le=5
    )
    auto_go_s: float = quantity(
        10.0,
        "s",
        "After a longer stop the driver must confirm with the accelerator.",
        ge=0,
        le=600,
    )
    accelerator_override: float = quantity(
        0.05, "1", "Pedal position from which the driver overrides.", gt=0, le=1
    )
    max_speed_mps: float = quantity(50.0, "m/s", "ACC does not control above this.", gt=5, le=70)

    @field_validator("time_gaps_s")
    @classmethod
    def _iso_time_gaps(cls, gaps: tuple[float, float, float]) -> tuple[float, float, float]:
        if not 0.8 <= gaps[0] <= gaps[1] <= gaps[2]:
            raise ValueError("time gaps must rise from short to long, none below 0.8 s (ISO 15622)")
        if not any(1.5 <= gap <= 2.2 for gap in gaps):
            raise ValueError("one time gap must lie within 1.5–2.2 s (ISO 15622)")
        return gaps
