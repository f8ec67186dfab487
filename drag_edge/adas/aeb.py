"""Emergency braking: brake at the last point at which "brake now" still avoids the contact.

Every step simulates the ego with braking that starts now, and some tenths of a second later,
against each object that may be hit, with the object's own estimated deceleration (comparing
stopping distances alone brakes too late: the gap can be least while both still move). Stages
follow from how long braking can still wait. Partial braking, which can, waits until the driver
was warned for long enough. Sources: UN R152, NHTSA FCW, Euro NCAP.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from drag_edge.adas.decision import AebDecision, AebStage
from drag_edge.adas.drift import Drift, follow_drifts
from drag_edge.adas.events import Right
from drag_edge.adas.slowing import Slowing, follow_slowings
from drag_edge.adas.threats import BRAKING, URGENT, Evidence, Threat, find_threats
from drag_edge.config.aeb import AebSettings
from drag_edge.config.body import BodySettings
from drag_edge.config.vocabulary import VULNERABLE_ROAD_USERS
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Scene

_STANDSTILL_MPS = 0.2
_FORBIDDEN = "not allowed by the safety monitor"
_CREEPING_MPS = 1.0  # slower than this, braking goes on to standstill
# The wheel's speed is measured over this long: its angle comes in steps, seldomer than decisions.
_WHEEL_WINDOW_S = 0.2
_WHEEL_MEMORY_S = 0.5
_WHEEL_SPACING_S = 0.02


@dataclass(frozen=True, slots=True)
class Latch:
    """Braking in progress: for whom, how hard, when the target was last confirmed, and when the
    safety monitor last allowed it."""

    stage: AebStage
    target_id: int
    target_speed_mps: float
    confirmed_s: float
    allowed_s: float
    stopped_s: float | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """The collision warning in force: of whom, and since when."""

    target_id: int
    since_s: float


@dataclass(frozen=True, slots=True)
class AebState:
    """Evidence, drift and slowing per track, braking in progress, the warning in force, when the
    driver last interrupted, and (time, angle) of the steering wheel shortly before."""

    evidence: tuple[Evidence, ...] = ()
    drifts: tuple[Drift, ...] = ()
    slowings: tuple[Slowing, ...] = ()
    latch: Latch | None = None
    warned: Warned | None = None
    overridden_s: float = -math.inf
    wheel: tuple[tuple[float, float], ...] = ()


def aeb_step(
    scene: Scene,
    settings: AebSettings,
    body: BodySettings,
    state: AebState,
    time_s: float,
    rights: Right,
    acc_decel_mps2: float | None = None,
) -> tuple[AebDecision, AebState]:
    """One step. rights: without AEB nothing new is braked for (braking in progress is held for
    data_hold_s), and it is UNAVAILABLE unless it warns; without FCW nothing is warned of.
    acc_decel_mps2: what ACC, following a lead, asks of the brakes at this moment (None: it follows
    nobody); nobody is warned of a lead's braking with which that copes."""
    if not settings.enabled:
        return _quiet(AebStage.OFF, "switched off in the configuration"), AebState()
    ego = scene.ego
    wheel = _wheel(ego, state.wheel, time_s)
    overridden_s = _overridden_since(ego, settings, state, time_s)
    overridden = time_s - overridden_s <= settings.override_hold_s
    latch = None if overridden else state.latch
    missing = _missing(scene, rights)
    threats: tuple[Threat, ...] = ()
    evidence, drifts, slowings = state.evidence, state.drifts, state.slowings
    if missing is None:
        braking_for = None if latch is None else latch.target_id
        drifts = follow_drifts(scene, drifts, settings.drift_smooth_s)
        slowings = follow_slowings(scene, slowings, settings.slowing_window_s)
        threats, evidence = find_threats(
            scene, settings, body, evidence, drifts, slowings, braking_for, time_s, acc_decel_mps2
        )
    warned = _warned(_worst(threats), threats, settings, state.warned, time_s, rights)
    worst = _worst([_patient(one, warned, settings, time_s, rights) for one in threats])
    standing = latch is not None and ego.speed_mps is not None and ego.speed_mps < _STANDSTILL_MPS
    due = worst is not None and worst.stage in BRAKING and not standing
    if worst is not None and due and Right.AEB in rights and not overridden:
        latch = _escalated(latch, worst, scene, time_s)
    elif latch is not None:
        allowed_s = time_s if Right.AEB in rights else latch.allowed_s
        latch = replace(latch, allowed_s=allowed_s)
        latch = _held(latch, threats, scene, settings, time_s)

    after = AebState(evidence, drifts, slowings, latch, warned, overridden_s, wheel)
    if latch is not None:
        return _braking(latch, worst, settings), after
    if missing is not None:
        return _quiet(AebStage.UNAVAILABLE, missing), after
    silent = worst is None or (worst.stage is AebStage.READY and warned is None)
    if worst is None or silent or Right.FCW not in rights:
        if Right.AEB not in rights:  # READY would say that it brakes
            return _quiet(AebStage.UNAVAILABLE, _FORBIDDEN), after
        return _quiet(AebStage.READY, ""), after
    return _warning(worst, warned is not None, overridden), after


