from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.config.load import load
from drag_edge.config.loading.shape import fields_of
from drag_edge.config.root import Settings
from drag_edge.config.rules import (
    CAN_FRAME_BITS,
    CAN_FRAMES_PER_S,
    MCU_COMMAND_BYTES,
    RISING,
    SLCAN_FRAME_BYTES,
)
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.mcu_frame import FrameType, McuCommand, command_payload, frame_bytes
from tests.config.helpers import VALID, only, problems, write

ACTING = (
    VALID
    + """\
adas: {actuation: on}
vehicle:
  ego: {dbc: road.onnx, speed: {message: MOTION, signal: SPEED}}
"""
)


def test_a_model_looks_at_cameras_that_exist(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID.replace("[front]", "[front, frnt]")))
    assert (problem.key, problem.line, problem.column) == ("models.road.cameras.1", 9, 22)
    assert problem.hint == "did you mean front?"


def test_a_model_names_a_camera_once(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID.replace("[front]", "[front, front]")))
    assert problem.expected == "each camera once"


def test_two_cameras_do_not_share_a_role(tmp_path: Path) -> None:
    text = VALID.replace("front:", "front: &f").replace("models:", "  other: {<<: *f}\nmodels:")
    problem = only(write(tmp_path, text))
    assert (problem.key, problem.line) == ("cameras.other.role", 6)
    assert "cameras.front is front already" in problem.expected


def test_hz_and_every_exclude_each_other(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID + "    hz: 5\n    every: 2\n"))
    assert problem.line in (7, 10, 11)
    assert "hz" in problem.expected


def test_a_roi_has_an_area(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID + "    roi: [0.5, 0.1, 0.2, 1.0]\n"))
    assert (problem.key, problem.line) == ("models.road.roi", 10)


def test_actuation_on_a_simulation_with_own_speed_is_allowed(tmp_path: Path) -> None:
    assert load(write(tmp_path, ACTING)).adas.actuation is True


@pytest.mark.parametrize(
    ("overrides", "key", "said"),
    [
        (["vehicle.ego=null"], "adas.actuation", "vehicle.ego.speed"),
        (["vehicle.ego.speed=null"], "adas.actuation", "vehicle.ego.speed"),
        (["cameras.front.role=left"], "adas.actuation", "front"),
        (["cameras.front.source=/dev/video0"], "cameras.front.source", "leaves this process"),
        (["vehicle.can.interface=socketcan"], "cameras.front.source", "a live camera"),
        (
            ["vehicle.can.interface=socketcan", "cameras.front.source=road.onnx"],
            "cameras.front.source",
            "a live camera",
        ),
        (["vehicle.mcu.port=/dev/ttyACM0"], "cameras.front.source", "no vehicle.mcu"),
        (
            [
                "vehicle.mcu.port=/dev/ttyACM0",
                "vehicle.can.interface=socketcan",
                "vehicle.can.channel=vcan0",
            ],
            "cameras.front.source",
            "no vehicle.mcu",
        ),
    ],
)
def test_actuation_is_refused_where_nothing_may_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: list[str], key: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    problem = only(write(tmp_path, ACTING), overrides)
    assert problem.key == key
    assert said in problem.expected
    assert load(write(tmp_path, ACTING), [*overrides, "adas.actuation=off"])


@pytest.mark.parametrize(
    "overrides",
    [
        ["vehicle.can.interface=socketcan", "cameras.front.source=csi://0"],
        ["vehicle.can.interface=socketcan", "vehicle.can.channel=vcan0"],
        [
            "vehicle.can.interface=socketcan",
            "cameras.front.source=csi://0",
            "vehicle.mcu.port=/dev/ttyACM0",
        ],
    ],
)
def test_a_live_vehicle_and_a_virtual_kernel_bus_may_act(
    tmp_path: Path, overrides: list[str]
) -> None:
    assert problems(write(tmp_path, ACTING), overrides) == ()


PEDALS = "vehicle.ego.brake_pressed={message: PEDALS, signal: BRAKE"


@pytest.mark.parametrize(
    ("overrides", "key", "said"),
    [
        (["vehicle.ego.speed.timeout_s=0.6"], "vehicle.ego.speed.timeout_s", "0.5 s or less"),
        ([PEDALS + ", timeout_s: 60}"], "vehicle.ego.brake_pressed.timeout_s", "0.5 s or less"),
        (["vehicle.ego.timeout_s=0.6"], "vehicle.ego.timeout_s", "of their own for speed"),
        (
            ["vehicle.ego.timeout_s=3600", "vehicle.ego.speed.timeout_s=0.2", PEDALS + "}"],
            "vehicle.ego.timeout_s",
            "of their own for brake_pressed",
        ),
    ],
)
def test_commands_do_not_rest_on_old_signals(
    tmp_path: Path, overrides: list[str], key: str, said: str
) -> None:
    problem = only(write(tmp_path, ACTING), overrides)
    assert problem.key == key
    assert said in problem.expected
    assert problem.hint == "adas.actuation is on"
    assert load(write(tmp_path, ACTING), [*overrides, "adas.actuation=off"])


