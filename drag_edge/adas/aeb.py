"""Emergency braking: brake at the last point at which "brake now" still avoids the contact.

Every step simulates the ego with braking that starts now, and some tenths of a second later,
against each object that may be hit, with the object's own estimated deceleration (comparing
stopping distances alone brakes too late: the gap can be least while both still move). Stages
follow from how long braking can still wait. Sources: UN R152, NHTSA FCW, Euro NCAP.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drag_edge.adas.decision import AebDecision, AebStage
from drag_edge.adas.events import Right
from drag_edge.adas.prediction import (
    Target,
    corridor_times,
    ego_travel,
    least_gaps,
    present_target,
    times,
)
from drag_edge.config.aeb import AebSettings
from drag_edge.config.body import BodySettings
from drag_edge.config.vocabulary import VULNERABLE_ROAD_USERS
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Scene, Track

_BRAKING = (AebStage.PARTIAL, AebStage.FULL)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How often in a row a track was a threat, and what its range was then."""

    id: int
    frames: int
    gap_m: float
    range_rate_mps: float
    scene_time_s: float


@dataclass(frozen=True, slots=True)
class Latch:
    """Braking in progress: for whom, how hard, and when the target was last confirmed."""

    stage: AebStage
    target_id: int
    target_speed_mps: float
    confirmed_s: float
    stopped_s: float | None = None


@dataclass(frozen=True, slots=True)
class AebState:
    """Evidence per track, braking in progress, and the driver's last interruption."""

    evidence: tuple[Evidence, ...] = ()
    latch: Latch | None = None
    overridden_s: float = -math.inf
    steering_angle_rad: float | None = None
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Threat:
    """A track that would be hit, the stage it calls for, and the least gap when braking now."""

    track: Track
    target: Target
    stage: AebStage
    ttc_s: float
    min_gap_m: float
    frames: int


def aeb_step(
    scene: Scene,
    settings: AebSettings,
    body: BodySettings,
    state: AebState,
    time_s: float,
    rights: Right,
) -> tuple[AebDecision, AebState]:
    """One step. rights: without AEB nothing new is braked for (braking in progress is held for
    data_hold_s); without FCW nothing is warned of."""
    if not settings.enabled:
        return _quiet(AebStage.OFF, "switched off in the configuration"), AebState()
    ego = scene.ego
    overridden_s = _overridden_since(ego, settings, state, time_s)
    threats: tuple[Threat, ...] = ()
    evidence = state.evidence
    missing = _missing(scene, rights)
    if missing is None and ego.speed_mps is not None and scene.tracks is not None:
        threats, evidence = _threats(scene, scene.tracks, ego.speed_mps, settings, body, state,
                                     time_s)  # fmt: skip
    worst = max(threats, key=lambda threat: (threat.stage.value, -threat.ttc_s), default=None)
    may_brake = Right.AEB in rights and time_s - overridden_s > settings.override_hold_s
    latch = _latch(scene, worst if may_brake else None, settings, state.latch, time_s)
    if time_s - overridden_s <= settings.override_hold_s:
        latch = None
    after = AebState(evidence, latch, overridden_s, ego.steering_wheel_angle_rad, time_s)
    if latch is not None:
        return _braking(latch, worst, settings), after
    if missing is not None:
        return _quiet(AebStage.UNAVAILABLE, missing), after
    if worst is None or Right.FCW not in rights:
        return _quiet(AebStage.READY, ""), after
    stage = worst.stage if worst.stage not in _BRAKING else AebStage.WARN
    decision = AebDecision(
        stage=stage,
        decel_mps2=None,
        warning=stage is AebStage.WARN,
        target_id=worst.track.id,
        ttc_s=worst.ttc_s,
        min_gap_m=worst.min_gap_m,
        reason="driver overrides" if worst.stage in _BRAKING else "",
    )
    return decision, after


def _quiet(stage: AebStage, reason: str) -> AebDecision:
    return AebDecision(stage, None, False, None, None, None, reason)


def _missing(scene: Scene, rights: Right) -> str | None:
    """Why there can be no new decision, None when there can."""
    if scene.ego.speed_mps is None:
        return "ego speed unknown"
    if scene.tracks is None:
        return "objects unknown"
    if not rights & (Right.AEB | Right.FCW):
        return "not allowed by the safety monitor"
    return None


