"""All road users of one camera: associate, filter, begin, end, and show them as Tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from drag_edge.config.body import BodySettings
from drag_edge.config.perception import PerceptionSettings
from drag_edge.inference.results import ClassMap, Detections
from drag_edge.perception.association import associate
from drag_edge.perception.boxes import SeenBox, collect, overlap
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ground import GroundTable
from drag_edge.perception.path import Corridor
from drag_edge.perception.plausibility import NEVER, OwnBody, reason, road_shares
from drag_edge.perception.scene import RejectedBox, Track
from drag_edge.perception.sightings import Sighting, sight
from drag_edge.perception.tracked import Moment, TrackedObject

_SAME_PLACE = 0.8
# Who closes in more slowly is nobody's threat: how soon it might be here is not worked out.
_CLOSING_MPS = 0.5


@dataclass(frozen=True, slots=True)
class RoadEvidence:
    """The class map of the same frame, and its table."""

    class_map: ClassMap
    table: GroundTable


class Tracker:
    """Road users in one camera over time. first_id keeps the identities of cameras apart."""

    def __init__(
        self,
        name: str,
        camera: CameraModel,
        mirror: bool,
        settings: PerceptionSettings,
        body: BodySettings,
        first_id: int = 1,
    ) -> None:
        self._name, self._camera, self._body = name, camera, body
        self._mirror = mirror
        self._settings = settings
        self._own_body = None
        if not mirror:
            self._own_body = OwnBody.seen_from(camera, body.front_overhang_m, body.rear_overhang_m)
        self._next_id = first_id
        self.reset()

    @property
    def next_id(self) -> int:
        """The identity that the next track will have."""
        return self._next_id

    def tune(self, settings: PerceptionSettings) -> None:
        """Changed settings, from the next step on; a track that is there keeps its filters'."""
        self._settings = settings

    def reset(self) -> None:
        """Forget all tracks; identities are not used again."""
        self._objects: list[TrackedObject] = []
        self.rejected: tuple[RejectedBox, ...] = ()

    def step(
        self,
        detections: Sequence[Detections] | None,
        road: RoadEvidence | None,
        pitch_rad: float,
        now: Moment,
    ) -> None:
        """One frame. detections None: no detector looked, so everybody coasts unblamed."""
        for item in self._objects:
            item.predict(now)
            item.jumped = False
        self.rejected = ()
        if detections is not None:
            boxes = collect(
                detections,
                (self._camera.width_px, self._camera.height_px),
                self._settings.tracks,
                self._settings.rejection,
            )
            self._look(boxes, road, pitch_rad, now)
        self._end(now)

    def jumps(self) -> list[TrackedObject]:
        """Objects whose range had to start anew in this step."""
        return [item for item in self._objects if item.jumped]

    def cut_ids(self, time_s: float) -> frozenset[int]:
        """Tracks whose side the picture's edge cuts, or just has: where they are is a guess."""
        since_s = time_s - self._settings.rejection.border_memory_s
        return frozenset(item.id for item in self._objects if item.side_cut_s >= since_s)

    def tracks(self, corridor: Corridor | None, now: Moment) -> tuple[Track, ...]:
        """Confirmed tracks, nearest first."""
        confirmed = [
            item for item in self._objects if item.frames >= self._settings.tracks.confirm_frames
        ]
        shown = [self._show(item, corridor, now) for item in confirmed]
        return tuple(sorted(shown, key=lambda track: (track.gap_m, track.id)))

    def _look(
        self, boxes: list[SeenBox], road: RoadEvidence | None, pitch_rad: float, now: Moment
    ) -> None:
        settings = self._settings
        priors = [settings.tracks.sizes[box.label] for box in boxes]
        widths_m = [prior.width_m for prior in priors]
        seen = sight(boxes, self._camera, pitch_rad, widths_m, now.dt_s, settings.ranging)
        why = [
            reason(
                item, prior, self._camera, self._own_body, now.pitch_sigma_rad, settings.rejection
            )
            for item, prior in zip(seen, priors, strict=True)
        ]
        self.rejected = tuple(
            RejectedBox(self._name, box.label, box.box_px, wrong)
            for box, wrong in zip(boxes, why, strict=True)
            if wrong is not None
        )
        shares: list[float | None] = [None] * len(seen)
        if road is not None:
            shares = road_shares(
                seen,
                road.class_map,
                road.table,
                self._camera.horizon_row(pitch_rad),
                settings.rejection,
            )
        taken = self._associate(seen, why, now, shares)
        for index, item in enumerate(seen):
            if index in taken or why[index] is not None:
                continue
            if item.box.score >= settings.tracks.new_score:
                self._begin(item, shares[index], now)

    def _associate(
        self,
        seen: list[Sighting],
        why: list[str | None],
        now: Moment,
        shares: list[float | None],
    ) -> set[int]:
        usable = [index for index, wrong in enumerate(why) if wrong not in NEVER]
        chosen = associate(
            [item.motion.box_px for item in self._objects],
            [item.label for item in self._objects],
            [seen[index].box for index in usable],
            self._settings.tracks,
        )
        taken: set[int] = set()
        memory_s = self._settings.rejection.road_memory_s
        for item, choice in zip(self._objects, chosen, strict=True):
            if choice is None:
                item.miss(now)
                continue
            index = usable[choice]
            taken.add(index)
            item.odd_in_row = item.odd_in_row + 1 if why[index] is not None else 0
            if item.odd_in_row > self._settings.rejection.odd_frames:
                item.miss(now)
                continue
            item.measure(seen[index], now)
            item.remember_road(shares[index], now.dt_s, memory_s)
        return taken

    def _begin(self, seen: Sighting, share: float | None, now: Moment) -> None:
        item = TrackedObject(
            self._next_id,
            seen,
            self._camera,
            self._settings.tracks,
            self._settings.ranging,
            now,
        )
        self._next_id += 1
        item.remember_road(share, now.dt_s, self._settings.rejection.road_memory_s)
        self._objects.append(item)

    def _end(self, now: Moment) -> None:
        """Drop what was not seen for too long, what has left a mirror, and ghosts that sit on a
        track that is seen."""
        tracks = self._settings.tracks
        kept: list[TrackedObject] = []
        for item in self._objects:
            confirmed = item.frames >= tracks.confirm_frames
            limit_s = tracks.drop_after_s if confirmed else tracks.doubt_after_s
            # A slow frame rate must not kill a track by one missing frame.
            if now.time_s - item.seen_s > max(limit_s, min(1.5 * now.dt_s, tracks.drop_after_s)):
                continue
            if not (self._mirror and self._has_left(item, now)):
                kept.append(item)
        self._objects = _without_ghosts(kept, now)

    def _has_left(self, item: TrackedObject, now: Moment) -> bool:
        """Unseen, cut by the picture's side when it was seen last, and by now beyond that side but
        for a little: who has passed a mirror does not come back into it."""
        if item.seen_s >= now.time_s or item.side_cut_s < item.seen_s:
            return False
        x0, _, x1, _ = item.motion.box_px
        inside_px = min(x1, float(self._camera.width_px)) - max(x0, 0.0)
        return inside_px < self._settings.tracks.left_share * (x1 - x0)

    def _show(self, item: TrackedObject, corridor: Corridor | None, now: Moment) -> Track:
        x_m, y_m, width_m = item.x_m, item.y_m, item.range.width_m
        gap_m = self._gap(x_m)
        rate = item.range.rate_mps
        path_overlap = 0.0
        if corridor is not None and not self._off_road(item):
            path_overlap = corridor.overlap(x_m, y_m, width_m)
        speed = None
        if now.ego_speed_mps is not None:
            speed = now.ego_speed_mps + item.direction * rate
        camera_ttc = item.scale.ttc_s()
        least_ttc = item.scale.least_ttc_s(now.time_s) if rate < -_CLOSING_MPS else None
        to_bumper = gap_m / max(item.range.range_m, 0.1)
        coasted_s = max(0.0, now.time_s - item.seen_s)
        return Track(
            id=item.id,
            camera=self._name,
            label=item.label,
            box_px=item.motion.box_px,
            x_m=x_m,
            y_m=y_m,
            width_m=width_m,
            gap_m=gap_m,
            range_rate_mps=rate,
            speed_mps=speed,
            accel_mps2=item.range.accel_mps2,
            vy_mps=item.lateral.vy_mps,
            ttc_s=gap_m / -rate if rate < -0.1 else None,
            scale_ttc_s=None if camera_ttc is None else camera_ttc * to_bumper,
            path_overlap=path_overlap,
            confidence=item.confidence,
            age_s=max(0.0, now.time_s - item.born_s),
            coasted_s=coasted_s,
            frames=item.frames,
            range_std_m=item.range.range_std_m,
            least_ttc_s=None if least_ttc is None else least_ttc * to_bumper,
            since_jump_s=max(0.0, now.time_s - item.jumped_s),
        )

    def _gap(self, x_m: float) -> float:
        body = self._body
        return max(0.0, x_m - body.front_overhang_m, -body.rear_overhang_m - x_m)

    def _off_road(self, item: TrackedObject) -> bool:
        """A vehicle that stands where no road is; those on foot may step onto it."""
        if not item.is_vehicle or item.road_share is None:
            return False
        return item.road_share < self._settings.rejection.off_road_share


def _without_ghosts(objects: list[TrackedObject], now: Moment) -> list[TrackedObject]:
    if len(objects) < 2:
        return objects
    ghosts: set[int] = set()
    for first, second in combinations(range(len(objects)), 2):
        if overlap(objects[first].motion.box_px, objects[second].motion.box_px) <= _SAME_PLACE:
            continue
        pair = sorted(
            (first, second),
            key=lambda index: (objects[index].seen_s, objects[index].frames, -objects[index].id),
        )
        if objects[pair[0]].is_vehicle == objects[pair[1]].is_vehicle:
            ghosts.add(pair[0])
    return [item for index, item in enumerate(objects) if index not in ghosts]
