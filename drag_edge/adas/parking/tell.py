"""Guidance in a driver's words and on a driver's picture."""

from __future__ import annotations

import math

from drag_edge.adas.decision import ParkingGuidance, Side
from drag_edge.adas.parking.axes import GapAxes
from drag_edge.adas.parking.follow import Advice, Progress
from drag_edge.adas.parking.geometry import after, path
from drag_edge.adas.parking.plan import Plan
from drag_edge.config.body import BodySettings
from drag_edge.perception.scene import ParkingGap, Pose

_DRAWN_EVERY_M = 0.4
_STRAIGHT_RAD = math.radians(2.0)
_FULL_SHARE = 0.93


def guidance(
    gap: ParkingGap,
    plan: Plan,
    advice: Advice,
    progress: Progress,
    axes: GapAxes,
    pose: Pose,
    body: BodySettings,
) -> ParkingGuidance:
    """The advice of this step with all that display and bus need."""
    curvature = axes.mirrored * advice.curvature_1pm
    wheel = math.atan(curvature * body.wheelbase_m)
    left = plan.segments[progress.index :]
    moves = sum(
        1
        for index, segment in enumerate(left)
        if index == 0 or segment.forward != left[index - 1].forward
    )
    start = plan.start
    for segment in plan.segments[: progress.index]:
        start = after(start, segment)
    ahead = path(start, left, _DRAWN_EVERY_M).tolist()
    points = tuple(axes.to_vehicle(x, y, pose) for x, y, _ in ahead)
    fullest = max((abs(segment.curvature_1pm) for segment in plan.segments), default=0.0)
    return ParkingGuidance(
        slot_id=gap.id,
        side=Side.LEFT if gap.side > 0 else Side.RIGHT,
        crosswise=gap.crosswise,
        forward=advice.forward,
        curvature_1pm=curvature,
        steering_wheel_rad=wheel * body.steering_ratio,
        to_go_m=advice.to_go_m,
        moves_left=moves,
        off_m=axes.mirrored * advice.off_m,
        path_m=points,
        text=_text(advice, progress, not left, curvature, wheel, fullest),
    )


def _text(
    advice: Advice,
    progress: Progress,
    last: bool,
    curvature: float,
    wheel_rad: float,
    fullest_1pm: float,
) -> str:
    """For example: "reverse, steer full right, 2.3 m to go"."""
    if progress.done:
        return "parked"
    if last:
        return "stop"
    direction = "forward" if advice.forward else "reverse"
    steer = "straight"
    if abs(wheel_rad) > _STRAIGHT_RAD:
        side = "left" if curvature > 0 else "right"
        full = abs(curvature) >= _FULL_SHARE * fullest_1pm
        steer = f"full {side}" if full else f"{side} {abs(math.degrees(wheel_rad)):.0f}°"
    if progress.waiting and progress.index:
        return f"stop; then {direction}, steer {steer}"
    if progress.waiting:
        return f"{direction}, steer {steer}"
    return f"{direction}, steer {steer}, {advice.to_go_m:.1f} m to go"
