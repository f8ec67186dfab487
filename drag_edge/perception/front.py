"""The view ahead: lanes, pitch, path, road users, lead, lights and marks of the front camera."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from drag_edge.config.body import BodySettings
from drag_edge.config.perception import PerceptionSettings
from drag_edge.events import Event
from drag_edge.inference.results import ClassMap, Perceived
from drag_edge.perception.answers import Answers, sort_answers
from drag_edge.perception.calibration import Calibration, MountWatch
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.ego_motion import EgoMotion
from drag_edge.perception.failing import FailingAnswers
from drag_edge.perception.ground import GroundTable
from drag_edge.perception.lanes import LaneTracker
from drag_edge.perception.lead import LeadSelector
from drag_edge.perception.lights import LightWatch
from drag_edge.perception.marks import locate_marks
from drag_edge.perception.path import Corridor, PathPredictor, line_of_path
from drag_edge.perception.pitch import PitchEstimator
from drag_edge.perception.scene import (
    Lanes,
    Path,
    PathSource,
    RejectedBox,
    RoadMark,
    Track,
    TrafficLight,
)
from drag_edge.perception.silence import DetectorSilence
from drag_edge.perception.tracked import Moment
from drag_edge.perception.tracks import RoadEvidence, Tracker

_LANES_LOST_FOR_S = 2.0


@dataclass(frozen=True, slots=True)
class View:
    """What the front camera says; see Scene for the meaning of each field."""

    time_s: float
    frame_index: int
    lanes: Lanes | None
    path: Path
    tracks: tuple[Track, ...] | None
    lead: Track | None
    traffic_light: TrafficLight | None
    marks: tuple[RoadMark, ...] | None
    pitch_rad: float
    events: tuple[Event, ...]
    rejected: tuple[RejectedBox, ...]


def empty_view(time_s: float) -> View:
    """Before the first front frame: nothing is known."""
    path = Path(0.0, 0.0, 0.0, PathSource.STRAIGHT)
    return View(time_s, -1, None, path, None, None, None, None, 0.0, (), ())


class FrontView:
    """Steps everything that rests on the front camera, once a frame."""

    def __init__(
        self,
        name: str,
        camera: CameraModel,
        settings: PerceptionSettings,
        body: BodySettings,
        known: Calibration | None = None,
        first_id: int = 1,
    ) -> None:
        """known: how the camera sat in earlier drives. first_id: of its first track."""
        self._name, self._camera, self._settings, self._body = name, camera, settings, body
        self._pitch = PitchEstimator(settings.pitch)
        self._lanes = LaneTracker(settings.lanes)
        self._path = PathPredictor(settings.path)
        self._tracker = Tracker(name, camera, False, settings, body, first_id)
        self._lead = LeadSelector(settings.lead)
        self._lights = LightWatch(camera, body.front_overhang_m, settings.lights)
        self._motion = EgoMotion()
        self._mount = MountWatch(name, settings.calibration, known)
        self._failing = FailingAnswers()
        self._silence = DetectorSilence(settings.silence, camera.width_px)
        self._table: GroundTable | None = None
        self._last_s: float | None = None
        self._forget()

    def tune(self, settings: PerceptionSettings) -> None:
        """Changed settings, from the next step on; nothing is forgotten."""
        self._settings = settings
        self._pitch.tune(settings.pitch)
        self._lanes.tune(settings.lanes)
        self._path.tune(settings.path)
        self._tracker.tune(settings)
        self._lead.tune(settings.lead)
        self._lights.tune(settings.lights)
        self._mount.tune(settings.calibration)
        self._silence.tune(settings.silence)

    @property
    def next_id(self) -> int:
        """The identity that the next track will have."""
        return self._tracker.next_id

    @property
    def calibration(self) -> Calibration | None:
        """How the camera sits, as far as it is known."""
        return self._mount.calibration

    def _forget(self) -> None:
        known = self.calibration
        if known is None:
            self._pitch.reset()
        else:
            self._pitch.reset(known.pitch_rad, self._settings.calibration.sigma_rad)
        self._silence.reset()
        self._failing.reset()
        self._lanes.reset()
        self._path.reset()
        self._tracker.reset()
        self._lead.reset()
        self._lights.reset()
        self._motion.reset()
        self._marks: tuple[RoadMark, ...] | None = None
        self._marks_s = self._lanes_lost_s = -math.inf
        self._road_s: float | None = None
        self._objects_s: float | None = None

    def step(self, perceived: Perceived, ego: EgoState) -> View | None:
        """The view at the frame's time; None for a frame that was seen before."""
        time_s = perceived.time_s
        events: list[Event] = []
        dt_s = 0.0 if self._last_s is None else time_s - self._last_s
        if self._last_s is not None and dt_s == 0.0:
            return None
        if not 0.0 <= dt_s <= self._settings.max_step_s:
            events.append(Event("clock_jump", self._name, f"step of {dt_s:.3f} s", time_s))
            self._forget()
            dt_s = 0.0
        self._last_s = time_s
        answers = sort_answers(perceived)
        accel = self._motion.accel_mps2(ego)
        if dt_s > 0:
            self._pitch.predict(dt_s, accel)
        lanes = self._see_lanes(answers.class_map, dt_s, ego)
        path = self._path.step(lanes, ego, dt_s)
        tracks, lead = self._see_road_users(answers, path, lanes, ego, accel or 0.0, time_s, dt_s)
        events.extend(self._events(answers, self._failing.step(perceived), time_s))
        events.extend(self._mount.step(self._pitch.pitch_rad, lanes, ego, time_s))
        silent = self._silence.step(answers.road_users, tracks, time_s)
        if silent is not None:
            events.append(Event("detector_silent", self._name, silent, time_s))
        return View(
            time_s=time_s,
            frame_index=perceived.index,
            lanes=lanes,
            path=path,
            tracks=tracks,
            lead=lead,
            traffic_light=self._lights.step(answers.lights, path, time_s),
            marks=self._see_marks(answers, ego, time_s, dt_s),
            pitch_rad=self._pitch.pitch_rad,
            events=tuple(events),
            rejected=self._tracker.rejected,
        )

    def _see_lanes(self, class_map: ClassMap | None, dt_s: float, ego: EgoState) -> Lanes | None:
        if class_map is not None:
            shape = (class_map.classes.shape[0], class_map.classes.shape[1])
            table = self._table
            if table is None or (table.region_px, table.shape) != (class_map.region_px, shape):
                self._table = GroundTable(self._camera, class_map.region_px, shape)
        return self._lanes.step(
            class_map, self._table, self._pitch, dt_s, ego.speed_mps, ego.yaw_rate_radps
        )

    def _see_road_users(
        self,
        answers: Answers,
        path: Path,
        lanes: Lanes | None,
        ego: EgoState,
        accel_mps2: float,
        time_s: float,
        dt_s: float,
    ) -> tuple[tuple[Track, ...] | None, Track | None]:
        now = Moment(
            time_s,
            dt_s,
            self._pitch.sigma_rad,
            ego.speed_mps,
            accel_mps2,
            ego.yaw_rate_radps or 0.0,
        )
        road = None
        if answers.class_map is not None and self._table is not None:
            road = RoadEvidence(answers.class_map, self._table)
        self._tracker.step(answers.road_users, road, self._pitch.pitch_rad, now)
        if answers.road_users is not None:
            self._objects_s = time_s
        unknown = self._objects_s is None or (
            time_s - self._objects_s > self._settings.unavailable_after_s
        )
        if unknown:
            return None, None
        margin_m = self._settings.lead.corridor_margin_m
        half_m = (self._body.width_m + margin_m) / 2
        corridor = Corridor(path, half_m, line_of_path(path, lanes))
        tracks = self._tracker.tracks(corridor, now)
        return tracks, self._lead.step(tracks, corridor, self._tracker.cut_ids(time_s))

    def _see_marks(
        self, answers: Answers, ego: EgoState, time_s: float, dt_s: float
    ) -> tuple[RoadMark, ...] | None:
        """Marks of this frame, or the last ones brought nearer by what was driven since."""
        if answers.marks is not None:
            self._marks_s = time_s
            self._marks = locate_marks(
                answers.marks,
                self._camera,
                self._pitch.pitch_rad,
                self._body.front_overhang_m,
                self._settings.marks,
            )
        elif self._marks is not None:
            driven_m = (ego.speed_mps or 0.0) * dt_s
            moved = (replace(mark, distance_m=mark.distance_m - driven_m) for mark in self._marks)
            self._marks = tuple(mark for mark in moved if mark.distance_m > 0)
        if time_s - self._marks_s > self._settings.unavailable_after_s:
            self._marks = None
        return self._marks

    def _events(
        self, answers: Answers, failing_s: tuple[float, float], time_s: float
    ) -> Iterator[Event]:
        """What went wrong or is implausible in this step. failing_s: surface and road users."""
        limit_s, fails_s = self._settings.unavailable_after_s, self._settings.failing_after_s
        road_fails, users_fail = (lasted_s >= fails_s for lasted_s in failing_s)
        if answers.class_map is not None:
            self._road_s = time_s
        elif road_fails or (self._road_s is not None and time_s - self._road_s > limit_s):
            yield Event("road_unavailable", self._name, "no class map", time_s)
        silent = self._objects_s is not None and time_s - self._objects_s > limit_s
        if users_fail or silent:
            yield Event("objects_unavailable", self._name, "no detector has answered", time_s)
        if self._lanes.lost:
            self._lanes_lost_s = time_s
        if self._lanes.found:
            self._lanes_lost_s = -math.inf
        if time_s - self._lanes_lost_s <= _LANES_LOST_FOR_S:
            yield Event("lanes_lost", self._name, "no line of the own lane in view", time_s)
        if self._lanes.refused is not None:
            yield Event("lanes_implausible", self._name, self._lanes.refused, time_s)
        for item in self._tracker.jumps():
            yield Event("range_jump", self._name, f"track {item.id} ({item.label})", time_s)
        if self._pitch.at_bound:
            detail = f"{math.degrees(self._pitch.pitch_rad):.1f} deg against the mounting"
            yield Event("pitch_implausible", self._name, detail, time_s)
