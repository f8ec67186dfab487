from __future__ import annotations

import threading
import time
from collections import deque

import numpy as np
import pytest

from drag_edge.clock import SystemClock
from drag_edge.config.cameras import CameraSettings
from drag_edge.errors import UnavailableError
from drag_edge.events import Event
from drag_edge.frames.feed import LiveFeed
from drag_edge.frames.frame import Frame
from drag_edge.frames.reader import CameraReader
from drag_edge.frames.source import CameraError

SETTINGS = CameraSettings.model_validate(
    {
        "source": "/dev/video0",
        "mount": {"x": 1.6, "z": 1.3},
        "intrinsics": {"width": 64, "height": 48, "fx": 50, "fy": 50, "cx": 32, "cy": 24},
    }
)


class Camera:
    """A live camera that sends what is put into it; None breaks the stream once."""

    def __init__(self, opens: list[bool]) -> None:
        self.opens = deque(opens)
        self.queue: deque[Frame | None] = deque()
        self.closed = False

    size_px = (2, 2)
    patience_s = 1.0
    skipped = 0

    def open(self) -> None:
        if not (self.opens.popleft() if self.opens else True):
            raise CameraError("front", "test", "does not answer")
        self.closed = False

    def read(self) -> Frame | None:
        while not self.queue:
            if self.closed:
                return None
            time.sleep(0.001)
        return self.queue.popleft()

    def close(self) -> None:
        self.closed = True


def frame(index: int) -> Frame:
    return Frame("front", index, float(index), np.zeros((2, 2, 3), np.uint8))


def feed_of(camera: Camera, events: list[Event], wait_s: float = 1.0) -> LiveFeed:
    def reader(name: str, _: CameraSettings, arrived: threading.Condition) -> CameraReader:
        return CameraReader(name, camera, SystemClock(), events.append, arrived)

    return LiveFeed({"front": SETTINGS}, reader, wait_s)


def test_a_slow_loop_gets_the_newest_frame_only() -> None:
    camera = Camera([True])
    feed = feed_of(camera, [])
    camera.queue.extend(frame(i) for i in range(50))
    deadline = time.monotonic() + 5
    while camera.queue and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert feed.next().frames["front"].index == 49
    camera.closed = True
    feed.close()


def test_no_frame_in_time_is_an_empty_sample_not_a_hang() -> None:
    camera = Camera([True])
    feed = feed_of(camera, [], wait_s=0.01)
    sample = feed.next()
    assert not sample.frames
    assert not sample.ended
    camera.closed = True
    feed.close()


def test_a_broken_stream_is_an_event_and_is_opened_again() -> None:
    camera = Camera([True, False, True])
    events: list[Event] = []
    feed = feed_of(camera, events)
    camera.queue.append(None)
    camera.queue.append(frame(7))
    deadline = time.monotonic() + 10
    got = None
    while got is None and time.monotonic() < deadline:
        got = feed.next().frames.get("front")
    assert got is not None
    assert got.index == 7
    assert [event.name for event in events] == ["camera_lost", "camera_lost", "camera_recovered"]
    assert [event.detail for event in events] == [
        "no more pictures; trying to open it again",
        "does not answer",
        "pictures again",
    ]
    camera.closed = True
    feed.close()


def test_a_camera_that_does_not_answer_at_start_is_an_error_that_names_it() -> None:
    with pytest.raises(UnavailableError, match="camera front"):
        feed_of(Camera([False]), [])
