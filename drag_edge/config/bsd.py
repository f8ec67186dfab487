"""`adas.bsd`: blind-spot detection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drag_edge.config.base import Section, quantity


class BsdSettings(Section):
    """When a mirror lights and when it warns."""

    enabled: bool = Field(True, description="False: both mirrors stay off.")
    policy: Literal["zone", "box"] = Field(
        "zone",
        description="zone: perception's blind-spot zones and closing vehicles (ISO 17387); box: "
        "any road user whose nearest point is inside the box below.",
    )
    box_x_min_m: float = quantity(-4.0, "m", "Policy box: rear end.", ge=-50, le=10)
    box_x_max_m: float = quantity(-1.0, "m", "Policy box: front end.", ge=-50, le=10)
    box_y_min_m: float = quantity(0.0, "m", "Policy box: inner edge, from the centre.", ge=0, le=10)
    box_y_max_m: float = quantity(2.0, "m", "Policy box: outer edge, from the centre.", ge=0, le=10)
    min_speed_mps: float = quantity(3.0, "m/s", "No mirror below this ego speed.", ge=0, le=20)
    max_age_s: float = quantity(
        0.5, "s", "A side seen longer ago than this is unavailable.", gt=0, le=2
    )
    on_delay_s: float = quantity(
        0.05, "s", "A mirror lights after this (ISO 17387: within 300 ms in all).", ge=0, le=0.3
    )
    off_delay_s: float = quantity(
        0.25, "s", "A mirror goes dark after this (ISO 17387: within 1 s in all).", ge=0, le=1
    )
    closing_speeds_mps: tuple[float, float] = quantity(
        (10.0, 15.0), "m/s", "Closing speeds that part the three times below (ISO 17387)."
    )
    closing_ttcs_s: tuple[float, float, float] = quantity(
        (4.0, 5.0, 6.0),
        "s",
        "Time to collision that lights the mirror. ISO 17387 asks for 2.5, 3.0 and 3.5 at the "
        "latest, and for none beyond 7.5; far off, closing is noticed late.",
    )
