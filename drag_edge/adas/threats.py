"""Which tracks would be hit, how long braking can still wait, and what the evidence carries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drag_edge.adas.decision import AebStage
from drag_edge.adas.drift import Drift
from drag_edge.adas.lead import TAKEOVER_SLACK_MPS2, Lead, needed_accel
from drag_edge.adas.prediction import (
    Floats,
    Target,
    corridor_times,
    ego_travel,
    least_gaps,
    present_target,
    times,
)
from drag_edge.adas.slowing import Slowing
from drag_edge.config.aeb import AebSettings
from drag_edge.config.body import BodySettings
from drag_edge.config.vocabulary import VULNERABLE_ROAD_USERS
from drag_edge.perception.scene import Scene, Track

BRAKING = (AebStage.PARTIAL, AebStage.FULL)
URGENT = (AebStage.WARN, *BRAKING)
_SLOW_MPS, _FAST_MPS = 5.0, 20.0  # between which ISO 15622 narrows braking
_WARNINGS = slice(2, 5)  # of _leads_s: those that lead to no braking


@dataclass(frozen=True, slots=True)
class Evidence:
    """How often in a row a track was a threat (frames) and called for a warning or more
    (urgent_frames), and what its range and speed were then."""

    id: int
    frames: int
    urgent_frames: int
    gap_m: float
    range_rate_mps: float
    speed_mps: float | None
    scene_time_s: float


@dataclass(frozen=True, slots=True)
class Threat:
    """A track that would be hit, the stage it calls for (READY: braking can still wait long), and
    the least gap when braking now."""

    track: Track
    target: Target
    stage: AebStage
    ttc_s: float
    min_gap_m: float


def find_threats(
    scene: Scene,
    settings: AebSettings,
    body: BodySettings,
    before: Sequence[Evidence],
    drifts: Sequence[Drift],
    slowings: Sequence[Slowing],
    braking_for: int | None,
    time_s: float,
    acc_decel_mps2: float | None = None,
) -> tuple[tuple[Threat, ...], tuple[Evidence, ...]]:
    """Every track that would be hit as the ego drives now, and the evidence for the next step.

    braking_for: the track that is braked for already; it needs to pass no gate again, and contact
    is judged as if that braking ended, else it would deny its own reason.
    """
    speed_mps = scene.ego.speed_mps
    least_mps = settings.min_speed_mps if braking_for is None else 0.0
    if speed_mps is None or not least_mps <= speed_mps <= settings.max_speed_mps:
        return (), ()
    candidates = [
        track
        for track in scene.tracks or ()
        if track.id == braking_for or _passes_gates(track, settings)
    ]
    if not candidates:
        return (), ()
    accel = scene.ego.accel_mps2 or 0.0
    age_s = max(0.0, time_s - scene.time_s)
    leaving = {one.id: one for one in drifts if one.followed_s >= settings.drift_smooth_s}
    in_the_way = _in_the_way(candidates, leaving, scene, settings, body, age_s)
    if not in_the_way:
        return (), ()
    calm_mps2 = _calm_decel_mps2(speed_mps, settings)
    if acc_decel_mps2 is not None:
        calm_mps2 = max(calm_mps2, acc_decel_mps2 + TAKEOVER_SLACK_MPS2)
    undisturbed = accel if braking_for is None else max(accel, 0.0)
    bite_s = settings.brake_latency_s + settings.brake_dead_time_s
    delays_s = [bite_s + lead_s for lead_s in _leads_s(settings)]
    grid_s = times(settings.horizon_s)
    ego_m = ego_travel(
        grid_s,
        speed_mps,
        [accel] * len(delays_s) + [undisturbed],
        [*delays_s, math.inf],
        settings,
    )
    known = {one.id: one for one in before}
    # Whoever has cruise control following is judged by the estimate that it brakes by.
    slowed = {one.id: one for one in slowings} if acc_decel_mps2 is None else {}
    threats, evidence = [], []
    for track, corridor_s in in_the_way:
        moment = (track, corridor_s, speed_mps, accel, age_s)
        target = present_target(*moment, settings.lead_decel_gain, settings)
        gaps = least_gaps(grid_s, target, ego_m, passed_m=body.length_m + 1.0)
        calm = False
        if target.accel_mps2 < 0:  # a warning needs no such reserve, and would often be false
            gain = _likely_gain(track, slowed.get(track.id), settings)
            likely = present_target(*moment, gain, settings)
            gaps[_WARNINGS] = least_gaps(grid_s, likely, ego_m[_WARNINGS], body.length_m + 1.0)
            calm = _calmly_met(likely, speed_mps, calm_mps2, settings)
        if gaps[-1] > settings.margin_m:
            continue
        closing = speed_mps - target.speed_mps
        ttc_s = max(target.gap_m, 0.0) / closing if closing > 0.1 else math.inf
        wanted = _wanted_stage(track, gaps, ttc_s, calm, settings)
        proof = _evidence(track, wanted, known.get(track.id), scene.time_s, settings)
        evidence.append(proof)
        stage = _allowed_stage(track, wanted, ttc_s, proof, settings)
        threats.append(Threat(track, target, stage, ttc_s, float(gaps[0])))
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
        and _believed(track, settings)
    )


def _believed(track: Track, settings: AebSettings) -> bool:
    return track.confidence >= settings.min_confidence and track.frames >= settings.min_frames


def _in_the_way(
    candidates: Sequence[Track],
    drifts: Mapping[int, Drift],
    scene: Scene,
    settings: AebSettings,
    body: BodySettings,
    age_s: float,
) -> list[tuple[Track, tuple[float, float]]]:
    """Those that cross the path before a lead that shields them, and when: (enters, leaves)."""
    shield = _shield(scene, drifts, settings, body, age_s)
    found = []
    for track in candidates:
        if shield is not None and track.id != shield.id and track.gap_m > shield.gap_m:
            continue
        corridor_s = _corridor(track, drifts.get(track.id), scene, settings, body, age_s)
        if not math.isinf(corridor_s[0]):
            found.append((track, corridor_s))
    return found


def _shield(
    scene: Scene,
    drifts: Mapping[int, Drift],
    settings: AebSettings,
    body: BodySettings,
    age_s: float,
) -> Track | None:
    """The lead, if it is in the path to stay: nobody beyond it can be hit before it is.

    What detectors see through or around a lead is often a part of it, with any speed at all. Only
    a lead that would itself be believed hides anybody.
    """
    lead = scene.lead
    if lead is None or lead.path_overlap < settings.min_path_overlap:
        return None
    if not _believed(lead, settings) or (lead.coasted_s > 0.0 and _young(lead, settings)):
        return None
    leaves_s = _corridor(lead, drifts.get(lead.id), scene, settings, body, age_s)[1]
    return lead if math.isinf(leaves_s) else None


def _corridor(
    track: Track,
    drift: Drift | None,
    scene: Scene,
    settings: AebSettings,
    body: BodySettings,
    age_s: float,
) -> tuple[float, float]:
    """When the track is in the way: (enters, leaves) seconds from now, (inf, inf) for never."""
    half_m = (body.width_m + track.width_m) / 2
    if track.label in VULNERABLE_ROAD_USERS:
        half_m += settings.vulnerable_lateral_margin_m
        return corridor_times(track, scene.path, half_m, settings.crossing_speed_mps, age_s)
    enters_s, leaves_s = corridor_times(
        track, scene.path, half_m, settings.leaving_speed_mps, age_s
    )
    gone_s = math.inf
    if drift is not None and drift.away_mps > settings.leaving_speed_mps:
        gone_s = max(0.0, (half_m - abs(drift.aside_m)) / drift.away_mps - age_s)
    if track.path_overlap >= settings.min_path_overlap:
        # Perception sees it in the path now; only its leaving is predicted.
        return 0.0, min(leaves_s if math.isfinite(enters_s) else math.inf, gone_s)
    # A lead with less overlap is cutting in, or on its way out.
    is_lead = scene.lead is not None and scene.lead.id == track.id
    return (enters_s, min(leaves_s, gone_s)) if is_lead else (math.inf, math.inf)


def _evidence(
    track: Track,
    wanted: AebStage,
    before: Evidence | None,
    scene_time_s: float,
    settings: AebSettings,
) -> Evidence:
    """The counts so far, begun anew when range or speed changed as no vehicle's can."""
    frames = 1
    urgent = 0 if before is None else before.urgent_frames
    if before is not None:
        step_s = scene_time_s - before.scene_time_s
        jump_m = abs(track.gap_m - before.gap_m - before.range_rate_mps * step_s)
        jump_mps = 0.0
        if track.speed_mps is not None and before.speed_mps is not None:
            jump_mps = abs(track.speed_mps - before.speed_mps)
        if jump_m < settings.max_range_jump_m and jump_mps < settings.max_speed_jump_mps:
            frames = before.frames + (1 if step_s > 0 else 0)
    is_new = before is None or scene_time_s > before.scene_time_s
    if wanted not in URGENT:
        urgent = 0
    elif is_new and (track.coasted_s == 0.0 or not _young(track, settings)):
        urgent += 1
    return Evidence(
        track.id, frames, urgent, track.gap_m, track.range_rate_mps, track.speed_mps, scene_time_s
    )


