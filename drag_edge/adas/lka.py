"""Lane keeping: departure warning by distance to the line and lateral speed, and steering.

Steering is pure pursuit of the lane's centre a second ahead, on a parabola: its curvature
2·y/x² holds the lane's own curvature as feed-forward, and the lateral error obeys
ë = −2e/T² − 2ė/T with the preview T, the same at every speed. Sources: EU 2021/646, ISO 17361,
UN R79 (bounds are the last gate's).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from drag_edge.adas.approach import Approach, approaches, urgency, usable
from drag_edge.adas.decision import LkaDecision, LkaState, Side
from drag_edge.adas.events import Right
from drag_edge.adas.hands import hands_on
from drag_edge.config.body import BodySettings
from drag_edge.config.lka import LkaSettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Lanes, Scene

CENTRING, HANDS_OFF = "centring", "hands off the wheel"
"""Reasons by which others tell what lane keeping does, and why it ended."""

# The most of the way from a line to the lane's middle that ends departure prevention.
_RELEASE_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class LkaMemory:
    """What lane keeping remembers from step to step."""

    time_s: float | None = None
    fast_enough: bool = False
    lateral_mps: float | None = None
    warned: Side = Side.NONE
    correcting: Side = Side.NONE
    indicated_s: float = -math.inf
    overridden_s: float = -math.inf
    hands_off_s: float = 0.0


def lka_step(
    scene: Scene,
    settings: LkaSettings,
    body: BodySettings,
    state: LkaMemory,
    time_s: float,
    rights: Right,
    acc_engaged: bool,
) -> tuple[LkaDecision, LkaMemory]:
    """One step. rights: without LDW no warning, without LKA no steering. acc_engaged: ACC controls,
    so that mode centring may centre."""
    ego, lanes = scene.ego, scene.lanes
    state = _remember(ego, settings, state, time_s)
    verdict = _not_keeping(scene, settings, rights)
    if verdict is not None or lanes is None or ego.speed_mps is None:
        kind, reason = verdict or (LkaState.UNAVAILABLE, "lanes unknown")
        return _idle(kind, reason), _reset(state)
    centring = settings.mode == "centring" and acc_engaged
    fast_enough = _fast_enough(ego.speed_mps, centring, settings, state)
    if fast_enough is not state.fast_enough:
        state = replace(state, fast_enough=fast_enough)
    if not fast_enough:
        return _idle(LkaState.STANDBY, "too slow"), _reset(state)
    if not usable(lanes.confidence, lanes.age_s, settings):
        return _idle(LkaState.STANDBY, "lanes uncertain"), _reset(state)

    age_s = max(0.0, time_s - scene.time_s)
    step_s = 0.0 if state.time_s is None else max(0.0, time_s - state.time_s)
    lateral = _smooth(
        state.lateral_mps, ego.speed_mps * lanes.heading_rad, step_s,
        settings.lateral_speed_filter_s,
    )  # fmt: skip
    lines = approaches(lanes, lateral, age_s, settings, body)
    nearest = min(lines, key=urgency, default=None)
    departure = _departure(lines, lanes, settings, state.warned)
    correcting = _correcting(lines, lanes, settings, body, state.correcting)
    state = replace(
        state, time_s=time_s, lateral_mps=lateral, warned=departure, correcting=correcting
    )

    suppressed = _suppressed(ego, settings, state, time_s)
    steering = Right.LKA in rights and (centring or correcting is not Side.NONE)
    if suppressed is None and steering and state.hands_off_s < settings.hands_off_end_s:
        kind, reason = LkaState.ACTIVE, CENTRING if centring else "departure"
        curvature = _pursuit(lanes, ego, ego.speed_mps, age_s, settings)
    else:
        kind = LkaState.STANDBY if suppressed is None else LkaState.SUPPRESSED
        reason, curvature = suppressed or _not_steering(rights, steering), None
    quiet = suppressed is not None or Right.LDW not in rights
    decision = LkaDecision(
        state=kind,
        curvature_1pm=curvature,
        departure=Side.NONE if quiet else departure,
        time_to_line_s=None if nearest is None else nearest.time_s,
        distance_to_line_m=None if nearest is None else nearest.distance_m,
        hands_off_s=state.hands_off_s if kind is LkaState.ACTIVE else 0.0,
        reason=reason,
    )
    if kind is LkaState.ACTIVE and not hands_on(ego, settings):
        state = replace(state, hands_off_s=state.hands_off_s + step_s)
    return decision, state


def _idle(kind: LkaState, reason: str) -> LkaDecision:
    return LkaDecision(kind, None, Side.NONE, None, None, 0.0, reason)


def _not_steering(rights: Right, steering: bool) -> str:
    """Why there is no curvature although nothing suppresses it."""
    if Right.LKA not in rights:
        return "not allowed by the safety monitor"
    return HANDS_OFF if steering else "in the lane"


def _reset(state: LkaMemory) -> LkaMemory:
    """What outlives a pause."""
    return LkaMemory(
        fast_enough=state.fast_enough,
        indicated_s=state.indicated_s,
        overridden_s=state.overridden_s,
        hands_off_s=state.hands_off_s,
    )


def _not_keeping(scene: Scene, settings: LkaSettings, rights: Right) -> tuple[LkaState, str] | None:
    table = (
        (not settings.enabled, LkaState.OFF, "switched off in the configuration"),
        (
            not rights & (Right.LKA | Right.LDW),
            LkaState.UNAVAILABLE,
            "not allowed by the safety monitor",
        ),
        (scene.ego.speed_mps is None, LkaState.UNAVAILABLE, "ego speed unknown"),
        (scene.lanes is None, LkaState.UNAVAILABLE, "lanes unknown"),
    )
    return next(((state, reason) for applies, state, reason in table if applies), None)


def _remember(ego: EgoState, settings: LkaSettings, state: LkaMemory, time_s: float) -> LkaMemory:
    """When the driver last indicated or steered against us; hands at the wheel end hands off."""
    torque = abs(ego.driver_torque_nm or 0.0)
    if ego.indicator_left or ego.indicator_right:
        state = replace(state, indicated_s=time_s)
    if torque >= settings.override_torque_nm:
        state = replace(state, overridden_s=time_s)
    if state.hands_off_s > 0.0 and hands_on(ego, settings):
        state = replace(state, hands_off_s=0.0)
    return state


def _suppressed(
    ego: EgoState, settings: LkaSettings, state: LkaMemory, time_s: float
) -> str | None:
    if 0 <= time_s - state.indicated_s <= settings.indicator_hold_s:
        return "indicator"
    if 0 <= time_s - state.overridden_s <= settings.override_hold_s:
        return "driver steers"
    return "driver brakes" if ego.brake_pressed else None


def _fast_enough(speed_mps: float, centring: bool, settings: LkaSettings, state: LkaMemory) -> bool:
    least = settings.centring_min_speed_mps if centring else settings.min_speed_mps
    if state.fast_enough:
        least -= settings.speed_hysteresis_mps
    return speed_mps >= least


def _smooth(before: float | None, measured: float, step_s: float, time_constant_s: float) -> float:
    if before is None:
        return measured
    return before + (measured - before) * step_s / max(step_s + time_constant_s, 1e-6)


def _earliest_m(lateral_mps: float) -> float:
    """ISO 17361: no warning farther inside than this."""
    return min(1.5, max(0.75, 1.5 * lateral_mps))


def _departure(lines: list[Approach], lanes: Lanes, settings: LkaSettings, warned: Side) -> Side:
    if settings.policy == "offset":
        return _beyond(lanes.offset_m, settings.offset_warn_m)
    for one in lines:
        time_s = one.time_s
        soon = time_s is not None and time_s <= settings.warn_time_s
        early = soon and one.distance_m <= _earliest_m(one.speed_mps)
        late = one.distance_m <= -settings.latest_outside_m and one.speed_mps > -0.1
        lasting = warned is one.side and one.distance_m < 0.1 and one.speed_mps > -0.1
        if early or late or lasting:
            return one.side
    return Side.NONE


def _correcting(
    lines: list[Approach],
    lanes: Lanes,
    settings: LkaSettings,
    body: BodySettings,
    correcting: Side,
) -> Side:
    """The side whose departure is being prevented, with hysteresis."""
    if settings.policy == "offset":
        return _beyond(lanes.offset_m, settings.offset_correct_m)
    # In a narrow lane not even its middle is release_distance_m inside.
    middle_m = (lanes.width_m - body.width_m) / 2
    release_m = min(settings.release_distance_m, _RELEASE_SHARE * middle_m)
    for one in lines:
        time_s = one.time_s
        starts = time_s is not None and time_s <= settings.correct_time_s
        inside = one.distance_m >= release_m and one.speed_mps <= 0.05
        if starts or (correcting is one.side and not inside):
            return one.side
    return Side.NONE


def _beyond(offset_m: float, limit_m: float) -> Side:
    if abs(offset_m) <= limit_m:
        return Side.NONE
    return Side.LEFT if offset_m > 0 else Side.RIGHT


def _pursuit(
    lanes: Lanes, ego: EgoState, speed_mps: float, age_s: float, settings: LkaSettings
) -> float:
    """Curvature to the lane's centre one preview ahead of where the command takes effect."""
    delay_s = age_s + settings.steering_delay_s
    yaw_rate = lanes.curvature_1pm * speed_mps if ego.yaw_rate_radps is None else ego.yaw_rate_radps
    heading = lanes.heading_rad + (yaw_rate - speed_mps * lanes.curvature_1pm) * delay_s
    offset = lanes.offset_m + speed_mps * delay_s * (lanes.heading_rad + heading) / 2
    ahead_m = max(settings.min_preview_m, settings.preview_s * speed_mps)
    aim_m = -offset - heading * ahead_m + lanes.curvature_1pm * ahead_m**2 / 2
    most = settings.lateral_accel_mps2 / max(speed_mps, 1.0) ** 2
    return min(max(2 * aim_m / ahead_m**2, -most), most)
