"""Scenes to decide on: ego, lanes, tracks with plain values that a test overrides."""

from __future__ import annotations

import dataclasses
from typing import Any

from drag_edge.config.body import BodySettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import (
    BlindSpot,
    LaneLine,
    Lanes,
    Path,
    PathSource,
    Scene,
    Track,
)

BODY = BodySettings()


def ego(speed_mps: float | None = 20.0, time_s: float = 0.0, **changes: Any) -> EgoState:
    """An attentive driver with ACC on at 30 m/s who touches no pedal."""
    base = EgoState(
        time_s=time_s,
        speed_mps=speed_mps,
        accel_mps2=0.0,
        yaw_rate_radps=0.0,
        steering_wheel_angle_rad=0.0,
        driver_torque_nm=0.0,
        accelerator=0.0,
        brake_pressed=False,
        indicator_left=False,
        indicator_right=False,
        acc_enabled=True,
        set_speed_mps=30.0,
        gap_setting=2,
        hands_on=True,
    )
    return dataclasses.replace(base, **changes)


def lanes(
    offset_m: float = 0.0,
    heading_rad: float = 0.0,
    curvature_1pm: float = 0.0,
    width_m: float = 3.5,
    **changes: Any,
) -> Lanes:
    """The own lane with both lines; offset and heading are the ego's in it."""

    def line(side: float) -> LaneLine:
        return LaneLine(
            side * width_m / 2 - offset_m, -heading_rad, curvature_1pm, 0.0, 60.0, 0.9, 0.0
        )

    base = Lanes(line(1), line(-1), offset_m, heading_rad, curvature_1pm, width_m, 0.9, 0.0)
    return dataclasses.replace(base, **changes)


def track(
    gap_m: float = 40.0,
    range_rate_mps: float = -10.0,
    ego_speed_mps: float = 20.0,
    **changes: Any,
) -> Track:
    """A car in the own lane."""
    ttc_s = gap_m / -range_rate_mps if range_rate_mps < -0.1 else None
    base = Track(
        id=1,
        camera="front",
        label="car",
        box_px=(600.0, 300.0, 680.0, 360.0),
        x_m=gap_m + BODY.front_overhang_m,
        y_m=0.0,
        width_m=1.8,
        gap_m=gap_m,
        range_rate_mps=range_rate_mps,
        speed_mps=ego_speed_mps + range_rate_mps,
        accel_mps2=0.0,
        vy_mps=0.0,
        ttc_s=ttc_s,
        scale_ttc_s=ttc_s,
        path_overlap=1.0,
        confidence=0.9,
        age_s=2.0,
        coasted_s=0.0,
        frames=40,
        range_std_m=0.5,
    )
    return dataclasses.replace(base, **changes)


def blind_spot(**changes: Any) -> BlindSpot:
    """A side that is seen and free."""
    return dataclasses.replace(BlindSpot(False, None, None, None, None, 0.0), **changes)


def scene(time_s: float = 0.0, **changes: Any) -> Scene:
    """An empty straight road at 20 m/s, everything seen."""
    base = Scene(
        time_s=time_s,
        frame_index=round(time_s * 20),
        ego=ego(time_s=time_s),
        lanes=lanes(),
        path=Path(0.0, 0.0, 0.0, PathSource.LANES),
        tracks=(),
        lead=None,
        side_tracks=(),
        blind_spot_left=blind_spot(),
        blind_spot_right=blind_spot(),
        traffic_light=None,
        marks=(),
        pitch_rad=0.0,
        events=(),
    )
    return dataclasses.replace(base, **changes)


def with_lead(base: Scene, lead: Track) -> Scene:
    """The same scene with one car ahead."""
    return dataclasses.replace(base, tracks=(lead,), lead=lead)
