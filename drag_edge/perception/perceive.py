"""All cameras → Scene: the room's one entry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.perception import PerceptionSettings
from drag_edge.inference.results import Perceived
from drag_edge.perception.calibration import Calibration
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.front import FrontView, empty_view
from drag_edge.perception.parking.watch import ParkingWatch
from drag_edge.perception.scene import Scene
from drag_edge.perception.sides import SideViews
from drag_edge.perception.validity import without_impossible


class Perception:
    """Understands what the models saw. State over time lives here; every step has its own time.

    cameras and roles have the same names. At most one camera looks to the front; without one the
    scene has only its sides.
    """

    def __init__(
        self,
        settings: PerceptionSettings,
        cameras: Mapping[str, CameraModel],
        roles: Mapping[str, Role],
        body: BodySettings,
        known: Mapping[str, Calibration] = MappingProxyType({}),
    ) -> None:
        """known: how cameras sat in earlier drives, by name."""
        self._roles = roles
        self._front: FrontView | None = None
        self._sides = SideViews({}, {}, settings, body)
        self.begin(settings, cameras, body, known)

    def begin(
        self,
        settings: PerceptionSettings,
        cameras: Mapping[str, CameraModel],
        body: BodySettings,
        known: Mapping[str, Calibration] = MappingProxyType({}),
    ) -> None:
        """Forget everything that was perceived, and go on with these; identities of tracks are not
        used again: others remember them."""
        roles = self._roles
        first_id = 1 if self._front is None else self._front.next_id
        side_ids = self._sides.next_ids()
        fronts = [name for name in cameras if roles[name] is Role.FRONT]
        if len(fronts) > 1:
            raise ValueError(f"more than one front camera: {', '.join(fronts)}")
        self._front_name = fronts[0] if fronts else None
        self._front = None
        if fronts:
            name = fronts[0]
            self._front = FrontView(name, cameras[name], settings, body, known.get(name), first_id)
        self._sides = SideViews(cameras, roles, settings, body, side_ids)
        self._parking = ParkingWatch(cameras, roles, settings, body)
        self._view = empty_view(0.0)

    def tune(self, settings: PerceptionSettings) -> None:
        """Changed settings, from the next picture on; nothing is forgotten."""
        if self._front is not None:
            self._front.tune(settings)
        self._sides.tune(settings)
        self._parking.tune(settings)

    def calibrations(self) -> dict[str, Calibration]:
        """How cameras sit, as far as it is known; may be asked from another thread."""
        calibration = None if self._front is None else self._front.calibration
        if self._front_name is None or calibration is None:
            return {}
        return {self._front_name: calibration}

    def understand(self, perceived: Mapping[str, Perceived], ego: EgoState, time_s: float) -> Scene:
        """The scene at time_s, from those cameras that had a new frame.

        Without a new front frame all that rests on it stays as it was, under its old time_s: the
        scene ages, and who reads it can tell.
        """
        view = self._view
        fresh = False
        perceived, refused = without_impossible(perceived, time_s)
        ahead = perceived.get(self._front_name) if self._front_name is not None else None
        if self._front is not None and ahead is not None:
            new = self._front.step(ahead, ego)
            if new is not None:
                self._view = view = new
                fresh = True
        scene_time_s = time_s if self._front is None or view.frame_index < 0 else view.time_s
        sides = self._sides.step(perceived, ego, time_s, scene_time_s)
        front_events = view.events if fresh else ()
        return Scene(
            time_s=scene_time_s,
            frame_index=view.frame_index,
            ego=ego,
            lanes=view.lanes,
            path=view.path,
            tracks=view.tracks,
            lead=view.lead,
            side_tracks=sides.tracks,
            blind_spot_left=sides.left,
            blind_spot_right=sides.right,
            traffic_light=view.traffic_light,
            marks=view.marks,
            pitch_rad=view.pitch_rad,
            events=refused + front_events + sides.events,
            rejected=view.rejected + sides.rejected,
            parking=self._parking.step(perceived, ego),
        )
