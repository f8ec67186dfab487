from __future__ import annotations

import itertools
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drag_edge.adas.decision import Mode
from drag_edge.clock import VirtualClock
from drag_edge.config.serial_links import McuSettings
from drag_edge.config.vehicle import CanSettings, VehicleSettings
from drag_edge.events import Event
from drag_edge.vehicle import cobs
from drag_edge.vehicle.link import VehicleLink
from drag_edge.vehicle.mcu import McuLink
from drag_edge.vehicle.mcu_frame import (
    FrameSplitter,
    FrameType,
    McuCommand,
    McuState,
    McuStatus,
    command_payload,
    crc16,
    frame_bytes,
    read_command,
    read_frame,
    read_status,
    status_payload,
)
from drag_edge.vehicle.serial_port import SerialPort
from tests.vehicle.builders import command, decision, scene
from tests.vehicle.serials import Plug

# Vectors of the paper and of its article in an encyclopedia.
COBS_VECTORS = [
    ("00", "0101"),
    ("0000", "010101"),
    ("001100", "01021101"),
    ("11220033", "0311220233"),
    ("11223344", "0511223344"),
    ("11000000", "0211010101"),
    ("", "01"),
    (bytes(range(1, 255)).hex(), "ff" + bytes(range(1, 255)).hex()),
    (bytes(range(255)).hex(), "01ff" + bytes(range(1, 255)).hex()),
    (bytes(range(1, 256)).hex(), "ff" + bytes(range(1, 255)).hex() + "02ff"),
    (
        (bytes(range(2, 256)) + b"\0").hex(),
        "ff" + bytes(range(2, 256)).hex() + "0101",
    ),
]


@pytest.mark.parametrize(("data", "stuffed"), COBS_VECTORS)
def test_stuffing_gives_the_published_bytes(data: str, stuffed: str) -> None:
    assert cobs.encode(bytes.fromhex(data)).hex() == stuffed
    assert cobs.decode(bytes.fromhex(stuffed)) == bytes.fromhex(data)


@given(st.binary(max_size=1000))
def test_stuffing_has_no_zeros_and_comes_back(data: bytes) -> None:
    stuffed = cobs.encode(data)
    assert 0 not in stuffed
    assert len(stuffed) <= len(data) + len(data) // 254 + 1
    assert cobs.decode(stuffed) == data


@given(st.binary(max_size=300))
def test_any_bytes_can_be_unstuffed_or_are_refused(data: bytes) -> None:
    cobs.decode(data)


def test_crc_check_value() -> None:
    assert crc16(b"123456789") == 0x29B1


def test_a_frame_is_the_documented_bytes() -> None:
    command = McuCommand(2, 1, True, accel_mps2=-1.5, curvature_1pm=0.002, valid_s=0.1)
    data = frame_bytes(FrameType.COMMAND, 7, command_payload(command))
    body = cobs.decode(data[1:-1])
    assert body is not None
    assert data[0] == data[-1] == 0
    # version, type, sequence, length | flags, mode, alert, accel, aeb, curvature, valid
    assert body[:-2].hex(" ") == "01 01 07 0c 0b 00 02 01 24 fa 00 80 c8 00 64 00"
    assert body[-2:] == crc16(body[:-2]).to_bytes(2, "little")


@given(
    st.builds(
        McuCommand,
        st.integers(0, 255),
        st.integers(0, 255),
        st.booleans(),
        st.none() | st.floats(-30, 30),
        st.none() | st.floats(-30, 0),
        st.none() | st.floats(-0.3, 0.3),
        st.floats(0, 60),
    )
)
def test_a_command_is_read_as_it_was_written(command: McuCommand) -> None:
    read = read_command(command_payload(command))
    assert read is not None
    assert (read.mode, read.alert, read.actuation) == (
        command.mode,
        command.alert,
        command.actuation,
    )
    for told, written, step in (
        (read.accel_mps2, command.accel_mps2, 0.001),
        (read.aeb_decel_mps2, command.aeb_decel_mps2, 0.001),
        (read.curvature_1pm, command.curvature_1pm, 1e-5),
    ):
        assert (told is None) == (written is None)
        if told is not None and written is not None:
            assert told == pytest.approx(written, abs=step / 2 + 1e-9)
    assert read.valid_s == pytest.approx(command.valid_s, abs=0.0006)


