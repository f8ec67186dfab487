"""A recorded log on the virtual bus, through the whole vehicle link."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import can
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drag_edge.clock import VirtualClock
from drag_edge.config.vehicle import CanSettings, VehicleSettings
from drag_edge.events import Event
from drag_edge.vehicle.link import VehicleLink
from drag_edge.vehicle.replay import DamagedLogError, LogReplay, check_replay, read_frames
from tests.vehicle.cars import RAV4
from tests.vehicle.drives import drive


def recorded(folder: Path, suffix: str, count: int = 20) -> Path:
    """A log of frames 0.1 s apart, with our own frames in between."""
    path = folder / f"recorded{suffix}"
    with can.Logger(path) as log:
        for index in range(count):
            for received in (True, False):
                log(
                    can.Message(
                        timestamp=1000.0 + index / 10,
                        arbitration_id=0x100 if received else 0x1B0,
                        data=bytes((index, 0)),
                        is_extended_id=False,
                        is_rx=received,
                    )
                )
    return path


def replay(path: Path, clock: VirtualClock, events: list[Event], **more: Any) -> LogReplay:
    can_settings = CanSettings(channel="test-replay", replay=path, **more)
    assert can_settings.replay is not None
    return LogReplay(can_settings, can_settings.replay, clock.now_s(), events.append)


@pytest.mark.parametrize("suffix", [".log", ".asc", ".blf"])
def test_frames_of_others_come_at_their_own_times(tmp_path: Path, suffix: str) -> None:
    clock, events = VirtualClock(start_s=5.0), list[Event]()
    player = replay(recorded(tmp_path, suffix), clock, events)
    listener = can.Bus(interface="virtual", channel="test-replay")
    heard: list[tuple[float, int]] = []

    def listen(now_s: float) -> None:
        while (frame := listener.recv(timeout=0)) is not None:
            assert frame.arbitration_id == 0x100
            heard.append((now_s, frame.data[0]))

    clock.every(0.01, player.step, "replay")
    clock.every(0.01, listen, "listener")
    clock.advance_to(9.0)
    assert [index for _, index in heard] == list(range(20))
    assert all(now_s == pytest.approx(5.0 + index / 10, abs=0.011) for now_s, index in heard)
    assert player.ended
    assert events == []
    player.close()
    listener.shutdown()


def test_a_drive_may_start_later_in_the_log(tmp_path: Path) -> None:
    clock, events = VirtualClock(), list[Event]()
    player = replay(recorded(tmp_path, ".log"), clock, events, replay_start_s=1.0)
    clock.every(0.01, player.step, "replay")
    clock.advance_to(0.05)
    assert player.sent == 1
    clock.advance_to(3.0)
    assert player.sent == 10
    player.close()


def test_a_damaged_line_is_named_and_ends_the_replay_with_one_event(tmp_path: Path) -> None:
    path = recorded(tmp_path, ".log")
    lines = path.read_text().splitlines(keepends=True)
    lines[30] = "(1001.5) can0 1ZZ#00\n"
    path.write_text("".join(lines))
    clock, events = VirtualClock(), list[Event]()
    player = replay(path, clock, events)
    clock.every(0.01, player.step, "replay")
    clock.advance_to(3.0)
    assert [event.name for event in events] == ["can_receive_fault"]
    assert "recorded.log:31" in events[0].detail
    assert player.sent == 15
    player.close()
    with pytest.raises(DamagedLogError, match=r"recorded\.log:31") as caught:
        check_replay(CanSettings(replay=path))
    assert caught.value.exit_code == 66


@pytest.mark.parametrize("suffix", [".log", ".asc", ".blf"])
def test_what_is_no_log_is_refused_at_the_start(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"noise{suffix}"
    path.write_text("this is a letter, not a log\n" * 20)
    with pytest.raises(DamagedLogError):
        replay(path, VirtualClock(), [])


@given(st.binary(max_size=300), st.sampled_from([".log", ".asc", ".blf"]), st.integers(0, 500))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_damage_is_an_error_of_ours(
    tmp_path: Path, noise: bytes, suffix: str, place: int
) -> None:
    whole = recorded(tmp_path, suffix).read_bytes()
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(whole[:place] + noise + whole[place + len(noise) :])
    try:
        for _ in read_frames(path):
            pass
    except DamagedLogError:
        return


def test_what_others_send_does_not_pile_up_during_a_replay_and_after_it(tmp_path: Path) -> None:
    clock = VirtualClock()
    player = replay(recorded(tmp_path, ".log"), clock, [])
    other = can.Bus(interface="virtual", channel="test-replay")
    clock.every(0.01, player.step, "replay")
    clock.every(0.01, lambda now_s: other.send(can.Message(arbitration_id=0x1B0)), "sender")
    for second in (1.0, 10.0):
        clock.advance_to(second)
        assert max(queue.qsize() for queue in other.channel if queue is not other.queue) <= 1
    assert player.ended
    other.shutdown()
    player.close()


def test_a_replay_never_goes_onto_a_real_bus(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="virtual"):
        CanSettings.model_validate(
            {"interface": "socketcan", "channel": "can0", "replay": tmp_path / "a.log"}
        )


def test_our_own_log_gives_the_same_vehicle_again(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    drive(path, [])
    frames = list(read_frames(path))
    assert {frame.arbitration_id for frame in frames} == {0x0A0}
    assert len(frames) == 41


def test_the_real_rav4_drive_through_the_whole_link(shared_data: Path) -> None:
    clock, events = VirtualClock(), list[Event]()
    vehicle = VehicleSettings.model_validate(
        {
            "can": {
                "channel": "test-rav4",
                "replay": shared_data / "can/comma2k19_rav4_0_40s.log",
                "replay_channel": "can0",
            },
            "ego": {"dbc": shared_data / "can/dbc/toyota_nodsu_pt_generated.dbc", **RAV4},
        }
    )
    link = VehicleLink(vehicle, clock, events.append)
    speeds, angles = [], []
    for tick in range(1, 800):
        clock.advance_to(tick * 0.05)
        state = link.ego(clock.now_s())
        speeds.append(state.speed_mps)
        angles.append(state.steering_wheel_angle_rad)
    assert link.received > 35_000
    assert None not in speeds
    assert None not in angles
    assert min(speeds) > 7.0
    assert max(speeds) < 22.0
    assert max(abs(angle) for angle in angles) < math.radians(10)
    assert not [event for event in events if event.source in ("speed", "steering_wheel_angle")]
    clock.advance_to(42.0)  # the log is over: nothing is guessed
    assert link.ego(clock.now_s()).speed_mps is None
    assert [event.name for event in events if event.source == "speed"] == ["ego_signal_lost"]
    link.close()
