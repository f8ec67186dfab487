"""Whole drives at object level: physics, driver, bus and the real decisions together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import can
import numpy as np
import pytest

from drag_edge.adas.decision import AebStage, BsdLevel
from drag_edge.clock import Clock, SystemClock, VirtualClock
from drag_edge.config.adas import AdasSettings
from drag_edge.config.cameras import CameraSettings
from drag_edge.errors import InvalidConfigError
from drag_edge.perception.scene import LightState, Scene
from drag_edge.sim.ego.commands import Control
from drag_edge.sim.scenario import Scenario
from drag_edge.sim.scenario_files import load_scenario
from drag_edge.sim.session import SimSession
from drag_edge.sim.source import SimSource
from drag_edge.sim.truth import Truth
from tests.conftest import REPOSITORY
from tests.sim.closed_loop import Drive, drive

MakeSession = Callable[[Clock, Scenario], SimSession]

ON = AdasSettings(actuation=True)
OFF = AdasSettings(actuation=False)


@cache
def driven(name: str) -> Drive:
    return drive(load_scenario(name), ON)


def lane_offset_m(truth: Truth) -> float:
    assert truth.road.lane_offset_m is not None
    return truth.road.lane_offset_m


def after_start(result: Drive, seconds: float = 2.0) -> list[int]:
    """Indices of the record once the daemon has taken over."""
    return [i for i, truth in enumerate(result.session.record) if truth.time_s >= seconds]


def alone(name: str, seed: int = 1, seconds: float = 6.0) -> tuple[SimSession, list[bytes]]:
    """A session with nobody at the other end; and every frame it sent."""
    clock = VirtualClock()
    channel = f"session-{name}-{seed}"
    listener = can.Bus(interface="virtual", channel=channel)
    bus = can.Bus(interface="virtual", channel=channel)
    session = SimSession(load_scenario(name), clock, bus, seed)
    session.start()
    clock.advance_to(seconds)
    frames = []
    while (frame := listener.recv(timeout=0)) is not None:
        frames.append(bytes([frame.arbitration_id & 0xFF]) + bytes(frame.data))
    bus.shutdown()
    listener.shutdown()
    return session, frames


def test_highway_keeps_its_lane_and_gap_for_a_minute() -> None:
    result = driven("highway")
    session = result.session
    assert not session.collided
    assert session.finished(60.0)
    record = [session.record[i] for i in after_start(result)]
    assert len(record) > 1100
    assert all(truth.road.lane == 1 for truth in record)
    assert max(abs(lane_offset_m(truth)) for truth in record) < 0.4
    gaps_s = [t.lead.gap_m / t.ego.speed_mps for t in record if t.lead is not None]
    assert len(gaps_s) == len(record)
    assert min(gaps_s) > 0.8  # ISO 15622
    assert max(gaps_s) < 2.5
    # The daemon drove, not the person.
    assert all(truth.controls.steering is Control.CONTROLLED for truth in record)
    assert all(truth.controls.drive is Control.CONTROLLED for truth in record)
    assert {d.aeb.stage for d in result.decisions[3:]} == {AebStage.READY}


def test_cut_in_does_not_collide() -> None:
    session = driven("cut-in").session
    assert not session.collided
    assert session.min_gap_m is not None
    assert session.min_gap_m > 2.0


def test_cut_in_without_anybody_braking_does_collide() -> None:
    """The judge can fail: nobody reacts, and the touch is recorded with its speed."""
    scenario = load_scenario("cut-in")
    blind = scenario.driver.model_copy(update={"pedals": "holds_speed", "acc": False})
    blind_scenario = scenario.model_copy(update={"driver": blind})
    result = drive(blind_scenario, OFF)
    assert result.session.collided
    first = result.session.collisions[0]
    assert first.closing_mps == pytest.approx((100 - 80) / 3.6, abs=1.5)


def test_overtaken_warns_in_the_right_mirror_only() -> None:
    decisions = driven("overtaken").decisions
    assert {d.bsd.left for d in decisions[3:]} <= {BsdLevel.CLEAR}
    assert BsdLevel.OCCUPIED in {d.bsd.right for d in decisions}
    assert BsdLevel.WARN in {d.bsd.right for d in decisions}


def test_at_the_red_light_the_driver_stops_at_the_line_and_goes_on() -> None:
    result = driven("traffic-light")
    session = result.session
    line_m = 200.0
    standing = [t for t in session.record if t.ego.speed_mps == 0.0]
    assert standing
    front_m = standing[-1].road.s_m + session.car.front_overhang_m
    assert line_m - 3.0 < front_m < line_m
    assert session.record[-1].ego.speed_mps > 10.0
    assert not session.collided
    states = [s.traffic_light.state for s in result.scenes if s.traffic_light is not None]
    assert [states[0], states[-1]] == [LightState.GREEN, LightState.GREEN]
    assert {LightState.YELLOW, LightState.RED} <= set(states)
    waiting = next(s for s in result.scenes if s.time_s > standing[0].time_s)
    assert [m.distance_m for m in waiting.marks or () if m.label == "stop_line"] == [
        pytest.approx(line_m - front_m, abs=0.3)
    ]


def test_demo_shows_everything_without_harm() -> None:
    result = driven("demo")
    session = result.session
    assert not session.collided
    assert session.min_gap_m is not None
    assert session.min_gap_m > 2.0
    assert BsdLevel.WARN in {d.bsd.right for d in result.decisions}
    leads = {t.lead.actor_id for t in session.record if t.lead is not None}
    assert len(leads) >= 2
    assert any(t.ego.speed_mps == 0.0 for t in session.record)
    assert {s.traffic_light.state for s in result.scenes if s.traffic_light} >= {
        LightState.RED,
        LightState.GREEN,
    }


@pytest.mark.parametrize("name", ["cut-in", "demo"])
def test_with_actuation_off_the_person_drives_safely_and_the_plant_obeys_nobody(name: str) -> None:
    session = drive(load_scenario(name), OFF, seconds=20.0).session
    assert not session.collided
    free = (Control.NONE,)
    assert all(t.controls.drive in free and t.controls.steering in free for t in session.record)
    assert max(abs(lane_offset_m(t)) for t in session.record) < 0.6


def test_the_scenario_of_the_manual_drives_and_aeb_saves_the_child(tmp_path: Path) -> None:
    manual = (REPOSITORY / "docs" / "simulation.md").read_text(encoding="utf-8")
    path = tmp_path / "child.yaml"
    path.write_text(manual.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    scenario = load_scenario(str(path))
    assert drive(scenario, OFF).session.collisions[0].closing_mps == pytest.approx(40 / 3.6)
    saved = drive(scenario, ON).session
    assert not saved.collided
    assert saved.outcome().hardest_brake_mps2 > 5.0
    assert saved.record[-1].ego.speed_mps < 1.0


def test_lost_perception_hands_over_to_the_driver() -> None:
    def blind_after_8_s(scene: Scene) -> Scene | None:
        return None if scene.time_s > 8.0 else scene

    result = drive(load_scenario("highway"), ON, seconds=16.0, spoil=blind_after_8_s)
    session = result.session
    assert not session.collided
    before = [t for t in session.record if 3.0 < t.time_s < 8.0]
    later = [t for t in session.record if t.time_s > 10.0]
    assert all(t.controls.drive is Control.CONTROLLED for t in before)
    assert all(t.controls.drive is Control.NONE for t in later)
    assert all(t.driver.steering_rad is not None for t in later)
    assert max(abs(lane_offset_m(t)) for t in later) < 0.5


def test_a_drive_is_the_same_to_the_bit() -> None:
    scenario = load_scenario("cut-in")
    first, second = (drive(scenario, ON, seconds=6.0) for _ in range(2))
    assert first.session.record == second.session.record
    assert first.decisions == second.decisions
    assert first.scenes == second.scenes


def test_the_frames_on_the_bus_are_the_same_to_the_bit_and_the_seed_matters() -> None:
    (session, frames), (_, again) = alone("demo"), alone("demo")
    other, _ = alone("demo", seed=2)
    assert frames == again
    assert len(frames) > 6 * (3 * 50 + 2 * 20) - 10
    looks = [actor.seed for actor in session.world().actors]
    assert looks != [actor.seed for actor in other.world().actors]


def test_spread_varies_a_start_with_the_seed_only() -> None:
    scenario = load_scenario("highway")
    lead = scenario.actors[0].model_copy(update={"speed_spread_kmh": 5.0, "gap_spread_m": 10.0})
    varied = scenario.model_copy(update={"actors": (lead, *scenario.actors[1:])})

    def start(seed: int) -> tuple[float, ...]:
        bus = can.Bus(interface="virtual", channel="spread")
        actors = SimSession(varied, VirtualClock(), bus, seed).world().actors
        bus.shutdown()
        return (actors[0].x_m, actors[0].speed_mps, actors[1].x_m, actors[1].speed_mps)

    assert start(3) == start(3)
    assert start(3)[:2] != start(4)[:2]
    assert start(3)[2:] == start(4)[2:]


def test_a_step_is_cheap() -> None:
    clock = VirtualClock()
    bus = can.Bus(interface="virtual", channel="cheap")
    session = SimSession(load_scenario("highway"), clock, bus)
    session.start()
    started_s = time.process_time()
    clock.advance_to(5.0)
    step_s = (time.process_time() - started_s) / 500
    bus.shutdown()
    assert step_s < 0.001  # about 0.15 ms on an idle core


def front(**changes: object) -> CameraSettings:
    return CameraSettings.model_validate(
        {
            "source": "sim://cut-in",
            "mount": {"x": 1.9, "y": 0.0, "z": 1.3},
            "intrinsics": {"width": 320, "height": 180, "fx": 250, "fy": 250, "cx": 160, "cy": 90},
            **changes,
        }
    )


@pytest.fixture
def session_on() -> Iterator[MakeSession]:
    """Makes started sessions on a bus of their own, and closes it."""
    buses: list[can.BusABC] = []

    def make(clock: Clock, scenario: Scenario) -> SimSession:
        buses.append(can.Bus(interface="virtual", channel=f"session-on-{len(buses)}"))
        session = SimSession(scenario, clock, buses[-1])
        session.start()
        return session

    yield make
    for bus in buses:
        bus.shutdown()


def test_a_simulated_camera_is_a_recording_that_ends_with_the_scenario(
    session_on: MakeSession,
) -> None:
    clock = VirtualClock(start_s=5.0)
    scenario = load_scenario("cut-in").model_copy(update={"duration_s": 0.3})
    session = session_on(clock, scenario)
    source = SimSource(session, "front", front(fps=10))
    times = []
    while (due_s := source.next_time_s) is not None:
        clock.advance_to(due_s)
        frame = source.read()
        assert frame is not None
        times.append((frame.index, frame.time_s))
        assert frame.image.shape == (180, 320, 3)
        assert frame.image.dtype == np.uint8
    assert [index for index, _ in times] == [0, 1, 2]
    assert [time_s for _, time_s in times] == pytest.approx([5.0, 5.1, 5.2])
    assert source.read() is None


def test_a_camera_that_is_read_late_has_missed_frames(
    session_on: MakeSession,
) -> None:
    clock = VirtualClock()
    source = SimSource(session_on(clock, load_scenario("cut-in")), "front", front())
    clock.advance_to(0.27)
    frame = source.read()
    assert frame is not None
    assert (frame.index, frame.time_s) == (5, pytest.approx(0.27))
    assert source.next_time_s == pytest.approx(0.3)


def test_on_a_real_clock_the_world_runs_by_itself(
    session_on: MakeSession,
) -> None:
    session = session_on(SystemClock(), load_scenario("highway"))
    deadline_s = time.monotonic() + 5.0
    while session.snapshot().truth.time_s < 0.1 and time.monotonic() < deadline_s:
        time.sleep(0.01)
    session.close()
    stopped_s = session.snapshot().truth.time_s
    assert stopped_s >= 0.1
    time.sleep(0.05)
    assert session.snapshot().truth.time_s == stopped_s


def test_pictures_follow_the_drive_and_repeat_to_the_bit(
    session_on: MakeSession,
) -> None:
    def pictures() -> list[np.ndarray]:
        clock = VirtualClock()
        source = SimSource(session_on(clock, load_scenario("cut-in")), "front", front())
        taken = []
        for _ in range(2):
            assert source.next_time_s is not None
            clock.advance_to(source.next_time_s)
            frame = source.read()
            assert frame is not None
            taken.append(frame.image)
        return taken

    first, again = pictures(), pictures()
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], first[1])


def test_a_lens_with_distortion_is_refused(
    session_on: MakeSession,
) -> None:
    settings = front()
    lens = settings.intrinsics.model_copy(update={"distortion": (0.1, 0.0)})  # type: ignore[union-attr]
    session = session_on(VirtualClock(), load_scenario("cut-in"))
    with pytest.raises(InvalidConfigError, match="distortion"):
        SimSource(session, "front", settings.model_copy(update={"intrinsics": lens}))


def test_a_stalled_clock_does_not_make_the_world_race(
    session_on: MakeSession,
) -> None:
    clock = VirtualClock()
    session = session_on(clock, load_scenario("highway"))
    before = session.snapshot().truth.time_s
    session.advance(10.0)
    assert session.snapshot().truth.time_s - before == pytest.approx(0.5)
    session.advance(10.02)
    assert session.snapshot().truth.time_s - before == pytest.approx(0.52)


def test_a_swerve_out_of_the_lane_is_seen_in_the_truth() -> None:
    scenario = load_scenario("highway")
    drift = {"acts": [{"at_s": 1.0, "lateral_mps": 0.5}]}
    driver = scenario.driver.model_validate(scenario.driver.model_dump() | drift)
    session = drive(scenario.model_copy(update={"driver": driver}), OFF, seconds=9.0).session
    offsets = [replace(t.road).d_m for t in session.record]
    assert offsets[-1] == pytest.approx(0.5 * 8.0, abs=0.7)
    assert {t.road.lane for t in session.record} == {1, 0}
