"""`adas.apa`: parking assistance."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drag_edge.config.base import Section, quantity


class ApaSettings(Section):
    """Which gaps are offered, and how the driver is led into one. Nothing here ever actuates."""

    mode: Literal["off", "guide"] = Field(
        "guide",
        description="guide: offer gaps and tell the driver how to steer; off: neither. There is no "
        "mode that steers: no demand of parking assistance exists on the bus.",
    )
    max_speed_mps: float = quantity(8.5, "m/s", "No gap is offered at a higher speed", gt=0, le=15)
    guide_speed_mps: float = quantity(
        2.7, "m/s", "Guidance ends above this speed (ISO 16787: 10 km/h)", gt=0.3, le=2.8
    )
    parallel_spare_m: float = quantity(
        1.0, "m", "A gap along the road is as long as the own vehicle and this (ISO 16787)", ge=0.6
    )
    crosswise_spare_m: float = quantity(
        1.2, "m", "A gap across the road is as wide as the own vehicle and this (ISO 16787)", ge=0.4
    )
    depth_spare_m: float = quantity(
        0.2, "m", "A gap along the road is as deep as the own width and this", ge=0, le=2
    )
    sigmas: float = quantity(
        2.0, "1", "A gap's length must suffice even if it is so many of its σ shorter", ge=0, le=6
    )
    reach_m: float = quantity(
        20.0, "m", "Gaps further back along the way than this are no longer offered", gt=2, le=60
    )
    max_steer_deg: float = quantity(
        30.0, "deg", "Angle of the road wheels that plans use at most", gt=10, le=50
    )
    margin_m: float = quantity(
        0.15, "m", "Least distance between the own body and others in a plan", ge=0.05, le=1
    )
    inset_m: float = quantity(
        0.05, "m", "The parked vehicle's road side lies this far inside the row's", ge=0, le=0.5
    )
    kerb_overhang_m: float = quantity(
        0.3, "m", "The body may reach this far over a kerb, wheels never; 0 where a wall stands",
        ge=0, le=0.6,
    )  # fmt: skip
    max_moves: int = quantity(
        11, "1", "Plans with more changes of direction are not offered", ge=1, le=21
    )
    standstill_s: float = quantity(
        0.5, "s", "Guidance begins when the vehicle has stood this long", ge=0, le=5
    )
    off_path_m: float = quantity(
        0.3, "m", "Guidance ends when the vehicle is this far off the planned path", gt=0.05, le=1
    )
    off_path_deg: float = quantity(8.0, "deg", "… or turned this far off it", gt=1, le=30)
