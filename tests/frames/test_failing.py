"""Cameras that fail: pieces that need no network and no camera."""

from __future__ import annotations

import contextlib
import gc
import math
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drag_edge.clock import SystemClock
from drag_edge.config.cameras import CameraSettings
from drag_edge.errors import InputMissingError, UnavailableError
from drag_edge.events import Event
from drag_edge.frames.backoff import Backoff
from drag_edge.frames.feed import LiveFeed
from drag_edge.frames.first_pictures import FirstPictures, grey_share
from drag_edge.frames.fit import fitted
from drag_edge.frames.frame import Frame
from drag_edge.frames.health import CameraHealth, CameraState
from drag_edge.frames.journal import CameraJournal
from drag_edge.frames.reader import CameraReader
from drag_edge.frames.source import CameraError, RecordingError
from drag_edge.frames.stream_time import StreamTime
from tests.held import held, left_over
from tests.rtsp.pattern import picture
from tests.rtsp.watch import Watch, camera_settings, camera_threads

SETTINGS: CameraSettings = camera_settings("rtsp://camera/x", open_timeout_s=0.3)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


# backoff


def test_waits_double_to_the_longest_and_each_is_drawn_from_its_upper_half() -> None:
    backoff = Backoff(0.5, 8.0, rng())
    waits = [backoff.next_s() for _ in range(10)]
    for wait_s, most_s in zip(waits, [0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8], strict=True):
        assert most_s / 2 <= wait_s <= most_s
    assert len(set(waits)) == len(waits)


def test_the_same_seed_gives_the_same_waits_and_another_one_others() -> None:
    first, same, other = Backoff(0.5, 8, rng(3)), Backoff(0.5, 8, rng(3)), Backoff(0.5, 8, rng(4))
    waits = [first.next_s() for _ in range(20)]
    assert waits == [same.next_s() for _ in range(20)]
    assert waits != [other.next_s() for _ in range(20)]


def test_one_that_breaks_at_once_again_does_not_start_over() -> None:
    backoff = Backoff(0.5, 8.0, rng())
    for _ in range(3):
        backoff.next_s()
    backoff.worked(0.2)
    assert backoff.current_s == 4.0
    backoff.worked(1.0)
    assert backoff.current_s == 0.5


# picture times


def test_a_picture_that_waited_is_known_to_be_late() -> None:
    stream = StreamTime()
    for i in range(30):
        assert stream.delay_s(100.0 + i / 30, i / 30) <= 0.001
    # The network stood for two seconds, and then everything comes at once.
    late = [stream.delay_s(103.0 + 0.001 * i, (30 + i) / 30) for i in range(60)]
    assert late[0] == pytest.approx(2.0, abs=0.03)
    assert late[-1] == pytest.approx(0.09, abs=0.02)


def test_pictures_that_waited_at_opening_are_not_believed() -> None:
    stream = StreamTime()
    for i in range(8):  # 8 pictures within 40 ms: the decoder catches up
        stream.delay_s(50.0 + 0.005 * i, i / 30)
        assert not stream.settled
    stream.delay_s(50.0 + 8 / 30, 8 / 30)
    stream.delay_s(50.0 + 9 / 30, 9 / 30)
    assert stream.settled


def test_a_source_without_stamps_is_never_late() -> None:
    stream = StreamTime()
    delays = [stream.delay_s(i * 0.04, 0.0) for i in range(100)]
    assert max(delays) == 0.0
    assert stream.settled


def test_a_camera_that_sets_its_clock_back_is_not_late() -> None:
    stream = StreamTime()
    for i in range(30):
        stream.delay_s(i / 30, 1000.0 + i / 30)
    assert stream.delay_s(1.0, 5.0) == pytest.approx(0.0, abs=0.01)
    assert stream.delay_s(1.0 + 1 / 30, 5.0 + 1 / 30) == pytest.approx(0.0, abs=0.01)


def test_a_camera_that_counts_by_a_rate_it_does_not_keep_does_not_grow_old() -> None:
    stream = StreamTime()
    for i in range(30 * 3600):
        delay_s = stream.delay_s(i / 30, i / 30 * (1 - 0.004))
    assert delay_s < 0.01


def grown(rate: float, for_s: float, jitter_s: float = 0.0) -> tuple[StreamTime, float]:
    """A stream of 30 pictures a second, each later than the one before by rate of the period."""
    stream, generator = StreamTime(), rng()
    for i in range(round(30 * for_s)):
        arrival_s = i / 30 + jitter_s * float(generator.random())
        delay_s = stream.delay_s(arrival_s, i / 30 * (1 - rate))
    return stream, delay_s


