"""What a value on the vehicle's bus is taken for: possible, impossible, or unknown."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drag_edge.config.vehicle import EgoSettings
from drag_edge.events import Event
from drag_edge.perception.ego import EgoState
from drag_edge.vehicle.ego import EgoReader
from tests.vehicle.cars import MAPPING, Car, Source, cabin, motion

HEAD = 'VERSION ""\nNS_ :\nBS_:\nBU_: CAR\n'


class OneMessage:
    """A reader of message 256, whose signals a test spells out."""

    def __init__(self, folder: Path, signals: str, **mapping: Any) -> None:
        dbc = folder / "one.dbc"
        dbc.write_text(f"{HEAD}BO_ 256 ONE: 8 CAR\n{signals}")
        settings = EgoSettings.model_validate({"dbc": dbc, **mapping})
        self.events: list[Event] = []
        self._source = Source()
        self._reader = EgoReader(self._source, settings, 0.0, self.events.append)

    def say(self, bits: int) -> EgoState:
        self._source.put(256, bits.to_bytes(8, "little"))
        self._reader.step(0.0)
        return self._reader.state(0.0)


SPEED = {"message": "ONE", "signal": "SPEED"}


def test_a_value_beyond_the_dbcs_limits_is_unknown_and_told(tmp_path: Path) -> None:
    car = Car(tmp_path)
    car.source.put(256, motion(350.0))
    car.reader.step(0.0)
    assert car.events == []
    car.source.put(256, bytes((0, 0, 0xFF, 0xFF, 0, 0, 0, 0)))  # not available: 655.35 km/h
    car.reader.step(0.01)
    assert car.reader.state(0.01).speed_mps is None
    assert car.reader.state(0.01).yaw_rate_radps == 0.0, "the other signals are believed"
    assert car.names() == [("ego_frame_invalid", "MOTION")]
    assert car.events[0].detail == "SPEED says 655.35, outside of the DBC's [0|400]"


@pytest.mark.parametrize("limits", ["[0|0]", "[0|65535]"])  # none, and those of the raw value
def test_no_vehicle_drives_faster_than_360_km_per_h(tmp_path: Path, limits: str) -> None:
    one = OneMessage(tmp_path, f' SG_ SPEED : 0|16@1+ (0.01,0) {limits} "km/h" CAR\n', speed=SPEED)
    assert one.say(36_000).speed_mps == pytest.approx(100.0)
    assert one.events == []
    assert one.say(36_001).speed_mps is None
    assert one.say(0xFFFF).speed_mps is None
    assert {event.name for event in one.events} == {"ego_frame_invalid"}


@pytest.mark.parametrize("limits", ["[0|0]", "[0|1023]", "[-1000|1000]"])
def test_limits_that_the_field_cannot_hold_are_none(tmp_path: Path, limits: str) -> None:
    yaw = {"message": "ONE", "signal": "YAW"}
    signal = f' SG_ YAW : 0|10@1+ (0.25,-125) {limits} "deg/s" CAR\n'
    one = OneMessage(tmp_path, signal, yaw_rate=yaw)
    assert one.say(0).yaw_rate_radps == pytest.approx(math.radians(-125))
    assert one.say(1023).yaw_rate_radps == pytest.approx(math.radians(130.75))
    assert one.events == []


def test_limits_that_were_rounded_take_the_value_that_they_mean(tmp_path: Path) -> None:
    signal = ' SG_ SPEED : 0|8@1+ (0.3,0) [0|30] "km/h" CAR\n'
    one = OneMessage(tmp_path, signal.replace("30]", "29.9]"), speed=SPEED)
    assert one.say(100).speed_mps == pytest.approx(30 / 3.6)
    assert one.say(101).speed_mps is None


@given(st.integers(0, 0xFFFF))
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
def test_backwards_is_a_speed_too(tmp_path: Path, raw: int) -> None:
    signal = ' SG_ SPEED : 0|16@1- (0.01,0) [-300|300] "km/h" CAR\n'
    one = OneMessage(tmp_path, signal, speed=SPEED)
    speed_kmh = (raw - 0x10000 if raw & 0x8000 else raw) / 100
    told = one.say(raw).speed_mps
    assert told == (pytest.approx(abs(speed_kmh) / 3.6) if abs(speed_kmh) <= 300 else None)


@pytest.mark.parametrize("fraction", [0, 3, -4])
def test_unknown_is_said_by_the_signal_itself_not_by_its_sum(tmp_path: Path, fraction: int) -> None:
    car = Car(tmp_path, steering_wheel_angle={**MAPPING["steering_wheel_angle"], "invalid": [-12]})
    car.source.put(256, motion(0.0, angle_raw=-8, fraction=fraction))
    car.reader.step(0.0)
    assert car.reader.state(0.0).steering_wheel_angle_rad is None
    assert car.events == [], "the vehicle says so itself"
    car.source.put(256, motion(0.0, angle_raw=-7, fraction=fraction))
    car.reader.step(0.01)
    assert car.reader.state(0.01).steering_wheel_angle_rad is not None


@pytest.mark.parametrize("unknown", [3, "UNKNOWN"])
def test_a_switch_and_a_choice_can_say_unknown(tmp_path: Path, unknown: int | str) -> None:
    car = Car(
        tmp_path,
        indicator_left={**MAPPING["indicator_left"], "invalid": [unknown]},
        gap_setting={"message": "CABIN", "signal": "GAP", "invalid": [0]},
    )
    told = []
    for now_s, switches in enumerate((0b01_01, 0b00_00, 0b00_11)):
        car.source.put(257, cabin(switches=switches))
        car.reader.step(now_s / 10)
        state = car.reader.state(now_s / 10)
        told.append((state.indicator_left, state.gap_setting))
    assert told == [(True, 1), (False, None), (None, None)]
    assert car.events == []


def test_a_switchs_labels_are_values_beside_its_limits(tmp_path: Path) -> None:
    signals = ' SG_ STALK : 0|3@1+ (1,0) [0|2] "" CAR\nVAL_ 256 STALK 1 "LEFT" 3 "BOTH" ;\n'
    left = {"message": "ONE", "signal": "STALK", "on": ["LEFT", "BOTH"]}
    one = OneMessage(tmp_path, signals, indicator_left=left)
    assert [one.say(raw).indicator_left for raw in (0, 1, 2, 3)] == [False, True, False, True]
    assert one.events == []
    assert one.say(5).indicator_left is None
    assert [event.name for event in one.events] == ["ego_frame_invalid"]


PAGES = """\
 SG_ PAGE M : 0|4@1+ (1,0) [0|15] "" CAR
 SG_ SPEED m0 : 8|16@1+ (0.01,0) [0|400] "km/h" CAR
 SG_ OTHER m1 : 8|16@1+ (0.01,0) [0|400] "" CAR
 SG_ BRAKE : 40|1@1+ (1,0) [0|1] "" CAR
"""


def test_a_page_that_the_dbc_does_not_know_is_no_fault(tmp_path: Path) -> None:
    brake = {"message": "ONE", "signal": "BRAKE"}
    one = OneMessage(tmp_path, PAGES, speed=SPEED, brake_pressed=brake)
    assert one.say(3600 << 8).speed_mps == pytest.approx(10.0)
    for page in (1, 2, 15):
        assert one.say(7200 << 8 | page).speed_mps == pytest.approx(10.0)
    assert one.events == []


def test_a_signal_of_every_page_is_read_on_unknown_pages_too(tmp_path: Path) -> None:
    brake = {"message": "ONE", "signal": "BRAKE"}
    one = OneMessage(tmp_path, PAGES, brake_pressed=brake)
    assert [one.say(on << 40 | 2).brake_pressed for on in (1, 0, 1)] == [True, False, True]
