"""The cyclic sender: times, counters, deadline, close."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from dataclasses import replace

import can
import pytest

from drag_edge.clock import SystemClock, VirtualClock
from drag_edge.events import Event
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import decode, drag_edge_dbc
from drag_edge.vehicle.e2e import crc_is_right
from drag_edge.vehicle.schedule import TICK_S
from drag_edge.vehicle.sender import CyclicSender
from drag_edge.vehicle.signals import OBJECT_SLOTS
from tests.vehicle.builders import Sink, command, decision, scene, track

NAME_OF = {message.frame_id: message.name for message in drag_edge_dbc().messages}
DEMANDS = ("AebDecelDemand", "AccAccelDemand", "LkaCurvatureDemand")
REQUESTS = ("AebBrakeRequest", "AccAccelRequest", "LkaSteerRequest")


def names(sink: Sink, since_s: float = -1.0) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = defaultdict(list)
    for message in sink.frames:
        if message.timestamp >= since_s:
            name = NAME_OF[message.arbitration_id]
            found[name].append(dict(decode(message.arbitration_id, bytes(message.data))))
    return found


def nobody_may_act(found: dict[str, list[dict[str, object]]]) -> bool:
    values = {key: value for frames in found.values() for f in frames for key, value in f.items()}
    silent = all(
        frame[key] is None
        for fs in found.values()
        for frame in fs
        for key in frame
        if key in DEMANDS
    )
    refused = all(
        frame[key] == "NO"
        for fs in found.values()
        for frame in fs
        for key in frame
        if key in REQUESTS or key.endswith("Actuation")
    )
    return silent and refused and "AccState" in values


def start(clock: VirtualClock) -> tuple[CyclicSender, Sink]:
    sink = Sink()
    sender = CyclicSender(sink, Codec(), clock)
    clock.every(TICK_S, sender.step, "sender")
    return sender, sink


def drive(
    clock: VirtualClock, sender: CyclicSender, until_s: float, period_s: float = 0.05
) -> None:
    steps = round((until_s - clock.now_s()) / period_s)
    for _ in range(steps):
        now_s = clock.now_s()
        sender.publish(scene(now_s), decision(now_s), command(now_s))
        clock.advance_to(now_s + period_s)


def test_every_message_keeps_its_cycle_time_without_drift() -> None:
    clock = VirtualClock()
    _, sink = start(clock)
    clock.advance_to(10.0)
    times = defaultdict(list)
    for message in sink.frames:
        times[message.arbitration_id].append(message.timestamp)
    for message in drag_edge_dbc().messages:
        cycle_s = message.cycle_time / 1000
        sent = times[message.frame_id]
        assert len(sent) == pytest.approx(10.0 / cycle_s, abs=1)
        gaps = [after - before for before, after in itertools.pairwise(sent)]
        assert max(abs(gap - cycle_s) for gap in gaps) < 1e-6


def test_frames_do_not_burst() -> None:
    clock = VirtualClock()
    _, sink = start(clock)
    clock.advance_to(1.0)
    per_tick: dict[int, int] = defaultdict(int)
    for message in sink.frames:
        per_tick[round(message.timestamp / TICK_S)] += 1
    assert max(per_tick.values()) <= 3


def test_every_frame_has_a_right_crc_and_the_next_counter() -> None:
    clock = VirtualClock()
    sender, sink = start(clock)
    drive(clock, sender, 2.0)
    last: dict[int, int] = {}
    for message in sink.frames:
        data = bytes(message.data)
        assert crc_is_right(data, DATA_IDS[NAME_OF[message.arbitration_id]])
        counter = data[1] & 0x0F
        if message.arbitration_id in last:
            assert counter == (last[message.arbitration_id] + 1) % 16
        last[message.arbitration_id] = counter


def test_before_anything_is_published_the_bus_says_init() -> None:
    clock = VirtualClock()
    _, sink = start(clock)
    clock.advance_to(0.5)
    found = names(sink)
    assert {frame["StatusMode"] for frame in found["STATUS"]} == {"INIT"}
    assert found["LEAD"][0]["LeadClass"] is None
    assert nobody_may_act(found)


def test_what_is_published_is_on_the_bus_with_its_age() -> None:
    clock = VirtualClock()
    sender, sink = start(clock)
    drive(clock, sender, 1.0)
    found = names(sink, since_s=0.9)
    assert found["STATUS"][-1]["StatusMode"] == "ACTIVE"
    assert found["STATUS"][-1]["StatusFps"] == pytest.approx(20.0, abs=0.5)
    assert found["ACC"][-1]["AccAccelDemand"] == pytest.approx(-0.5)
    assert found["ACC"][-1]["AccAccelRequest"] == "YES"
    assert found["LEAD"][-1]["LeadGap"] == pytest.approx(30.0)
    ages = [frame["AccAge"] for frame in found["ACC"]]
    assert all(isinstance(age, float) and age <= 0.05 for age in ages)
    assert found["LANE_RIGHT"][-1]["LaneRightAge"] >= 0.1


def test_a_loop_that_stands_leaves_only_fallback_frames_within_the_deadline() -> None:
    clock = VirtualClock()
    sender, sink = start(clock)
    drive(clock, sender, 2.0)
    last = command(clock.now_s() - 0.05)
    clock.advance_to(5.0)  # the loop makes no progress any more, the sender goes on
    before, after = names(sink), names(sink, since_s=last.valid_until_s + 1e-6)
    assert not nobody_may_act(before)
    assert nobody_may_act(after)
    assert {frame["StatusMode"] for frame in after["STATUS"]} == {"FALLBACK"}
    assert {frame["StatusFaultLate"] for frame in after["STATUS"]} == {"YES"}
    assert {frame["AccState"] for frame in after["ACC"]} == {"UNAVAILABLE"}
    assert {frame["AlertId"] for frame in after["ALERT"]} == {"SYSTEM_FALLBACK"}
    assert after["LEAD"][-1]["LeadGap"] is None
    assert after["STATUS"][-1]["StatusLoopAge"] == pytest.approx(2.54)
    # No silence either: the receiver sees a heartbeat that says what is wrong.
    assert len(after["STATUS"]) >= 25


def test_a_loop_that_goes_on_again_is_believed_again() -> None:
    clock = VirtualClock()
    sender, sink = start(clock)
    drive(clock, sender, 1.0)
    clock.advance_to(2.0)
    drive(clock, sender, 3.0)
    assert names(sink, since_s=2.9)["STATUS"][-1]["StatusMode"] == "ACTIVE"


def test_a_main_thread_that_hangs_on_the_real_clock_leaves_only_fallback_frames() -> None:
    clock, sink = SystemClock(), Sink()
    sender = CyclicSender(sink, Codec(), clock)
    running = clock.every(TICK_S, sender.step, "sender")
    hang = threading.Event()

    def loop() -> None:
        for _ in range(8):
            now_s = clock.now_s()
            sender.publish(scene(now_s), decision(now_s), command(now_s))
            time.sleep(0.04)
        hang.wait(5.0)  # progress is killed here

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        time.sleep(1.1)
        deadline_s = max(
            message.timestamp for message in sink.frames
        )  # the newest frame; the last command expired long before it
        assert nobody_may_act(names(sink, since_s=deadline_s - 0.3))
        assert names(sink, since_s=deadline_s - 0.3)["STATUS"][-1]["StatusMode"] == "FALLBACK"
        assert not nobody_may_act(names(sink))
    finally:
        hang.set()
        thread.join()
        running.stop()


def test_close_sends_every_message_once_more_neutral_and_then_nothing() -> None:
    clock = VirtualClock()
    sender, sink = start(clock)
    drive(clock, sender, 1.0)
    sent = len(sink.frames)
    sender.close()
    last = Sink(sink.frames[sent:])
    found = names(last)
    assert set(found) == set(DATA_IDS)
    assert nobody_may_act(found)
    assert found["STATUS"][-1]["StatusMode"] == "STANDBY"
    assert found["AEB"][-1]["AebStage"] == "OFF"
    clock.advance_to(2.0)
    sender.close()
    assert len(sink.frames) == sent + len(DATA_IDS) - 1 + OBJECT_SLOTS


def test_the_end_empties_every_slot_of_the_objects() -> None:
    clock = VirtualClock()
    sender, sink = start(clock)
    now_s = clock.now_s()
    tracks = tuple(track(id=index, x_m=10.0 + index) for index in range(OBJECT_SLOTS))
    sender.publish(scene(now_s, tracks=tracks), decision(now_s), command(now_s))
    clock.advance_to(0.2)
    sender.close()
    last = {}
    for frame in names(sink)["OBJECTS"]:
        slot = int(str(frame["ObjectsSlot"]))
        last[slot] = frame[f"Objects{slot}Class"], frame[f"Objects{slot}X"]
    assert last == dict.fromkeys(range(OBJECT_SLOTS), (None, None))


def test_an_adapter_that_hangs_does_not_hold_the_end_and_nothing_follows_it() -> None:
    clock, sink = VirtualClock(), Sink()
    sender = CyclicSender(sink, Codec(), clock)
    hang, hanging = threading.Event(), threading.Event()

    def hangs(message: can.Message) -> bool:
        hanging.set()
        hang.wait(10.0)
        return Sink.transmit(sink, message)

    sink.transmit = hangs  # type: ignore[method-assign]
    step = threading.Thread(target=sender.step, args=(10.0,), daemon=True)
    step.start()
    assert hanging.wait(2.0)
    start_s = time.monotonic()
    sender.close()
    assert time.monotonic() - start_s < 2.0
    hang.set()
    step.join(2.0)
    assert len(sink.frames) == 1


def test_a_frame_that_leaves_late_says_what_holds_then() -> None:
    clock, sink = VirtualClock(), Sink()
    sender = CyclicSender(sink, Codec(), clock)
    sender.publish(scene(0.0), decision(0.0), command(0.0, aeb_decel_mps2=-6.0))

    def opening(message: can.Message) -> bool:  # the first one finds the bus off
        sink.transmit = lambda message: Sink.transmit(sink, message)  # type: ignore[method-assign]
        clock.advance_to(1.0)
        return False

    sink.transmit = opening  # type: ignore[method-assign]
    sender.step(0.1)
    assert len(sink.frames) > 5
    assert {message.timestamp for message in sink.frames} == {1.0}
    found = names(sink)
    assert nobody_may_act(found)
    assert {frame["AccState"] for frame in found["ACC"]} == {"UNAVAILABLE"}


def test_an_age_that_is_no_number_is_not_available() -> None:
    clock, sink = VirtualClock(), Sink()
    sender = CyclicSender(sink, Codec(), clock)
    lanes = replace(scene().lanes, age_s=float("nan"))
    sender.publish(scene(0.0, lanes=lanes), decision(0.0), command(0.0))
    sender.step(0.1)
    found = names(sink)
    assert found["LANES"][0]["LanesAge"] is None
    assert found["LANES"][0]["LanesWidth"] is not None
    assert found["LEAD"][0]["LeadAge"] is not None


def test_what_is_published_while_a_step_runs_is_not_older_than_new() -> None:
    clock, sink = VirtualClock(0.2), Sink()
    sender = CyclicSender(sink, Codec(), clock)
    events = (Event("camera_lost", "front", "", 0.2), Event("latency_high", "", "", 0.2))
    sender.publish(scene(0.2), decision(0.2, events=events), command(0.2))
    clock.now_s = lambda: 0.19  # type: ignore[method-assign]
    for now_s in (0.195, 0.295):  # this step's time was taken before that
        sender.step(now_s)
    for status in names(sink)["STATUS"]:
        assert status["StatusFaultCamera"] == "YES"
        assert status["StatusFaultLate"] == "YES"
        assert status["StatusSaturated"] == "NO"
        assert status["StatusLoopAge"] is not None


def test_a_bus_that_refuses_is_counted_and_the_counter_goes_on() -> None:
    clock = VirtualClock()
    sender, sink = start(clock)
    clock.advance_to(0.2)
    sink.broken = True
    clock.advance_to(0.4)
    sink.broken = False
    clock.advance_to(0.6)
    assert sender.failed > 50
    assert sink.frames[-1].timestamp > 0.59


def test_the_same_drive_gives_the_same_bytes() -> None:
    logs = []
    for _ in range(2):
        clock = VirtualClock()
        sender, sink = start(clock)
        drive(clock, sender, 1.5)
        logs.append([(m.timestamp, m.arbitration_id, bytes(m.data)) for m in sink.frames])
    assert logs[0] == logs[1]