def test_a_crystals_drift_is_forgiven_for_hours() -> None:
    for rate in (100e-6, -100e-6):
        stream, delay_s = grown(rate, 2 * 3600.0)
        assert delay_s < 0.001
        assert stream.forgiven_s < 0.001


@pytest.mark.parametrize("jitter_s", [0.0, 0.03])
def test_a_queue_that_grows_slower_than_is_forgiven_at_once_is_counted(jitter_s: float) -> None:
    for rate in (0.0005, 0.002, 0.0084):
        stream, _ = grown(rate, 100.0, jitter_s)
        assert stream.forgiven_s == pytest.approx((rate - 200e-6) * 100.0, abs=0.01 + jitter_s)


def test_a_queue_that_empties_by_itself_is_forgotten() -> None:
    stream, _ = grown(0.008, 10.0)
    assert stream.forgiven_s > 0.07
    for i in range(1, 100):  # what waited comes in a burst, and then in time
        stream.delay_s(max(10.0 + 0.005 * i, 9.92 + i / 30), 9.92 + i / 30)
    assert stream.forgiven_s < 0.001


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.floats(allow_nan=False, allow_infinity=False)), max_size=50
    )
)
def test_no_stamp_makes_a_delay_that_is_no_number(pairs: list[tuple[float, float]]) -> None:
    stream = StreamTime()
    for arrival_s, stamp_s in sorted(pairs):
        assert stream.delay_s(arrival_s, stamp_s) >= 0.0


# first pictures


def street(seed: int = 0) -> NDArray[np.uint8]:
    return rng(seed).integers(0, 255, (72, 128, 3), dtype=np.uint8)


def grey(share: float) -> NDArray[np.uint8]:
    image = street()
    image[: round(72 * share)] = 128
    return image


def test_a_decoders_grey_is_held_back_until_the_first_whole_picture() -> None:
    first = FirstPictures(2.0)
    assert not first.pass_on(grey(1.0), None, 0.0)
    assert not first.pass_on(grey(0.5), None, 0.1)
    assert first.pass_on(street(), None, 0.2)
    assert first.pass_on(grey(1.0), None, 0.3)  # later on it is not the decoder's fault


def test_pictures_before_the_first_key_frame_are_held_back() -> None:
    first = FirstPictures(2.0)
    assert not first.pass_on(street(), "P", 0.0)
    assert first.pass_on(street(), "I", 0.5)
    assert first.pass_on(street(), "P", 0.6)


def test_a_stream_without_key_frames_and_a_grey_wall_pass_in_the_end() -> None:
    first = FirstPictures(2.0)
    assert not first.pass_on(grey(1.0), "P", 10.0)
    assert first.pass_on(grey(1.0), "P", 12.1)


def test_a_grey_road_with_a_sensors_noise_is_no_decoders_grey() -> None:
    road = np.clip(rng().normal(128, 3, (720, 1280, 3)), 0, 255).astype(np.uint8)
    assert grey_share(road) < 0.2


# size


def test_another_size_of_the_same_shape_is_scaled_and_points_stay_where_they_were() -> None:
    image = np.zeros((90, 160, 3), np.uint8)
    image[45:50, 80:90] = 255
    scaled = fitted(image, (640, 360))
    assert scaled is not None
    assert scaled.shape == (360, 640, 3)
    rows, columns = np.nonzero(scaled[:, :, 1] > 127)
    # Pixel centres are at whole numbers: the middle of 80…89 is 84.5, at four times the size 339.5.
    assert columns.mean() == pytest.approx(339.5, abs=0.6)
    assert rows.mean() == pytest.approx(4 * 47.5 - 0.5, abs=0.6)


@pytest.mark.parametrize("size", [(480, 640), (720, 960), (2, 1)])
def test_another_shape_is_refused(size: tuple[int, int]) -> None:
    assert fitted(np.zeros((*size, 3), np.uint8), (1280, 720)) is None


def test_an_encoders_rounding_is_the_same_shape() -> None:
    assert fitted(np.zeros((1088, 1920, 3), np.uint8), (1920, 1080)) is not None


# the reader


