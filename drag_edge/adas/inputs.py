"""The features' inputs made safe to compute with: what is no number is unknown, and is reported."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

from drag_edge.events import Event
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import BlindSpot, LaneLine, Lanes, Path, PathSource, Scene, Track

_EGO_SIGNALS = tuple(field.name for field in fields(EgoState) if field.name != "time_s")
_STRAIGHT = Path(0.0, 0.0, 0.0, PathSource.STRAIGHT)


def without_invalid(scene: Scene, time_s: float) -> tuple[Scene, tuple[Event, ...]]:
    """The scene with every part that holds a NaN, an infinity or a negative speed set to None.

    One such track makes all tracks unknown: the tracker that made it is not to be trusted in this
    step. Each part is told by an event `scene_invalid`.
    """
    ego = scene.ego
    bad_signals = [name for name in _EGO_SIGNALS if not _is_number_or_none(getattr(ego, name))]
    if ego.speed_mps is not None and ego.speed_mps < 0:
        bad_signals.append("speed_mps")
    bad: dict[str, Any] = {}
    if bad_signals:
        unknown: dict[str, Any] = dict.fromkeys(bad_signals)
        bad["ego"] = replace(ego, **unknown)
    if scene.lanes is not None and not _valid_lanes(scene.lanes):
        bad["lanes"] = None
    if not _finite(scene.path.offset_m, scene.path.heading_rad, scene.path.curvature_1pm):
        bad["path"] = _STRAIGHT
    for name in ("tracks", "side_tracks"):
        tracks = getattr(scene, name)
        if tracks is not None and not all(_valid_track(track) for track in tracks):
            bad[name] = None
    if scene.lead is not None and not _valid_track(scene.lead):
        bad["tracks"] = None
    if "tracks" in bad:
        bad["lead"] = None
    for name in ("blind_spot_left", "blind_spot_right"):
        spot = getattr(scene, name)
        if spot is not None and not _valid_spot(spot):
            bad[name] = None
    if not bad:
        return scene, ()
    events = tuple(Event("scene_invalid", name, "not a finite number", time_s) for name in bad)
    return replace(scene, **bad), events


def _is_number_or_none(value: float | None) -> bool:
    return value is None or math.isfinite(value)


def _finite(*values: float | None) -> bool:
    # A plain loop: this runs for every number of every track, and a generator costs twice as much.
    for value in values:  # noqa: SIM110
        if value is not None and not math.isfinite(value):
            return False
    return True


def _valid_line(line: LaneLine | None) -> bool:
    return line is None or _finite(
        line.offset_m,
        line.heading_rad,
        line.curvature_1pm,
        line.curvature_rate_1pm2,
        line.confidence,
        line.age_s,
    )


def _valid_lanes(lanes: Lanes) -> bool:
    own = _finite(
        lanes.offset_m,
        lanes.heading_rad,
        lanes.curvature_1pm,
        lanes.width_m,
        lanes.confidence,
        lanes.age_s,
    )
    return own and _valid_line(lanes.left) and _valid_line(lanes.right)


def _valid_track(track: Track) -> bool:
    return _finite(
        track.x_m,
        track.y_m,
        track.width_m,
        track.gap_m,
        track.range_rate_mps,
        track.speed_mps,
        track.accel_mps2,
        track.vy_mps,
        track.scale_ttc_s,
        track.least_ttc_s,
        track.path_overlap,
        track.confidence,
        track.coasted_s,
    )


def _valid_spot(spot: BlindSpot) -> bool:
    return _finite(spot.gap_m, spot.closing_speed_mps, spot.closing_ttc_s, spot.age_s)