@pytest.mark.parametrize(
    "overrides",
    [
        ["vehicle.ego.timeout_s=5", "vehicle.ego.speed.timeout_s=0.5"],
        ["vehicle.ego.set_speed={message: CRUISE, signal: SET, timeout_s: 30}"],
    ],
)
def test_what_no_command_rests_on_may_be_rare(tmp_path: Path, overrides: list[str]) -> None:
    assert problems(write(tmp_path, ACTING), overrides) == ()


def test_the_bodys_length_is_what_its_overhangs_add_up_to(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID + "body:\n  length_m: 4.2\n"))
    assert (problem.key, problem.line, problem.column) == ("body.length_m", 11, 13)
    assert problem.expected == "front_overhang_m + rear_overhang_m = 4.6 m"


def test_a_rule_that_a_default_breaks_is_told_at_what_was_written(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID + "adas:\n  aeb:\n    ttc_warn_s: 1.2\n"))
    assert problem.key == "adas.aeb.ttc_partial_s"
    assert problem.line == 11
    assert problem.expected == "less than adas.aeb.ttc_warn_s = 1.2"


@pytest.mark.parametrize("pair", RISING, ids=lambda pair: pair[0])
def test_every_rising_pair_names_fields_of_one_unit(pair: tuple[str, str]) -> None:
    units = []
    for key in pair:
        section = Settings
        *above, last = key.split(".")
        for part in above:
            section = fields_of(section)[part].sections[0]
        units.append(fields_of(section)[last].unit)
    assert units[0] == units[1]


def test_simulated_cameras_share_one_world(tmp_path: Path) -> None:
    two = VALID.replace("models:", "  left: {source: 'sim://', role: left, mount: {x: 2, z: 1}, "
                        "intrinsics: {width: 64, height: 36, fx: 40, fy: 40, cx: 32, cy: 18}}\n"
                        "models:")  # fmt: skip
    assert load(write(tmp_path, two))
    problem = only(write(tmp_path, two.replace("'sim://'", "sim://cut-in")))
    assert (problem.key, problem.line) == ("cameras.left.source", 6)
    assert only(write(tmp_path, VALID.replace("sim://highway", "sim://"))).key.endswith("source")


@pytest.mark.parametrize(
    ("port", "least"),
    [("baudrate: 9600", "0.027 s or more at 9600"), ("period_s: 0.005, baudrate: 38400", "0.007")],
)
def test_commands_to_a_microcontroller_fit_its_port(tmp_path: Path, port: str, least: str) -> None:
    text = VALID + f"vehicle: {{mcu: {{port: /dev/ttyACM0, {port}}}}}\n"
    problem = only(write(tmp_path, text))
    assert problem.key == "vehicle.mcu.period_s"
    assert least in problem.expected


def test_a_command_is_as_long_as_the_rule_says() -> None:
    data = frame_bytes(FrameType.COMMAND, 0, command_payload(McuCommand(2, 0)))
    assert len(data) == MCU_COMMAND_BYTES


@pytest.mark.parametrize(
    ("can", "key", "least"),
    [
        ("interface: slcan, serial_baudrate: 76800", "serial_baudrate", "107250 bit/s or more"),
        ("interface: slcan, serial_baudrate: 9600", "serial_baudrate", "107250 bit/s or more"),
        ("interface: slcan, bitrate: 50000", "bitrate", "65812 bit/s or more"),
        ("interface: socketcan, bitrate: 50000", "bitrate", "65812 bit/s or more"),
    ],
)
def test_frames_fit_the_bus_and_the_adapters_port(
    tmp_path: Path, can: str, key: str, least: str
) -> None:
    problem = only(write(tmp_path, VALID + f"vehicle: {{can: {{{can}}}}}\n"))
    assert problem.key == f"vehicle.can.{key}"
    assert least in problem.expected


@pytest.mark.parametrize(
    "can",
    ["interface: slcan", "interface: slcan, bitrate: 100000", "interface: virtual, bitrate: 10000"],
)
def test_what_is_fast_enough_is_allowed(tmp_path: Path, can: str) -> None:
    assert problems(write(tmp_path, VALID + f"vehicle: {{can: {{{can}}}}}\n")) == ()


def test_the_load_of_the_bus_is_what_the_rule_says() -> None:
    codec = Codec()
    assert sum(1 / codec.cycle_time_s(name) for name in codec.names) == pytest.approx(
        CAN_FRAMES_PER_S
    )
    assert len("t1238" + "00" * 8 + "\r") == SLCAN_FRAME_BYTES
    bits = 8 * 8 + 44  # start to end of frame around 8 bytes of data
    stuffed = 8 * 8 + 34  # of these, start to CRC: a stuff bit after four at worst
    assert bits + (stuffed - 1) // 4 + 3 == CAN_FRAME_BITS