@given(st.floats() | st.none(), st.floats() | st.none(), st.floats())
@example(1.8e305, -1.8e305, 0.0)
def test_no_number_is_wrapped(accel: float | None, curvature: float | None, valid: float) -> None:
    command = McuCommand(2, 0, True, accel, None, curvature, valid)
    read = read_command(command_payload(command))
    assert read is not None
    if accel is not None and accel == accel and abs(accel) != float("inf"):
        assert read.accel_mps2 is not None
        assert read.accel_mps2 * accel >= 0
        assert abs(read.accel_mps2) <= abs(accel) + 0.0006
    else:
        assert read.accel_mps2 is None


def test_a_status_is_read_as_it_was_written() -> None:
    status = McuStatus(200, McuState.OVERRIDDEN, 0x8001, 12, 0.015)
    assert read_status(status_payload(status)) == status
    never = replace(status, command_age_s=None)
    assert read_status(status_payload(never)) == never
    assert read_status(b"\x00\x09" + bytes(6)) is None  # a state that does not exist


@given(st.lists(st.binary(max_size=40)), st.integers(1, 7), st.integers(0, 255))
def test_frames_are_found_between_any_noise_in_any_pieces(
    noise: list[bytes], piece: int, sequence: int
) -> None:
    whole = frame_bytes(FrameType.STATUS, sequence, b"12345678")
    stream = b"".join(part + whole for part in noise)
    splitter = FrameSplitter()
    found = [
        frame
        for i in range(0, len(stream), piece)
        for frame in splitter.take(stream[i : i + piece])
    ]
    ours = [frame for frame in found if frame.payload == b"12345678"]
    assert len(ours) == len(noise)


@given(st.integers(0, 200), st.integers(1, 255))
def test_one_wrong_byte_is_found(at: int, by: int) -> None:
    data = bytearray(frame_bytes(FrameType.COMMAND, 3, command_payload(McuCommand(2, 0))))
    data[at % len(data)] ^= by
    frames = FrameSplitter().take(bytes(data) + b"\0")
    good = FrameSplitter().take(
        frame_bytes(FrameType.COMMAND, 3, command_payload(McuCommand(2, 0)))
    )
    # Only a leading or ending zero may be damaged without damage to the frame.
    assert frames in ([], good)
    assert frames == [] or at % len(data) in (0, len(data) - 1)


class Mcu:
    """The microcontroller: takes commands, answers as docs/mcu.md says it must."""

    def __init__(self, plug: Plug) -> None:
        self.plug = plug
        self.commands: list[McuCommand] = []
        self.sequences: list[int] = []
        self._splitter = FrameSplitter()
        self.state = McuState.IDLE
        self.behind = 0

    def step(self, answers: bool = True) -> None:
        for frame in self._splitter.take(self.plug.read()):
            command = read_command(frame.payload) if frame.type == FrameType.COMMAND else None
            if command is not None:
                self.commands.append(command)
                self.sequences.append(frame.sequence)
        if answers and self.commands:
            taken = self.sequences[-1 - min(self.behind, len(self.sequences) - 1)]
            status = McuStatus(taken, self.state, 0, self._splitter.refused, 0.01)
            self.plug.write(frame_bytes(FrameType.STATUS, 0, status_payload(status)))
            self.plug.arrived()


class Bench:
    """A link on a virtual clock with the microcontroller at the other end of a real port."""

    def __init__(self, path: Path) -> None:
        self.plug = Plug(path)
        self.plug.insert()
        self.mcu = Mcu(self.plug)
        self.clock = VirtualClock(100.0)
        self.events: list[Event] = []
        settings = McuSettings(port=str(path))
        self.link = McuLink(settings, self.clock.now_s(), self.events.append)
        self.clock.every(settings.period_s, self.link.step, "mcu")
        self.answers = True
        self.plugged = True
        self.clock.every(0.02, self._mcu, "device")

    def _mcu(self, _: float) -> None:
        if self.plugged:
            self.mcu.step(self.answers)

    def run(self, seconds: float) -> list[McuCommand]:
        before = len(self.mcu.commands)
        self.clock.advance_to(self.clock.now_s() + seconds)
        return self.mcu.commands[before:]

    def publish(self, **demands: Any) -> None:
        now_s = self.clock.now_s()
        told = {"actuation": True, "valid_until_s": now_s + 0.15, **demands}
        self.link.publish(scene(now_s), decision(now_s), command(now_s, **told))

    def names(self) -> list[str]:
        return [event.name for event in self.events]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "mcu")
    yield one
    one.link.close()
    one.plug.pull()


