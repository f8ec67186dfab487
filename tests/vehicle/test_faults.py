"""Fault bits of STATUS: which events set them, and for how long."""

from __future__ import annotations

import pytest

from drag_edge.adas.events import EVENTS
from drag_edge.clock import VirtualClock
from drag_edge.events import Event
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.dbc import decode
from drag_edge.vehicle.faults import FAULT_BITS, OTHER_BIT, FaultMemory, fault_bit
from drag_edge.vehicle.schedule import TICK_S
from drag_edge.vehicle.sender import CyclicSender
from tests.vehicle.builders import Sink, command, decision, scene


def event(name: str, source: str = "front", time_s: float = 0.0) -> Event:
    return Event(name, source, "", time_s)


@pytest.mark.parametrize(
    ("name", "bit"),
    [
        ("camera_lost", "StatusFaultCamera"),
        ("frame_late", "StatusFaultCamera"),
        ("model_failed", "StatusFaultModel"),
        ("objects_unavailable", "StatusFaultPerception"),
        ("scene_stale", "StatusFaultLate"),
        ("loop_stalled", "StatusFaultLate"),
        ("ego_signal_lost", "StatusFaultEgo"),
        ("bus_off", "StatusFaultBus"),
        ("log_failed", "StatusFaultBus"),
        ("device_throttled", OTHER_BIT),
        ("never_heard_of", OTHER_BIT),
    ],
)
def test_an_event_sets_the_bit_of_the_part_it_is_about(name: str, bit: str) -> None:
    assert fault_bit(name) == bit
    memory = FaultMemory()
    memory.note([event(name)], 0.0)
    assert memory.bits(0.0) == {bit}


def test_every_event_of_the_table_has_a_bit_or_only_informs() -> None:
    for name in EVENTS:
        memory = FaultMemory()
        memory.note([event(name)], 0.0)
        assert memory.bits(0.0) <= set(FAULT_BITS)


def test_information_sets_nothing() -> None:
    memory = FaultMemory()
    memory.note([event("model_loaded"), event("camera_recovered")], 0.0)
    assert memory.bits(0.0) == frozenset()


def test_a_fault_that_ends_with_another_event_holds_until_it_from_the_same_source() -> None:
    memory = FaultMemory()
    memory.note([event("model_failed", "road")], 0.0)
    memory.note([event("model_recovered", "objects")], 1.0)
    assert memory.bits(100.0) == {"StatusFaultModel"}
    memory.note([event("model_recovered", "road")], 101.0)
    assert memory.bits(101.0) == frozenset()


def test_a_fault_of_one_step_is_seen_by_a_receiver_of_a_slow_message() -> None:
    clock, sink = VirtualClock(), Sink()
    sender = CyclicSender(sink, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    sender.publish(
        scene(0.0), decision(0.0, events=(event("frame_late"),)), command(0.0, valid_until_s=9.0)
    )
    for step in range(1, 41):
        now_s = step * 0.05
        clock.advance_to(now_s)
        sender.publish(scene(now_s), decision(now_s), command(now_s))
    status = [decode(0x330, bytes(m.data)) for m in sink.frames if m.arbitration_id == 0x330]
    bits = [frame["StatusFaultCamera"] for frame in status]
    assert bits[2:5] == ["YES"] * 3
    assert bits[-1] == "NO"
    assert {frame["StatusFaultModel"] for frame in status} == {"NO"}


def test_a_cut_demand_is_told() -> None:
    clock, sink = VirtualClock(), Sink()
    sender = CyclicSender(sink, Codec(), clock)
    sender.publish(scene(0.0), decision(0.0), command(0.0, limited=("accel",)))
    sender.step(0.0)
    status = next(m for m in sink.frames if m.arbitration_id == 0x330)
    assert decode(0x330, bytes(status.data))["StatusFaultLimits"] == "YES"
