"""A bus on which too many frames do not leave, though some do."""

from __future__ import annotations

import can
import pytest

from drag_edge.adas.events import policy_of
from drag_edge.adas.monitor import MonitorState, watch
from drag_edge.clock import VirtualClock
from drag_edge.config.monitor import MonitorSettings
from drag_edge.config.vehicle import CanSettings
from drag_edge.events import Event
from drag_edge.vehicle.bus import VehicleBus, open_bus
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.schedule import TICK_S
from drag_edge.vehicle.sender import CyclicSender
from tests.vehicle.builders import scene


class Lossy:
    """An adapter that refuses `lost` of every 20 frames, never many in a row."""

    def __init__(self, lost: int) -> None:
        self.lost, self.asked = lost, 0

    def send(self, message: can.Message, timeout: float | None = None) -> None:
        self.asked += 1
        if self.asked * 7 % 20 < self.lost:
            raise can.CanOperationError("the adapter takes no frames; 520 bytes wait")

    def recv(self, timeout: float | None = None) -> can.Message | None:
        return None

    def shutdown(self) -> None:
        pass


def driving(adapter: Lossy, clock: VirtualClock, events: list[Event]) -> VehicleBus:
    bus = open_bus(CanSettings(channel="port"), clock, events.append, lambda settings: adapter)
    sender = CyclicSender(bus, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    return bus


@pytest.mark.parametrize(("lost", "told"), [(0, False), (1, False), (3, True), (10, True)])
def test_a_share_above_a_tenth_is_told(lost: int, told: bool) -> None:
    clock, events = VirtualClock(), list[Event]()
    driving(Lossy(lost), clock, events)
    clock.advance_to(3.0)
    assert {event.name for event in events} == ({"can_send_fault"} if told else set())
    if told:
        assert f"{5 * lost}% of the last second's frames" in events[0].detail
        assert "520 bytes wait" in events[0].detail
        assert events[0].time_s < 1.3


def test_it_is_told_again_before_it_stops_to_hold_and_ends_when_frames_leave() -> None:
    clock, events = VirtualClock(), list[Event]()
    adapter = Lossy(4)
    driving(adapter, clock, events)
    state, modes = MonitorState(), {}
    for tick in range(1, 300):
        now_s = tick * 0.03
        if tick == 150:
            adapter.lost = 0
        clock.advance_to(now_s)
        new, events[:] = list(events), []
        health, state = watch(scene(now_s), new, MonitorSettings(), state, now_s)
        modes[now_s] = bool(health.forbids & policy_of("can_send_fault").forbids)
    assert all(forbidden for now_s, forbidden in modes.items() if 1.5 < now_s < 4.5)
    assert not any(forbidden for now_s, forbidden in modes.items() if now_s > 6.3)


def test_a_bus_that_is_off_tells_only_that() -> None:
    clock, events = VirtualClock(), list[Event]()
    adapter = Lossy(0)
    driving(adapter, clock, events)
    clock.advance_to(2.0)
    adapter.lost = 20
    clock.advance_to(3.0)
    adapter.lost = 0
    clock.advance_to(6.0)
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]
