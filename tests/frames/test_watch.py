from __future__ import annotations

import pytest

from drag_edge.events import Event
from drag_edge.frames.watch import FrameWatch


def names(events: tuple[Event, ...]) -> list[tuple[str, str]]:
    return [(event.name, event.source) for event in events]


def at(now_s: float, *cameras: str) -> dict[str, float]:
    return dict.fromkeys(cameras, now_s)


def steady(watch: FrameWatch, count: int, period_s: float) -> float:
    """A front camera that sends `count` pictures from 0 on; the time of the last."""
    for i in range(1, count + 1):
        assert not watch.step(at(i * period_s, "front"), i * period_s)
    return count * period_s


def lost_after_s(watch: FrameWatch, since_s: float) -> float:
    """How long after since_s the front camera, silent from then on, is lost."""
    for i in range(1, 2000):
        if watch.step({}, since_s + 0.01 * i):
            return 0.01 * i
    raise AssertionError("it is never lost")


def test_a_silent_camera_is_lost_once_and_back_once() -> None:
    watch = FrameWatch(["front", "left"], timeout_s=0.5, start_s=0.0)
    assert names(watch.step(at(0.1, "front", "left"), 0.1)) == []
    assert names(watch.step(at(0.55, "front"), 0.55)) == []
    assert names(watch.step(at(0.65, "front"), 0.65)) == [("camera_lost", "left")]
    assert names(watch.step(at(0.75, "front"), 0.75)) == []
    assert names(watch.step(at(0.8, "front", "left"), 0.8)) == [("camera_recovered", "left")]
    assert names(watch.step(at(0.9, "front", "left"), 0.9)) == []


def test_a_camera_that_never_sent_is_lost_after_the_time_out() -> None:
    watch = FrameWatch(["front"], timeout_s=0.5, start_s=10.0)
    assert names(watch.step({}, 10.4)) == []
    assert names(watch.step({}, 10.6)) == [("camera_lost", "front")]


@pytest.mark.parametrize("gap_s", [0.1, 0.29, 1.0, 20.0])
def test_one_gap_does_not_make_the_watch_more_patient(gap_s: float) -> None:
    watch = FrameWatch(["front"], timeout_s=0.3, start_s=0.0)
    dead_s = steady(watch, 60, 1 / 30) + gap_s
    watch.step(at(dead_s, "front"), dead_s)
    assert lost_after_s(watch, dead_s) == pytest.approx(0.3, abs=0.02)


def test_gaps_that_grow_are_not_followed() -> None:
    watch = FrameWatch(["front"], timeout_s=0.3, start_s=0.0)
    now_s, gap_s, events = steady(watch, 60, 1 / 30), 0.1, []
    while gap_s < 1.0:
        gap_s *= 2.3
        events += watch.step({}, now_s + 0.99 * gap_s)
        now_s += gap_s
        events += watch.step(at(now_s, "front"), now_s)
    assert ("camera_lost", "front") in names(tuple(events))


def test_a_slow_camera_gets_some_of_its_own_periods() -> None:
    watch = FrameWatch(["front"], timeout_s=0.3, start_s=0.0)
    last_s = steady(watch, 10, 0.25)
    assert lost_after_s(watch, last_s) == pytest.approx(0.625, abs=0.02)


def test_a_picture_that_is_old_when_it_is_taken_is_no_sign_of_life() -> None:
    watch = FrameWatch(["front"], timeout_s=0.3, start_s=0.0)
    died_s = steady(watch, 60, 1 / 30) + 1.0
    back_s = died_s + 19.0  # the loop was held up meanwhile, and takes the last picture that came
    assert names(watch.step(at(died_s, "front"), back_s)) == [("camera_lost", "front")]
    assert watch.step(at(died_s, "front"), back_s + 0.05) == ()
    fresh = watch.step(at(back_s + 0.1, "front"), back_s + 0.1)
    assert names(fresh) == [("camera_recovered", "front")]


def test_what_a_camera_always_takes_is_no_silence() -> None:
    watch = FrameWatch(["front"], timeout_s=0.3, start_s=0.0)
    for i in range(1, 60):
        assert not watch.step(at(i / 30 - 0.8, "front"), i / 30)