def _quiet(stage: AebStage, reason: str) -> AebDecision:
    return AebDecision(stage, None, False, None, None, None, reason)


def _missing(scene: Scene, rights: Right) -> str | None:
    """Why there can be no new decision, None when there can."""
    if scene.ego.speed_mps is None:
        return "ego speed unknown"
    if scene.tracks is None:
        return "objects unknown"
    if not rights & (Right.AEB | Right.FCW):
        return _FORBIDDEN
    return None


def _worst(threats: Sequence[Threat]) -> Threat | None:
    return max(threats, key=lambda threat: (threat.stage.value, -threat.ttc_s), default=None)


def _warned(
    worst: Threat | None,
    threats: Sequence[Threat],
    settings: AebSettings,
    before: Warned | None,
    time_s: float,
    rights: Right,
) -> Warned | None:
    """The warning in force: while a threat calls for one, and warn_least_s in any case as long as
    its object would still be hit."""
    if Right.FCW not in rights:
        return None
    if worst is not None and worst.stage in URGENT:
        known = before is not None and before.since_s <= time_s
        return Warned(worst.track.id, before.since_s if before and known else time_s)
    if before is None or not 0 <= time_s - before.since_s < settings.warn_least_s:
        return None
    remains = any(threat.track.id == before.target_id for threat in threats)
    return before if remains else None


def _patient(
    threat: Threat,
    warned: Warned | None,
    settings: AebSettings,
    time_s: float,
    rights: Right,
) -> Threat:
    """Partial braking held back until the driver was warned for warn_before_s (UN R152).

    Not where only doubt keeps it from being full. Nor for a target that brakes: its deceleration
    is known late, and what R152 asks for is a warning in so far as the collision can be foreseen.
    Nor for pedestrians and two-wheelers, of whom R152 asks for a warning by the time of braking.
    """
    if threat.stage is not AebStage.PARTIAL:
        return threat
    if threat.track.label in VULNERABLE_ROAD_USERS:
        return threat
    if settings.policy == "ttc_stages" or Right.FCW not in rights:
        return threat
    brakes = threat.target.speed_mps > 0 and threat.target.accel_mps2 < 0
    if brakes or threat.min_gap_m < settings.margin_m:
        return threat
    if warned is not None and time_s - warned.since_s >= settings.warn_before_s:
        return threat
    return replace(threat, stage=AebStage.WARN)


def _escalated(latch: Latch | None, worst: Threat, scene: Scene, time_s: float) -> Latch:
    """Braking for the worst threat; never a lower stage than the one in progress."""
    full = worst.stage is AebStage.FULL or (latch is not None and latch.stage is AebStage.FULL)
    speed_mps = scene.ego.speed_mps
    rolls_out = latch is not None and speed_mps is not None and speed_mps < _CREEPING_MPS
    return Latch(
        AebStage.FULL if full else AebStage.PARTIAL,
        worst.track.id,
        max(0.0, worst.target.speed_mps),
        scene.time_s - worst.track.coasted_s,
        time_s,
        latch.stopped_s if latch is not None and rolls_out else None,
    )


