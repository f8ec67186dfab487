"""A bus that was off opens again by itself: an adapter pulled out and put back."""

from __future__ import annotations

import os
import pty
import tty
from pathlib import Path

import can
import pytest

from drag_edge.clock import VirtualClock
from drag_edge.config.vehicle import CanSettings
from drag_edge.events import Event
from drag_edge.vehicle.bus import VehicleBus, open_bus
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.health import BusHealth
from drag_edge.vehicle.retry import Retry
from drag_edge.vehicle.schedule import TICK_S
from drag_edge.vehicle.sender import CyclicSender


class Adapter:
    """A port that an adapter is in, or not."""

    def __init__(self) -> None:
        self.plugged = True
        self.tries: list[bool] = []
        self.opened: list[Handle] = []

    def open(self) -> Handle:
        self.tries.append(self.plugged)
        if not self.plugged:
            raise OSError(2, "No such file or directory")
        self.opened.append(Handle(self))
        return self.opened[-1]


class Handle:
    """What opening gave: dead for ever once the adapter was out."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter, self.alive, self.closed = adapter, True, False
        self.sent: list[can.Message] = []

    def _check(self) -> None:
        self.alive &= self.adapter.plugged
        if self.closed or not self.alive:
            raise OSError(5, "Input/output error")

    def send(self, message: can.Message, timeout: float | None = None) -> None:
        self._check()
        self.sent.append(message)

    def recv(self, timeout: float | None = None) -> can.Message | None:
        self._check()
        return None

    def shutdown(self) -> None:
        self.closed = True


@pytest.mark.parametrize("out_s", [0.5, 5.0])
def test_an_adapter_put_back_is_used_again_within_two_seconds(out_s: float) -> None:
    adapter, events, clock = Adapter(), [], VirtualClock()
    health = BusHealth("port", 0.1, events.append)
    bus = VehicleBus(adapter.open(), health, None, clock, Retry(adapter.open, 0.2, 1.0))
    sender = CyclicSender(bus, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    clock.every(0.005, lambda now_s: [bus.receive()].clear(), "reader")
    clock.advance_to(1.0)
    adapter.plugged = False
    clock.advance_to(1.0 + out_s)
    assert [event.name for event in events] == ["bus_off"]
    assert events[0].time_s <= 1.15
    adapter.plugged = True
    clock.advance_to(1.0 + out_s + 2.0)
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]
    assert events[1].time_s - (1.0 + out_s) <= 1.01
    assert all(handle.closed for handle in adapter.opened[:-1])
    assert adapter.opened[-1].sent[-1].timestamp > clock.now_s() - 0.02
    assert len(adapter.tries) <= 5 + out_s  # the waits grow


def test_a_bus_that_only_refuses_one_frame_is_not_opened_again() -> None:
    retry = Retry(lambda: pytest.fail("opened"), 0.2, 1.0)
    handle, clock = Handle(Adapter()), VirtualClock()
    bus = VehicleBus(handle, BusHealth("port", 0.1, lambda event: None), None, clock, retry)
    handle.adapter.plugged = False
    assert not bus.transmit(can.Message(arbitration_id=1, data=b"12"))


def test_the_waits_double_and_start_over_after_success() -> None:
    retry = Retry(lambda: pytest.fail("opened"), 0.2, 1.0)
    tries = [t / 100 for t in range(500) if retry.due(t / 100)]
    assert tries == pytest.approx([0.0, 0.2, 0.6, 1.4, 2.4, 3.4, 4.4], abs=0.05)
    retry.worked()
    assert retry.due(5.0)
    assert not retry.due(5.1)
    assert retry.due(5.2)


def test_a_clock_that_went_back_does_not_stop_the_tries() -> None:
    retry = Retry(lambda: pytest.fail("opened"), 0.2, 1.0)
    assert retry.due(1000.0)
    assert retry.due(1.0)


def test_a_serial_adapter_pulled_out_and_put_back(tmp_path: Path) -> None:
    port = tmp_path / "ttyACM0"

    def plug() -> int:
        adapter, device = pty.openpty()
        tty.setraw(adapter)
        port.unlink(missing_ok=True)
        port.symlink_to(os.ttyname(device))
        os.close(device)
        return adapter

    adapter = plug()
    settings = CanSettings.model_validate(
        {"interface": "slcan", "channel": str(port), "serial_open_wait_s": 0.0}
    )
    clock, events = VirtualClock(), list[Event]()
    bus = open_bus(settings, clock, events.append)
    frame = can.Message(arbitration_id=0x123, data=b"\x01\x02", is_extended_id=False)
    assert bus.transmit_surely(frame)
    os.close(adapter)
    for step in range(100):
        clock.advance_to(0.01 * step)
        bus.transmit(frame)
        bus.receive()
    assert [event.name for event in events] == ["bus_off"]
    adapter = plug()
    for step in range(100, 310):
        clock.advance_to(0.01 * step)
        bus.transmit(frame)
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]
    assert b"t12320102" in os.read(adapter, 4096)
    bus.shutdown()
    os.close(adapter)
