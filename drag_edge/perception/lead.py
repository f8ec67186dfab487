"""The lead: the nearest road user in the path, chosen with hysteresis (CIPV)."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from drag_edge.config.perception import LeadSettings
from drag_edge.perception.boxes import VEHICLES
from drag_edge.perception.path import Corridor
from drag_edge.perception.scene import Track


class LeadSelector:
    """Remembers who was in the corridor in the last frames."""

    def __init__(self, settings: LeadSettings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Forget everybody."""
        self._votes: dict[int, deque[bool]] = {}
        self._members: set[int] = set()

    def tune(self, settings: LeadSettings) -> None:
        """Changed settings, from the next step on; votes that were cast still count."""
        self._settings = settings
        self._votes = {
            key: deque(votes, maxlen=settings.window_frames) for key, votes in self._votes.items()
        }

    def step(
        self, tracks: Sequence[Track], corridor: Corridor, barred: Collection[int]
    ) -> Track | None:
        """The lead among this frame's tracks, or None.

        barred: tracks that may stay the lead but not become it (cut by the border …).
        """
        settings = self._settings
        present = {track.id for track in tracks}
        self._members &= present
        self._votes = {key: value for key, value in self._votes.items() if key in present}
        for track in tracks:
            votes = self._votes.setdefault(track.id, deque(maxlen=settings.window_frames))
            # A coasting track says nothing new about where it is.
            if track.coasted_s == 0.0:
                votes.append(self._enters(track, corridor))
            if track.id in self._members:
                if not self._stays(track, corridor):
                    self._members.discard(track.id)
                    votes.clear()
            elif track.id not in barred and self._elected(track, votes):
                self._members.add(track.id)
        members = [track for track in tracks if track.id in self._members]
        return min(members, key=lambda track: (track.gap_m, track.id), default=None)

    def _elected(self, track: Track, votes: deque[bool]) -> bool:
        enough = sum(votes) >= self._settings.enter_frames
        return enough and track.confidence >= self._settings.min_confidence

    def _enters(self, track: Track, corridor: Corridor) -> bool:
        settings = self._settings
        if track.x_m <= 0 or track.gap_m > settings.max_range_m:
            return False
        return track.path_overlap > settings.enter_overlap or self._cuts_in(track, corridor)

    def _stays(self, track: Track, corridor: Corridor) -> bool:
        settings = self._settings
        return track.path_overlap >= settings.leave_overlap or self._cuts_in(track, corridor)

    def _cuts_in(self, track: Track, corridor: Corridor) -> bool:
        """It is about to be in the corridor, moving across the road rather than along its curve."""
        settings = self._settings
        if track.speed_mps is None or track.label not in VEHICLES or track.x_m <= 0:
            return False
        if track.gap_m > settings.cut_in_range_m or track.frames < settings.cut_in_frames:
            return False
        across_mps = corridor.across_mps(track.x_m, track.speed_mps, track.vy_mps)
        if abs(across_mps) < settings.cut_in_mps + settings.cut_in_doubt_1ps * track.x_m:
            return False
        # No car moves aside faster than it drives. Parked ones seem to, while they are passed.
        if track.speed_mps < max(settings.cut_in_least_mps, abs(across_mps)):
            return False
        if across_mps * (track.y_m - corridor.path.y_at(track.x_m)) >= 0:
            return False
        reach_s = corridor.time_to_reach_s(track.x_m, track.y_m, across_mps, track.width_m)
        return reach_s is not None and reach_s < settings.cut_in_s
