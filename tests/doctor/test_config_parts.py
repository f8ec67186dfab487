"""What a configuration names: cameras, bus, files, models, the service."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from drag_edge.config.load import load
from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.machine import Ran
from drag_edge.inference.engine_file import Marks, header
from drag_edge.inference.sidecar import Sidecar, file_sha256, sidecar_path
from tests.doctor.machines import PretendMachine, configured, laptop, looked_at, orin

CAN = "{interface: socketcan, channel: can0}"
SLCAN = "{interface: slcan, channel: /dev/ttyACM0}"
DEMO = Path(__file__).resolve().parent.parent.parent / "engines" / "demo"


def camera(machine: PretendMachine, folder: Path, source: str) -> Finding:
    return looked_at(machine, configured(folder, source))["camera front"]


def bus(machine: PretendMachine, folder: Path, can: str) -> Finding:
    return looked_at(machine, configured(folder, can=can))["bus"]


def test_a_usb_camera_that_is_there_is_named(tmp_path: Path) -> None:
    found = camera(orin(tmp_path), tmp_path, "/dev/video0")
    assert found == Finding("camera front", State.OK, "/dev/video0: vi-output, imx477 10-001a")


def test_a_usb_camera_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    found = camera(orin(tmp_path), tmp_path, "/dev/video7")
    assert found.fatal
    assert found.state is State.MISSING
    assert found.found == "/dev/video7 is not there (/dev/video0)"


def test_a_camera_that_this_user_may_not_open_names_the_group(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.unusable = {"/dev/video0"}
    found = camera(machine, tmp_path, "/dev/video0")
    assert found.fatal
    assert found.state is State.BROKEN
    assert found.advice == "sudo usermod -aG video $USER, then log in anew"


def test_a_csi_camera_needs_a_jetson(tmp_path: Path) -> None:
    assert "no Jetson" in camera(laptop(tmp_path), tmp_path, "csi://0").found


def test_a_csi_camera_needs_argus(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.path("/tmp/argus_socket").unlink()
    found = camera(machine, tmp_path, "csi://0")
    assert found.fatal
    assert "nvargus-daemon" in found.advice


def test_a_csi_sensor_that_the_kernel_did_not_find_is_a_cable(tmp_path: Path) -> None:
    found = camera(orin(tmp_path), tmp_path, "csi://2")
    assert found.state is State.MISSING
    assert "1 sensor" in found.found
    assert "ribbon cable" in found.advice


def test_a_streams_host_is_called_and_its_password_never_told(tmp_path: Path) -> None:
    machine = laptop(tmp_path)
    source = "rtsp://admin:s3cret@cam.local/stream1"
    assert camera(machine, tmp_path, source).found == (
        "rtsp://***@cam.local/stream1: cam.local answers on port 554"
    )
    machine.dead_hosts = {"cam.local": "no answer within 2 s"}
    found = camera(machine, tmp_path, source)
    assert found.fatal
    assert "no answer within 2 s" in found.found
    assert "s3cret" not in f"{found}"


@pytest.mark.parametrize("source", ["rtsp://cam:port/x", "udp://@:5000"])
def test_an_odd_address_is_an_answer_too(tmp_path: Path, source: str) -> None:
    assert camera(laptop(tmp_path), tmp_path, source).state is not State.OK


def test_a_recording_that_is_gone_is_missing(tmp_path: Path) -> None:
    found = camera(laptop(tmp_path), tmp_path, "drive.mp4")
    assert found.fatal
    assert str(tmp_path / "drive.mp4") in found.found


def test_a_lens_file_that_is_gone_is_missing(tmp_path: Path) -> None:
    configured(tmp_path)
    text = (tmp_path / "drive.yaml").read_text()
    start, end = text.index("{width"), text.index("}", text.index("{width")) + 1
    (tmp_path / "drive.yaml").write_text(text[:start] + "lens.yaml" + text[end:])
    settings = load(tmp_path / "drive.yaml", check_files=False)
    found = looked_at(laptop(tmp_path), settings)["camera front, lens"]
    assert found.fatal
    assert "lens.yaml" in found.found


def with_controller(machine: PretendMachine, **data: Any) -> PretendMachine:
    answer = [{"ifname": "can0", "linkinfo": {"info_kind": "can", "info_data": data}}]
    machine.programs["ip"] = Ran(0, json.dumps(answer), "")
    return machine


def test_a_can_interface_that_is_up_tells_its_bitrate(tmp_path: Path) -> None:
    machine = with_controller(orin(tmp_path), state="ERROR-ACTIVE", bittiming={"bitrate": 500_000})
    found = bus(machine, tmp_path, CAN)
    assert found == Finding("bus", State.OK, "socketcan can0 is up, 500000 bit/s")


def test_a_can_interface_with_another_bitrate_is_noted(tmp_path: Path) -> None:
    machine = with_controller(orin(tmp_path), bittiming={"bitrate": 250_000})
    found = bus(machine, tmp_path, CAN)
    assert found.state is State.NOTE
    assert "250000" in found.found
    assert "bitrate 500000" in found.advice


def test_a_controller_that_is_bus_off_is_broken(tmp_path: Path) -> None:
    found = bus(with_controller(orin(tmp_path), state="BUS-OFF"), tmp_path, CAN)
    assert found.fatal
    assert "terminator" in found.found


def test_a_can_interface_that_is_down_gets_the_line_that_brings_it_up(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.write("/sys/class/net/can0/flags", "0x40080\n")
    found = bus(machine, tmp_path, CAN)
    assert found.fatal
    assert found.advice == "sudo ip link set can0 up type can bitrate 500000"


def test_a_missing_can_interface_names_those_that_are_there(tmp_path: Path) -> None:
    found = bus(orin(tmp_path), tmp_path, "{interface: socketcan, channel: can1}")
    assert found.state is State.MISSING
    assert "there is can0" in found.found
    assert "modprobe mttcan" in found.advice


def test_a_network_card_is_no_bus(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.write("/sys/class/net/eth0/type", "1\n")
    assert (
        "no CAN interface" in bus(machine, tmp_path, "{interface: socketcan, channel: eth0}").found
    )


def test_a_serial_adapter_is_looked_for_and_tried(tmp_path: Path) -> None:
    machine = laptop(tmp_path)
    assert "no serial adapter at all" in bus(machine, tmp_path, SLCAN).found
    machine.write("/dev/ttyUSB0")
    assert "(/dev/ttyUSB0)" in bus(machine, tmp_path, SLCAN).found
    machine.write("/dev/ttyACM0")
    assert bus(machine, tmp_path, SLCAN).state is State.OK
    machine.unusable = {"/dev/ttyACM0"}
    found = bus(machine, tmp_path, SLCAN)
    assert found.fatal
    assert "dialout" in found.advice


def test_ports_of_a_microcontroller_and_a_satellite_receiver_are_looked_for(tmp_path: Path) -> None:
    more = "  mcu: {port: /dev/ttyACM1}\n  gnss: {port: /dev/ttyUSB3}\n"
    file = tmp_path / "drive.yaml"
    configured(tmp_path)
    file.write_text(file.read_text() + more)
    settings, machine = load(file, check_files=False), laptop(tmp_path)
    found = looked_at(machine, settings)
    assert found["microcontroller"].fatal
    assert found["GNSS"].state is State.MISSING
    assert not found["GNSS"].fatal  # it only confirms the vehicle's own speed
    machine.write("/dev/ttyACM1")
    machine.write("/dev/ttyUSB3")
    found = looked_at(machine, settings)
    assert {found["microcontroller"].state, found["GNSS"].state} == {State.OK}


def test_files_that_the_vehicle_section_names_are_looked_for(tmp_path: Path) -> None:
    more = "  ego: {dbc: car.dbc, speed: {message: M, signal: S}}\n"
    file = tmp_path / "drive.yaml"
    configured(tmp_path)
    file.write_text(file.read_text() + more)
    settings = load(file, check_files=False)
    assert looked_at(laptop(tmp_path), settings)["vehicle.ego.dbc"].state is State.MISSING
    (tmp_path / "car.dbc").write_text('VERSION ""\n')
    broken = {what: one for what, one in looked_at(laptop(tmp_path), settings).items() if one.fatal}
    assert [one.state for one in broken.values()] == [State.BROKEN]
    assert next(iter(broken)).startswith("vehicle.ego.speed")


def test_a_log_that_may_not_be_written_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = configured(tmp_path, can="{interface: virtual, log: logs/a/drive.log}")
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    found = looked_at(laptop(tmp_path), settings)["vehicle.can.log"]
    assert found.fatal
    assert "may not be written" in found.found


def test_little_room_for_a_log_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = laptop(tmp_path)
    monkeypatch.setattr(machine, "free_bytes", lambda folder: 5 * 10**8)
    found = looked_at(machine, configured(tmp_path, can="{interface: virtual, log: drive.log}"))
    assert found["vehicle.can.log"].state is State.NOTE
    assert "0.5 GB free" in found["vehicle.can.log"].found


def test_a_window_without_a_screen_is_noted(tmp_path: Path) -> None:
    machine, settings = laptop(tmp_path), configured(tmp_path, more="display: {window: on}")
    assert looked_at(machine, settings)["display.window"].state is State.NOTE
    machine.variables["DISPLAY"] = ":0"
    assert looked_at(machine, settings)["display.window"].state is State.OK


def test_a_whole_onnx_is_ok_and_a_damaged_one_is_broken(tmp_path: Path) -> None:
    whole = DEMO / "signal.onnx"
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(whole.read_bytes()[:5000])
    more = f"models: {{whole: {{file: {whole}}}, cut: {{file: cut.onnx}}, gone: {{file: no.onnx}}}}"
    findings = looked_at(laptop(tmp_path), configured(tmp_path, more=more))
    assert findings["model whole"].state is State.OK
    assert findings["model cut"].state is State.BROKEN
    assert findings["model cut"].fatal
    assert findings["model gone"].state is State.MISSING


def test_an_onnx_on_a_machine_with_tensorrt_is_sent_to_model_build(tmp_path: Path) -> None:
    whole = tmp_path / "signal.onnx"
    whole.write_bytes((DEMO / "signal.onnx").read_bytes())
    settings = configured(tmp_path, more="models: {signal: {file: signal.onnx}}")
    found = looked_at(orin(tmp_path), settings)["model signal"]
    assert found.state is State.NOTE
    assert found.advice == f"drag-edge model build {whole}"


def a_plan(version: tuple[int, int, int, int]) -> bytes:
    """The first bytes of a plan from 8.6 on, and something behind them."""
    return b"ftrt" + bytes(20) + bytes(version) + bytes(100)


@pytest.mark.parametrize(
    ("content", "state", "told"),
    [
        (a_plan((10, 3, 0, 30)), State.NOTE, "TensorRT will tell"),
        (a_plan((8, 6, 2, 3)), State.BROKEN, "TensorRT 8.6.2.3, and TensorRT 10.3.0 is here"),
        (b"", State.BROKEN, "is empty"),
        (b"nonsense" * 20, State.BROKEN, "no TensorRT engine"),
    ],
)
def test_an_engine_is_read_before_anybody_runs_it(
    tmp_path: Path, content: bytes, state: State, told: str
) -> None:
    (tmp_path / "road.engine").write_bytes(content)
    settings = configured(tmp_path, more="models: {road: {file: road.engine, task: segment}}")
    found = looked_at(orin(tmp_path), settings)["model road"]
    assert found.state is state
    assert told in found.found
    assert found.state is State.NOTE or "drag-edge model build" in found.advice


def test_an_engine_without_a_gpu_cannot_run(tmp_path: Path) -> None:
    (tmp_path / "road.engine").write_bytes(a_plan((10, 3, 0, 30)))
    settings = configured(tmp_path, more="models: {road: {file: road.engine, task: segment}}")
    found = looked_at(laptop(tmp_path), settings)["model road"]
    assert found.fatal
    assert "built by TensorRT 10.3.0.30" in found.found
    assert "no GPU here" in found.found


def unit(machine: PretendMachine, output: str) -> Finding:
    machine.write("/etc/systemd/system/drag-edge.service", "[Service]\n")
    machine.programs["systemctl"] = Ran(0, output, "")
    return looked_at(machine)["service"]


def test_a_unit_that_failed_is_broken_and_never_fatal(tmp_path: Path) -> None:
    found = unit(orin(tmp_path), "LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\n")
    assert found.state is State.BROKEN
    assert not found.fatal
    assert found.advice == "journalctl -u drag-edge.service -n 50"


def test_a_unit_that_runs_is_ok(tmp_path: Path) -> None:
    told = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNRestarts=0\n"
    assert unit(orin(tmp_path), told).found == "drag-edge.service: active, enabled at boot"


def test_a_unit_that_was_restarted_is_noted(tmp_path: Path) -> None:
    told = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNRestarts=7\n"
    found = unit(orin(tmp_path), told)
    assert found.state is State.NOTE
    assert "restarted 7 times" in found.found


def built(engine: Path, onnx: Path, sm: str = "sm_87", tensorrt: str = "10.3.0") -> None:
    """An engine with its sidecar as `drag-edge model build` leaves them, but for the network."""
    plan = a_plan((10, 3, 0, 30))
    sidecar = Sidecar(
        tensorrt=tensorrt, cuda="12.6", sm=sm, device="Orin", onnx=onnx.name,
        onnx_sha256=file_sha256(onnx), precision="fp16", inputs={}, outputs={},
    ).as_text()  # fmt: skip
    sums = [hashlib.sha256(data).hexdigest() for data in (plan, sidecar.encode())]
    engine.write_bytes(header({}, Marks(len(plan), *sums)) + plan)
    sidecar_path(engine).write_text(sidecar)


@pytest.mark.parametrize("named", ["signal.engine", "signal.onnx"])
def test_an_engine_that_was_built_here_is_ok_until_its_onnx_changes(
    tmp_path: Path, named: str
) -> None:
    onnx = tmp_path / "signal.onnx"
    onnx.write_bytes((DEMO / "signal.onnx").read_bytes())
    built(tmp_path / "signal.engine", onnx)
    settings = configured(tmp_path, more=f"models: {{signal: {{file: {named}}}}}")
    assert looked_at(orin(tmp_path), settings)["model signal"].state is State.OK
    onnx.write_bytes((DEMO / "road.onnx").read_bytes())
    found = looked_at(orin(tmp_path), settings)["model signal"]
    assert found.state is State.NOTE
    assert found.advice.startswith(f"drag-edge model build {onnx}")


def test_an_engine_for_another_gpu_is_broken(tmp_path: Path) -> None:
    onnx = tmp_path / "signal.onnx"
    onnx.write_bytes((DEMO / "signal.onnx").read_bytes())
    built(tmp_path / "signal.engine", onnx, sm="sm_90")
    settings = configured(tmp_path, more="models: {signal: {file: signal.engine}}")
    found = looked_at(orin(tmp_path), settings)["model signal"]
    assert found.fatal
    assert "sm_90" in found.found
    assert "sm_87" in found.found
    assert "drag-edge model build" in found.advice
