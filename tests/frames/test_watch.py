from __future__ import annotations

from drag_edge.frames.watch import FrameWatch


def names(events: tuple) -> list[tuple[str, str]]:  # type: ignore[type-arg]
    return [(event.name, event.source) for event in events]


def test_a_silent_camera_is_lost_once_and_back_once() -> None:
    watch = FrameWatch(["front", "left"], timeout_s=0.5, start_s=0.0)
    assert names(watch.step(["front", "left"], 0.1)) == []
    assert names(watch.step(["front"], 0.55)) == []
    assert names(watch.step(["front"], 0.65)) == [("camera_lost", "left")]
    assert names(watch.step(["front"], 0.75)) == []
    assert names(watch.step(["front", "left"], 0.8)) == [("camera_recovered", "left")]
    assert names(watch.step(["front", "left"], 0.9)) == []


def test_a_camera_that_never_sent_is_lost_after_the_time_out() -> None:
    watch = FrameWatch(["front"], timeout_s=0.5, start_s=10.0)
    assert names(watch.step([], 10.4)) == []
    assert names(watch.step([], 10.6)) == [("camera_lost", "front")]
