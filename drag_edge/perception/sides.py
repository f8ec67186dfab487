"""Mirror and rear cameras: road users beside and behind, and the blind spots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.perception import PerceptionSettings
from drag_edge.events import Event
from drag_edge.inference.results import Perceived
from drag_edge.perception.answers import sort_answers
from drag_edge.perception.blind_spot import BlindSpotWatch
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.ego_motion import EgoMotion
from drag_edge.perception.scene import BlindSpot, RejectedBox, Track
from drag_edge.perception.tracked import Moment
from drag_edge.perception.tracks import Tracker

_SIDE_ROLES = frozenset((Role.LEFT, Role.RIGHT, Role.REAR))
# Identities of different cameras never meet.
_IDS_PER_CAMERA = 1_000_000
# The mirrors' own pitch is not estimated: loading and bumps move it by about this much.
_PITCH_SIGMA_RAD = 0.008


@dataclass(frozen=True, slots=True)
class Sides:
    """See Scene for the meaning of each field."""

    tracks: tuple[Track, ...] | None
    left: BlindSpot | None
    right: BlindSpot | None
    events: tuple[Event, ...]
    rejected: tuple[RejectedBox, ...]


class SideCamera:
    """One camera that looks to the side or back."""

    def __init__(
        self,
        name: str,
        camera: CameraModel,
        role: Role,
        settings: PerceptionSettings,
        body: BodySettings,
        first_id: int,
    ) -> None:
        self.name, self.role, self._settings = name, role, settings
        mirror = role is not Role.REAR
        self.tracker = Tracker(name, camera, mirror, settings, body, first_id)
        self._motion = EgoMotion()
        self._last_s: float | None = None
        self.looked_s: float | None = None
        self.tracks: tuple[Track, ...] = ()

    def tune(self, settings: PerceptionSettings) -> None:
        """Changed settings, from the next step on."""
        self._settings = settings
        self.tracker.tune(settings)

    def step(self, perceived: Perceived, ego: EgoState) -> Event | None:
        """One new frame; an event if its time has jumped."""
        time_s = perceived.time_s
        dt_s = 0.0 if self._last_s is None else time_s - self._last_s
        event = None
        if self._last_s is not None and dt_s == 0.0:
            return None
        if not 0.0 <= dt_s <= self._settings.max_step_s:
            event = Event("clock_jump", self.name, f"step of {dt_s:.3f} s", time_s)
            self.tracker.reset()
            self._motion.reset()
            self.looked_s = None
            dt_s = 0.0
        self._last_s = time_s
        now = Moment(
            time_s,
            dt_s,
            _PITCH_SIGMA_RAD,
            ego.speed_mps,
            self._motion.accel_mps2(ego) or 0.0,
            ego.yaw_rate_radps or 0.0,
        )
        users = sort_answers(perceived).road_users
        if users is not None:
            self.looked_s = time_s
        self.tracker.step(users, None, 0.0, now)
        self.tracks = self.tracker.tracks(None, now)
        return event

    def tracks_at(self, time_s: float) -> tuple[Track, ...]:
        """The last picture's tracks, as old as they are at time_s: a camera that stands still lets
        nobody stay fresh."""
        since_s = 0.0 if self._last_s is None else max(0.0, time_s - self._last_s)
        return tuple(replace(one, coasted_s=one.coasted_s + since_s) for one in self.tracks)

    def age_s(self, time_s: float) -> float | None:
        """How long ago a detector last looked through it; None if too long, or never."""
        if self.looked_s is None:
            return None
        age_s = max(0.0, time_s - self.looked_s)
        return age_s if age_s <= self._settings.blind_spot.max_age_s else None


class SideViews:
    """All side and rear cameras together."""

    def __init__(
        self,
        cameras: Mapping[str, CameraModel],
        roles: Mapping[str, Role],
        settings: PerceptionSettings,
        body: BodySettings,
        first_ids: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """first_ids: of a camera's first track, by name, where others were used before."""
        names = [name for name in cameras if roles[name] in _SIDE_ROLES]
        self._cameras = [
            SideCamera(
                name,
                cameras[name],
                roles[name],
                settings,
                body,
                first_ids.get(name, (order + 1) * _IDS_PER_CAMERA),
            )
            for order, name in enumerate(names)
        ]
        sizes = settings.tracks.sizes
        self._left = BlindSpotWatch(1.0, settings.blind_spot, body, sizes)
        self._right = BlindSpotWatch(-1.0, settings.blind_spot, body, sizes)

    def next_ids(self) -> dict[str, int]:
        """The identity that the next track of each camera will have."""
        return {camera.name: camera.tracker.next_id for camera in self._cameras}

    def tune(self, settings: PerceptionSettings) -> None:
        """Changed settings, from the next step on."""
        for camera in self._cameras:
            camera.tune(settings)
        for side in (self._left, self._right):
            side.tune(settings.blind_spot, settings.tracks.sizes)

    def step(
        self, perceived: Mapping[str, Perceived], ego: EgoState, time_s: float, scene_time_s: float
    ) -> Sides:
        """The sides at time_s; the ages of tracks are those at the scene's time."""
        events: list[Event] = []
        rejected: list[RejectedBox] = []
        for camera in self._cameras:
            if camera.name not in perceived:
                continue
            event = camera.step(perceived[camera.name], ego)
            rejected.extend(camera.tracker.rejected)
            if event is not None:
                events.append(event)
        known = [camera for camera in self._cameras if camera.age_s(time_s) is not None]
        tracks = tuple(track for camera in known for track in camera.tracks_at(scene_time_s))
        return Sides(
            tracks=tracks if known else None,
            left=self._side(self._left, Role.LEFT, time_s),
            right=self._side(self._right, Role.RIGHT, time_s),
            events=tuple(events),
            rejected=tuple(rejected),
        )

    def _side(self, watch: BlindSpotWatch, role: Role, time_s: float) -> BlindSpot | None:
        """One side from its mirror camera, helped by rear ones; None without a mirror camera."""
        mirrors = [c for c in self._cameras if c.role is role and c.age_s(time_s) is not None]
        if not mirrors:
            watch.reset()
            return None
        rears = [c for c in self._cameras if c.role is Role.REAR and c.age_s(time_s) is not None]
        tracks = [track for camera in (*mirrors, *rears) for track in camera.tracks]
        age_s = max(camera.age_s(time_s) or 0.0 for camera in mirrors)
        return watch.step(tracks, time_s, age_s)
