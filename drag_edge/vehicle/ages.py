"""How old the content of each message already was at the scene's time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from drag_edge.perception.scene import Scene
from drag_edge.vehicle.signals import nearest_tracks


def age_at_scene_s(message: str, scene: Scene, slot: int) -> float | None:
    """Age in seconds at `scene.time_s`, None where the message has nothing to be old.

    slot: of OBJECTS; other messages do not look at it.
    """
    if message == "OBJECTS":
        tracks = nearest_tracks(scene.tracks or (), scene.side_tracks or ())
        return tracks[slot].coasted_s if slot < len(tracks) else None
    age = _AGES.get(message)
    return 0.0 if age is None else age(scene)


def _lead(scene: Scene) -> float | None:
    return scene.lead.coasted_s if scene.lead else None


def _lanes(scene: Scene) -> float | None:
    return scene.lanes.age_s if scene.lanes else None


def _lane_left(scene: Scene) -> float | None:
    return scene.lanes.left.age_s if scene.lanes and scene.lanes.left else None


def _lane_right(scene: Scene) -> float | None:
    return scene.lanes.right.age_s if scene.lanes and scene.lanes.right else None


def _bsd(scene: Scene) -> float | None:
    spots = (scene.blind_spot_left, scene.blind_spot_right)
    return max((spot.age_s for spot in spots if spot), default=None)


def _traffic_light(scene: Scene) -> float | None:
    return scene.traffic_light.age_s if scene.traffic_light else None


_AGES: Mapping[str, Callable[[Scene], float | None]] = MappingProxyType(
    {
        "LEAD": _lead,
        "LEAD_MOTION": _lead,
        "LANES": _lanes,
        "LANE_LEFT": _lane_left,
        "LANE_RIGHT": _lane_right,
        "BSD": _bsd,
        "TRAFFIC_LIGHT": _traffic_light,
    }
)