def _young(track: Track, settings: AebSettings) -> bool:
    """Whether its speed is still settling."""
    return track.age_s < settings.young_s


def _calm_decel_mps2(speed_mps: float, settings: AebSettings) -> float:
    """Braking that alarms nobody at this speed: more the slower, as ISO 15622 grants to cruise
    control."""
    slow = min(max((_FAST_MPS - speed_mps) / (_FAST_MPS - _SLOW_MPS), 0.0), 1.0)
    return slow * settings.calm_slow_decel_mps2 + (1.0 - slow) * settings.calm_decel_mps2


def _likely_gain(track: Track, slowing: Slowing | None, settings: AebSettings) -> float:
    """How much harder than estimated it brakes, as far as the speed that it lost tells; the
    estimate alone, which follows sooner, tells when it has ended."""
    accel_mps2 = None if slowing is None else slowing.accel_mps2
    if accel_mps2 is None or track.accel_mps2 >= 0:
        return 1.0
    return min(max(accel_mps2 / track.accel_mps2, 1.0), settings.lead_decel_gain)


def _calmly_met(target: Target, speed_mps: float, calm_mps2: float, settings: AebSettings) -> bool:
    """Whether this much braking copes with a lead that brakes, even if it brakes until it stands.

    Most that brake do not: they turn off, or slow down for a bend.
    """
    lead = Lead(0, target.gap_m, target.speed_mps, target.accel_mps2)
    needed_mps2 = -needed_accel(lead, speed_mps, settings.margin_m)
    return target.speed_mps > 0 and needed_mps2 < calm_mps2


