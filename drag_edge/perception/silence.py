"""A detector that runs and answers "nothing" where road users were an instant before."""

from __future__ import annotations

import math
from collections.abc import Sequence

from drag_edge.config.calibration import SilenceSettings
from drag_edge.inference.results import Detections
from drag_edge.perception.scene import Track

# An oncoming car is seen well inside the picture, and is gone one or two frames later.
_FRAMES_AHEAD = 2


class DetectorSilence:
    """Stepped once a frame with what the detectors say and who was tracked.

    Somebody near and well inside the picture, now and two frames later as they move, does not
    vanish from one frame to the next, and not everybody at once. Empty roads, and detectors that
    were blind from the start, tell nothing.
    """

    def __init__(self, settings: SilenceSettings, width_px: int) -> None:
        self._settings = settings
        self._width_px = width_px
        self.reset()

    def tune(self, settings: SilenceSettings) -> None:
        """Changed settings, from the next step on."""
        self._settings = settings

    def reset(self) -> None:
        """Forget everything."""
        self._near = 0  # road users that could not vanish, in the last frame with any box
        self._empty = 0
        self._since_s = math.inf
        self._last_s: float | None = None

    def step(
        self,
        road_users: Sequence[Detections] | None,
        tracks: Sequence[Track] | None,
        time_s: float,
    ) -> str | None:
        """What is suspicious now, None when nothing is. road_users None: no detector looked."""
        if road_users is None:
            return None
        step_s = 0.0 if self._last_s is None else max(0.0, time_s - self._last_s)
        self._last_s = time_s
        if any(len(item.boxes_px) for item in road_users):
            ahead_s = _FRAMES_AHEAD * step_s
            self._near = sum(self._stays(track, ahead_s) for track in tracks or ())
            self._empty = 0
            return None
        self._empty += 1
        if self._empty == 1:
            self._since_s = time_s
        silent_s = time_s - self._since_s
        long = self._empty >= self._settings.frames and silent_s <= self._settings.hold_s
        if self._near == 0 or not long:
            return None
        return f"no box in {self._empty} frames, {self._near} road users were near before"

    def _stays(self, track: Track, ahead_s: float) -> bool:
        settings = self._settings
        border_px = settings.border * self._width_px
        known = track.frames >= settings.known_frames and track.coasted_s == 0.0
        if not known or track.gap_m > settings.near_m:
            return False
        left, right = track.box_px[0], track.box_px[2]
        grows = _growth(track, ahead_s)
        middle = self._width_px / 2
        moved = (middle + (left - middle) * grows, middle + (right - middle) * grows)
        return all(border_px < edge < self._width_px - border_px for edge in (left, right, *moved))


def _growth(track: Track, ahead_s: float) -> float:
    """By how much everything of it is farther from the picture's middle ahead_s from now; inf once
    it is passed."""
    left_m = track.gap_m + track.range_rate_mps * ahead_s
    return track.gap_m / left_m if left_m > 0 else math.inf
