"""Adaptive cruise control: set speed, time gap to the lead, stop and go.

Following: a = k_d·(gap − desired) + k_v·(lead speed − speed) + k_a·lead acceleration, a constant
time gap law, gentle enough to keep a string of cars stable: small errors of the gap are let be, and
the lead's speed is smoothed. Never less braking than meeting the lead's speed at the stand-off asks
for. The bounds of ISO 15622 are the last gate's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from drag_edge.adas.decision import AccDecision, AccState
from drag_edge.adas.events import Right
from drag_edge.adas.lead import (
    TAKEOVER_SLACK_MPS2,
    Lead,
    needed_accel,
    present_lead,
    smoothed_lead,
)
from drag_edge.adas.limits import accel_bounds_mps2
from drag_edge.config.acc import AccSettings
from drag_edge.config.limits import LimitSettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Scene

_STOPPED_MPS = 0.3
_ROLLING_MPS = 10.0
_USUAL_TIME_GAP_S = 1.5
_HOLD_ACCEL_MPS2 = -1.0
_CONFIRM = "confirm to go"


@dataclass(frozen=True, slots=True)
class AccMemory:
    """What ACC remembers from step to step.

    engaged: it controls, or goes on by itself once what it lacks is there again or the driver no
    longer accelerates beyond it. cancelled: the driver braked then; it waits for the switch or the
    resume button to be pressed, or for another set speed. set_speed_mps: the last one known.
    lead: with its speed and acceleration smoothed. time_gap_s: in force, on its way to the driver's
    setting. stop_gap_m: gap when the ego stopped.
    """

    time_s: float | None = None
    engaged: bool = False
    cancelled: bool = False
    accel_mps2: float | None = None
    lead: Lead | None = None
    time_gap_s: float | None = None
    stopped_s: float | None = None
    stop_gap_m: float = math.inf
    curvature_1pm: float = 0.0
    set_speed_mps: float | None = None


def acc_step(
    scene: Scene,
    settings: AccSettings,
    limits: LimitSettings,
    state: AccMemory,
    time_s: float,
    rights: Right,
) -> tuple[AccDecision, AccMemory]:
    """One step. rights: without ACC it is unavailable."""
    ego = scene.ego
    gap_setting = _gap_setting(ego, settings)
    cancelled = _cancelled(ego, state)
    verdict = _not_controlling(scene, settings, cancelled, rights)
    if verdict is not None:
        kind, reason = verdict
        ended = cancelled or kind is AccState.OFF
        engaged = kind is AccState.OVERRIDE or (state.engaged and not ended)
        idle = AccMemory(time_s, engaged, cancelled, set_speed_mps=_last_known(ego, state))
        if kind is AccState.UNAVAILABLE and (ego.speed_mps or 0.0) <= _STOPPED_MPS:
            idle = replace(idle, stopped_s=state.stopped_s, stop_gap_m=state.stop_gap_m)
        decision = AccDecision(
            kind, None, ego.set_speed_mps, gap_setting,
            settings.time_gaps_s[gap_setting - 1], None, None, False, reason,
        )  # fmt: skip
        return decision, idle
    speed, set_speed = ego.speed_mps, ego.set_speed_mps
    assert speed is not None  # _not_controlling asked
    assert set_speed is not None

    step_s = 0.0 if state.time_s is None else min(max(time_s - state.time_s, 0.0), 0.2)
    lead = None if scene.lead is None else present_lead(scene.lead, scene, speed, time_s)
    time_gap = _time_gap(lead, speed, gap_setting, settings, state, step_s)
    desired = _desired_gap(speed, time_gap, settings)
    curvature = _smooth(state.curvature_1pm, abs(scene.path.curvature_1pm), step_s)
    target = min(set_speed, _curve_speed(curvature, settings))
    cruise = wanted = _cruise_accel(speed, target, settings)
    needed, smooth = 0.0, None
    if lead is not None:
        patience = min(1.0, speed / _ROLLING_MPS) / _stiffer(time_gap) ** 3
        smooth = smoothed_lead(
            lead,
            state.lead,
            step_s,
            settings.lead_speed_filter_s * patience,
            settings.lead_accel_filter_s * patience,
        )
        wanted = min(
            cruise, _follow_accel(lead, smooth.speed_mps, speed, desired, time_gap, settings)
        )
        steady = replace(lead, accel_mps2=smooth.accel_mps2)
        # How hard the lead brakes is the least certain of all; stopping itself needs no reserve.
        braking = min(1.0, max(0.0, -smooth.accel_mps2) / settings.comfort_decel_mps2)
        reserve_m = settings.reserve_s * speed * braking * min(1.0, speed / _ROLLING_MPS)
        needed = needed_accel(steady, speed, settings.standoff_m + reserve_m)
    accel = _comfortable(wanted, state.accel_mps2, settings, step_s)
    # What is needed is not delayed; at low speed little of it decides where the ego stops.
    if needed < -settings.comfort_decel_mps2 * min(1.0, speed / _ROLLING_MPS):
        accel = min(accel, needed)
    least, most = accel_bounds_mps2(speed, limits)
    takeover = needed < least - TAKEOVER_SLACK_MPS2
    accel = min(max(accel, least), most)

    after = AccMemory(
        time_s, True, False, accel, smooth, time_gap,
        state.stopped_s, state.stop_gap_m, curvature, set_speed,
    )  # fmt: skip
    kind, reason = _controlling_state(lead, cruise, wanted), ""
    held, reason_held, after = _stop_and_go(lead, ego, speed, settings, after)
    if held:
        kind, accel, reason = AccState.STOPPED, min(accel, _HOLD_ACCEL_MPS2), reason_held
        after = replace(after, accel_mps2=accel)
    decision = AccDecision(
        kind, accel, set_speed, gap_setting, time_gap, desired,
        None if lead is None else lead.id, takeover, reason,
    )  # fmt: skip
    return decision, after


def _last_known(ego: EgoState, state: AccMemory) -> float | None:
    return state.set_speed_mps if ego.set_speed_mps is None else ego.set_speed_mps


def _cancelled(ego: EgoState, state: AccMemory) -> bool:
    """Whether the driver's brake ended ACC and nobody has called it back."""
    if ego.acc_enabled is False:
        return False
    if ego.brake_pressed and state.engaged:
        return True
    told = ego.set_speed_mps is not None and state.set_speed_mps is not None
    another = told and ego.set_speed_mps != state.set_speed_mps
    called_back = ego.acc_enabled is True and (ego.resume is True or another)
    return state.cancelled and (ego.brake_pressed is True or not called_back)


