"""Both sides of the way: the room's way into parking."""

from __future__ import annotations

import math
from collections.abc import Mapping

from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.perception import PerceptionSettings
from drag_edge.inference.results import Perceived
from drag_edge.perception.answers import sort_answers
from drag_edge.perception.boxes import collect
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.parking.bearings import sees_aside
from drag_edge.perception.parking.odometry import Odometry
from drag_edge.perception.parking.row import Row
from drag_edge.perception.scene import ParkedVehicle, Parking, ParkingGap

# The camera for each side, best first: one that is there for it, else a mirror's whose lens is so
# wide that it sees straight aside. One that only looks back never sees all of a gap.
_CAMERAS = {
    1: (Role.PARKING_LEFT, Role.LEFT),
    -1: (Role.PARKING_RIGHT, Role.RIGHT),
}


class ParkingWatch:
    """Steps with every tick; looks only below a speed."""

    def __init__(
        self,
        cameras: Mapping[str, CameraModel],
        roles: Mapping[str, Role],
        settings: PerceptionSettings,
        body: BodySettings,
    ) -> None:
        self._settings = settings
        self._odometry = Odometry()
        self._rows: dict[str, Row] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        if not settings.parking.enabled:
            return
        for side, wanted in _CAMERAS.items():
            named = (name for role in wanted for name in cameras if roles[name] is role)
            name = next((name for name in named if sees_aside(cameras[name], side)), None)
            if name is not None:
                camera = cameras[name]
                self._rows[name] = Row(camera, side, settings.parking, body)
                self._sizes[name] = (camera.width_px, camera.height_px)
        self._start_s = -math.inf
        self._gaps: tuple[ParkingGap, ...] = ()
        self._vehicles: tuple[ParkedVehicle, ...] = ()

    def tune(self, settings: PerceptionSettings) -> None:
        """Changed settings of the tracks; the rows keep theirs."""
        self._settings = settings

    def step(self, perceived: Mapping[str, Perceived], ego: EgoState) -> Parking | None:
        """What is known at the time of the ego's state; pictures may be older."""
        if not self._rows:
            return None
        self._odometry.step(ego)
        if self._odometry.start_s != self._start_s:
            self._begin_anew()
        pose = self._odometry.at(ego.time_s)
        if pose is None or ego.speed_mps is None:
            return None
        if ego.speed_mps <= self._settings.parking.max_speed_mps:
            looks = [self._look(name, perceived[name]) for name in self._rows if name in perceived]
            if any(looks):
                rows = self._rows.values()
                self._gaps = tuple(gap for row in rows for gap in row.gaps())
                self._vehicles = tuple(item for row in rows for item in row.shown())
        return Parking(ego.time_s, self._start_s, pose, self._gaps, self._vehicles)

    def _look(self, name: str, perceived: Perceived) -> bool:
        """One picture; False if nobody looked at it, or nobody knows where it was taken."""
        users = sort_answers(perceived).road_users
        pose = self._odometry.at(perceived.time_s)
        if users is None or pose is None:
            return False
        settings = self._settings
        boxes = collect(users, self._sizes[name], settings.tracks, settings.rejection)
        self._rows[name].step(boxes, pose)
        return True

    def _begin_anew(self) -> None:
        self._start_s = self._odometry.start_s
        self._gaps, self._vehicles = (), ()
        for row in self._rows.values():
            row.reset()