def _threats(
    scene: Scene,
    tracks: tuple[Track, ...],
    speed_mps: float,
    settings: AebSettings,
    body: BodySettings,
    state: AebState,
    time_s: float,
) -> tuple[tuple[Threat, ...], tuple[Evidence, ...]]:
    """Every track that would be hit, with the stage it calls for."""
    if not settings.min_speed_mps <= speed_mps <= settings.max_speed_mps:
        return (), ()
    candidates = [track for track in tracks if _passes_gates(track, settings)]
    if not candidates:
        return (), ()
    accel = scene.ego.accel_mps2 or 0.0
    age_s = max(0.0, time_s - scene.time_s)
    bite_s = settings.brake_latency_s + settings.brake_dead_time_s
    grid_s = times(settings.horizon_s)
    delays_s = [bite_s + lead_s for lead_s in _leads_s(settings)]
    # Contact is judged without our own braking, else braking in progress would deny its reason.
    accels = [accel] * len(delays_s) + [accel if state.latch is None else max(accel, 0.0)]
    ego_m = ego_travel(grid_s, speed_mps, accels, [*delays_s, math.inf], settings)
    before = {one.id: one for one in state.evidence}
    threats, evidence = [], []
    for track in candidates:
        corridor_s = _corridor(track, scene, settings, body, age_s)
        if math.isinf(corridor_s[0]):
            continue
        target = present_target(
            track, corridor_s, speed_mps, accel, age_s, settings.lead_decel_max_mps2
        )
        gaps = least_gaps(grid_s, target, ego_m, passed_m=body.length_m + 1.0)
        if gaps[-1] > settings.margin_m:  # as driven now there is no contact
            continue
        known = _evidence(track, before.get(track.id), scene.time_s, settings)
        evidence.append(known)
        closing = speed_mps - target.speed_mps
        ttc_s = max(target.gap_m, 0.0) / closing if closing > 0.1 else math.inf
        wanted = _wanted_stage(track, gaps, ttc_s, settings)
        stage = _allowed_stage(track, wanted, ttc_s, known.frames, settings)
        if stage is not AebStage.READY:
            threats.append(Threat(track, target, stage, ttc_s, float(gaps[0]), known.frames))
    return tuple(threats), tuple(evidence)


def _leads_s(settings: AebSettings) -> tuple[float, float, float, float, float]:
    """How long braking may still wait: full, partial, warning (vulnerable), warning, prefill."""
    return (
        0.0,
        settings.partial_lead_s,
        settings.vulnerable_warn_lead_s,
        settings.warn_lead_s,
        settings.prefill_lead_s,
    )


def _passes_gates(track: Track, settings: AebSettings) -> bool:
    return (
        settings.min_gap_m <= track.gap_m <= settings.max_gap_m
        and track.range_rate_mps <= -settings.min_closing_mps
        and track.confidence >= settings.min_confidence
        and track.frames >= settings.min_frames
    )


def _corridor(
    track: Track, scene: Scene, settings: AebSettings, body: BodySettings, age_s: float
) -> tuple[float, float]:
    """When the track is in the way: (enters, leaves) seconds from now, (inf, inf) for never."""
    half_m = (body.width_m + track.width_m) / 2
    if track.label in VULNERABLE_ROAD_USERS:
        half_m += settings.vulnerable_lateral_margin_m
        return corridor_times(track, scene.path, half_m, settings.crossing_speed_mps, age_s)
    is_lead = scene.lead is not None and scene.lead.id == track.id
    if not is_lead and track.path_overlap < settings.min_path_overlap:
        return math.inf, math.inf
    enters_s, leaves_s = corridor_times(
        track, scene.path, half_m, settings.leaving_speed_mps, age_s
    )
    # Perception sees it in the path now; only its leaving is predicted.
    return 0.0, leaves_s if math.isfinite(enters_s) else math.inf


def _evidence(
    track: Track, before: Evidence | None, scene_time_s: float, settings: AebSettings
) -> Evidence:
    frames = 1
    if before is not None:
        step_s = scene_time_s - before.scene_time_s
        jump_m = abs(track.gap_m - before.gap_m - before.range_rate_mps * step_s)
        if jump_m < settings.max_range_jump_m:
            frames = before.frames + (1 if step_s > 0 else 0)
    return Evidence(track.id, frames, track.gap_m, track.range_rate_mps, scene_time_s)