class Camera:
    """Sends a picture every few milliseconds; `plan` says what opening and reading do."""

    patience_s = 0.3

    def __init__(self, opening: Callable[[int], None] = lambda i: None) -> None:
        self.opening = opening
        self.opens = 0
        self.closes = 0
        self.skipped = 0
        self.size = (160, 90)
        self.reading: Callable[[], None] = lambda: None
        self.broken = False
        self._index = 0

    @property
    def size_px(self) -> tuple[int, int]:
        return self.size if self.opens else (0, 0)

    def open(self) -> None:
        self.opening(self.opens)
        self.opens += 1
        self.broken = False

    def read(self) -> Frame | None:
        self.reading()
        time.sleep(0.003)
        if self.broken:
            return None
        self._index += 1
        width, height = self.size
        image = np.full((height, width, 3), 60, np.uint8)
        return Frame("front", self._index, time.monotonic(), image)

    def close(self) -> None:
        self.closes += 1


def refuse(_: int) -> None:
    raise CameraError("front", "rtsp://user:SECRET@camera/x", "rtsp://user:SECRET@camera/x: no")


class Rig:
    """A feed of cameras of ours."""

    def __init__(self, first_s: float = 0.01, **cameras: Camera) -> None:
        self.events: list[Event] = []
        self._first_s = first_s
        self.cameras = cameras
        self.feed = LiveFeed(dict.fromkeys(cameras, SETTINGS), self._reader, wait_s=0.02)

    def _reader(self, name: str, _: CameraSettings, arrived: threading.Condition) -> CameraReader:
        return CameraReader(
            name,
            self.cameras[name],
            SystemClock(),
            self.events.append,
            arrived,
            expected_px=(160, 90),
            backoff=Backoff(self._first_s, 0.05, rng()),
        )

    def wait(self, until: Callable[[], Any], within_s: float = 5.0) -> None:
        end_s = time.monotonic() + within_s
        while not until():
            assert time.monotonic() < end_s, "it did not happen in time"
            self.feed.next()

    def health(self, camera: str = "front") -> CameraHealth:
        return self.feed.health(time.monotonic())[camera]

    def names(self) -> list[str]:
        return [event.name for event in self.events]


@pytest.fixture
def rig() -> Iterator[Callable[..., Rig]]:
    rigs: list[Rig] = []

    def make(**options: Any) -> Rig:
        rigs.append(Rig(**options))
        return rigs[-1]

    yield make
    for one in rigs:
        one.feed.close()
    assert not camera_threads()


def test_a_camera_that_opens_but_sends_nothing_has_not_recovered(rig: Callable[..., Rig]) -> None:
    front = Camera()
    one = rig(front=front)
    one.wait(lambda: one.health().fresh)

    def nothing() -> None:
        front.broken = True

    front.reading = nothing
    one.wait(lambda: front.opens > 3)
    assert one.names() == ["camera_lost"]
    assert one.health().state is not CameraState.STREAMING
    front.reading = lambda: None
    one.wait(lambda: one.health().fresh)
    assert one.names() == ["camera_lost", "camera_recovered"]
    assert one.health().losses == 1


def test_a_dead_camera_does_not_keep_the_others_from_starting(rig: Callable[..., Rig]) -> None:
    left = Camera(refuse)
    one = rig(front=Camera(), left=left)
    assert one.feed.sizes_px() == {"front": (160, 90), "left": (160, 90)}
    assert one.health("left").state in (CameraState.WAITING, CameraState.OPENING)
    assert one.health("left").reason == "rtsp://***@camera/x: no"
    assert [event.detail for event in one.events] == ["rtsp://***@camera/x: no"]  # once, not each
    left.opening = lambda _: None
    one.wait(lambda: one.health("left").fresh)
    assert one.names() == ["camera_lost", "camera_recovered"]


def test_without_any_camera_there_is_no_start(rig: Callable[..., Rig]) -> None:
    with pytest.raises(UnavailableError, match="camera front"):
        rig(front=Camera(refuse), left=Camera(refuse))


def test_a_recording_that_is_not_there_is_an_error_beside_a_camera_that_works(
    rig: Callable[..., Rig],
) -> None:
    def absent(_: int) -> None:
        raise RecordingError("left", "drive.mp4", "no such file")

    with pytest.raises(InputMissingError, match="no such file"):
        rig(front=Camera(), left=Camera(absent))