def _held(
    latch: Latch, threats: Sequence[Threat], scene: Scene, settings: AebSettings, time_s: float
) -> Latch | None:
    """Braking in progress goes on until the ego is no faster than its target and, if that still
    brakes, would not reach it; until the ego stood for a while; or until the target is lost."""
    # The monitor needs up to 0.3 s to see that data is stale: what is held after its word is short.
    withdrawn = not 0 <= time_s - latch.allowed_s <= settings.withdrawn_hold_s
    if withdrawn or not 0 <= time_s - scene.time_s <= settings.data_hold_s:
        return None
    track = next((one for one in scene.tracks or () if one.id == latch.target_id), None)
    if track is not None:
        target_mps = latch.target_speed_mps if track.speed_mps is None else track.speed_mps
        confirmed_s = scene.time_s - track.coasted_s
        latch = replace(latch, target_speed_mps=max(0.0, target_mps), confirmed_s=confirmed_s)
    speed_mps = scene.ego.speed_mps
    if speed_mps is not None and speed_mps < _STANDSTILL_MPS:
        stopped_s = time_s if latch.stopped_s is None else latch.stopped_s
        held = 0 <= time_s - stopped_s < settings.standstill_hold_s
        return replace(latch, stopped_s=stopped_s) if held else None
    # Who creeps stops in a moment; who goes on creeping does not, and nobody may be there.
    creeping = speed_mps is not None and speed_mps < _CREEPING_MPS
    most_s = settings.data_hold_s + (settings.standstill_hold_s if creeping else 0.0)
    if not 0 <= time_s - latch.confirmed_s <= most_s:
        return None
    if track is None or speed_mps is None:  # nothing tells that the target is outpaced
        return latch
    if _CREEPING_MPS < speed_mps <= latch.target_speed_mps:
        reached = any(threat.track.id == latch.target_id for threat in threats)
        return replace(latch, stage=AebStage.PARTIAL) if reached else None
    return latch


def _warning(worst: Threat, warned: bool, overridden: bool) -> AebDecision:
    """The stages before braking; and braking that the driver or the monitor does not let happen."""
    stage = AebStage.WARN if warned else worst.stage
    return AebDecision(
        stage=stage,
        decel_mps2=None,
        warning=stage is AebStage.WARN,
        target_id=worst.track.id,
        ttc_s=worst.ttc_s,
        min_gap_m=worst.min_gap_m,
        reason="driver overrides" if overridden else "",
    )


def _braking(latch: Latch, worst: Threat | None, settings: AebSettings) -> AebDecision:
    decel_mps2 = settings.full_decel_mps2
    if latch.stage is not AebStage.FULL:
        half = settings.policy == "ttc_stages"
        decel_mps2 = decel_mps2 / 2 if half else settings.partial_decel_mps2
    return AebDecision(
        stage=latch.stage,
        decel_mps2=-decel_mps2,
        warning=True,
        target_id=latch.target_id,
        ttc_s=None if worst is None else worst.ttc_s,
        min_gap_m=None if worst is None else worst.min_gap_m,
        reason="" if worst is not None else "braking held",
    )


def _overridden_since(
    ego: EgoState, settings: AebSettings, state: AebState, time_s: float
) -> float:
    """When the driver last took over by kick-down or by a quick turn of the wheel."""
    if ego.accelerator is not None and ego.accelerator >= settings.kickdown:
        return time_s
    angle = ego.steering_wheel_angle_rad
    older = [
        one for one in state.wheel if _WHEEL_WINDOW_S - 1e-6 <= time_s - one[0] <= _WHEEL_MEMORY_S
    ]
    if angle is not None and older:
        then_s, before = older[-1]
        if abs(angle - before) / (time_s - then_s) >= settings.steering_override_radps:
            return time_s
    return min(state.overridden_s, time_s)


def _wheel(
    ego: EgoState, before: tuple[tuple[float, float], ...], time_s: float
) -> tuple[tuple[float, float], ...]:
    """The wheel's angles of the last moments, oldest first, with this one."""
    kept = tuple(one for one in before if 0 <= time_s - one[0] <= _WHEEL_MEMORY_S)
    angle = ego.steering_wheel_angle_rad
    if angle is None or (kept and time_s - kept[-1][0] < _WHEEL_SPACING_S):
        return kept
    return (*kept, (time_s, angle))
