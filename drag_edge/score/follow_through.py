"""A parking manoeuvre driven to its end by a kinematic car and a person who does as told.

The small world's plant does not drive backwards; this one is a single-track model without tyres,
for walking speed. What it says of itself is rounded as the simulated vehicle's bus does, and the
daemon's own odometry and guidance know nothing else of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from drag_edge.adas.apa import ApaMemory, apa_step
from drag_edge.adas.decision import ApaDecision, ApaState
from drag_edge.adas.events import ALL
from drag_edge.adas.parking.geometry import Block, Floats, Placed, Segment, after, clearance_m
from drag_edge.config.adas import AdasSettings
from drag_edge.config.body import BodySettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.parking.odometry import Odometry
from drag_edge.perception.scene import Parking, Path, PathSource, Pose, Scene
from drag_edge.sim.world import Actor

TICK_S = 0.05
LONGEST_S = 240.0


@dataclass(frozen=True, slots=True)
class Driver:
    """How the person drives: speed, pedals, hands, and how badly the wheel is held (σ, rad)."""

    speed_mps: float = 0.8
    accel_mps2: float = 0.5
    brake_mps2: float = 0.8
    steering_radps: float = 0.35
    most_steering_rad: float = 0.55
    waits_above_rad: float = 0.08
    hold_sigma_rad: float = 0.004


@dataclass(frozen=True, slots=True)
class FollowThrough:
    """end: rear axle in world axes. least_clearance_m: to any actor, negative when one is hit."""

    done: bool
    reason: str
    end: Placed
    least_clearance_m: float
    seconds: float
    moves: int


def follow_through(
    scene: Scene,
    start: Placed,
    actors: Sequence[Actor],
    settings: AdasSettings,
    body: BodySettings,
    seed: int,
    driver: Driver | None = None,
) -> FollowThrough:
    """Park in the nearest gap that is offered. scene: with parking; start: truth, world axes."""
    assert scene.parking is not None
    car = _Car(start, driver if driver is not None else Driver(), body, seed)
    reckoned = _Reckoned(scene.parking)
    memory, told = ApaMemory(), ApaDecision()
    poses, time_s, moves = [start], scene.parking.time_s, 0
    begun_s = time_s
    while time_s - begun_s < LONGEST_S:
        time_s += TICK_S
        car.step(told, TICK_S)
        poses.append(car.place)
        ego = car.says(time_s)
        parking = reckoned.step(ego)
        now = replace(scene, time_s=time_s, ego=ego, parking=parking)
        told, memory = apa_step(now, settings.apa, body, memory, time_s, ALL)
        if told.guidance is not None:
            moves = max(moves, told.guidance.moves_left)
        if told.state in (ApaState.DONE, ApaState.ENDED):
            break
    clearance = clearance_to(np.array([(p.x_m, p.y_m, p.heading_rad) for p in poses]), actors, body)
    done = told.state is ApaState.DONE
    reason = told.reason if told.reason else told.state.name
    return FollowThrough(done, reason, car.place, clearance, time_s - begun_s, moves)


def clearance_to(poses: Floats, actors: Sequence[Actor], body: BodySettings) -> float:
    """Least distance of the body at N×3 world poses to the actors' footprints (lower bound)."""
    nearest = math.inf
    for actor in actors:
        cos, sin = math.cos(actor.yaw_rad), math.sin(actor.yaw_rad)
        dx, dy = poses[:, 0] - actor.x_m, poses[:, 1] - actor.y_m
        own = np.column_stack(
            (dx * cos + dy * sin, dy * cos - dx * sin, poses[:, 2] - actor.yaw_rad)
        )
        half_length, half_width = actor.length_m / 2, actor.width_m / 2
        block = Block(-half_length, half_length, -half_width, half_width)
        nearest = min(nearest, float(clearance_m(own, (block,), body).min()))
    return nearest