def test_commands_leave_fifty_times_a_second_with_the_next_sequence(bench: Bench) -> None:
    told = bench.run(6.0)
    assert 298 <= len(told) <= 302
    sequences = bench.mcu.sequences
    assert all((b - a) % 256 == 1 for a, b in itertools.pairwise(sequences))


def test_before_anything_is_published_it_is_neutral(bench: Bench) -> None:
    for told in bench.run(0.2):
        assert told == McuCommand(Mode.INIT.value, 0)


def test_a_command_arrives_and_ends_with_its_life(bench: Bench) -> None:
    bench.publish(accel_mps2=-2.0, aeb_decel_mps2=None, curvature_1pm=0.001)
    told = bench.run(0.1)[-1]
    assert told.actuation
    assert told.accel_mps2 == pytest.approx(-2.0)
    assert told.aeb_decel_mps2 is None
    assert told.curvature_1pm == pytest.approx(0.001)
    assert 0.0 < told.valid_s <= 0.15
    late = bench.run(0.3)[-1]  # the loop stands
    assert late == McuCommand(Mode.FALLBACK.value, 0)


def test_without_actuation_no_demand_leaves(bench: Bench) -> None:
    bench.publish(accel_mps2=-2.0, curvature_1pm=0.001, actuation=False)
    told = bench.run(0.1)[-1]
    assert not told.actuation
    assert told.accel_mps2 is None
    assert told.valid_s == 0.0


def test_silence_is_one_event_and_its_end_another(bench: Bench) -> None:
    bench.run(0.5)
    bench.answers = False
    bench.run(1.0)
    bench.answers = True
    bench.run(0.5)
    assert bench.names() == ["mcu_lost", "mcu_recovered"]
    assert bench.events[0].time_s - 100.5 <= 0.3


def test_pulled_out_and_put_back_it_goes_on_by_itself(bench: Bench) -> None:
    bench.run(0.5)
    bench.plugged = False
    bench.plug.pull()
    bench.run(3.0)
    assert bench.names() == ["mcu_lost"]
    bench.plug.insert()
    bench.plugged = True
    assert len(bench.run(1.5)) >= 20
    assert bench.names() == ["mcu_lost", "mcu_recovered"]


def test_one_that_is_not_there_at_the_start_does_not_stop_it(tmp_path: Path) -> None:
    clock = VirtualClock()
    events: list[Event] = []
    link = McuLink(McuSettings(port=str(tmp_path / "none")), 0.0, events.append)
    clock.every(0.02, link.step, "mcu")
    clock.advance_to(3.0)
    assert [event.name for event in events] == ["mcu_lost"]
    assert "No such file" in events[0].detail
    link.close()


@pytest.mark.parametrize("state", [McuState.FAULT, McuState.TIMED_OUT])
def test_what_it_says_is_wrong_is_told_for_as_long_as_it_says_so(
    bench: Bench, state: McuState
) -> None:
    bench.run(0.2)
    bench.mcu.state = state
    bench.run(0.2)
    assert set(bench.names()) == {"mcu_fault"}
    bench.mcu.state = McuState.ACTIVE
    bench.run(0.1)  # what was on its way
    bench.events.clear()
    bench.run(0.5)
    assert not bench.events


def test_one_that_acts_on_old_commands_is_a_fault_however_fresh_they_look(bench: Bench) -> None:
    bench.run(6.0)
    assert not bench.events
    bench.mcu.behind = 25  # half a second of them waits in between
    bench.run(0.2)
    assert set(bench.names()) == {"mcu_fault"}
    assert "commands 0.5 s old" in bench.events[0].detail


class SlowPort:
    """A handle of pyserial whose other end takes nothing, or that goes while it is opened."""

    def __init__(self) -> None:
        self.waiting = 0
        self.forgotten = 0
        self.closed = False

    in_waiting = 0

    @property
    def out_waiting(self) -> int:
        return self.waiting

    def reset_output_buffer(self) -> None:
        self.forgotten, self.waiting = self.forgotten + self.waiting, 0

    def read(self, size: int) -> bytes:
        return b""

    def write(self, data: bytes) -> int:
        self.waiting += len(data)
        return len(data)

    def close(self) -> None:
        assert not self.waiting, "closing would wait for it"
        self.closed = True


