"""`body`: the own vehicle's size. Origin: ground under the rear axle's centre."""

from __future__ import annotations

from drag_edge.config.base import Section, quantity


class BodySettings(Section):
    """The vehicle's outer dimensions and steering."""

    length_m: float = quantity(
        4.6, "m", "Overall length, bumper to bumper: front plus rear overhang below.", gt=1, le=25
    )
    width_m: float = quantity(1.85, "m", "Width over the body without mirrors.", gt=0.5, le=3)
    wheelbase_m: float = quantity(2.8, "m", "Rear axle to front axle.", gt=0.5, le=12)
    front_overhang_m: float = quantity(
        3.65, "m", "Rear axle to the front bumper (the wheelbase is part of it).", gt=0.5, le=15
    )
    rear_overhang_m: float = quantity(0.95, "m", "Rear axle to the rear bumper.", ge=0, le=10)
    steering_ratio: float = quantity(
        15.0, "1", "Steering-wheel angle over road-wheel angle.", ge=5, le=30
    )