class _Car:
    """The kinematic car with the person in it."""

    def __init__(self, start: Placed, driver: Driver, body: BodySettings, seed: int) -> None:
        self.place = start
        self._driver, self._body = driver, body
        self._speed_mps = self._steering_rad = self._yaw_rate_radps = 0.0
        self._reverse = True
        self._rng = np.random.default_rng([seed, 18])

    def step(self, told: ApaDecision, dt_s: float) -> None:
        """Do as told for a while."""
        driver, advice = self._driver, told.guidance
        before = self.place
        if advice is None or told.state is not ApaState.GUIDING:
            self._speed_mps = max(0.0, self._speed_mps - driver.brake_mps2 * dt_s)
            if advice is not None and self._speed_mps == 0.0:
                self._reverse = not advice.forward
        if advice is not None:
            wanted = math.atan(advice.curvature_1pm * self._body.wheelbase_m)
            self._steer(wanted + float(self._rng.normal(0.0, driver.hold_sigma_rad)), dt_s)
            turned = abs(wanted - self._steering_rad) < driver.waits_above_rad
            if told.state is ApaState.GUIDING:
                self._drive(advice.to_go_m if turned else 0.0, dt_s)
        way_m = (-1 if self._reverse else 1) * self._speed_mps * dt_s
        curvature = math.tan(self._steering_rad) / self._body.wheelbase_m
        self.place = after(before, Segment(way_m >= 0, curvature, abs(way_m)))
        self._yaw_rate_radps = (self.place.heading_rad - before.heading_rad) / dt_s

    def says(self, time_s: float) -> EgoState:
        """What is on the vehicle's bus, rounded as there."""
        return EgoState(
            time_s,
            speed_mps=round(self._speed_mps * 360) / 360,
            yaw_rate_radps=math.radians(round(math.degrees(self._yaw_rate_radps), 2)),
            reverse=self._reverse,
        )

    def _steer(self, wanted_rad: float, dt_s: float) -> None:
        most = self._driver.steering_radps * dt_s
        self._steering_rad += min(max(wanted_rad - self._steering_rad, -most), most)
        limit = self._driver.most_steering_rad
        self._steering_rad = min(max(self._steering_rad, -limit), limit)

    def _drive(self, to_go_m: float, dt_s: float) -> None:
        driver = self._driver
        wanted = min(driver.speed_mps, math.sqrt(driver.brake_mps2 * max(to_go_m, 0.0)))
        wanted += 0.02 if to_go_m > 0 else 0.0
        change = wanted - self._speed_mps
        change = min(max(change, -driver.brake_mps2 * dt_s), driver.accel_mps2 * dt_s)
        self._speed_mps = max(0.0, self._speed_mps + change)


class _Reckoned:
    """The daemon's odometry, going on from where the drive's stood."""

    def __init__(self, parking: Parking) -> None:
        self._parking, self._odometry = parking, Odometry()

    def step(self, ego: EgoState) -> Parking:
        """Parking with the pose of now."""
        self._odometry.step(ego)
        here = self._odometry.at(ego.time_s)
        assert here is not None
        first = self._parking.pose
        cos, sin = math.cos(first.yaw_rad), math.sin(first.yaw_rad)
        pose = Pose(
            first.x_m + here.x_m * cos - here.y_m * sin,
            first.y_m + here.x_m * sin + here.y_m * cos,
            first.yaw_rad + here.yaw_rad,
        )
        return replace(self._parking, time_s=ego.time_s, pose=pose)


def empty_scene(parking: Parking) -> Scene:
    """A scene of nothing but parking."""
    return Scene(
        time_s=parking.time_s,
        frame_index=0,
        ego=EgoState(parking.time_s),
        lanes=None,
        path=Path(0.0, 0.0, 0.0, PathSource.STRAIGHT),
        tracks=None,
        lead=None,
        side_tracks=None,
        blind_spot_left=None,
        blind_spot_right=None,
        traffic_light=None,
        marks=None,
        pitch_rad=0.0,
        events=(),
        parking=parking,
    )
