from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path

import cv2
import numpy as np
import pytest

from drag_edge.clock import SystemClock, VirtualClock
from drag_edge.config.cameras import CameraSettings
from drag_edge.errors import UnavailableError
from drag_edge.events import Event
from drag_edge.frames import live
from drag_edge.frames.address import parse_address
from drag_edge.frames.feed import LiveFeed
from drag_edge.frames.frame import Frame
from drag_edge.frames.live import OpenCvCamera
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


class Stream:
    """As much of cv2.VideoCapture as a camera uses. pictures: when each arrives, its time stamp
    (seconds), and its kind (I, P or B)."""

    def __init__(self, pictures: list[tuple[float, float, str]], clock: VirtualClock) -> None:
        self._pictures = iter(pictures)
        self._clock = clock
        self._stamp_s, self._kind = 0.0, "P"
        self.shape: tuple[int, ...] = (8, 8, 3)

    def grab(self) -> bool:
        arrived_s, self._stamp_s, self._kind = next(self._pictures, (0.0, 0.0, ""))
        self._clock.advance_to(arrived_s)
        return bool(self._kind)

    def retrieve(self, image: np.ndarray | None) -> tuple[bool, np.ndarray]:
        return True, np.full(self.shape, 60, np.uint8)

    def get(self, what: int) -> float:
        return {
            cv2.CAP_PROP_POS_MSEC: 1000 * self._stamp_s,
            cv2.CAP_PROP_FRAME_TYPE: float(ord(self._kind)),
        }[what]

    def release(self) -> None:
        pass


def opened(
    pictures: list[tuple[float, float, str]],
    monkeypatch: pytest.MonkeyPatch,
    shape: tuple[int, ...] = (8, 8, 3),
) -> OpenCvCamera:
    clock = VirtualClock()
    stream = Stream(pictures, clock)
    stream.shape = shape
    monkeypatch.setattr(live, "open_capture", lambda *_: stream)
    address = parse_address("rtsp://127.0.0.1/x", Path.cwd())
    quick = SETTINGS.model_copy(update={"read_timeout_s": 2.0, "settle_s": 2.0, "late_s": 0.1})
    camera = OpenCvCamera("front", address, quick, clock)
    camera.open()
    return camera


def test_a_key_frame_that_comes_late_makes_the_next_ones_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_time = [(0.1 * i, 0.1 * i, "P") for i in range(5)]
    late_key = [(0.9, 0.5, "I"), (0.9, 0.6, "P"), (0.9, 0.7, "P")]
    then = [(0.9 + 0.1 * i, 0.8 + 0.1 * i, "P") for i in range(5)]
    camera = opened(in_time + late_key + then, monkeypatch)
    frame = camera.read()
    assert frame is not None
    assert frame.time_s == pytest.approx(0.8, abs=0.02)


def test_a_stream_that_never_says_what_is_whole_is_not_called_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = opened([(0.1 * i, 0.1 * i, "P") for i in range(60)], monkeypatch)
    frame = camera.read()
    assert frame is not None
    assert frame.time_s == pytest.approx(2.1, abs=0.1)


def test_a_stream_of_late_pictures_only_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    falling_behind = [(0.1 * i, 0.1 * i, "I") for i in range(3)]
    falling_behind += [(0.3 + 0.2 * i, 0.3 + 0.05 * i, "P") for i in range(1, 60)]
    camera = opened(falling_behind, monkeypatch)
    with pytest.raises(CameraError, match="every picture comes late"):
        list(iter(camera.read, None))


def test_a_queue_that_grows_slowly_is_told_before_pictures_are_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = opened([(i / 30, i / 30.25, "I") for i in range(30 * 60)], monkeypatch)
    read: list[Frame] = []
    with pytest.raises(CameraError, match=r"queue .* grows.*time_stamps: false"):
        read.extend(iter(camera.read, None))
    # Pictures taken at 30.25 a second and decoded at 30: the last is i/30 - i/30.25 s old.
    assert 0.05 < len(read) / 30 - len(read) / 30.25 < 0.15


@pytest.mark.parametrize("shape", [(8, 8), (12, 8, 1), (8, 8, 4)])
def test_pictures_without_three_colours_are_refused_with_what_to_do(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = opened([(0.1 * i, 0.1 * i, "I") for i in range(30)], monkeypatch, shape)
    with pytest.raises(CameraError, match="format=BGR"):
        camera.read()