def test_commands_do_not_queue_behind_old_ones() -> None:
    handle = SlowPort()
    port = SerialPort(lambda: handle, 0.2, 1.0)
    port.read(0.0)
    most = 0
    for _ in range(500):
        assert port.write(bytes(21))
        most = max(most, handle.waiting)
    assert most <= 5 * 21
    port.close()
    assert handle.closed


def test_a_port_that_goes_while_it_is_opened_is_tried_again() -> None:
    handle, tries = SlowPort(), []

    def open_() -> SlowPort:
        tries.append(1)
        if len(tries) < 3:
            raise termios.error(5, "Input/output error")
        return handle

    port = SerialPort(open_, 0.2, 1.0)
    left = []
    for step in range(20):
        port.read(0.1 * step)
        left.append(port.write(b"x"))
    assert not left[0]
    assert left[-1]
    assert port.opened == 1


def test_a_port_that_takes_long_to_open_passes_no_old_command_on() -> None:
    clock, written = VirtualClock(), []

    class Port(SlowPort):
        def write(self, data: bytes) -> int:
            written.append(read_command(read_frame(data.strip(b"\0")).payload))
            return len(data)

    def open_() -> SlowPort:
        clock.advance_to(clock.now_s() + 1.0)
        return Port()

    link = McuLink(McuSettings(port="p"), 0.0, lambda event: None, open_)
    link.publish(scene(0.0), decision(0.0), command(0.0, aeb_decel_mps2=-6.0))
    link.step(0.02)  # opens; the command is valid until 0.3 s
    link.step(clock.now_s())
    assert written == [McuCommand(Mode.FALLBACK.value, 0)] * 2


def test_a_port_that_hangs_while_it_is_opened_does_not_hold_the_end() -> None:
    hang = threading.Event()

    def open_() -> SlowPort:
        hang.wait(10.0)
        return SlowPort()

    link = McuLink(McuSettings(port="p"), 0.0, lambda event: None, open_)
    step = threading.Thread(target=link.step, args=(0.0,), daemon=True)
    step.start()
    start_s = time.monotonic()
    link.close()
    assert time.monotonic() - start_s < 2.0
    hang.set()
    step.join(2.0)
    assert link.sent == 0


def test_the_end_is_neutral_and_then_silent(bench: Bench) -> None:
    bench.publish(accel_mps2=-2.0)
    bench.run(0.04)
    bench.link.close()
    bench.mcu.step()
    assert bench.mcu.commands[-1] == McuCommand(Mode.STANDBY.value, 0)
    assert bench.run(0.3) == []


def test_a_port_that_takes_nothing_holds_nobody(bench: Bench) -> None:
    bench.plugged = False  # nobody reads: the port's buffer fills
    while bench.link.failed < 5 and bench.clock.now_s() < 1000:
        bench.run(1.0)
    before = bench.link.failed
    start_s = time.monotonic()
    bench.run(0.2)
    assert time.monotonic() - start_s < 1.0
    assert bench.link.failed > before
    bench.plugged = True
    bench.plug.read()
    bench.run(0.3)
    assert bench.names()[-1] == "mcu_recovered"


def test_the_whole_link_tells_the_microcontroller_what_it_tells_the_bus(tmp_path: Path) -> None:
    plug = Plug(tmp_path / "mcu")
    plug.insert()
    mcu, clock = Mcu(plug), VirtualClock()
    settings = VehicleSettings(
        can=CanSettings(channel="mcu-link"), mcu=McuSettings(port=str(plug.path))
    )
    link = VehicleLink(settings, clock, lambda event: None)
    for tick in range(20):
        now_s = tick * 0.05
        clock.advance_to(now_s)
        mcu.step()
        link.publish(scene(now_s), decision(now_s), command(now_s, accel_mps2=-1.25))
    assert mcu.commands[-1].accel_mps2 == pytest.approx(-1.25)
    link.close()
    mcu.step()
    assert mcu.commands[-1] == McuCommand(Mode.STANDBY.value, 0)
    plug.pull()
