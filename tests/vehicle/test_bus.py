"""The bus: virtual, serial over a pseudo-terminal, failures as events, doors that do not open."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import can
import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.clock import SystemClock, VirtualClock
from drag_edge.config.vehicle import CanSettings
from drag_edge.errors import UnavailableError
from drag_edge.events import Event
from drag_edge.vehicle.bus import VehicleBus, open_bus
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import drag_edge_dbc
from drag_edge.vehicle.e2e import crc_is_right
from drag_edge.vehicle.health import BusHealth
from drag_edge.vehicle.schedule import TICK_S
from drag_edge.vehicle.sender import CyclicSender
from drag_edge.vehicle.signals import OBJECT_SLOTS
from drag_edge.vehicle.slcan import parse_frame

FRAME = can.Message(arbitration_id=0x123, data=bytes(range(8)), is_extended_id=False)


class BrokenBus:
    """A python-can bus that refuses for a while."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.incoming: list[can.Message] = []
        self.sent: list[can.Message] = []

    def send(self, message: can.Message, timeout: float | None = None) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(message)

    def recv(self, timeout: float | None = None) -> can.Message | None:
        if self.error is not None:
            raise self.error
        return self.incoming.pop(0) if self.incoming else None

    def shutdown(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def broken() -> tuple[BrokenBus, VehicleBus, VirtualClock, list[Event]]:
    events: list[Event] = []
    raw, clock = BrokenBus(), VirtualClock()
    health = BusHealth("can0", 0.1, events.append)
    return raw, VehicleBus(raw, health, None, clock), clock, events


def test_a_virtual_bus_carries_frames_but_never_our_own_back() -> None:
    clock = VirtualClock()
    settings = CanSettings(channel="test-own")
    bus = open_bus(settings, clock, lambda event: None)
    other = can.Bus(interface="virtual", channel="test-own")
    try:
        assert bus.transmit(FRAME)
        assert bus.receive() is None
        received = other.recv(timeout=0)
        assert received is not None
        assert received.data == FRAME.data
        other.send(FRAME)
        assert bus.receive().arbitration_id == 0x123
        assert bus.receive() is None
    finally:
        other.shutdown()
        bus.shutdown()


def test_bus_off_and_recovery_are_one_event_each_and_sending_goes_on(broken) -> None:  # type: ignore[no-untyped-def]
    raw, bus, clock, events = broken
    sender = CyclicSender(bus, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    clock.advance_to(0.5)
    raw.error = can.CanOperationError("Transmit buffer full")
    clock.advance_to(1.0)
    raw.error = OSError(100, "Network is down")
    clock.advance_to(1.5)
    assert [event.name for event in events] == ["bus_off"]
    assert 0.6 <= events[0].time_s <= 0.62
    assert "Transmit buffer full" in events[0].detail
    raw.error = None
    clock.advance_to(2.0)
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]
    assert events[1].time_s <= 1.5 + 2 * TICK_S
    assert sender.failed == bus.health.failures > 300
    assert raw.sent[-1].timestamp > 1.98


def test_the_last_set_gets_through_a_short_transmit_queue(broken) -> None:  # type: ignore[no-untyped-def]
    raw, bus, clock, _ = broken
    sender = CyclicSender(bus, Codec(), clock)
    room = [10]  # a kernel's queue at first full, then emptied by one frame a try

    def queue_full(message: can.Message, timeout: float | None = None) -> None:
        if room[0] <= 0:
            room[0] += 2
            raise can.CanOperationError("No buffer space available")
        room[0] -= 1
        raw.sent.append(message)

    raw.send = queue_full
    sender.close()
    assert {message.arbitration_id for message in raw.sent} == {
        message.frame_id for message in drag_edge_dbc().messages
    }


def test_a_bus_that_is_gone_does_not_hold_the_end(broken) -> None:  # type: ignore[no-untyped-def]
    raw, bus, clock, _ = broken
    sender = CyclicSender(bus, Codec(), clock)
    raw.error = can.CanOperationError("gone")
    real = SystemClock()
    start_s = real.now_s()
    sender.close()
    assert real.now_s() - start_s < 2.0
    assert sender.failed == len(DATA_IDS) - 1 + OBJECT_SLOTS


def test_a_single_refused_frame_is_no_bus_off(broken) -> None:  # type: ignore[no-untyped-def]
    raw, bus, clock, events = broken
    for cycle in range(100):
        clock.advance_to(cycle * 0.01)
        raw.error = can.CanOperationError("buffer full") if cycle % 2 else None
        bus.transmit(FRAME)
    assert events == []
    assert bus.health.failures == 50


def test_a_controller_that_reports_bus_off_is_believed(broken) -> None:  # type: ignore[no-untyped-def]
    raw, bus, _, events = broken
    raw.incoming = [can.Message(arbitration_id=0x40, is_error_frame=True), FRAME]
    assert bus.receive() is FRAME
    raw.incoming = [can.Message(arbitration_id=0x100, is_error_frame=True)]
    assert bus.receive() is None
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]


