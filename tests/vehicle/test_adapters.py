"""Adapters that misbehave: dead kernel interfaces, clocks that go back, errors nobody expects."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import can
import pytest

from drag_edge.clock import SystemClock, VirtualClock
from drag_edge.config.vehicle import CanInterface, CanSettings
from drag_edge.events import Event
from drag_edge.vehicle.adapters import VirtualAdapter, refuse_if_dead
from drag_edge.vehicle.bus import VehicleBus, open_bus
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.health import BusHealth
from drag_edge.vehicle.retry import Retry
from drag_edge.vehicle.schedule import TICK_S
from drag_edge.vehicle.sender import CyclicSender

FRAME = can.Message(arbitration_id=0x123, data=bytes(8), is_extended_id=False)
BUS_OFF = can.Message(arbitration_id=0x40, is_error_frame=True)


def interface(folder: Path, flags: str, carrier: str | None) -> Path:
    (folder / "can0").mkdir()
    (folder / "can0/flags").write_text(flags)
    if carrier is not None:
        (folder / "can0/carrier").write_text(carrier)
    return folder


@pytest.mark.parametrize("carrier", ["1\n", None, "", "no number"])
def test_an_interface_that_is_up_is_opened(tmp_path: Path, carrier: str | None) -> None:
    refuse_if_dead("can0", interface(tmp_path, "0x40081\n", carrier))


def test_an_interface_of_which_the_system_says_nothing_is_tried(tmp_path: Path) -> None:
    refuse_if_dead("can7", tmp_path)


@pytest.mark.parametrize(
    ("flags", "carrier", "why"), [("0x40080\n", None, "down"), ("0x40081\n", "0\n", "bus-off")]
)
def test_an_interface_that_is_down_or_bus_off_is_refused(
    tmp_path: Path, flags: str, carrier: str | None, why: str
) -> None:
    with pytest.raises(OSError, match=why):
        refuse_if_dead("can0", interface(tmp_path, flags, carrier))


def test_a_wall_clock_that_is_set_back_does_not_hold_the_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hours = itertools.chain([7200.0], itertools.repeat(0.0))
    monkeypatch.setattr("can.bus.time", lambda: next(hours), raising=False)
    bus = VirtualAdapter("test-clock-back")
    frames: list[can.Message | None] = []
    reader = threading.Thread(target=lambda: frames.append(bus.recv(timeout=0)), daemon=True)
    reader.start()
    reader.join(2.0)
    assert frames == [None]
    bus.shutdown()


class Adapter:
    """Raises what it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.incoming: list[can.Message] = []
        self.sent: list[can.Message] = []
        self.opened = 0

    def open(self, settings: object = None) -> Adapter:
        self.opened += 1
        return self

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    def send(self, message: can.Message, timeout: float | None = None) -> None:
        self._check()
        self.sent.append(message)

    def recv(self, timeout: float | None = None) -> can.Message | None:
        self._check()
        return self.incoming.pop(0) if self.incoming else None

    def shutdown(self) -> None:
        self._check()


@pytest.mark.parametrize("error", [RuntimeError("odd"), KeyError("odd"), AttributeError("odd")])
def test_an_error_that_nobody_expects_is_bus_off_and_ends(error: Exception) -> None:
    adapter, clock, events = Adapter(), VirtualClock(), list[Event]()
    bus = open_bus(CanSettings(channel="port"), clock, events.append, adapter.open)
    sender = CyclicSender(bus, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    clock.every(TICK_S, lambda now_s: [bus.receive()].clear(), "reader")
    clock.advance_to(1.0)
    adapter.error = error
    clock.advance_to(2.0)
    assert [event.name for event in events] == ["bus_off"]
    assert f"{type(error).__name__}: " in events[0].detail
    assert bus.health.read_failures > 10
    assert adapter.opened > 1
    adapter.error = None
    clock.advance_to(4.0)
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]
    adapter.error = error
    sender.close()
    bus.shutdown()


@pytest.mark.parametrize(
    ("kind", "recovers"), [("slcan", True), ("virtual", True), ("socketcan", False)]
)
def test_a_new_socket_does_not_restart_a_kernels_controller(kind: str, recovers: bool) -> None:
    adapter, clock, events = Adapter(), VirtualClock(), list[Event]()
    settings = CanSettings(interface=CanInterface(kind), channel="can0")
    bus = open_bus(settings, clock, events.append, adapter.open)
    adapter.incoming = [BUS_OFF]
    bus.receive()
    adapter.error = can.CanOperationError("no buffer space")
    assert not bus.transmit(FRAME)
    assert adapter.opened == 2
    adapter.error = None
    clock.advance_to(1.0)
    bus.transmit(FRAME)  # the kernel takes it, whatever its controller does
    names = [event.name for event in events]
    assert names == ["bus_off", "bus_recovered"][: 2 if recovers else 1]
    adapter.incoming = [FRAME]
    bus.receive()
    assert bus.transmit(FRAME)
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]


def test_a_reader_that_hangs_does_not_hold_the_end() -> None:
    adapter, hang = Adapter(), threading.Event()
    adapter.recv = lambda timeout=None: [hang.wait(10.0), None][1]  # type: ignore[method-assign]
    clock = SystemClock()
    retry = Retry(adapter.open, 0.2, 1.0)
    bus = VehicleBus(adapter, BusHealth("can0", 0.1, lambda event: None), None, clock, retry)
    reader = threading.Thread(target=bus.receive, daemon=True)
    reader.start()
    start_s = clock.now_s()
    bus.shutdown()
    assert clock.now_s() - start_s < 2.0
    hang.set()
    reader.join(2.0)