def _not_controlling(
    scene: Scene, settings: AccSettings, cancelled: bool, rights: Right
) -> tuple[AccState, str] | None:
    """The state and reason why ACC does not control, None when it does."""
    ego = scene.ego
    table = (
        (not settings.enabled, AccState.OFF, "switched off in the configuration"),
        (ego.acc_enabled is False, AccState.OFF, "switched off by the driver"),
        (Right.ACC not in rights, AccState.UNAVAILABLE, "not allowed by the safety monitor"),
        (ego.speed_mps is None, AccState.UNAVAILABLE, "ego speed unknown"),
        (scene.tracks is None, AccState.UNAVAILABLE, "objects unknown"),
        (ego.acc_enabled is None, AccState.UNAVAILABLE, "driver's switch unknown"),
        (ego.brake_pressed is None, AccState.UNAVAILABLE, "brake pedal unknown"),
        (bool(ego.brake_pressed), AccState.STANDBY, "driver brakes"),
        (cancelled, AccState.STANDBY, "driver braked"),
        (ego.set_speed_mps is None, AccState.STANDBY, "no set speed"),
        ((ego.speed_mps or 0.0) > settings.max_speed_mps, AccState.STANDBY, "too fast"),
        (
            (ego.accelerator or 0.0) >= settings.accelerator_override
            and (ego.speed_mps or 0.0) >= _STOPPED_MPS,
            AccState.OVERRIDE,
            "driver accelerates",
        ),
    )
    return next(((state, reason) for applies, state, reason in table if applies), None)


def _gap_setting(ego: EgoState, settings: AccSettings) -> int:
    setting = settings.default_gap_setting if ego.gap_setting is None else ego.gap_setting
    return min(max(setting, 1), len(settings.time_gaps_s))


def _time_gap(
    lead: Lead | None,
    speed_mps: float,
    gap_setting: int,
    settings: AccSettings,
    state: AccMemory,
    step_s: float,
) -> float:
    """The time gap in force: the setting, reached slowly after a cut-in or a new choice."""
    wanted = settings.time_gaps_s[gap_setting - 1]
    if lead is None or speed_mps < 1.0:
        return wanted
    before = wanted if state.time_gap_s is None else state.time_gap_s
    if state.lead is None or lead.id != state.lead.id:
        # A new lead: accept the gap it leaves, open it gently.
        before = min(wanted, max(settings.cut_in_time_gap_s, lead.gap_m / speed_mps))
    step = settings.gap_recovery_sps * step_s
    return min(max(wanted, before - step), before + step)