@pytest.mark.parametrize("sign", [FRAME, can.Message(arbitration_id=0x100, is_error_frame=True)])
def test_frames_that_only_queue_are_no_end_of_bus_off(  # type: ignore[no-untyped-def]
    broken, sign: can.Message
) -> None:
    raw, bus, _, events = broken
    raw.incoming = [can.Message(arbitration_id=0x40, is_error_frame=True)]
    assert bus.receive() is None
    assert not bus.transmit(FRAME)  # the system takes it, and it goes nowhere
    assert [event.name for event in events] == ["bus_off"]
    raw.incoming = [sign]
    bus.receive()
    assert bus.transmit(FRAME)
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]


def test_a_flood_of_error_frames_ends(broken) -> None:  # type: ignore[no-untyped-def]
    raw, bus, _, _ = broken
    raw.incoming = [can.Message(arbitration_id=0x20000004, is_error_frame=True)] * 50_000
    assert bus.receive() is None
    assert bus.health.error_frames < 50_000


def test_reading_a_dead_bus_is_counted_and_raises_nothing(broken) -> None:  # type: ignore[no-untyped-def]
    raw, bus, _, _ = broken
    raw.error = can.CanOperationError("gone")
    assert bus.receive() is None
    assert bus.health.read_failures == 1
    bus.shutdown()


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"interface": "socketcan", "channel": "can9"}, "ip link set can9 up type can bitrate"),
        ({"interface": "slcan", "channel": "/dev/ttyNONE9"}, "dialout"),
    ],
)
def test_a_bus_that_does_not_exist_says_what_where_and_what_to_do(
    settings: dict[str, str], remedy: str
) -> None:
    with pytest.raises(UnavailableError, match="cannot be opened") as caught:
        open_bus(CanSettings.model_validate(settings), VirtualClock(), lambda event: None)
    assert caught.value.exit_code == 69
    assert settings["channel"] in str(caught.value)
    assert remedy in str(caught.value)


class Adapter:
    """The far end of a pseudo-terminal: an slcan adapter as the daemon sees it."""

    def __init__(self) -> None:
        self.descriptor, self._near = pty.openpty()
        tty.setraw(self._near)
        tty.setraw(self.descriptor)
        os.set_blocking(self.descriptor, False)
        self.port = os.ttyname(self._near)

    def heard(self) -> list[bytes]:
        data = b""
        while True:
            try:
                part = os.read(self.descriptor, 65536)
            except BlockingIOError:
                return [line for line in data.split(b"\r") if line]
            data += part

    def say(self, data: bytes) -> None:
        os.write(self.descriptor, data)

    def close(self) -> None:
        for descriptor in (self.descriptor, self._near):
            os.close(descriptor)


@pytest.fixture
def adapter() -> Iterator[Adapter]:
    adapter = Adapter()
    yield adapter
    adapter.close()


def slcan(adapter: Adapter, clock: VirtualClock, events: list[Event]) -> VehicleBus:
    settings = CanSettings.model_validate(
        {"interface": "slcan", "channel": adapter.port, "serial_open_wait_s": 0.0}
    )
    return open_bus(settings, clock, events.append)


