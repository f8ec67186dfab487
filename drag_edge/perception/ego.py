"""The own vehicle: what its bus says now, and its body."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EgoState:
    """The own vehicle at `time_s`; a signal that is unknown or too old is None, never a guess.

    speed_mps ≥ 0, also backwards. yaw_rate_radps and steering angles: left positive (ISO 8855).
    steering_wheel_angle_rad: at the wheel the driver holds. accelerator: 0–1.
    set_speed_mps, gap_setting (1 short … 3 long) and acc_enabled are the driver's choices.
    hands_on: None where the vehicle cannot tell. driver_torque_nm: left positive.
    resume: the driver presses the button that calls ACC back. reverse: the reverse gear is engaged.
    gnss_speed_mps: speed over ground by satellites, as it was at gnss_time_s: late and rare, to
    hold speed_mps against, never to control by.
    """

    time_s: float
    speed_mps: float | None = None
    accel_mps2: float | None = None
    yaw_rate_radps: float | None = None
    steering_wheel_angle_rad: float | None = None
    driver_torque_nm: float | None = None
    accelerator: float | None = None
    brake_pressed: bool | None = None
    indicator_left: bool | None = None
    indicator_right: bool | None = None
    acc_enabled: bool | None = None
    set_speed_mps: float | None = None
    gap_setting: int | None = None
    hands_on: bool | None = None
    resume: bool | None = None
    reverse: bool | None = None
    gnss_speed_mps: float | None = None
    gnss_time_s: float | None = None
