"""Who is beside us and who comes from behind, for each side."""

from __future__ import annotations

from collections.abc import Sequence

from drag_edge.config.body import BodySettings
from drag_edge.config.perception import BlindSpotSettings
from drag_edge.config.tracking import SizePrior
from drag_edge.perception.scene import BlindSpot, Track


class BlindSpotWatch:
    """One side. side_sign: 1 left, −1 right."""

    def __init__(
        self,
        side_sign: float,
        settings: BlindSpotSettings,
        body: BodySettings,
        sizes: dict[str, SizePrior],
    ) -> None:
        self._sign, self._settings, self._body, self._sizes = side_sign, settings, body, sizes
        self.reset()

    def tune(self, settings: BlindSpotSettings, sizes: dict[str, SizePrior]) -> None:
        """Changed settings, from the next step on."""
        self._settings, self._sizes = settings, sizes

    def reset(self) -> None:
        """Forget everybody."""
        # Of each track in the zone: the pictures that showed it there, and its frames until then.
        self._inside: dict[int, tuple[int, int]] = {}
        self._occupied_until_s = float("-inf")
        self._occupant: int | None = None

    def step(self, tracks: Sequence[Track], time_s: float, age_s: float) -> BlindSpot:
        """The side's state at time_s. tracks: of all cameras that see behind; age_s: of them."""
        inside = [track for track in tracks if self._in_zone(track)]
        self._inside = {track.id: self._counted(track) for track in inside}
        least = self._settings.start_frames
        present = [track for track in inside if self._inside[track.id][0] >= least]
        if present:
            self._occupant = min(present, key=lambda track: (track.gap_m, track.id)).id
            self._occupied_until_s = time_s + self._settings.hold_s
        occupied = time_s <= self._occupied_until_s
        closing = self._closing(tracks)
        beside = [track for track in tracks if self._beside(track, self._settings.closing_outer_m)]
        return BlindSpot(
            occupied=occupied,
            track_id=self._occupant if occupied else (closing.id if closing else None),
            gap_m=min((track.gap_m for track in beside), default=None),
            closing_speed_mps=-closing.range_rate_mps if closing else None,
            closing_ttc_s=_time_to_tail_s(closing) if closing else None,
            age_s=age_s,
        )

    def _counted(self, track: Track) -> tuple[int, int]:
        """Pictures that showed it in the zone with the newest; a picture counts once, however
        often it is asked about."""
        count, frames = self._inside.get(track.id, (0, -1))
        seen = track.coasted_s == 0.0 and track.frames > frames
        return count + seen, track.frames

    def _beside(self, track: Track, outer_m: float) -> bool:
        """Its body reaches between the zone's inner edge and outer_m beside our own flank."""
        middle = self._sign * track.y_m - self._body.width_m / 2
        near, far = middle - track.width_m / 2, middle + track.width_m / 2
        return near < outer_m and far > self._settings.zone.inner_m

    def _in_zone(self, track: Track) -> bool:
        zone, settings = self._settings.zone, self._settings
        # Who comes into the picture beside us is cut by its edge: how far aside is a guess yet.
        young = track.age_s < settings.young_s
        if not self._beside(track, zone.outer_m - (settings.young_margin_m if young else 0.0)):
            return False
        # Cameras that look back see a road user's front: its body reaches further back.
        length_m = self._sizes[track.label].length_m if track.label in self._sizes else 4.0
        front_x, rear_x = track.x_m, track.x_m - length_m
        return front_x > -self._body.rear_overhang_m - zone.behind_m and rear_x < zone.eye_x_m

    def _closing(self, tracks: Sequence[Track]) -> Track | None:
        """Of those that approach from behind on this side, the one that is here first."""
        settings = self._settings
        coming = [
            track
            for track in tracks
            if track.x_m < -self._body.rear_overhang_m
            and track.gap_m < settings.closing_range_m
            and -track.range_rate_mps > settings.closing_min_mps
            and self._beside(track, settings.closing_outer_m)
        ]
        return min(coming, key=lambda track: (_time_to_tail_s(track), track.id), default=None)


def _time_to_tail_s(track: Track) -> float:
    return track.gap_m / max(-track.range_rate_mps, 1e-3)