def test_slcan_opens_at_the_bitrate_and_sends_protected_frames(adapter: Adapter) -> None:
    clock, events = VirtualClock(), list[Event]()
    bus = slcan(adapter, clock, events)
    assert adapter.heard()[:3] == [b"C", b"S6", b"O"]
    sender = CyclicSender(bus, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    lines = []
    for step in range(1, 11):
        clock.advance_to(step * 0.05)
        lines += adapter.heard()
    names = {message.frame_id: message.name for message in drag_edge_dbc().messages}
    frames = [parse_frame(line) for line in lines]
    assert len(frames) > 150
    for frame in frames:
        assert frame is not None
        assert crc_is_right(bytes(frame.data), DATA_IDS[names[frame.arbitration_id]])
    assert events == []
    bus.shutdown()
    assert adapter.heard()[-1] == b"C"


def test_slcan_reads_on_through_answers_noise_and_broken_lines(adapter: Adapter) -> None:
    bus = slcan(adapter, VirtualClock(), [])
    adapter.say(b"z\rz\rt1238AABBCCDDEEFF0011\rz\r\xff\xfe\rt12\x80\rt1FFX\r\a")
    adapter.say(b"T18FF050021122\rt123800112233")
    first, second = bus.receive(), bus.receive()
    assert first is not None
    assert first.arbitration_id == 0x123
    assert first.data.hex() == "aabbccddeeff0011"
    assert second is not None
    assert second.is_extended_id
    assert second.data.hex() == "1122"
    assert bus.receive() is None
    adapter.say(b"44556677\r")
    third = bus.receive()
    assert third is not None
    assert third.data.hex() == "0011223344556677"
    assert bus.health.read_failures == 0
    bus.shutdown()


def test_an_slcan_adapter_that_takes_nothing_any_more_is_bus_off_not_a_hang(
    adapter: Adapter,
) -> None:
    clock, events = VirtualClock(), list[Event]()
    bus = slcan(adapter, clock, events)
    sender = CyclicSender(bus, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    while not events and clock.now_s() < 120:
        clock.advance_to(clock.now_s() + 0.5)  # nobody reads the far end: its buffer fills
    assert [event.name for event in events] == ["bus_off"]
    while adapter.heard():
        pass
    clock.advance_to(clock.now_s() + 0.2)
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]
    adapter.heard()
    bus.shutdown()


def test_an_slcan_adapter_that_refuses_every_frame_is_opened_again(adapter: Adapter) -> None:
    clock, events = VirtualClock(), list[Event]()
    bus = slcan(adapter, clock, events)
    adapter.heard()
    heard = []
    for step in range(1, 101):
        clock.advance_to(0.01 * step)
        bus.transmit(FRAME)
        heard += adapter.heard()
        adapter.say(b"\r" if b"O" in heard else b"\a")  # its channel was closed by a reset
        assert bus.receive() is None
    assert [event.name for event in events] == ["bus_off", "bus_recovered"]
    assert "refuses every frame" in events[0].detail
    bus.shutdown()


def test_now_and_then_a_refused_frame_is_nothing(adapter: Adapter) -> None:
    clock, events = VirtualClock(), list[Event]()
    bus = slcan(adapter, clock, events)
    for _ in range(50):
        assert bus.transmit_surely(FRAME)  # a busy machine may be late
        adapter.say(b"\a" * 5 + b"z\r")
        assert bus.receive() is None
    assert not events
    bus.shutdown()


def test_a_port_that_somebody_uses_is_left_alone(adapter: Adapter) -> None:
    somebody = serial.Serial(adapter.port, exclusive=True)
    with pytest.raises(UnavailableError, match="Another program uses"):
        slcan(adapter, VirtualClock(), [])
    assert adapter.heard() == []
    somebody.close()
    bus = slcan(adapter, VirtualClock(), [])
    with pytest.raises(serial.SerialException):
        serial.Serial(adapter.port, exclusive=True)
    bus.shutdown()
    serial.Serial(adapter.port, exclusive=True).close()


def test_frames_do_not_queue_in_an_slcan_adapter_that_stands(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = slcan(adapter, VirtualClock(), [])
    assert bus.transmit_surely(FRAME)
    waiting = [4000]
    monkeypatch.setattr(serial.Serial, "out_waiting", property(lambda _: waiting[0]))
    monkeypatch.setattr(serial.Serial, "reset_output_buffer", lambda _: waiting.__setitem__(0, 0))
    assert not bus.transmit(FRAME)
    assert "takes no frames; 4000 bytes wait" in bus.health.last_error
    bus.shutdown()
    assert waiting == [0], "closing the port would wait for them"


def test_an_unplugged_adapter_is_bus_off(tmp_path: Path) -> None:
    adapter, clock, events = Adapter(), VirtualClock(), list[Event]()
    bus = slcan(adapter, clock, events)
    sender = CyclicSender(bus, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    adapter.close()
    clock.advance_to(0.5)
    assert [event.name for event in events] == ["bus_off"]
    bus.receive()
    bus.shutdown()


@given(st.binary(max_size=40))
def test_random_lines_never_crash_the_parser(line: bytes) -> None:
    frame = parse_frame(line)
    assert frame is None or len(frame.data) <= 8


@given(st.integers(0, 0x1FFFFFFF), st.binary(max_size=8))
def test_what_an_adapter_says_is_what_was_on_the_bus(identifier: int, data: bytes) -> None:
    line = f"T{identifier:08X}{len(data)}{data.hex()}".encode()
    frame = parse_frame(line)
    assert frame is not None
    assert (frame.arbitration_id, bytes(frame.data)) == (identifier, data)
