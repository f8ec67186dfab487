"""`adas.lka`: lane departure warning and lane keeping."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drag_edge.config.base import Section, quantity


class LkaSettings(Section):
    """Lane keeping: when to warn, when and how to steer, when to leave it to the driver."""

    enabled: bool = Field(True, description="False: neither warning nor steering.")
    mode: Literal["centring", "departure"] = Field(
        "centring",
        description="centring: keep the lane's centre while ACC is engaged, prevent departures "
        "otherwise; departure: only prevent departures.",
    )
    policy: Literal["time_to_line", "offset"] = Field(
        "time_to_line",
        description="time_to_line warns by distance to the line and lateral speed; offset warns "
        "and steers by the distance from the lane's centre alone.",
    )
    offset_warn_m: float = quantity(0.3, "m", "Policy offset: warn beyond this.", gt=0, le=2)
    offset_correct_m: float = quantity(0.5, "m", "Policy offset: steer beyond this.", gt=0, le=2)
    min_speed_mps: float = quantity(
        18.0, "m/s", "LDW and departure prevention from here (EU 2021/646: 65 km/h).", ge=0, le=40
    )
    centring_min_speed_mps: float = quantity(5.0, "m/s", "Lane centring from here.", ge=0, le=40)
    speed_hysteresis_mps: float = quantity(
        1.0, "m/s", "Goes back to standby this much below the minimum speed.", ge=0, le=5
    )
    warn_time_s: float = quantity(
        0.8, "s", "Warn when the wheel reaches the line within this.", gt=0, le=3
    )
    correct_time_s: float = quantity(
        1.0, "s", "Departure prevention steers when the line is nearer than this.", gt=0, le=3
    )
    latest_outside_m: float = quantity(
        0.1,
        "m",
        "Warn at the latest this far over the line whatever the lateral speed (EU 2021/646: "
        "0.3 m).",
        ge=0,
        le=0.3,
    )
    release_distance_m: float = quantity(
        0.4, "m", "Departure prevention ends when the body is this far inside again.", gt=0, le=1.5
    )
    lateral_speed_filter_s: float = quantity(
        0.1, "s", "Time constant for the lateral speed.", ge=0, le=1
    )
    preview_s: float = quantity(
        1.0, "s", "Pure pursuit aims at the lane's centre this far ahead.", gt=0.3, le=3
    )
    min_preview_m: float = quantity(8.0, "m", "… but never nearer than this.", gt=2, le=30)
    steering_delay_s: float = quantity(
        0.15, "s", "From command to yaw; the pose is predicted over it.", ge=0, le=1
    )
    lateral_accel_mps2: float = quantity(
        2.9,
        "m/s^2",
        "Never steers for more; R79's 3 m/s² is what the car may reach, overshoot included.",
        gt=0.5,
        le=3,
    )
    min_confidence: float = quantity(
        0.5, "1", "Lines below this confidence are not acted on.", ge=0, le=1
    )
    max_lane_age_s: float = quantity(
        0.5, "s", "Lines last measured longer ago are not acted on.", gt=0, le=1
    )
    indicator_hold_s: float = quantity(
        3.0, "s", "No warning and no steering this long after an indicator.", ge=0, le=10
    )
    override_torque_nm: float = quantity(
        2.5,
        "Nm",
        "Driver's torque that suppresses steering (R79: at most 50 N at the rim).",
        gt=0,
        le=9,
    )
    override_hold_s: float = quantity(
        1.0, "s", "Steering returns this long after the driver let go.", ge=0, le=10
    )
    hands_torque_nm: float = quantity(
        0.3,
        "Nm",
        "Torque that proves hands at the wheel where the vehicle cannot tell.",
        gt=0,
        le=3,
    )
    hands_signal_required: bool = Field(
        False,
        description="True: a vehicle that tells neither hands nor torque counts as hands off.",
    )
    hands_off_warn_s: float = quantity(
        15.0, "s", "Hands off this long: visual warning (R79: ≤15 s).", gt=0, le=15
    )
    hands_off_sound_s: float = quantity(
        30.0, "s", "Hands off this long: acoustic warning (R79: ≤30 s).", gt=0, le=30
    )
    hands_off_end_s: float = quantity(
        60.0, "s", "Hands off this long: steering ends (R79: 30 s of sound).", gt=0, le=60
    )
