"""The own vehicle read from its bus: mapping, time-outs, checks, and a real drive."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import can
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drag_edge.config.report import ConfigError
from drag_edge.config.vehicle import EgoSettings
from drag_edge.events import Event
from drag_edge.vehicle.e2e import data_ids_of, protect
from drag_edge.vehicle.ego import EgoReader
from tests.vehicle.cars import MAPPING, RAV4, Car, Source, cabin, motion


@pytest.fixture
def car(tmp_path: Path) -> Car:
    return Car(tmp_path)


def test_units_of_the_dbc_become_si_and_signs_turn(car: Car) -> None:
    car.source.put(256, motion(90.0, 12.0, angle_raw=-4, fraction=3))
    car.reader.step(0.1)
    state = car.reader.state(0.1)
    assert state.time_s == 0.1
    assert state.speed_mps == pytest.approx(25.0)
    assert state.yaw_rate_radps == pytest.approx(math.radians(-12.0))
    assert state.steering_wheel_angle_rad == pytest.approx(math.radians(-5.7))


def test_switches_choices_and_pedals(car: Car) -> None:
    car.source.put(257, cabin(pedal=100, brake=5, switches=0b1_11_01))
    car.reader.step(0.1)
    state = car.reader.state(0.1)
    assert state.accelerator == pytest.approx(0.5)
    assert state.brake_pressed is True
    assert (state.indicator_left, state.indicator_right) == (True, False)
    assert state.gap_setting == 1
    assert state.hands_on is False


def test_a_choice_that_the_table_does_not_name_is_unknown(car: Car) -> None:
    car.source.put(257, cabin(switches=0))
    car.reader.step(0.1)
    assert car.reader.state(0.1).gap_setting is None


def test_extended_identifiers_are_told_from_standard_ones(car: Car) -> None:
    car.source.put(0x18FF0500, bytes((0xF6, 0, 0, 0, 0, 0, 0, 0)), extended=True)
    car.source.put(256, motion(90.0), extended=True)  # not MOTION
    car.reader.step(0.1)
    assert car.reader.state(0.1).driver_torque_nm == pytest.approx(-1.0)
    assert car.reader.state(0.1).speed_mps is None


def test_silence_is_none_and_one_event_and_comes_back(car: Car) -> None:
    for cycle in range(400):
        now_s = cycle * 0.01
        if not 1.0 <= now_s < 3.0:
            car.source.put(256, motion(50.0))
            car.source.put(257, cabin())
            car.source.put(0x18FF0500, bytes(8), extended=True)
        car.reader.step(now_s)
        if now_s == 2.0:
            assert car.reader.state(now_s).speed_mps is None
            assert car.reader.state(now_s).brake_pressed is None
    assert car.reader.state(4.0).speed_mps == pytest.approx(50 / 3.6)
    speed = [name for name, source in car.names() if source == "speed"]
    assert speed == ["ego_signal_lost", "ego_signal_recovered"]


def test_a_vehicle_that_never_speaks_is_reported_once(car: Car) -> None:
    for cycle in range(300):
        car.reader.step(cycle * 0.01)
    assert len(car.events) == len(MAPPING)


def test_a_signal_may_be_slower_than_the_others(tmp_path: Path) -> None:
    slow = {**MAPPING["accelerator"], "timeout_s": 5.0}
    car = Car(tmp_path, accelerator=slow)
    car.source.put(257, cabin(pedal=20))
    car.reader.step(0.0)
    car.reader.step(2.0)
    assert car.reader.state(2.0).accelerator == pytest.approx(0.1)
    assert car.reader.state(2.0).brake_pressed is None


def test_values_by_which_the_vehicle_says_unknown(tmp_path: Path) -> None:
    speed = {**MAPPING["speed"], "invalid": [655.35]}
    car = Car(tmp_path, speed=speed)
    car.source.put(256, bytes((0, 0, 0xFF, 0xFF, 0, 0, 0, 0)))
    car.reader.step(0.1)
    assert car.reader.state(0.1).speed_mps is None


def test_frames_that_fail_their_check_are_not_believed(tmp_path: Path) -> None:
    car = Car(tmp_path, protection="e2e_p02")
    ids = data_ids_of(256)
    for counter in range(3):
        car.source.put(256, protect(motion(36.0), ids, counter))
    car.reader.step(0.0)
    assert car.reader.state(0.0).speed_mps == pytest.approx(10.0)
    car.source.put(256, protect(motion(180.0), data_ids_of(257), 3))  # another message's
    car.source.put(256, protect(motion(180.0), ids, 2))  # an old one again
    car.reader.step(0.01)
    assert car.reader.state(0.01).speed_mps == pytest.approx(10.0)
    assert ("ego_frame_invalid", "MOTION") in car.names()


def test_data_ids_of_the_yaml_are_used(tmp_path: Path) -> None:
    ids = bytes(range(16))
    car = Car(tmp_path, protection="e2e_p02", data_ids={"MOTION": ids.hex()})
    car.source.put(256, protect(motion(36.0), ids, 0))
    car.reader.step(0.0)
    assert car.reader.state(0.0).speed_mps == pytest.approx(10.0)


def test_a_message_that_stays_broken_does_not_flood(tmp_path: Path) -> None:
    car = Car(tmp_path)
    for cycle in range(100):
        car.source.put(256, b"\x00")
        car.reader.step(cycle * 0.01)
    invalid = [name for name, _ in car.names() if name == "ego_frame_invalid"]
    assert 5 <= len(invalid) <= 11
    assert car.reader.invalid_frames == 100


def test_a_full_bus_cannot_hold_a_step_for_ever(tmp_path: Path) -> None:
    car = Car(tmp_path)

    class Endless:
        def receive(self) -> can.Message:
            return can.Message(arbitration_id=256, data=bytes(8), is_extended_id=False)

    reader = EgoReader(Endless(), None, 0.0, car.events.append)
    reader.step(0.0)
    assert reader.frames > 1000


def test_without_a_mapping_everything_is_unknown(tmp_path: Path) -> None:
    reader = EgoReader(Source(), None, 0.0, lambda event: None)
    reader.step(1.0)
    assert reader.state(1.0).speed_mps is None


FRAME = st.tuples(
    st.sampled_from([256, 257, 0x18FF0500, 0, 0x7FF]), st.binary(max_size=8), st.booleans()
)


@given(st.lists(FRAME, max_size=40))
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
def test_random_frames_never_crash_and_give_bounded_values(
    tmp_path: Path, frames: list[tuple[int, bytes, bool]]
) -> None:
    car = Car(tmp_path)
    for index, (identifier, data, extended) in enumerate(frames):
        car.source.put(identifier, data, extended or identifier > 0x7FF)
        car.reader.step(index * 0.01)
        state = car.reader.state(index * 0.01)
        assert state.speed_mps is None or 0 <= state.speed_mps < 200
        assert state.accelerator is None or 0 <= state.accelerator <= 1


def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SPEED"):
        Car(tmp_path, speed={"message": "MOTION", "signal": "SPEDE"})


def test_the_real_rav4_drive_is_understood_for_its_whole_length(shared_data: Path) -> None:
    source, events = Source(), list[Event]()
    dbc = shared_data / "can/dbc/toyota_nodsu_pt_generated.dbc"
    log = can.LogReader(str(shared_data / "can/comma2k19_rav4_0_40s.log"))
    frames = [frame for frame in log if frame.channel == "can0"]
    now_s = frames[0].timestamp
    settings = EgoSettings.model_validate({"dbc": dbc, **RAV4})
    reader = EgoReader(source, settings, now_s, events.append)
    states = []
    for frame in frames:
        source.waiting.append(frame)
        if frame.timestamp > now_s + 0.02:
            now_s += 0.02
            reader.step(now_s)
            states.append(reader.state(now_s))
    assert len(states) > 1900  # 40 s at 50 Hz
    settled = states[50:]
    speeds = [state.speed_mps for state in settled]
    angles = [state.steering_wheel_angle_rad for state in settled]
    assert None not in speeds
    assert None not in angles
    assert min(speeds) > 7.0
    assert max(speeds) < 22.0
    assert max(abs(angle) for angle in angles) < math.radians(10)
    jumps = [abs(b - a) for a, b in itertools.pairwise(speeds)]
    assert max(jumps) < 1.5  # m/s; the real signal is noisy: 1.2 from one frame to the next
    assert {state.acc_enabled for state in settled} == {True}
    assert {state.gap_setting for state in settled} == {3}
    # Turning left with the wheel turned left: the signs of two sensors agree.
    turning = [
        (state.yaw_rate_radps, state.steering_wheel_angle_rad)
        for state in settled
        if abs(state.steering_wheel_angle_rad) > math.radians(2.5)
    ]
    assert turning
    same = sum(1 for yaw, angle in turning if (yaw > -0.0065) == (angle > 0))
    assert same / len(turning) > 0.9
    assert not [event for event in events if event.name == "ego_frame_invalid"]


def test_another_cars_log_and_garbage_do_not_disturb(shared_data: Path) -> None:
    source, events = Source(), list[Event]()
    dbc = shared_data / "can/dbc/toyota_nodsu_pt_generated.dbc"
    settings = EgoSettings.model_validate({"dbc": dbc, **RAV4})
    frames = list(can.LogReader(str(shared_data / "can/icsim_sample.log")))
    reader = EgoReader(source, settings, 0.0, events.append)
    source.waiting = frames
    reader.step(0.1)
    for line in (shared_data / "can/hyundai_i30_raw_serial.txt").read_text().splitlines()[:3000]:
        fields = [int(field, 16) for field in line.split()]
        if len(fields) == 14:
            source.put((fields[2] << 8 | fields[3]) & 0x7FF, bytes(fields[5:13]))
    reader.step(0.2)
    assert reader.frames > 6000
    reader.state(0.2)
