"""Watches the cameras by what arrives: silent, frozen, black, too few."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from statistics import median

from drag_edge.config.cameras import CameraSettings
from drag_edge.config.monitor import MonitorSettings
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.frames.picture_watch import PictureWatch
from drag_edge.frames.rate_watch import RateWatch
from drag_edge.frames.thumbnail import Sighting, sighting_of

SLOW_PERIODS = 2.5
SLOWEST_PERIOD_S = 2.0
_PERIODS = 5


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
            *self._silence.step({name: one.time_s for name, one in sightings.items()}, now_s),
            *self._pictures.step(sightings, speed_mps, now_s),
            *self._rates.step(sightings, now_s),
        )


class FrameWatch:
    """Stepped once a tick with the cameras that had a new frame; says who is lost and who is back.

    timeout_s: a camera without a new frame for longer than this is lost; one that is slower gets
    SLOW_PERIODS of its own periods. A frame that is older than usual by more than that is no sign
    of life.
    """

    def __init__(self, cameras: Iterable[str], timeout_s: float, start_s: float) -> None:
        self.timeout_s = timeout_s
        self._seen_s = dict.fromkeys(cameras, start_s)
        self._taken_s: dict[str, float] = {}
        self._periods_s: dict[str, deque[float]] = {
            camera: deque(maxlen=_PERIODS) for camera in self._seen_s
        }
        self._ages_s: dict[str, deque[float]] = {
            camera: deque(maxlen=_PERIODS) for camera in self._seen_s
        }
        self._lost: set[str] = set()

    def step(self, arrived: Mapping[str, float], now_s: float) -> tuple[Event, ...]:
        """Events of this tick: camera_lost once, camera_recovered with the first new frame.

        arrived: capture time of each new frame by camera, seconds.
        """
        events = []
        for camera, time_s in arrived.items():
            before_s = self._taken_s.get(camera)
            self._taken_s[camera] = time_s
            ages_s = self._ages_s[camera]
            ages_s.append(now_s - time_s)
            if ages_s[-1] - min(ages_s) > self._patience_s(camera):
                continue
            if camera in self._lost:
                self._lost.discard(camera)
                events.append(Event("camera_recovered", camera, "frames again", now_s))
            elif before_s is not None and time_s > before_s:
                self._periods_s[camera].append(min(time_s - before_s, SLOWEST_PERIOD_S))
            self._seen_s[camera] = now_s
        for camera, seen_s in self._seen_s.items():
            if camera not in self._lost and now_s - seen_s > self._patience_s(camera):
                self._lost.add(camera)
                detail = f"no new frame for {now_s - seen_s:.1f} s"
                events.append(Event("camera_lost", camera, detail, now_s))
        return tuple(events)

    def _patience_s(self, camera: str) -> float:
        # One gap is no period: the middle one of several counts.
        periods_s = self._periods_s[camera]
        period_s = median(periods_s) if len(periods_s) == _PERIODS else 0.0
        return max(self.timeout_s, SLOW_PERIODS * period_s)
