"""Blind-spot detection: which mirror lights, and which warns. Source: ISO 17387."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from drag_edge.adas.decision import BsdDecision, BsdLevel
from drag_edge.adas.events import Right
from drag_edge.config.bsd import BsdSettings
from drag_edge.perception.scene import BlindSpot, Scene


@dataclass(frozen=True, slots=True)
class MirrorState:
    """seen_since_s: a reason to light has lasted since then. lit_s: last time there was one."""

    seen_since_s: float | None = None
    lit_s: float = -math.inf


@dataclass(frozen=True, slots=True)
class BsdState:
    """Both mirrors."""

    left: MirrorState = field(default_factory=MirrorState)
    right: MirrorState = field(default_factory=MirrorState)


def bsd_step(
    scene: Scene, settings: BsdSettings, state: BsdState, time_s: float, rights: Right
) -> tuple[BsdDecision, BsdState]:
    """One step. rights: without BSD both mirrors are unavailable."""
    blocked = _blocked(scene, settings, rights)
    if blocked is not None:
        level, reason = blocked
        return BsdDecision(level, level, None, None, reason), BsdState()
    ego = scene.ego
    spots = scene.blind_spot_left, scene.blind_spot_right
    left, left_state = _mirror(
        _reason_to_light(scene, spots[0], 1.0, settings, time_s),
        ego.indicator_left, settings, state.left, time_s,
    )  # fmt: skip
    right, right_state = _mirror(
        _reason_to_light(scene, spots[1], -1.0, settings, time_s),
        ego.indicator_right, settings, state.right, time_s,
    )  # fmt: skip
    sides = (("left", left), ("right", right))
    unseen = [side for side, level in sides if level is BsdLevel.UNAVAILABLE]
    ttc_left, ttc_right = (None if spot is None else spot.closing_ttc_s for spot in spots)
    reason = f"{' and '.join(unseen)} not seen" if unseen else ""
    decision = BsdDecision(left, right, ttc_left, ttc_right, reason)
    return decision, BsdState(left_state, right_state)


def _blocked(scene: Scene, settings: BsdSettings, rights: Right) -> tuple[BsdLevel, str] | None:
    speed_mps = scene.ego.speed_mps
    if not settings.enabled:
        return BsdLevel.OFF, "switched off in the configuration"
    if Right.BSD not in rights:
        return BsdLevel.UNAVAILABLE, "not allowed by the safety monitor"
    if speed_mps is None:
        return BsdLevel.UNAVAILABLE, "ego speed unknown"
    if speed_mps < settings.min_speed_mps:
        return BsdLevel.OFF, "too slow"
    return None


def _reason_to_light(
    scene: Scene, spot: BlindSpot | None, side: float, settings: BsdSettings, time_s: float
) -> bool | None:
    """Whether the mirror should light; None when that side is not seen. side: 1 left, −1 right."""
    if settings.policy == "box":
        if scene.side_tracks is None or time_s - scene.time_s > settings.max_age_s:
            return None
        return any(
            settings.box_x_min_m <= track.x_m <= settings.box_x_max_m
            and settings.box_y_min_m < side * track.y_m < settings.box_y_max_m
            for track in scene.side_tracks
        )
    if spot is None or spot.age_s > settings.max_age_s:
        return None
    return spot.occupied or _closes_in(spot, settings)


def _closes_in(spot: BlindSpot, settings: BsdSettings) -> bool:
    """A vehicle from behind, nearer in time than ISO 17387 allows for its closing speed."""
    if spot.closing_ttc_s is None:
        return False
    closing = spot.closing_speed_mps or 0.0
    band = sum(closing > limit for limit in settings.closing_speeds_mps)
    return 0 <= spot.closing_ttc_s <= settings.closing_ttcs_s[band]


def _mirror(
    light: bool | None,
    indicator: bool | None,
    settings: BsdSettings,
    state: MirrorState,
    time_s: float,
) -> tuple[BsdLevel, MirrorState]:
    """One mirror with its delays; an indicator towards an occupied side makes it warn."""
    if light is None:
        return BsdLevel.UNAVAILABLE, MirrorState()
    since_s = state.seen_since_s if light else None
    if light and (since_s is None or since_s > time_s):
        since_s = time_s
    lit_s = state.lit_s
    if since_s is not None and time_s - since_s >= settings.on_delay_s:
        lit_s = time_s
    lit = 0 <= time_s - lit_s < settings.off_delay_s
    after = MirrorState(since_s, lit_s)
    if not lit:
        return BsdLevel.CLEAR, after
    return (BsdLevel.WARN if indicator else BsdLevel.OCCUPIED), after
