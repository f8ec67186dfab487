"""The vehicle's side of the bus: whose commands it obeys, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

import can
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.sim.ego.actuators import arbitrate
from drag_edge.sim.ego.commands import (
    CommandReceiver,
    Control,
    Controls,
    Demand,
    Demands,
    SignalReader,
)
from drag_edge.sim.ego.driver import DriverInputs
from drag_edge.sim.ego.plant import Car, CarState
from drag_edge.sim.ego.vehicle_bus import (
    VehicleSender,
    _CyclicMessage,
    vehicle_dbc,
    vehicle_values,
)
from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import decode, drag_edge_dbc
from drag_edge.vehicle.e2e import E2EReceiver, E2ESettings, data_ids_of, protect

CAR = Car()
STATE = CarState(0.0, 0.0, 0.0, 20.0, accel_mps2=-1.0, yaw_rate_radps=0.1, steering_rad=0.02)


@pytest.fixture
def ends() -> Iterator[tuple[can.BusABC, can.BusABC]]:
    daemon = can.Bus(interface="virtual", channel="vehicle-bus-test")
    vehicle = can.Bus(interface="virtual", channel="vehicle-bus-test")
    yield daemon, vehicle
    daemon.shutdown()
    vehicle.shutdown()


@given(st.data())
def test_frames_are_those_of_cantools(data: st.DataObject) -> None:
    for message in vehicle_dbc().messages:
        values = {
            signal.name: data.draw(st.floats(-2.0 * signal.maximum, 2.0 * signal.maximum))
            for signal in message.signals
            if not signal.name.endswith(("_crc", "_counter"))
        }
        inside = {
            signal.name: min(max(values.get(signal.name, 0.0), signal.minimum), signal.maximum)
            for signal in message.signals
        }
        expected = protect(message.encode(inside), data_ids_of(message.frame_id), 0)
        own = _CyclicMessage(message).frame(values).data
        if bytes(own) != bytes(expected):  # a half is rounded either way
            decoded, wanted = message.decode(own), message.decode(expected)
            for signal in message.signals:
                apart = abs(float(decoded[signal.name]) - float(wanted[signal.name]))
                assert apart <= float(signal.scale) or signal.name.endswith("_crc")


@given(st.binary(min_size=8, max_size=8))
def test_commands_are_read_as_cantools_reads_them(data: bytes) -> None:
    for name in ("ACC", "LKA", "AEB"):
        message = drag_edge_dbc().get_message_by_name(name)
        expected = decode(message.frame_id, data)
        for signal in message.signals:
            read = SignalReader(signal)(int.from_bytes(data, "little"))
            if isinstance(read, float):
                assert read == pytest.approx(float(expected[signal.name] or 0.0))
            else:
                assert read == expected[signal.name]


class Acc:
    """Sends ACC frames as the daemon would."""

    def __init__(self, bus: can.BusABC) -> None:
        self._bus = bus
        self._counter = 0
        self._message = drag_edge_dbc().get_message_by_name("ACC")

    def send(
        self,
        accel: float,
        *,
        request: int = 1,
        actuation: int = 1,
        break_crc: bool = False,
        hold_counter: bool = False,
    ) -> None:
        values = dict.fromkeys((signal.name for signal in self._message.signals), 0)
        values |= {
            "AccAccelDemand": accel,
            "AccAccelRequest": request,
            "AccActuation": actuation,
            "AccState": 3,
        }
        payload = self._message.encode(values, strict=False)
        data = bytearray(protect(payload, DATA_IDS["ACC"], self._counter))
        self._counter = self._counter if hold_counter else (self._counter + 1) % 16
        data[0] ^= 0x55 if break_crc else 0
        self._bus.send(
            can.Message(
                arbitration_id=self._message.frame_id, data=bytes(data), is_extended_id=False
            )
        )


def test_a_good_command_is_obeyed(ends: tuple[can.BusABC, can.BusABC]) -> None:
    receiver = CommandReceiver(ends[1], 0.0)
    Acc(ends[0]).send(-1.5)
    demand = receiver.step(0.01).accel
    assert demand.value == pytest.approx(-1.5)
    assert demand.control is Control.CONTROLLED


@pytest.mark.parametrize("flags", [{"request": 0}, {"actuation": 0}, {"break_crc": True}])
def test_without_request_actuation_or_a_right_crc_nothing_happens(
    ends: tuple[can.BusABC, can.BusABC], flags: dict[str, int]
) -> None:
    receiver = CommandReceiver(ends[1], 0.0)
    Acc(ends[0]).send(-1.5, **flags)  # type: ignore[arg-type]
    assert receiver.step(0.01).accel.value is None


def test_silence_ramps_out_after_five_cycles(ends: tuple[can.BusABC, can.BusABC]) -> None:
    receiver = CommandReceiver(ends[1], 0.0)
    Acc(ends[0]).send(-2.0)
    demands = {step: receiver.step(step * 0.01).accel for step in range(1, 201)}
    assert demands[10].value == pytest.approx(-2.0)
    first = next(step for step, demand in demands.items() if demand.control is Control.RAMP_OUT)
    assert first * 0.01 <= 0.01 + 5 * 0.02 + 0.011
    values = [demand.value for demand in demands.values() if demand.value is not None]
    assert values == sorted(values)
    last = max(step for step, demand in demands.items() if demand.value is not None)
    assert (last - first) * 0.01 <= 1.0


def test_a_frozen_counter_counts_as_silence(ends: tuple[can.BusABC, can.BusABC]) -> None:
    receiver, acc = CommandReceiver(ends[1], 0.0), Acc(ends[0])
    for step in range(1, 200):
        if step % 2 == 0:
            acc.send(1.0, hold_counter=True)
        demands = receiver.step(step * 0.01)
    assert demands.accel.value is None
    assert demands.rejected > 50


def test_own_frames_decode_and_pass_their_own_protection(
    ends: tuple[can.BusABC, can.BusABC],
) -> None:
    sender = VehicleSender(ends[1])
    inputs = DriverInputs(
        torque_nm=-0.5, accelerator=0.25, indicator_right=True, acc_on=True,
        set_speed_mps=30.0, gap_setting=3,
    )  # fmt: skip
    values = vehicle_values(STATE, CAR, inputs, Controls(drive=Control.CONTROLLED), 7)
    for step in range(100):
        sender.step(step * 0.01, values)
    counts: dict[str, int] = {}
    told: dict[str, object] = {}
    checks = {
        message.frame_id: E2EReceiver(data_ids_of(message.frame_id), E2ESettings(1.0), 0.0)
        for message in vehicle_dbc().messages
    }
    while (frame := ends[0].recv(timeout=0)) is not None:
        assert checks[frame.arbitration_id].receive(bytes(frame.data), 0.0).usable
        message = vehicle_dbc().get_message_by_frame_id(frame.arbitration_id)
        counts[message.name] = counts.get(message.name, 0) + 1
        told |= message.decode(bytes(frame.data), decode_choices=True)  # type: ignore[arg-type]
    assert counts == {
        message.name: 1000 // message.cycle_time for message in vehicle_dbc().messages
    }
    assert told["speed"] == pytest.approx(72.0)
    assert told["yaw_rate"] == pytest.approx(5.73)
    assert told["steering_wheel_angle"] == pytest.approx(17.2)
    assert told["set_speed"] == pytest.approx(108.0)
    assert str(told["gap_choice"]) == "long"
    assert str(told["indicator_right"]) == "on"
    assert str(told["drive_control"]) == "controlled"
    assert told["accelerator_position"] == 25.0


def test_values_beyond_a_signal_s_range_are_saturated(
    ends: tuple[can.BusABC, can.BusABC],
) -> None:
    sender = VehicleSender(ends[1])
    wild = CarState(0, 0, 0, 500.0, accel_mps2=-90.0, yaw_rate_radps=90.0)
    sender.step(0.0, vehicle_values(wild, CAR, DriverInputs(), Controls(), 1_000_000))
    frame = ends[0].recv(timeout=0)
    assert frame is not None
    told = vehicle_dbc().decode_message(frame.arbitration_id, bytes(frame.data))
    assert told["speed"] == 400.0  # type: ignore[index]
    assert told["longitudinal_accel"] == -20.0  # type: ignore[index]


def controlled(value: float) -> Demand:
    return Demand(value, Control.CONTROLLED, ready=True)


def test_brake_pedal_ends_acc_and_the_harder_brake_counts() -> None:
    demands = Demands(accel=controlled(1.0), brake=controlled(-6.0))
    command, controls = arbitrate(demands, DriverInputs(brake_mps2=2.0), STATE, CAR)
    assert command.accel_mps2 is None
    assert command.brake_mps2 == 6.0
    assert controls.drive is Control.DRIVER_OVERRIDE
    assert controls.brake is Control.CONTROLLED


def test_a_driver_who_steers_wins_over_lane_keeping() -> None:
    demands = Demands(curvature=controlled(0.01))
    free, _ = arbitrate(demands, DriverInputs(), STATE, CAR)
    held, controls = arbitrate(demands, DriverInputs(steering_rad=-0.03), STATE, CAR)
    assert free.steering_rad > 0.02
    assert held.steering_rad == -0.03
    assert controls.steering is Control.DRIVER_OVERRIDE
