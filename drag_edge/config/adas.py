"""`adas`: the features, their limits, and whether anything may reach the actuators."""

from __future__ import annotations

from pydantic import Field

from drag_edge.config.acc import AccSettings
from drag_edge.config.aeb import AebSettings
from drag_edge.config.apa import ApaSettings
from drag_edge.config.base import Section
from drag_edge.config.bsd import BsdSettings
from drag_edge.config.limits import LimitSettings
from drag_edge.config.lka import LkaSettings
from drag_edge.config.monitor import MonitorSettings


class AdasSettings(Section):
    """Driver assistance."""

    actuation: bool = Field(
        False,
        description="off: the daemon warns and publishes what it would do, every demand stays "
        "empty. on: demands within `limits` reach the bus.",
    )
    acc: AccSettings = Field(default_factory=AccSettings, description="Adaptive cruise control.")
    lka: LkaSettings = Field(default_factory=LkaSettings, description="Lane keeping.")
    aeb: AebSettings = Field(default_factory=AebSettings, description="Emergency braking.")
    bsd: BsdSettings = Field(default_factory=BsdSettings, description="Blind-spot detection.")
    apa: ApaSettings = Field(default_factory=ApaSettings, description="Parking assistance.")
    limits: LimitSettings = Field(default_factory=LimitSettings, description="The last gate.")
    monitor: MonitorSettings = Field(
        default_factory=MonitorSettings, description="The safety monitor."
    )
