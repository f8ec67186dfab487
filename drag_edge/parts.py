"""What the loop drives: the rooms' parts, assembled."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.clock import Clock
from drag_edge.display.show import Show
from drag_edge.events import EventBox
from drag_edge.frames.feed import Feed
from drag_edge.frames.watch import CameraWatch
from drag_edge.inference.pool import ModelPool
from drag_edge.perception.calibration_store import CalibrationStore
from drag_edge.perception.perceive import Perception
from drag_edge.service.device_watch import DeviceWatch
from drag_edge.vehicle.link import VehicleLink


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop drives; nothing in it knows whether camera, clock, engine or bus is real."""

    clock: Clock
    events: EventBox
    feed: Feed
    watch: CameraWatch
    pool: ModelPool
    perception: Perception
    vehicle: VehicleLink
    show: Show
    calibrations: CalibrationStore | None = None
    device: DeviceWatch | None = None
