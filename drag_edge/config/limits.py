"""`adas.limits`: the last gate's bounds; to be tightened, never opened beyond the standards."""

from __future__ import annotations

from drag_edge.config.base import Section, quantity


class LimitSettings(Section):
    """ISO 15622 between two speeds, UN R79, and what emergency braking may ask for."""

    slow_mps: float = quantity(5.0, "m/s", "Up to here the wide limits apply.", ge=5, le=5)
    fast_mps: float = quantity(20.0, "m/s", "From here the narrow limits apply.", ge=20, le=20)
    accel_slow_mps2: float = quantity(4.0, "m/s^2", "Acceleration at low speed.", gt=0, le=4)
    accel_fast_mps2: float = quantity(2.0, "m/s^2", "Acceleration at high speed.", gt=0, le=2)
    decel_slow_mps2: float = quantity(5.0, "m/s^2", "ACC braking at low speed.", gt=0, le=5)
    decel_fast_mps2: float = quantity(3.5, "m/s^2", "ACC braking at high speed.", gt=0, le=3.5)
    jerk_slow_mps3: float = quantity(5.0, "m/s^3", "ACC jerk at low speed.", gt=0, le=5)
    jerk_fast_mps3: float = quantity(2.5, "m/s^3", "ACC jerk at high speed.", gt=0, le=2.5)
    lateral_accel_mps2: float = quantity(3.0, "m/s^2", "Lateral acceleration (R79).", gt=0, le=3)
    lateral_jerk_mps3: float = quantity(5.0, "m/s^3", "Lateral jerk (R79).", gt=0, le=5)
    curvature_1pm: float = quantity(
        0.15, "1/m", "Curvature at any speed (the steering's stop).", gt=0, le=0.25
    )
    curvature_rate_1pms: float = quantity(
        0.15, "1/m/s", "Curvature rate at any speed.", gt=0, le=0.5
    )
    unknown_speed_mps: float = quantity(
        70.0, "m/s", "Speed assumed for the lateral limits while it is unknown.", ge=40, le=100
    )
    aeb_decel_mps2: float = quantity(10.0, "m/s^2", "Emergency braking at most.", ge=5, le=10)
    aeb_release_mps3: float = quantity(
        20.0, "m/s^3", "Emergency braking is let go in this ramp.", gt=5, le=50
    )
    accelerator_override: float = quantity(
        0.05, "1", "Pedal position at which the cruise demand is withdrawn.", gt=0, le=0.2
    )
    max_age_s: float = quantity(
        0.3, "s", "Cruise and steering demands from older pictures are refused.", gt=0, le=0.3
    )
    aeb_max_age_s: float = quantity(
        0.5, "s", "Emergency braking from older pictures is let go.", gt=0, le=0.5
    )
    command_life_s: float = quantity(
        0.1, "s", "How long a release ramp may be acted on after it was computed.", gt=0, le=0.2
    )
