"""`adas.monitor`: the safety monitor."""

from __future__ import annotations

from pydantic import Field

from drag_edge.config.base import Section, quantity


class MonitorSettings(Section):
    """Freshness, hysteresis, and which sources matter to what."""

    late_s: float = quantity(0.15, "s", "A scene older than this is late.", gt=0, le=0.3)
    stale_s: float = quantity(
        0.3, "s", "A scene older than this is stale: nothing new is acted on.", gt=0, le=0.3
    )
    future_s: float = quantity(
        0.05, "s", "A scene this far in the future means that the clock jumped.", gt=0, le=1
    )
    max_step_s: float = quantity(
        1.0, "s", "Time moving on by more between two decisions means a stall.", gt=0.1, le=10
    )
    init_timeout_s: float = quantity(
        5.0,
        "s",
        "Starting up takes at most this long; then what is missing is a fault.",
        gt=0,
        le=60,
    )
    recover_s: float = quantity(
        0.5,
        "s",
        "A mode is left for a better one only after this long without fault.",
        ge=0,
        le=10,
    )
    blind_spot_sources: tuple[str, ...] = Field(
        ("left", "right", "rear"),
        description="Cameras whose faults concern blind-spot detection alone; a fault of any "
        "other camera is taken as the front camera's.",
    )
