"""`adas.monitor`: the safety monitor."""

from __future__ import annotations

from pydantic import Field

from drag_edge.config.base import Section, quantity


class PictureSettings(Section):
    """When a camera that still sends shows nothing that can be used."""

    frozen_share: float = quantity(
        0.005,
        "1",
        "At most this share of the picture changes: it is the same again. Above 0, so that a "
        "clock drawn into it does not hide a frozen picture",
        ge=0,
        le=0.1,
    )
    frozen_s: float = quantity(
        0.15, "s", "The same picture for this long, while the vehicle moves, is frozen", gt=0, le=2
    )
    frozen_blind_s: float = quantity(
        1.0, "s", "The same, while the vehicle's speed is unknown", gt=0, le=10
    )
    moving_mps: float = quantity(
        1.0,
        "m/s",
        "Slower, the same picture again is no fault: an encoder repeats a still scene to the bit",
        gt=0,
        le=10,
    )
    black_level: float = quantity(16.0, "1", "Darker on average (0 to 255) is black …", ge=0, le=64)
    black_spread: float = quantity(
        4.0, "1", "… when its grey levels also spread no further (standard deviation)", gt=0, le=32
    )
    blind_spread: float = quantity(
        1.0, "1", "A picture of any level that spreads no further is one colour: blind", ge=0, le=8
    )
    black_s: float = quantity(0.15, "s", "Black or blind for this long is a fault", gt=0, le=2)
    frames: int = quantity(3, "1", "… and for at least this many pictures", ge=1, le=20)
    recover_frames: int = quantity(
        3, "1", "This many good pictures in a row end the fault", ge=1, le=100
    )


class RateSettings(Section):
    """How many pictures are looked at."""

    needed_hz: float = quantity(
        20.0, "Hz", "Pictures a second that driving needs; faster cameras may be thinned", gt=0
    )
    window_s: float = quantity(0.55, "s", "Rates are counted over this long", gt=0.2, le=60)
    least_share: float = quantity(
        0.9, "1", "A camera that sends less than this share of its own fps is too slow", gt=0, le=1
    )
    dropped_share: float = quantity(
        0.2, "1", "More pictures dropped than this ends cruise and steering", gt=0, lt=1
    )
    gap: float = quantity(
        1.6, "1", "A picture is missing when the next comes this many periods later", gt=1, le=10
    )
    outage: float = quantity(
        6.0, "1", "After a gap of this many periods the count starts anew", gt=2, le=100
    )


class EgoCheckSettings(Section):
    """Whether what the vehicle says of itself fits together."""

    memory_s: float = quantity(
        1.0, "s", "Speed is compared with acceleration summed up over this long", gt=0.1, le=10
    )
    speed_mps: float = quantity(
        2.5, "m/s", "Speed that differs more from it is implausible", gt=0.1, le=20
    )
    gnss_mps: float = quantity(
        2.5, "m/s", "Speed that differs more from the satellites' is implausible", gt=0.1, le=20
    )
    gnss_fixes: int = quantity(3, "1", "So many fixes in a row must say so", ge=1, le=100)
    yaw_min_speed_mps: float = quantity(
        5.0, "m/s", "Slower, yaw rate and steering are not compared", gt=0, le=30
    )
    yaw_rate_radps: float = quantity(
        0.12, "rad/s", "Yaw rate that differs more from the steering's is implausible", gt=0, le=1
    )
    understeer_s2pm2: float = quantity(
        0.006,
        "s^2/m^2",
        "The most a vehicle understeers: yaw rate is v·δ / (wheelbase · (1 + this·v²)) at least",
        ge=0,
        le=0.05,
    )


class DeviceSettings(Section):
    """Heat and power of the computer itself, where it tells."""

    period_s: float = quantity(1.0, "s", "How often it is asked; off the loop's path", gt=0.1)
    hot_margin_degc: float = quantity(
        5.0, "degC", "So near to the temperature at which it throttles is hot", ge=0, le=50
    )


class MonitorSettings(Section):
    """Freshness, hysteresis, and which sources matter to what."""

    late_s: float = quantity(0.15, "s", "A scene older than this is late.", gt=0, le=0.3)
    stale_s: float = quantity(
        0.3, "s", "A scene older than this is stale: nothing new is acted on.", gt=0, le=0.3
    )
    late_window: int = quantity(
        300, "1", "Pictures over which lateness is counted", ge=20, le=10_000
    )
    late_share: float = quantity(
        0.01, "1", "More late pictures than this share: latency is too high (p99)", gt=0, lt=1
    )
    future_s: float = quantity(
        0.05, "s", "A scene this far in the future means that the clock jumped.", gt=0, le=1
    )
    max_step_s: float = quantity(
        0.4, "s", "Time moving on by more between two decisions means a stall.", gt=0.1, le=10
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
        ("left", "right", "rear", "parking_left", "parking_right"),
        description="Cameras whose faults concern blind-spot detection and parking alone; a fault "
        "of any other camera is taken as the front camera's.",
    )
    pictures: PictureSettings = Field(
        default_factory=PictureSettings, description="Frozen, black and blind cameras."
    )
    rates: RateSettings = Field(default_factory=RateSettings, description="Pictures a second.")
    ego: EgoCheckSettings = Field(
        default_factory=EgoCheckSettings, description="The vehicle's own signals compared."
    )
    device: DeviceSettings = Field(
        default_factory=DeviceSettings, description="Heat and power of the computer."
    )