def test_a_driver_that_hangs_while_opening_holds_neither_the_start_nor_the_end(
    rig: Callable[..., Rig],
) -> None:
    let_go = threading.Event()
    one = rig(front=Camera(), left=Camera(lambda _: let_go.wait() and None))
    one.wait(lambda: one.health("left").state is CameraState.STUCK)
    assert one.health("front").fresh
    assert "has not answered" in one.health("left").reason
    assert len(camera_threads()) == 2
    start_s = time.monotonic()
    one.feed.close()
    assert time.monotonic() - start_s < 2.5
    assert camera_threads() == ["camera-left"]
    let_go.set()
    for thread in threading.enumerate():
        if thread.name == "camera-left":
            thread.join(5)


def test_a_driver_that_hangs_while_reading_is_stuck_and_then_works_again(
    rig: Callable[..., Rig],
) -> None:
    let_go = threading.Event()
    front = Camera()
    one = rig(front=front)
    one.wait(lambda: one.health().fresh)
    front.reading = lambda: let_go.wait() and None
    one.wait(lambda: one.health().state is CameraState.STUCK)
    let_go.set()
    one.wait(lambda: one.health().fresh)


@pytest.mark.parametrize(
    "error", [cv2.error("OpenCV: bad data"), MemoryError(), FileNotFoundError("pictures")]
)
def test_whatever_a_driver_raises_is_a_reason_and_it_is_opened_again(
    rig: Callable[..., Rig], error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    front = Camera()
    one = rig(front=front)
    one.wait(lambda: one.health().fresh)

    def fall() -> None:
        raise error

    front.reading = fall
    one.wait(lambda: front.opens > 3)
    assert type(error).__name__ in one.health().reason
    assert one.names() == ["camera_lost"]
    assert [record.exc_info is not None for record in caplog.records] == [True]
    front.reading = lambda: None
    one.wait(lambda: one.health().fresh)
    assert one.names() == ["camera_lost", "camera_recovered"]


def test_a_driver_that_raises_anything_at_the_start_holds_nobody(rig: Callable[..., Rig]) -> None:
    def fall(_: int) -> None:
        raise RuntimeError("no buffer")

    left = Camera(fall)
    start_s = time.monotonic()
    one = rig(front=Camera(), left=left)
    assert time.monotonic() - start_s < 1.0
    assert one.health("left").reason == "RuntimeError: no buffer"
    left.opening = lambda _: None
    one.wait(lambda: one.health("left").fresh)


def test_a_finer_stream_is_scaled_and_another_shape_refused_by_name(
    rig: Callable[..., Rig],
) -> None:
    front = Camera()
    one = rig(front=front)
    one.wait(lambda: one.health().fresh)
    front.size = (320, 180)
    one.wait(lambda: one.health().sent_px == (320, 180))
    frame = None
    while frame is None:
        frame = one.feed.next().frames.get("front")
    assert frame.image.shape == (90, 160, 3)
    front.size = (120, 90)
    one.wait(lambda: one.health().state is CameraState.REFUSED)
    assert "sends 120x90" in one.health().reason
    assert not one.feed.next().frames
    front.size = (160, 90)
    one.wait(lambda: one.health().fresh)
    assert one.names() == ["camera_resized", "camera_lost", "camera_recovered"]


def test_a_slow_loop_counts_what_it_never_looked_at(rig: Callable[..., Rig]) -> None:
    one = rig(front=Camera())
    one.wait(lambda: one.health().fresh)
    time.sleep(0.1)
    frame = one.feed.next().frames["front"]
    assert time.monotonic() - frame.time_s < 0.05
    assert one.health().unused >= 5


def test_many_tries_are_one_event_and_leaves_nothing(rig: Callable[..., Rig]) -> None:
    front = Camera()
    one = rig(front=front, first_s=0.0005)
    one.wait(lambda: one.health().fresh)
    front.opening = refuse
    front.broken = True
    before = held()
    one.wait(lambda: one.health().tries >= 60, 20.0)
    assert one.names() == ["camera_lost", "camera_lost"]  # it went, and why it does not come back
    assert not left_over(before)
    assert front.closes >= 60


def test_a_camera_with_other_settings_leaves_nothing_of_the_one_before(
    rig: Callable[..., Rig],
) -> None:
    one = rig(front=Camera())
    one.wait(lambda: one.health().fresh)
    before = weakref.ref(one.cameras["front"])
    one.cameras["front"] = Camera()
    assert one.feed.reopen("front", SETTINGS)
    one.wait(lambda: one.health().fresh)
    gc.collect()
    assert before() is None, "who keeps it keeps its pictures"


def test_a_hung_driver_stays_named_and_holds_one_thread_however_often_settings_change(
    rig: Callable[..., Rig],
) -> None:
    let_go = threading.Event()
    hung = Camera()
    one = rig(front=Camera(), left=hung)
    one.wait(lambda: one.health("left").frames >= 3)
    hung.reading = lambda: let_go.wait() and None
    one.wait(lambda: one.health("left").state is CameraState.STUCK)
    frames = one.health("left").frames
    for _ in range(3):
        one.cameras["left"] = Camera()
        assert one.feed.reopen("left", SETTINGS)
        time.sleep(0.25)
        told = one.health("left")
        assert told.state is CameraState.STUCK
        assert "has not answered" in told.reason
        assert (told.frames, told.losses) == (frames, 1)
    # The one that hangs, and the one that waits for it.
    assert camera_threads().count("camera-left") == 2
    let_go.set()
    one.wait(lambda: one.health("left").fresh)
    assert one.health("left").frames > frames
    one.wait(lambda: camera_threads().count("camera-left") == 1)


# health


def test_health_says_since_when_and_how_old() -> None:
    events: list[Event] = []
    journal = CameraJournal("front", 10.0, events.append)
    journal.reading(11.0)
    journal.arrived(11.0, (640, 360), (640, 360), False)
    journal.reading(11.0)
    told = journal.health(11.4, 2.0)
    assert (told.state, told.age_s, told.since_s) == (
        CameraState.STREAMING,
        pytest.approx(0.4),
        pytest.approx(0.4),
    )
    journal.lost("gone", 12.0)
    told = journal.health(15.0, 2.0)
    assert (told.state, told.reason, told.losses) == (CameraState.WAITING, "gone", 1)
    assert told.since_s == pytest.approx(3.0)
    assert told.age_s == pytest.approx(4.0)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["open", "fail", "lose", "refuse", "see", "close"]), max_size=40))
