"""A drive that is over: what was seen, decided and sent, and what really happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property

import can
import numpy as np
import numpy.typing as npt

from drag_edge.adas.decision import Command, Decision
from drag_edge.events import Event
from drag_edge.faults.fault import Fault
from drag_edge.perception.scene import Scene
from drag_edge.sim.ego.commands import Control
from drag_edge.sim.session import SimSession, Snapshot
from drag_edge.sim.truth import Truth
from drag_edge.vehicle.link import VehicleLink

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Motion:
    """The truth at 100 Hz as arrays of one length; NaN where there is no lead.

    gap_m, lead_*: to the nearest road user whose width overlaps the ego's. brake_demand_mps2 ≥ 0:
    emergency braking that the vehicle takes from the bus. by_acc: ACC has the drive.
    """

    time_s: FloatArray
    speed_mps: FloatArray
    accel_mps2: FloatArray
    lateral_accel_mps2: FloatArray
    d_m: FloatArray
    gap_m: FloatArray
    lead_speed_mps: FloatArray
    lead_accel_mps2: FloatArray
    ttc_s: FloatArray
    brake_demand_mps2: FloatArray
    by_acc: BoolArray
    by_lka: BoolArray


@dataclass
class Drive:
    """Filled by the loop, read by the verdicts.

    times_s, scenes, decisions, commands: one of each for every tick; times are the daemon's when
    the command was published and count, like the truth's, from the scenario's start. told: every
    event that reached decide(). snapshots: the world at every look. last_words: what the daemon
    sent as it ended. faults: what was broken on purpose.
    """

    session: SimSession
    vehicle: VehicleLink
    times_s: list[float] = field(default_factory=list)
    scenes: list[Scene] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    last_words: list[can.Message] = field(default_factory=list)
    faults: Sequence[Fault] = ()

    @property
    def truth(self) -> Sequence[Truth]:
        """Every recorded step of the small world."""
        return self.session.record

    @property
    def end_s(self) -> float:
        """When it ended."""
        return self.truth[-1].time_s if self.truth else 0.0

    def actor_id(self, name: str) -> int:
        """The number of an actor of the scenario. Raises ValueError for one it does not have."""
        names = [actor.name for actor in self.session.scenario.actors]
        if name not in names:
            raise ValueError(f"no actor {name!r}; there are: {', '.join(names)}")
        return names.index(name) + 1

    @cached_property
    def motion(self) -> Motion:
        """The truth as arrays."""
        return motion_of(self.truth)


def motion_of(record: Sequence[Truth]) -> Motion:
    """Arrays of a record."""
    nan = float("nan")
    rows = np.array(
        [
            (
                t.time_s,
                t.ego.speed_mps,
                t.ego.accel_mps2,
                t.ego.speed_mps * t.ego.yaw_rate_radps,
                t.road.d_m,
                nan if t.lead is None else t.lead.gap_m,
                nan if t.lead is None else t.lead.speed_mps,
                nan if t.lead is None else t.lead.accel_mps2,
                nan if t.lead is None or t.lead.ttc_s is None else t.lead.ttc_s,
                -(t.demands.brake.value or 0.0),
                t.controls.drive is Control.CONTROLLED,
                t.controls.steering is Control.CONTROLLED,
            )
            for t in record
        ],
        float,
    ).reshape(-1, 12)
    columns = {one.name: rows[:, index] for index, one in enumerate(fields(Motion))}
    by_acc, by_lka = columns.pop("by_acc") > 0.5, columns.pop("by_lka") > 0.5
    return Motion(**columns, by_acc=by_acc, by_lka=by_lka)
