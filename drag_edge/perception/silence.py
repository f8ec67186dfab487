"""A detector that runs and answers "nothing" where road users were an instant before."""

from __future__ import annotations

import math
from collections.abc import Sequence

from drag_edge.config.calibration import SilenceSettings
from drag_edge.inference.results import Detections
from drag_edge.perception.scene import Track


class DetectorSilence:
    """Stepped once a frame with what the detectors say and who was tracked.

    Somebody near and well inside the picture does not vanish from one frame to the next, and not
    everybody at once. Empty roads, and detectors that were blind from the start, tell nothing.
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

    def step(
        self,
        road_users: Sequence[Detections] | None,
        tracks: Sequence[Track] | None,
        time_s: float,
    ) -> str | None:
        """What is suspicious now, None when nothing is. road_users None: no detector looked."""
        if road_users is None:
            return None
        if any(len(item.boxes_px) for item in road_users):
            self._near = sum(self._stays(track) for track in tracks or ())
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

    def _stays(self, track: Track) -> bool:
        settings = self._settings
        border_px = settings.border * self._width_px
        inside = track.box_px[0] > border_px and track.box_px[2] < self._width_px - border_px
        known = track.frames >= settings.known_frames and track.coasted_s == 0.0
        return inside and known and track.gap_m <= settings.near_m