def test_lost_and_recovered_alternate_whatever_happens(steps: list[str]) -> None:
    events: list[Event] = []
    journal = CameraJournal("front", 0.0, events.append)
    does: dict[str, Callable[[float], None]] = {
        "open": journal.opening,
        "fail": lambda t: journal.failed("no", t),
        "lose": lambda t: journal.lost("no", t),
        "refuse": lambda t: journal.refused("no", (4, 3), t),
        "see": lambda t: journal.arrived(t, (16, 9), (16, 9), False),
        "close": journal.closed,
    }
    for i, step in enumerate(steps):
        does[step](float(i))
    names = [event.name for event in events]
    assert names == ["camera_lost", "camera_recovered"] * (len(names) // 2) + (
        ["camera_lost"] if len(names) % 2 else []
    )
    told = journal.health(100.0, math.inf)
    assert told.losses == names.count("camera_lost")
    assert told.fresh == (told.state is CameraState.STREAMING)


# pictures without times of their own


def serve_jpegs(rate_hz: float) -> ThreadingHTTPServer:
    """A camera that sends JPEG after JPEG over HTTP, each with its moment in its mark."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.send_error(501)  # as small cameras do

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
            self.end_headers()
            with contextlib.suppress(OSError):
                for index in range(100_000):
                    planes = picture(640, 360, index, round(time.monotonic() * 1000))
                    i420 = np.frombuffer(planes, np.uint8).reshape(540, 640)
                    jpeg = cv2.imencode(".jpg", cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420))[1]
                    self.wfile.write(b"--b\r\nContent-Type: image/jpeg\r\n\r\n")
                    self.wfile.write(jpeg.tobytes() + b"\r\n")
                    time.sleep(1 / rate_hz)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.mark.parametrize("rate_hz", [12.0, 40.0])
def test_pictures_over_http_are_never_taken_for_late(rate_hz: float) -> None:
    server = serve_jpegs(rate_hz)
    url = f"http://127.0.0.1:{server.server_address[1]}/video.mjpg"
    try:
        with Watch({"front": url}) as watch:
            seen = watch.look(3.0)
            assert len(seen) >= 2.2 * rate_hz * 0.8
            ages = sorted(one.true_age_s for one in seen if one.true_age_s is not None)
            assert ages[len(ages) // 2] <= 0.15
            assert not watch.events
    finally:
        server.shutdown()
        server.server_close()
