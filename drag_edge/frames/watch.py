"""Watches the cameras by what arrives: silent, frozen, black, too few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from drag_edge.config.cameras import CameraSettings
from drag_edge.config.monitor import MonitorSettings
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.frames.picture_watch import PictureWatch
from drag_edge.frames.rate_watch import RateWatch
from drag_edge.frames.thumbnail import Sighting, sighting_of

SLOW_PERIODS = 2.5
SLOWEST_PERIOD_S = 2.0


class CameraWatch:
    """Everything that is watched about the cameras, stepped once a tick."""

    def __init__(
        self,
        cameras: Mapping[str, CameraSettings],
        settings: MonitorSettings,
        timeout_s: float,
        start_s: float,
    ) -> None:
        self._silence = FrameWatch(cameras, timeout_s, start_s)
        self._pictures = PictureWatch(cameras, settings.pictures)
        fps = {name: camera.fps for name, camera in cameras.items()}
        self._rates = RateWatch(fps, settings.rates)

    def tune(
        self, cameras: Mapping[str, CameraSettings], settings: MonitorSettings, timeout_s: float
    ) -> None:
        """Changed settings of the same cameras; what was seen so far still counts."""
        self._silence.timeout_s = timeout_s
        self._pictures.tune(settings.pictures)
        self._rates.tune({name: camera.fps for name, camera in cameras.items()}, settings.rates)

    @property
    def repeating(self) -> frozenset[str]:
        """Cameras whose newest picture is the one before again, while the vehicle moves."""
        return self._pictures.repeating

    def step(
        self, frames: Mapping[str, Frame], speed_mps: float | None, now_s: float
    ) -> tuple[Event, ...]:
        """Events of this tick's new frames. speed_mps: the ego's, None if unknown."""
        sightings = {camera: sighting_of(frame) for camera, frame in frames.items()}
        return self.look(sightings, speed_mps, now_s)

    def look(
        self, sightings: Mapping[str, Sighting], speed_mps: float | None, now_s: float
    ) -> tuple[Event, ...]:
        """The same for whoever has sightings and no pictures."""
        return (
            *self._silence.step(sightings, now_s),
            *self._pictures.step(sightings, speed_mps, now_s),
            *self._rates.step(sightings, now_s),
        )


class FrameWatch:
    """Stepped once a tick with the cameras that had a new frame; says who is lost and who is back.

    timeout_s: a camera without a new frame for longer than this is lost; one that is slower gets
    SLOW_PERIODS of its own periods.
    """

    def __init__(self, cameras: Iterable[str], timeout_s: float, start_s: float) -> None:
        self.timeout_s = timeout_s
        self._seen_s = dict.fromkeys(cameras, start_s)
        self._period_s = dict.fromkeys(self._seen_s, 0.0)
        self._lost: set[str] = set()

    def step(self, arrived: Iterable[str], now_s: float) -> tuple[Event, ...]:
        """Events of this tick: camera_lost once, camera_recovered with the first new frame."""
        events = []
        for camera in arrived:
            if camera in self._lost:
                self._lost.discard(camera)
                events.append(Event("camera_recovered", camera, "frames again", now_s))
            else:
                self._period_s[camera] = min(now_s - self._seen_s[camera], SLOWEST_PERIOD_S)
            self._seen_s[camera] = now_s
        for camera, seen_s in self._seen_s.items():
            patience_s = max(self.timeout_s, SLOW_PERIODS * self._period_s[camera])
            if camera not in self._lost and now_s - seen_s > patience_s:
                self._lost.add(camera)
                detail = f"no new frame for {now_s - seen_s:.1f} s"
                events.append(Event("camera_lost", camera, detail, now_s))
        return tuple(events)
