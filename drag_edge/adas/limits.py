"""The bounds of the last gate as pure functions of speed: ISO 15622 and UN R79."""

from __future__ import annotations

from drag_edge.config.limits import LimitSettings


def _between(slow: float, fast: float, speed_mps: float, settings: LimitSettings) -> float:
    """Linear from `slow` at slow_mps to `fast` at fast_mps, constant outside."""
    share = (speed_mps - settings.slow_mps) / (settings.fast_mps - settings.slow_mps)
    return slow + (fast - slow) * min(1.0, max(0.0, share))


def accel_bounds_mps2(speed_mps: float | None, settings: LimitSettings) -> tuple[float, float]:
    """Least and greatest cruise demand; unknown speed: the narrowest braking, no acceleration."""
    if speed_mps is None:
        return -settings.decel_fast_mps2, 0.0
    least = -_between(settings.decel_slow_mps2, settings.decel_fast_mps2, speed_mps, settings)
    most = _between(settings.accel_slow_mps2, settings.accel_fast_mps2, speed_mps, settings)
    return least, most


def jerk_bound_mps3(speed_mps: float | None, settings: LimitSettings) -> float:
    """Greatest |jerk| of the cruise demand."""
    if speed_mps is None:
        return settings.jerk_fast_mps3
    return _between(settings.jerk_slow_mps3, settings.jerk_fast_mps3, speed_mps, settings)


def curvature_bound_1pm(speed_mps: float | None, settings: LimitSettings) -> float:
    """Greatest |curvature|: lateral acceleration over v², and the steering's stop."""
    return _over_square(settings.lateral_accel_mps2, speed_mps, settings.curvature_1pm, settings)


def curvature_rate_bound_1pms(speed_mps: float | None, settings: LimitSettings) -> float:
    """Greatest |curvature rate|: lateral jerk over v², and the steering's own."""
    jerk_mps3, most_1pms = settings.lateral_jerk_mps3, settings.curvature_rate_1pms
    return _over_square(jerk_mps3, speed_mps, most_1pms, settings)


def _over_square(
    lateral: float, speed_mps: float | None, most: float, settings: LimitSettings
) -> float:
    """The lesser of `most` and lateral / v²; an unknown speed is taken for a high one."""
    speed_mps = settings.unknown_speed_mps if speed_mps is None else speed_mps
    square = speed_mps * speed_mps
    return min(most, lateral / square) if square > 0 else most
