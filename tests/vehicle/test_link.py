"""The room as a whole: what the loop sees of the vehicle, and what the vehicle sees of the loop."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import can
import pytest

from drag_edge.adas.decision import Mode
from drag_edge.clock import SystemClock, VirtualClock
from drag_edge.config.report import ConfigError
from drag_edge.config.vehicle import VehicleSettings
from drag_edge.events import Event
from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import decode
from drag_edge.vehicle.e2e import E2EReceiver, E2ESettings, E2EStatus
from drag_edge.vehicle.link import VehicleLink
from drag_edge.vehicle.mcu_frame import FrameSplitter, McuCommand, read_command
from drag_edge.vehicle.sender import CyclicSender
from tests.vehicle.builders import command, decision, scene
from tests.vehicle.cars import DBC, MAPPING, motion
from tests.vehicle.serials import Plug


def vehicle_settings(folder: Path, channel: str) -> VehicleSettings:
    (folder / "car.dbc").write_text(DBC)
    return VehicleSettings.model_validate(
        {"can": {"channel": channel}, "ego": {"dbc": folder / "car.dbc", **MAPPING}}
    )


class OtherEcu:
    """A receiver of ACC as another computer would build it."""

    def __init__(self, channel: str, now_s: float) -> None:
        self.bus = can.Bus(interface="virtual", channel=channel)
        self.judge = E2EReceiver(DATA_IDS["ACC"], E2ESettings(timeout_s=0.1), now_s)
        self.accel_mps2: float | None = None
        self.states: list[E2EStatus] = []

    def step(self, now_s: float) -> None:
        while (frame := self.bus.recv(timeout=0)) is not None:
            if frame.arbitration_id == 0x1B2:
                self._take(bytes(frame.data), now_s)
        self.states.append(self.judge.poll(now_s))
        if self.states[-1] is E2EStatus.TIMEOUT:
            self.accel_mps2 = None

    def _take(self, data: bytes, now_s: float) -> None:
        if self.judge.receive(data, now_s).usable:
            signals = decode(0x1B2, data)
            wanted = signals["AccAccelDemand"] if signals["AccAccelRequest"] == "YES" else None
            self.accel_mps2 = wanted if isinstance(wanted, float) else None


def test_a_command_reaches_another_ecu_and_its_state_comes_back(tmp_path: Path) -> None:
    clock, events = VirtualClock(), list[Event]()
    link = VehicleLink(vehicle_settings(tmp_path, "test-link"), clock, events.append)
    ecu = OtherEcu("test-link", 0.0)
    clock.every(0.01, ecu.step, "ecu")
    clock.every(
        0.02,
        lambda now_s: ecu.bus.send(
            can.Message(arbitration_id=256, data=motion(72.0), is_extended_id=False)
        ),
        "motion",
    )
    for tick in range(40):
        now_s = tick * 0.05
        clock.advance_to(now_s)
        link.publish(scene(now_s), decision(now_s), command(now_s))
    assert link.ego(clock.now_s()).speed_mps == pytest.approx(20.0)
    assert ecu.accel_mps2 == pytest.approx(-0.5)
    clock.advance_to(clock.now_s() + 0.4)  # no new command: the demand goes, the frames stay
    assert ecu.accel_mps2 is None
    assert E2EStatus.TIMEOUT not in ecu.states
    assert link.fallback_frames > 0
    link.close()
    link.close()
    clock.advance_to(clock.now_s() + 0.5)
    assert ecu.states[-1] is E2EStatus.TIMEOUT
    ecu.bus.shutdown()


def test_a_mapping_that_does_not_fit_leaves_nothing_running(tmp_path: Path) -> None:
    (tmp_path / "car.dbc").write_text(DBC)
    wrong = VehicleSettings.model_validate(
        {
            "can": {"channel": "test-wrong", "log": tmp_path / "a.log"},
            "ego": {"dbc": tmp_path / "car.dbc", "speed": {"message": "NONE", "signal": "NO"}},
        }
    )
    clock = VirtualClock()
    with pytest.raises(ConfigError, match="NONE"):
        VehicleLink(wrong, clock, lambda event: None)
    clock.advance_to(1.0)
    assert (tmp_path / "a.log").read_text() == ""


def test_the_first_heartbeat_leaves_at_once_on_the_real_clock(tmp_path: Path) -> None:
    clock = SystemClock()
    ecu = OtherEcu("test-first", clock.now_s())
    start_s = clock.now_s()
    link = VehicleLink(vehicle_settings(tmp_path, "test-first"), clock, lambda event: None)
    frame = ecu.bus.recv(timeout=1.0)
    assert frame is not None
    assert clock.now_s() - start_s < 1.0
    link.close()
    assert link.status_sent >= 1
    ecu.bus.shutdown()


class Hanging:
    """An adapter that is stuck in the middle of a frame."""

    def __init__(self) -> None:
        self.stuck, self.freed = threading.Event(), threading.Event()

    def send(self, message: can.Message, timeout: float | None = None) -> None:
        if self.stuck.is_set():
            self.freed.wait(20.0)

    def recv(self, timeout: float | None = None) -> can.Message | None:
        return None

    def shutdown(self) -> None:
        pass


def test_the_microcontroller_hears_the_end_though_the_bus_hangs(tmp_path: Path) -> None:
    plug, adapter, clock = Plug(tmp_path / "mcu"), Hanging(), SystemClock()
    plug.insert()
    settings = VehicleSettings.model_validate(
        {"can": {"log": tmp_path / "a.log"}, "mcu": {"port": str(plug.path)}}
    )
    link = VehicleLink(settings, clock, lambda event: None, lambda can_settings: adapter)
    for _ in range(5):
        now_s = clock.now_s()
        link.publish(scene(now_s), decision(now_s), command(now_s, aeb_decel_mps2=-6.0))
        time.sleep(0.02)
    adapter.stuck.set()
    time.sleep(0.05)
    start_s = clock.now_s()
    link.close()
    assert clock.now_s() - start_s < 5.0
    adapter.freed.set()
    splitter = FrameSplitter()
    commands = [read_command(frame.payload) for frame in splitter.take(plug.read())]
    assert any(command is not None and command.aeb_decel_mps2 == -6.0 for command in commands)
    assert commands[-3:] == [McuCommand(Mode.STANDBY.value, 0)] * 3
    plug.pull()


def test_every_part_is_closed_whatever_became_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = vehicle_settings(tmp_path, "test-close")
    link = VehicleLink(settings, VirtualClock(), lambda event: None)

    def fails(_: CyclicSender) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(CyclicSender, "close", fails)
    with pytest.raises(RuntimeError, match="a bug"):
        link.close()
    other = can.Bus(interface="virtual", channel="test-close")
    assert len(other.channel) == 1, "the bus was left"
    other.shutdown()
