"""Each fault does to a picture, an answer or a frame what it says, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import can
import numpy as np
import pytest

from drag_edge.clock import VirtualClock
from drag_edge.config.vocabulary import ROAD_USERS
from drag_edge.faults.answers import AnswerFaults, spoilt_result
from drag_edge.faults.bus import BusFaults, open_faulty
from drag_edge.faults.fault import Fault, parse_fault
from drag_edge.faults.loop import StallingFeed
from drag_edge.faults.pictures import FaultyCamera, FaultyRecording, PictureFaults
from drag_edge.faults.sight import SightFaults
from drag_edge.frames.feed import RecordedFeed
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import ClassMap, Detections, Perceived

PERIOD_S = 0.05


class Film:
    """A recording whose every pixel says its index."""

    def __init__(self, camera: str = "front", count: int = 40) -> None:
        self.camera = camera
        self.size_px = (4, 2)
        self._index, self._count = 0, count

    @property
    def next_time_s(self) -> float | None:
        return self._index * PERIOD_S if self._index < self._count else None

    def read(self) -> Frame | None:
        image = np.full((2, 4, 3), self._index, np.uint8)
        frame = Frame(self.camera, self._index, self._index * PERIOD_S, image)
        self._index += 1
        return frame

    def open(self) -> None: ...

    def close(self) -> None: ...


def faults(*specs: str) -> list[Fault]:
    return [parse_fault(spec) for spec in specs]


def played(*specs: str) -> list[tuple[float, Frame]]:
    """Frames as a loop gets them, and when."""
    clock = VirtualClock()
    rules = PictureFaults("front", faults(*specs), np.random.default_rng(1))
    feed = RecordedFeed([FaultyRecording(Film(), rules)], clock)
    got = []
    while not (sample := feed.next()).ended:
        got += [(clock.now_s(), frame) for frame in sample.frames.values()]
    return got


def shown(got: Sequence[tuple[float, Frame]]) -> list[int]:
    return [int(frame.image[0, 0, 0]) for _, frame in got]


def test_without_faults_everything_arrives() -> None:
    assert shown(played()) == list(range(40))


def test_a_frozen_camera_repeats_its_last_picture_with_new_times() -> None:
    got = played("freeze:front@1+0.2")
    assert shown(got)[18:26] == [18, 19, 19, 19, 19, 19, 24, 25]
    assert [frame.index for _, frame in got] == list(range(40))
    assert [frame.time_s for _, frame in got] == pytest.approx([i * PERIOD_S for i in range(40)])


def test_a_black_camera_and_one_of_another_name() -> None:
    assert shown(played("black:front@1+0.1"))[19:23] == [19, 0, 0, 22]
    assert shown(played("black:left@1+0.1")) == list(range(40))


def test_lost_pictures_are_missing_by_their_index() -> None:
    got = played("drop:front@1+0.5")
    assert [frame.index for _, frame in got] == [*range(20), *range(30, 40)]
    some = played("drop:front@0,share=0.3")
    assert 15 < len(some) < 38
    assert [f.index for _, f in some] == [f.index for _, f in played("drop:front@0,share=0.3")]


def test_delayed_pictures_arrive_later_in_order_with_their_own_times() -> None:
    got = played("delay:front@0.5+0.5,by_s=0.2")
    late = [now_s - frame.time_s for now_s, frame in got if 0.5 <= frame.time_s < 0.75]
    assert late == pytest.approx([0.2] * len(late))
    assert late
    times = [frame.time_s for _, frame in got]
    assert times == sorted(times)
    assert shown(got)[-19:] == list(range(21, 40))


def test_times_jump_and_come_back() -> None:
    got = played("clock_jump:front@1+0.1,by_s=-5")
    assert [round(frame.time_s, 3) for _, frame in got[19:23]] == [0.95, -4.0, -3.95, 1.1]


def test_a_live_camera_has_the_same_faults() -> None:
    clock = VirtualClock()
    rules = PictureFaults("front", faults("freeze@0.5+0.2", "drop@1+0.2"), np.random.default_rng(1))
    film = Film()
    film.next_time_s  # noqa: B018
    camera = FaultyCamera(film, rules, clock)  # type: ignore[arg-type]
    got = [camera.read() for _ in range(30)]
    assert [int(f.image[0, 0, 0]) for f in got if f][8:16] == [8, 9, 9, 9, 9, 9, 14, 15]
    assert 20 not in [f.index for f in got if f]


def test_a_stalled_loop_gets_nothing_and_then_the_newest() -> None:
    clock = VirtualClock()
    feed = StallingFeed(RecordedFeed([Film()], clock), faults("stall@1+0.5"), clock)
    seen = []
    while not (sample := feed.next()).ended:
        seen.append((round(clock.now_s(), 3), sample.frames["front"].index))
    assert seen[19:22] == [(0.95, 19), (1.5, 30), (1.55, 31)]


def boxes(count: int = 2) -> Detections:
    return Detections(
        np.array([[10, 10, 30, 40]] * count, np.float32),
        np.full(count, 0.9, np.float32),
        ("car",) * count,
        vocabulary=ROAD_USERS,
    )


def test_answers_are_spoilt_as_the_fault_says() -> None:
    found, surface = boxes(), ClassMap(np.ones((4, 4), np.uint8), (0, 0, 4, 4))
    spoilt = {kind: spoilt_result(found, frozenset({kind})) for kind in ("nan", "inf", "negative")}
    assert np.isnan(spoilt["nan"].boxes_px).all()  # type: ignore[union-attr]
    assert np.isinf(spoilt["inf"].boxes_px).any()  # type: ignore[union-attr]
    assert (spoilt["negative"].boxes_px[:, 2] < spoilt["negative"].boxes_px[:, 0]).all()  # type: ignore[union-attr]
    empty = spoilt_result(found, frozenset({"empty"}))
    assert isinstance(empty, Detections)
    assert len(empty.boxes_px) == len(empty.scores) == len(empty.labels) == 0
    assert empty.vocabulary == ROAD_USERS
    assert spoilt_result(found, frozenset({"missing"})) is None
    assert spoilt_result(surface, frozenset({"nan"})) is None
    assert not spoilt_result(surface, frozenset({"empty"})).classes.any()  # type: ignore[union-attr]
    assert spoilt_result(surface, frozenset({"negative"})) is surface
    assert np.isfinite(found.boxes_px).all()  # the model's own buffers stay as they were


def test_a_fault_of_one_model_leaves_the_others_alone() -> None:
    rules = AnswerFaults(faults("empty:objects@0+1"), np.random.default_rng(1))
    seen = Perceived("front", 0, 0.5, 100, 100, {"objects": boxes(), "signal": boxes()})
    spoilt = rules.spoil(seen)
    assert spoilt.results["objects"].labels == ()  # type: ignore[union-attr]
    assert spoilt.results["signal"] is seen.results["signal"]


class Wire:
    """An open bus."""

    def __init__(self) -> None:
        self.sent: list[can.Message] = []
        self.waiting: list[can.Message] = []

    def send(self, message: can.Message, timeout: float | None = None) -> None:
        self.sent.append(message)

    def recv(self, timeout: float | None = None) -> can.Message | None:
        return self.waiting.pop(0) if self.waiting else None

    def shutdown(self) -> None: ...


def message(identifier: int, counter: int) -> can.Message:
    data = bytes((counter, counter, 7))
    return can.Message(arbitration_id=identifier, data=data, is_extended_id=False)


def wired(now: list[float], *specs: str) -> tuple[Wire, can.BusABC]:
    wire = Wire()
    rules = BusFaults(
        faults(*specs),
        {"SPEED": 1, "OTHER": 2},
        ["SPEED"],
        lambda: now[0],
        np.random.default_rng(1),
    )
    return wire, open_faulty(lambda: wire, rules)


@pytest.mark.parametrize(
    ("spec", "error"), [("bus_off@1+1", can.CanError), ("unplugged@1+1", OSError)]
)
def test_a_bus_that_is_off_refuses_and_keeps_nothing_for_later(
    spec: str, error: type[Exception]
) -> None:
    now = [0.0]
    wire, bus = wired(now, spec)
    bus.send(message(1, 0))
    now[0] = 1.0
    wire.waiting.append(message(2, 0))
    with pytest.raises(error):
        bus.send(message(1, 1))
    with pytest.raises(error):
        bus.recv(0)
    now[0] = 2.0
    assert bus.recv(0) is None
    assert len(wire.sent) == 1


def test_an_adapter_that_is_gone_cannot_be_opened() -> None:
    now = [1.5]
    with pytest.raises(OSError, match="No such device"):
        wired(now, "unplugged@1+1")
    wired([2.0], "unplugged@1+1")


def test_silence_crc_counter_and_a_dead_wire() -> None:
    now = [0.5]
    wire, bus = wired(now, "silence:OTHER@0+1", "no_speed@1+1", "crc:OTHER@2+1",
                         "counter:SPEED@3+1", "mute@4+1")  # fmt: skip
    wire.waiting = [message(2, 0), message(1, 0)]
    assert bus.recv(0).arbitration_id == 1
    now[0] = 1.5
    wire.waiting = [message(1, 0), message(2, 0)]
    assert bus.recv(0).arbitration_id == 2
    now[0] = 2.5
    wire.waiting = [message(1, 1), message(2, 1)]
    assert bytes(bus.recv(0).data) == bytes(message(1, 1).data)
    assert bytes(bus.recv(0).data) == bytes((0xFE, 1, 7))
    bus.send(message(2, 3))
    assert wire.sent[-1].data[0] == 3 ^ 0xFF
    now[0] = 3.5
    wire.waiting = [message(1, 2), message(1, 3), message(2, 5)]
    assert [bus.recv(0).data[1] for _ in range(3)] == [1, 1, 5]
    now[0] = 4.5
    wire.waiting = [message(2, 6)]
    assert bus.recv(0) is None
    bus.send(message(2, 9))
    assert len(wire.sent) == 1


def seen(index: int) -> dict[str, Perceived]:
    found = boxes(1 + index % 3)
    return {"front": Perceived("front", index, index * PERIOD_S, 100, 100, {"objects": found})}


def test_object_level_faults_tell_perception_and_the_picture_watch_the_same_story() -> None:
    sight = SightFaults(
        faults("freeze@0.5+0.2", "black@1+0.1", "drop@1.2+0.1", "stall@1.5+0.5"), seed=1
    )
    got = [sight.see(seen(index), index * PERIOD_S) for index in range(30)]
    for index in (11, 12, 13):
        arrived, sighting = got[index]
        assert len(arrived["front"].results["objects"].labels) == 1 + 9 % 3  # type: ignore[union-attr]
        assert arrived["front"].time_s == pytest.approx(index * PERIOD_S)
        assert (sighting["front"].thumbnail == got[9][1]["front"].thumbnail).all()
    assert (got[15][1]["front"].thumbnail != got[9][1]["front"].thumbnail).any()
    assert not got[20][1]["front"].thumbnail.any()
    assert got[20][0]["front"].results["objects"].labels == ()  # type: ignore[union-attr]
    assert got[24] == ({}, {})
    assert sight.stalled(1.7)
    assert not sight.stalled(1.4)
