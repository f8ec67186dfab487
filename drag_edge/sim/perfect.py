"""Perception without error: the truth of a session as a Scene, for closed loops at object level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from drag_edge.config.perception import PerceptionSettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import (
    BlindSpot,
    LaneLine,
    Lanes,
    LightState,
    Path,
    PathSource,
    RoadMark,
    Scene,
    Track,
    TrafficLight,
)
from drag_edge.sim.camera import Projector, front_camera, left_camera, right_camera
from drag_edge.sim.ego.plant import Car
from drag_edge.sim.road import Road
from drag_edge.sim.seen import Box, PlacedActor, in_view, place
from drag_edge.sim.session import Snapshot

LABELS = {"car": "car", "truck": "truck", "pedestrian": "pedestrian", "cyclist": "bicycle"}
LANE_RANGE_M = 60.0
OBJECT_RANGE_M = 120.0
SIDE_RANGE_M = 80.0
LIGHT_RANGE_M = 90.0
ONCOMING_MPS = -1.0


class PerfectPerception:
    """Turns snapshots into scenes; remembers only who was seen since when, and the lead.

    ``settings`` give the corridor of the lead and the blind-spot zones; the rest of them is for
    real perception.
    """

    def __init__(self, road: Road, car: Car, settings: PerceptionSettings | None = None) -> None:
        self._road = road
        self._car = car
        self._settings = settings if settings is not None else PerceptionSettings()
        self._cameras = {"front": front_camera(), "left": left_camera(), "right": right_camera()}
        self._first_s: dict[tuple[str, int], tuple[float, int]] = {}
        self._lead_id: int | None = None
        self._index = 0

    def understand(self, snapshot: Snapshot, ego: EgoState) -> Scene:
        """The scene of one instant."""
        truth = snapshot.truth
        actors = zip(snapshot.world.actors, snapshot.actor_accels_mps2, strict=True)
        placed = [place(actor, accel, truth.ego) for actor, accel in actors]
        lanes = self._lanes(snapshot)
        path = Path(
            offset_m=-(truth.road.lane_offset_m or 0.0),
            heading_rad=-truth.road.heading_rad,
            curvature_1pm=truth.road.curvature_1pm,
            source=PathSource.STRAIGHT if lanes is None else PathSource.LANES,
        )
        tracks = self._tracks("front", placed, snapshot, path)
        sides = (
            *self._tracks("left", placed, snapshot, path),
            *self._tracks("right", placed, snapshot, path),
        )
        scene = Scene(
            time_s=snapshot.time_s,
            frame_index=self._index,
            ego=ego,
            lanes=lanes,
            path=path,
            tracks=tracks,
            lead=self._lead(tracks),
            side_tracks=sides,
            blind_spot_left=self._blind_spot(placed, 1.0),
            blind_spot_right=self._blind_spot(placed, -1.0),
            traffic_light=self._light(snapshot),
            marks=self._marks(snapshot),
            pitch_rad=snapshot.ego_pose.pitch_rad,
            events=(),
        )
        self._index += 1
        return scene

    def _tracks(
        self, name: str, placed: Sequence[PlacedActor], snapshot: Snapshot, path: Path
    ) -> tuple[Track, ...]:
        projector = Projector(self._cameras[name], snapshot.ego_pose)
        reach_m = OBJECT_RANGE_M if name == "front" else SIDE_RANGE_M
        seen = in_view(placed, projector, reach_m)
        return tuple(self._track(name, one, box, snapshot, path) for one, box in seen)

    def _track(
        self, name: str, one: PlacedActor, box: Box, snapshot: Snapshot, path: Path
    ) -> Track:
        ahead = one.front_m > 0.0
        x_m = one.rear_m if ahead else one.front_m
        gap_m = x_m - self._car.front_overhang_m if ahead else -x_m - self._car.rear_overhang_m
        rate = one.x_rate_mps if ahead else -one.x_rate_mps
        key = (name, one.actor.actor_id)
        first_s, frames = self._first_s.get(key, (snapshot.time_s, 0))
        self._first_s[key] = (first_s, frames + 1)
        half_m = 0.5 * (self._car.width_m + self._settings.lead.corridor_margin_m)
        path_m = path.y_at(x_m)
        inside = min(one.left_m, path_m + half_m) - max(one.right_m, path_m - half_m)
        return Track(
            id=one.actor.actor_id,
            camera=name,
            label=LABELS[one.actor.kind],
            box_px=box,
            x_m=x_m,
            y_m=one.y_m,
            width_m=one.left_m - one.right_m,
            gap_m=gap_m,
            range_rate_mps=rate,
            speed_mps=one.vx_mps,
            accel_mps2=one.accel_mps2,
            vy_mps=one.vy_mps,
            ttc_s=max(gap_m, 0.0) / -rate if rate < -0.05 else None,
            scale_ttc_s=max(gap_m, 0.0) / -rate if rate < -0.05 else None,
            path_overlap=min(1.0, max(0.0, inside / (one.left_m - one.right_m))),
            confidence=1.0,
            age_s=snapshot.time_s - first_s,
            coasted_s=0.0,
            frames=frames + 1,
            range_std_m=0.0,
        )

    def _lead(self, tracks: Sequence[Track]) -> Track | None:
        settings = self._settings.lead
        best: Track | None = None
        for track in tracks:
            held = track.id == self._lead_id
            least = settings.leave_overlap if held else settings.enter_overlap
            nearer = best is None or track.gap_m < best.gap_m
            if track.path_overlap >= least and track.x_m > 0.0 and nearer:
                best = track
        self._lead_id = None if best is None else best.id
        return best

    def _lanes(self, snapshot: Snapshot) -> Lanes | None:
        position = snapshot.truth.road
        if position.lane is None:
            return None
        width_m = self._road.lanes[position.lane].width_m
        centre = self._centre(snapshot, self._road.lane_center_d_m(position.lane))
        # Lines beside a gentle curve are the middle shifted sideways, to a few centimetres.
        half_m = 0.5 * width_m / math.cos(position.heading_rad)
        return Lanes(
            left=replace(centre, offset_m=centre.offset_m + half_m),
            right=replace(centre, offset_m=centre.offset_m - half_m),
            offset_m=-centre.offset_m,
            heading_rad=-centre.heading_rad,
            curvature_1pm=centre.curvature_1pm,
            width_m=width_m,
            confidence=1.0,
            age_s=0.0,
        )

    def _centre(self, snapshot: Snapshot, d_m: float) -> LaneLine:
        """The cubic through the lane's middle, fitted from the rear axle to the view's end."""
        ego, s_m = snapshot.truth.ego, snapshot.truth.road.s_m
        x, y, _ = self._road.pose(np.linspace(s_m, s_m + LANE_RANGE_M, 13), d_m)
        dx, dy = x - ego.x_m, y - ego.y_m
        cosine, sine = math.cos(ego.yaw_rad), math.sin(ego.yaw_rad)
        ahead, left = dx * cosine + dy * sine, dy * cosine - dx * sine
        third, second, first, offset = np.polyfit(ahead, left, 3).tolist()
        return LaneLine(
            offset_m=offset,
            heading_rad=first,
            curvature_1pm=2.0 * second,
            curvature_rate_1pm2=6.0 * third,
            view_range_m=LANE_RANGE_M,
            confidence=1.0,
            age_s=0.0,
        )

    def _blind_spot(self, placed: Sequence[PlacedActor], side: float) -> BlindSpot:
        settings, zone = self._settings.blind_spot, self._settings.blind_spot.zone
        body_m, tail_m = 0.5 * self._car.width_m, -self._car.rear_overhang_m
        occupant: tuple[float, int] | None = None
        closing: tuple[float, float] | None = None
        for one in placed:
            if one.vx_mps < ONCOMING_MPS:
                continue
            near_m, far_m = sorted((side * one.right_m, side * one.left_m))
            beside = near_m < body_m + zone.outer_m and far_m > body_m + zone.inner_m
            along = one.rear_m < zone.eye_x_m and one.front_m > tail_m - zone.behind_m
            gap_m = max(0.0, tail_m - one.front_m)
            if beside and along and (occupant is None or gap_m < occupant[0]):
                occupant = (gap_m, one.actor.actor_id)
            aside = near_m < body_m + settings.closing_outer_m and far_m > body_m
            approaches = one.x_rate_mps > settings.closing_min_mps and one.front_m < tail_m
            if aside and approaches and gap_m <= settings.closing_range_m:
                ttc_s = gap_m / one.x_rate_mps
                if closing is None or ttc_s < closing[0]:
                    closing = (ttc_s, one.x_rate_mps)
        return BlindSpot(
            occupied=occupant is not None,
            track_id=None if occupant is None else occupant[1],
            gap_m=None if occupant is None else occupant[0],
            closing_speed_mps=None if closing is None else closing[1],
            closing_ttc_s=None if closing is None else closing[0],
            age_s=0.0,
        )

    def _light(self, snapshot: Snapshot) -> TrafficLight | None:
        front_m = snapshot.truth.road.s_m + self._car.front_overhang_m
        pairs = zip(self._road.traffic_lights, snapshot.world.light_states, strict=True)
        ahead = [
            (light.s_m - front_m, state)
            for light, state in pairs
            if 0.0 <= light.s_m - front_m <= LIGHT_RANGE_M
        ]
        if not ahead:
            return None
        distance_m, state = min(ahead)
        return TrafficLight(
            state=LightState[state.upper()],
            distance_m=distance_m,
            box_px=(0.0, 0.0, 0.0, 0.0),
            confidence=1.0,
            age_s=0.0,
        )

    def _marks(self, snapshot: Snapshot) -> tuple[RoadMark, ...]:
        position = snapshot.truth.road
        front_m = position.s_m + self._car.front_overhang_m
        found = []
        for mark in self._road.marks:
            distance_m = mark.s_m - front_m
            own = mark.kind == "crosswalk" or mark.lane == position.lane
            if own and 0.0 <= distance_m <= self._settings.marks.max_range_m:
                y_m = self._road.lane_center_d_m(mark.lane) - position.d_m
                found.append(RoadMark(mark.kind, distance_m, y_m, (0.0, 0.0, 0.0, 0.0), 1.0))
        return tuple(found)


def true_ego(snapshot: Snapshot, car: Car) -> EgoState:
    """The ego's own signals without bus or rounding, for tests that need no bus."""
    ego, driver = snapshot.truth.ego, snapshot.truth.driver
    return EgoState(
        time_s=snapshot.time_s,
        speed_mps=ego.speed_mps,
        accel_mps2=ego.accel_mps2,
        yaw_rate_radps=ego.yaw_rate_radps,
        steering_wheel_angle_rad=ego.steering_rad * car.steering_ratio,
        driver_torque_nm=driver.torque_nm,
        accelerator=driver.accelerator,
        brake_pressed=driver.brake_pressed,
        indicator_left=driver.indicator_left,
        indicator_right=driver.indicator_right,
        acc_enabled=driver.acc_on,
        set_speed_mps=driver.set_speed_mps,
        gap_setting=driver.gap_setting,
        hands_on=driver.hands_on,
    )