def _wanted_stage(
    track: Track, gaps: np.ndarray[tuple[int, ...], np.dtype[np.float64]], ttc_s: float,
    settings: AebSettings,
) -> AebStage:  # fmt: skip
    """The stage that the prediction calls for, before the evidence is weighed."""
    if settings.policy == "ttc_stages":
        if ttc_s <= settings.ttc_full_s:
            return AebStage.FULL
        if ttc_s <= settings.ttc_partial_s:
            return AebStage.PARTIAL
        return AebStage.WARN if ttc_s <= settings.ttc_warn_s else AebStage.READY
    full, partial, warn_vulnerable, warn, prefill = (gap < settings.margin_m for gap in gaps[:5])
    if full:
        return AebStage.FULL
    if partial:
        return AebStage.PARTIAL
    vulnerable = track.label in VULNERABLE_ROAD_USERS
    if warn_vulnerable if vulnerable else warn:
        return AebStage.WARN
    return AebStage.PREFILL if prefill else AebStage.READY


def _allowed_stage(
    track: Track, wanted: AebStage, ttc_s: float, frames: int, settings: AebSettings
) -> AebStage:
    """The stage that the evidence carries: never braking on one frame or one kind of evidence."""
    if wanted is AebStage.READY or frames < settings.min_frames:
        return AebStage.READY
    if wanted not in _BRAKING:
        return wanted
    scale_ttc_s = track.scale_ttc_s
    # Growth tells of the distance to the camera, which is behind the bumper: hence the slack.
    if scale_ttc_s is not None and scale_ttc_s <= settings.scale_ttc_ratio * ttc_s + 0.5:
        return wanted
    patient = track.frames >= settings.cautious_frames
    if track.scale_ttc_s is None:
        return wanted if patient else AebStage.PARTIAL
    # The picture grows much more slowly than the range falls: one of the two is wrong.
    return AebStage.PARTIAL if patient else AebStage.WARN


def _latch(
    scene: Scene, worst: Threat | None, settings: AebSettings, latch: Latch | None, time_s: float
) -> Latch | None:
    """Braking once begun goes on until the ego is no faster than its target, or it is gone."""
    if worst is not None and worst.stage in _BRAKING:
        stage = worst.stage
        if latch is not None and latch.stage is AebStage.FULL:
            stage = AebStage.FULL
        return Latch(stage, worst.track.id, max(0.0, worst.target.speed_mps),
                     scene.time_s - worst.track.coasted_s)  # fmt: skip
    if latch is None:
        return None
    speed_mps = scene.ego.speed_mps
    track = next((one for one in scene.tracks or () if one.id == latch.target_id), None)
    if track is not None:
        target_mps = latch.target_speed_mps if track.speed_mps is None else track.speed_mps
        latch = Latch(latch.stage, latch.target_id, max(0.0, target_mps),
                      scene.time_s - track.coasted_s, latch.stopped_s)  # fmt: skip
    stopped = speed_mps is not None and speed_mps < 0.2
    if stopped:
        stopped_s = time_s if latch.stopped_s is None else latch.stopped_s
        if not 0 <= time_s - stopped_s < settings.standstill_hold_s:
            return None
        return Latch(latch.stage, latch.target_id, latch.target_speed_mps, latch.confirmed_s,
                     stopped_s)  # fmt: skip
    if not 0 <= time_s - latch.confirmed_s <= settings.data_hold_s:
        return None
    if speed_mps is not None and speed_mps <= latch.target_speed_mps:
        return None
    return latch


def _braking(latch: Latch, worst: Threat | None, settings: AebSettings) -> AebDecision:
    full = latch.stage is AebStage.FULL
    return AebDecision(
        stage=latch.stage,
        decel_mps2=-(settings.full_decel_mps2 if full else settings.partial_decel_mps2),
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
    angle, before = ego.steering_wheel_angle_rad, state.steering_angle_rad
    step_s = 0.0 if state.time_s is None else time_s - state.time_s
    if angle is not None and before is not None and 0 < step_s < 0.5:
        rate_radps = abs(angle - before) / step_s
        if rate_radps >= settings.steering_override_radps:
            return time_s
    return min(state.overridden_s, time_s)
