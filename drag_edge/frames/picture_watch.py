"""Notices a camera that still sends, but shows the same picture again, or nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drag_edge.config.monitor import PictureSettings
from drag_edge.events import Event
from drag_edge.frames.thumbnail import Sighting, Thumbnail, brightness, changed_share

AGAIN_S = 0.5  # a fault that holds is told again, for whoever has missed or forgotten it


class PictureWatch:
    """Stepped once a tick with the new pictures: camera_frozen, camera_black, camera_blind while
    such a fault holds, and picture_recovered once when it is over.

    A picture that repeats is a fault only while the vehicle moves: then even a still, dark or
    foggy scene changes, and an encoder does not repeat it to the bit.
    """

    def __init__(self, cameras: Iterable[str], settings: PictureSettings) -> None:
        self._views = {camera: _View(camera, settings) for camera in cameras}

    def tune(self, settings: PictureSettings) -> None:
        """Changed settings."""
        for view in self._views.values():
            view.settings = settings

    @property
    def repeating(self) -> frozenset[str]:
        """Cameras whose newest picture is the one before again, while the vehicle moves."""
        return frozenset(camera for camera, view in self._views.items() if view.repeats)

    def step(
        self, sightings: Mapping[str, Sighting], speed_mps: float | None, now_s: float
    ) -> tuple[Event, ...]:
        """Events of this tick. speed_mps: the ego's, None if unknown."""
        events = []
        for camera, sighting in sightings.items():
            event = self._views[camera].look(sighting, speed_mps, now_s)
            if event is not None:
                events.append(event)
        return tuple(events)


@dataclass
class _Run:
    """Pictures in a row with the same fault; since_s: time of the last one without it, or of the
    first of all."""

    since_s: float = math.inf
    count: int = 0

    def add(self, wrong: bool, time_s: float) -> None:
        if not wrong or time_s < self.since_s:
            self.since_s, self.count = time_s, 0
        else:
            self.count += 1

    def lasted(self, seconds: float, frames: int, time_s: float) -> bool:
        return self.count >= frames and time_s - self.since_s >= seconds - 1e-9


class _View:
    """One camera."""

    def __init__(self, camera: str, settings: PictureSettings) -> None:
        self._camera = camera
        self.settings = settings
        self.repeats = False
        self._last: Thumbnail | None = None
        self._same, self._black, self._blind = _Run(), _Run(), _Run()
        self._good = 0
        self._fault: str | None = None
        self._told_s = 0.0

    def look(self, sighting: Sighting, speed_mps: float | None, now_s: float) -> Event | None:
        settings, time_s = self.settings, sighting.time_s
        mean, spread = brightness(sighting.thumbnail)
        last, self._last = self._last, sighting.thumbnail
        moves = speed_mps is None or speed_mps >= settings.moving_mps
        same = last is not None and (
            changed_share(last, sighting.thumbnail) <= settings.frozen_share
        )
        black = mean <= settings.black_level and spread <= settings.black_spread
        blind = spread <= settings.blind_spread
        self.repeats = same and moves and speed_mps is not None
        self._same.add(same and moves, time_s)
        self._black.add(black, time_s)
        self._blind.add(blind, time_s)
        self._good = 0 if same or black or blind else self._good + 1
        wrong = self._wrong(speed_mps, time_s)
        if wrong is not None:
            return self._tell(wrong, now_s)
        if self._fault is not None and self._good >= settings.recover_frames:
            self._fault = None
            return Event("picture_recovered", self._camera, "pictures as they should be", now_s)
        return None

    def _wrong(self, speed_mps: float | None, time_s: float) -> tuple[str, str] | None:
        settings = self.settings
        frames = settings.frames
        if self._black.lasted(settings.black_s, frames, time_s):
            return "camera_black", f"black for {self._black.count} pictures"
        if self._blind.lasted(settings.black_s, frames, time_s):
            return "camera_blind", f"one colour for {self._blind.count} pictures"
        frozen_s = settings.frozen_blind_s if speed_mps is None else settings.frozen_s
        if self._same.lasted(frozen_s, frames, time_s):
            return "camera_frozen", f"the same picture {self._same.count + 1} times"
        return None

    def _tell(self, wrong: tuple[str, str], now_s: float) -> Event | None:
        name, detail = wrong
        if name == self._fault and 0 <= now_s - self._told_s < AGAIN_S:
            return None
        self._fault, self._told_s = name, now_s
        return Event(name, self._camera, detail, now_s)