def _desired_gap(speed_mps: float, time_gap_s: float, settings: AccSettings) -> float:
    if settings.policy == "fixed_gap":
        return settings.fixed_gap_m
    return max(settings.standoff_m, time_gap_s * speed_mps)


def _smooth(before: float, measured: float, step_s: float) -> float:
    """First-order low-pass of half a second."""
    return before + (measured - before) * step_s / (step_s + 0.5)


def _curve_speed(curvature_1pm: float, settings: AccSettings) -> float:
    """Speed at which the curve ahead asks for the comfortable lateral acceleration."""
    return math.sqrt(settings.curve_lateral_accel_mps2 / max(curvature_1pm, 1e-6))


def _cruise_accel(speed_mps: float, target_mps: float, settings: AccSettings) -> float:
    wanted = settings.set_speed_gain_1ps * (target_mps - speed_mps)
    return min(max(wanted, -settings.comfort_decel_mps2), settings.comfort_accel_mps2)


def _follow_accel(
    lead: Lead,
    lead_mps: float,
    speed_mps: float,
    desired_m: float,
    time_gap_s: float,
    settings: AccSettings,
) -> float:
    """The constant time gap law: gentle, or a string of cars would amplify what the lead does.

    The gap's gain falls with the third power of an error within the tolerance: who follows speeds
    alone amplifies nothing, and needs no certain distance. Near standstill there is no tolerance.
    Time gaps below the usual 1.5 s leave less time to answer: the answer is quicker, and only then
    (fully at 1 s) is the lead's noisy acceleration fed forward, which spares most of a higher gain.
    """
    stiffer = _stiffer(time_gap_s)
    rolling = min(1.0, speed_mps / _ROLLING_MPS)
    error_m = lead.gap_m - desired_m
    tolerated_m = settings.gap_tolerance / stiffer**3 * desired_m
    let_be = 1.0 - min(1.0, abs(error_m) / tolerated_m) ** 3
    return (
        settings.gap_gain_1ps2 * (1.0 - let_be * rolling) * error_m
        + settings.speed_gain_1ps * math.pow(stiffer, 0.4) * (lead_mps - speed_mps)
        + settings.lead_accel_gain * 2 * min(stiffer - 1, 0.5) * lead.accel_mps2
    )


def _stiffer(time_gap_s: float) -> float:
    """How much quicker the answer must be than with the usual time gap."""
    return max(1.0, _USUAL_TIME_GAP_S / time_gap_s)


def _comfortable(
    wanted: float, before: float | None, settings: AccSettings, step_s: float
) -> float:
    """Low-passed, and changing at the comfortable jerk: the estimate's noise stays out of it."""
    if before is None:
        return wanted
    filtered = before + (wanted - before) * step_s / (step_s + settings.filter_s)
    change = settings.comfort_jerk_mps3 * step_s
    return min(max(filtered, before - change), before + change)


def _controlling_state(lead: Lead | None, cruise: float, wanted: float) -> AccState:
    return AccState.FOLLOW if lead is not None and wanted < cruise else AccState.SPEED


def _stop_and_go(
    lead: Lead | None, ego: EgoState, speed_mps: float, settings: AccSettings, state: AccMemory
) -> tuple[bool, str, AccMemory]:
    """Whether the ego is held at standstill behind a lead: (held, reason, state)."""
    free = state
    if state.stopped_s is not None:
        free = replace(state, stopped_s=None, stop_gap_m=math.inf)
    if state.time_s is None:
        return False, "", free
    if state.stopped_s is None:
        near = lead is not None and lead.gap_m < settings.standoff_m + settings.go_gap_m
        rolls = speed_mps > _STOPPED_MPS or (lead is not None and lead.speed_mps > _STOPPED_MPS)
        if lead is None or rolls or not near:
            return False, "", free
        return True, "", replace(state, stopped_s=state.time_s, stop_gap_m=lead.gap_m)
    confirmed = (ego.accelerator or 0.0) >= settings.accelerator_override or ego.resume is True
    if lead is None:  # nobody saw it drive off: it may stand there still
        return (False, "", free) if confirmed else (True, _CONFIRM, state)
    drove_off = lead.gap_m > state.stop_gap_m + settings.go_gap_m or lead.speed_mps > 1.0
    if not drove_off:
        return True, "", state
    if state.time_s - state.stopped_s <= settings.auto_go_s or confirmed:
        return False, "", free
    return True, _CONFIRM, state