def _wanted_stage(
    track: Track, gaps: Floats, ttc_s: float, calm: bool, settings: AebSettings
) -> AebStage:
    """The stage that the prediction calls for, before the evidence is weighed. calm: the driver
    needs no warning yet."""
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
    if not calm and (warn_vulnerable if vulnerable else warn):
        return AebStage.WARN
    return AebStage.PREFILL if prefill else AebStage.READY


def _allowed_stage(
    track: Track, wanted: AebStage, ttc_s: float, proof: Evidence, settings: AebSettings
) -> AebStage:
    """The stage that the evidence carries: nothing on one frame or on a range that jitters."""
    frames = proof.frames
    if wanted is AebStage.READY or frames < settings.min_frames:
        return AebStage.READY
    scale_ttc_s = track.scale_ttc_s
    # Growth tells of the distance to the camera, which is behind the bumper: hence the slack.
    latest_s = settings.scale_ttc_ratio * ttc_s + 0.5
    confirmed = scale_ttc_s is not None and scale_ttc_s <= latest_s
    denied = track.least_ttc_s is not None and track.least_ttc_s > latest_s
    young = _young(track, settings)
    guessed = young and track.coasted_s > 0.0
    # A range that has just begun anew overshoots when the boxes come back to what they were.
    unsettled = track.since_jump_s < settings.young_s and not confirmed
    if wanted in BRAKING and (guessed or unsettled):
        wanted = AebStage.WARN
    if wanted is AebStage.WARN and proof.urgent_frames < settings.warn_frames:
        return AebStage.PREFILL
    if confirmed:
        return wanted
    if young and proof.urgent_frames < settings.warn_frames:  # a range that jumped for one frame
        return AebStage.PREFILL
    patient = frames >= settings.cautious_frames
    if wanted not in BRAKING:
        # A box whose lower edge flickers closes in on paper; it does so for a few frames only.
        return wanted if patient else AebStage.PREFILL
    known = track.frames >= settings.cautious_frames
    if scale_ttc_s is None and patient and not denied:
        return wanted
    # Not confirmed, or the picture grows much more slowly than the range falls.
    return AebStage.PARTIAL if known else AebStage.WARN
