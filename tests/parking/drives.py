"""Drives past parked vehicles: labelled cameras, the real perception, no bus."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import can
import numpy as np

from drag_edge.clock import VirtualClock
from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.perception import PerceptionSettings
from drag_edge.inference.results import Perceived
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.perceive import Perception
from drag_edge.perception.scene import Scene
from drag_edge.sim.camera import Camera, Mount
from drag_edge.sim.perfect import true_ego
from drag_edge.sim.render_look import look_from_seed
from drag_edge.sim.scenario import Scenario
from drag_edge.sim.sensor import LabelSensor, SensorErrors
from drag_edge.sim.session import SimSession, Snapshot

PERIOD_S, STEP_S = 0.05, 0.01
BODY = BodySettings()
CONTRACT = SensorErrors(edge_sigma_px=1.0, dropout=0.05)
_channels = itertools.count()


@dataclass(frozen=True, slots=True)
class Parked:
    """Rear end of a vehicle along the road, its sizes along and across it, and how much deeper
    than the row's line it stands. crosswise: nose towards the road."""

    rear_m: float
    length_m: float = 4.4
    width_m: float = 1.8
    deeper_m: float = 0.0
    crosswise: bool = False

    @property
    def along_m(self) -> float:
        return self.width_m if self.crosswise else self.length_m

    @property
    def across_m(self) -> float:
        return self.length_m if self.crosswise else self.width_m


def row_with_gap(gap_m: float, crosswise: bool = False, start_m: float = 45.0) -> list[Parked]:
    """Two vehicles, a gap, two vehicles; no other gap is long enough for anybody."""
    vehicles, at_m = [], start_m
    for number in range(4):
        vehicle = Parked(at_m, crosswise=crosswise)
        vehicles.append(vehicle)
        at_m += vehicle.along_m + (gap_m if number == 1 else 0.7)
    return vehicles


def scenario(
    vehicles: Sequence[Parked],
    side: int = -1,
    speed_kmh: float = 20.0,
    aside_m: float = 1.1,
    seconds: float = 20.0,
) -> Scenario:
    """A street with parked vehicles. aside_m: from the ego's flank to the row."""
    actors = [
        {
            "name": f"parked {number}",
            "s_m": vehicle.rear_m + vehicle.along_m / 2,
            "d_m": side * (BODY.width_m / 2 + aside_m + vehicle.deeper_m + vehicle.across_m / 2),
            "length_m": vehicle.length_m,
            "width_m": vehicle.width_m,
            "heading_deg": -90.0 * side if vehicle.crosswise else 0.0,
        }
        for number, vehicle in enumerate(vehicles)
    ]
    return Scenario.model_validate(
        {
            "title": "Past parked vehicles",
            "duration_s": seconds,
            "road": {"length_m": 300, "lanes": [{"width_m": 3.5}], "right_shoulder_m": 8,
                     "left_shoulder_m": 8},
            "ego": {"s_m": 30, "speed_kmh": speed_kmh},
            "driver": {"set_speed_kmh": speed_kmh, "acc": False, "pedals": "holds_speed",
                       "steering": "always"},
            "actors": actors,
        }
    )  # fmt: skip


def parking_camera(side: int) -> Camera:
    """Looks straight aside and down, from the mirror."""
    name = "parking_left" if side > 0 else "parking_right"
    mount = Mount(2.0, 0.95 * side, 1.0, yaw_deg=90.0 * side, pitch_deg=20.0)
    return Camera(name, 640, 360, 300.0, 300.0, 320.0, 200.0, mount)


def mirror_camera(side: int) -> Camera:
    """The demo's."""
    name = "left" if side > 0 else "right"
    mount = Mount(2.0, 0.95 * side, 1.0, yaw_deg=155.0 * side, pitch_deg=3.0)
    return Camera(name, 640, 360, 420.0, 420.0, 320.0, 200.0, mount)


def model_of(camera: Camera) -> CameraModel:
    mount = camera.mount
    return CameraModel(
        camera.width, camera.height, camera.fx, camera.fy, camera.cx, camera.cy,
        mount.x_m, mount.y_m, mount.z_m,
        pitch_rad=math.radians(mount.pitch_deg), yaw_rad=math.radians(mount.yaw_deg),
    )  # fmt: skip


def scenes(
    drive: Scenario,
    cameras: Sequence[Camera],
    seed: int = 1,
    errors: SensorErrors = CONTRACT,
    latency_s: tuple[float, float] = (0.1, 0.03),
    seconds: float | None = None,
) -> Iterator[tuple[Snapshot, Scene]]:
    """What perception says at every tick, with what was true when the picture was taken."""
    clock, rng = VirtualClock(), np.random.default_rng([seed, 18])
    bus = can.Bus(interface="virtual", channel=f"parking-{next(_channels)}")
    session = SimSession(drive, clock, bus, seed)
    session.start()
    look = look_from_seed(seed)
    sensors = {c.name: LabelSensor(c, look, rng, errors, front=False) for c in cameras}
    perception = Perception(
        PerceptionSettings(),
        {c.name: model_of(c) for c in cameras},
        {c.name: Role(c.name) for c in cameras},
        BODY,
    )
    waiting: deque[tuple[float, Snapshot, dict[str, Perceived]]] = deque()
    last_s = 0.0
    for step in range(round((seconds or drive.duration_s) / STEP_S)):
        clock.advance_to(step * STEP_S)
        if step % round(PERIOD_S / STEP_S) == 0:
            snapshot = session.snapshot()
            late_s = rng.uniform(latency_s[0] - latency_s[1], latency_s[0] + latency_s[1])
            last_s = max(last_s, snapshot.time_s + late_s)
            perceived = {name: sensor.perceive(snapshot) for name, sensor in sensors.items()}
            waiting.append((last_s, snapshot, perceived))
        while waiting and waiting[0][0] <= clock.now_s():
            _, snapshot, perceived = waiting.popleft()
            ego = as_on_the_bus(true_ego(session.snapshot(), session.car))
            yield snapshot, perception.understand(perceived, ego, snapshot.time_s)
    session.close()
    bus.shutdown()


def as_on_the_bus(ego: EgoState) -> EgoState:
    """Rounded as the simulated vehicle's DBC does: 0.01 km/h and 0.01 °/s."""
    assert ego.speed_mps is not None
    assert ego.yaw_rate_radps is not None
    return replace(
        ego,
        speed_mps=round(ego.speed_mps * 360) / 360,
        yaw_rate_radps=math.radians(round(math.degrees(ego.yaw_rate_radps), 2)),
    )
