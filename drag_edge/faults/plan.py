"""The faults of one drive, handed to the part that each of them breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from drag_edge.clock import Clock
from drag_edge.config.root import Settings
from drag_edge.config.vehicle import EgoSettings
from drag_edge.faults.answers import AnswerFaults, FaultyPool
from drag_edge.faults.bus import BusFaults, open_faulty
from drag_edge.faults.fault import Fault, Part, check_targets
from drag_edge.faults.loop import StallingFeed
from drag_edge.faults.pictures import FaultyCamera, FaultyRecording, PictureFaults
from drag_edge.frames.feed import Feed
from drag_edge.frames.source import LiveSource, RecordedSource
from drag_edge.vehicle.bus import OpenAdapter
from drag_edge.vehicle.dbc import drag_edge_dbc
from drag_edge.vehicle.foreign_dbc import load_dbc

if TYPE_CHECKING:
    from drag_edge.inference.pool import ModelPool


class FaultPlan:
    """Wrappers for the parts of one daemon; a part that no fault breaks is handed back as it is.

    Times of faults count from start_s on `clock`. The same seed breaks the same things.
    """

    def __init__(self, faults: Sequence[Fault], settings: Settings, clock: Clock) -> None:
        """Raises FaultError for a camera, model or message that there is not."""
        start_s = clock.now_s()
        self._settings = settings
        self._clock = clock
        self._identifiers = message_identifiers(settings.vehicle.ego) if faults else {}
        check_targets(
            faults,
            {
                Part.CAMERA: tuple(settings.cameras),
                Part.MODEL: tuple(settings.models),
                Part.MESSAGE: tuple(self._identifiers),
            },
        )
        self._faults = [replace(fault, start_s=fault.start_s + start_s) for fault in faults]

    def recording(self, source: RecordedSource) -> RecordedSource:
        """A recorded or simulated camera."""
        faults = self._of(Part.CAMERA)
        if not faults:
            return source
        return FaultyRecording(source, PictureFaults(source.camera, faults, self._rng(1)))

    def camera(self, name: str, source: LiveSource) -> LiveSource:
        """A live camera."""
        faults = self._of(Part.CAMERA)
        if not faults:
            return source
        return FaultyCamera(source, PictureFaults(name, faults, self._rng(1)), self._clock)

    def feed(self, feed: Feed) -> Feed:
        """What the loop samples."""
        faults = self._of(Part.LOOP)
        return StallingFeed(feed, faults, self._clock) if faults else feed

    def pool(self, pool: ModelPool) -> ModelPool:
        """What runs the models."""
        faults = self._of(Part.MODEL)
        if not faults:
            return pool
        # It has every method of the pool; a protocol of its own would name them a second time.
        return cast("ModelPool", FaultyPool(pool, AnswerFaults(faults, self._rng(2))))

    def adapter(self, open_adapter: OpenAdapter) -> OpenAdapter:
        """How the bus is opened."""
        faults = self._of(Part.BUS, Part.MESSAGE)
        if not faults:
            return open_adapter
        broken = bus_faults(faults, self._settings.vehicle.ego, self._clock, self._rng(3))
        return lambda settings: open_faulty(lambda: open_adapter(settings), broken)

    def _of(self, *parts: Part) -> list[Fault]:
        return [fault for fault in self._faults if fault.part in parts]

    def _rng(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.run.seed, part])


def bus_faults(
    faults: Sequence[Fault], ego: EgoSettings | None, clock: Clock, rng: np.random.Generator
) -> BusFaults:
    """Faults of the bus of a vehicle that says of itself what `ego` maps."""
    speed = [] if ego is None or ego.speed is None else [ego.speed.message]
    return BusFaults(faults, message_identifiers(ego), speed, clock.now_s, rng)


def message_identifiers(ego: EgoSettings | None) -> dict[str, int]:
    """Frame identifiers by message name: those that we send, and those in the vehicle's DBC."""
    known = {message.name: int(message.frame_id) for message in drag_edge_dbc().messages}
    if ego is not None:
        known |= {message.name: int(message.frame_id) for message in load_dbc(ego.dbc).messages}
    return known
