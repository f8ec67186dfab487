from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.clock import VirtualClock
from drag_edge.config.cameras import CameraSettings
from drag_edge.config.redact import redact
from drag_edge.errors import InputMissingError, InvalidConfigError, UnavailableError
from drag_edge.frames.address import Kind, parse_address
from drag_edge.frames.feed import RecordedFeed
from drag_edge.frames.live import OpenCvCamera
from drag_edge.frames.pipelines import csi_pipeline
from drag_edge.frames.recording import ImageFolder, VideoFile

FPS = 25.0


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (64, 48))
    for i in range(10):
        writer.write(np.full((48, 64, 3), i * 20, np.uint8))
    writer.release()
    return path


def read_all(source: VideoFile | ImageFolder) -> list[tuple[int, float, float]]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append((frame.index, frame.time_s, float(frame.image.mean())))
    return frames


def test_video_file_gives_every_frame_with_its_own_time(clip: Path) -> None:
    frames = read_all(VideoFile("front", clip, start_s=100.0))
    assert [index for index, _, _ in frames] == list(range(10))
    assert [t for _, t, _ in frames] == pytest.approx([100.0 + i / FPS for i in range(10)])
    assert [mean for _, _, mean in frames] == pytest.approx([i * 20 for i in range(10)], abs=6)


def test_video_cut_in_the_middle_ends_cleanly_and_says_so(
    clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, shared_data: Path
) -> None:
    cut = shared_data / "video" / "highway_small2_truncated.mp4"
    frames = read_all(VideoFile("front", cut, start_s=0.0))
    assert len(frames) == 100
    assert "after 100 of the 116 frames" in caplog.text


@pytest.mark.parametrize("content", [b"", b"this is not a video" * 100])
def test_a_file_that_is_not_a_video_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(InputMissingError, match=r"camera front: .*broken\.mp4: not a video"):
        VideoFile("front", path, 0.0)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match=r"nothing\.mp4: no such file"):
        VideoFile("front", tmp_path / "nothing.mp4", 0.0)


def test_image_folder_skips_what_does_not_decode(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for i in (0, 2):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((8, 8, 3), i, np.uint8))
    (tmp_path / "1.png").write_bytes(b"no picture")
    frames = read_all(ImageFolder("front", tmp_path, 10.0, start_s=0.0))
    assert [(i, t) for i, t, _ in frames] == [(0, 0.0), (2, pytest.approx(0.2))]
    assert "1.png is not a readable picture" in caplog.text


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match="no pictures"):
        ImageFolder("front", tmp_path, None, 0.0)


def test_a_folder_that_is_gone_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match="pictures: No such file"):
        ImageFolder("front", tmp_path / "pictures", None, 0.0)


class Beats:
    """A recorded source with given times."""

    def __init__(self, camera: str, times: list[float]) -> None:
        from drag_edge.frames.frame import Frame

        self.camera = camera
        self._frames = [
            Frame(camera, i, t, np.zeros((2, 2, 3), np.uint8)) for i, t in enumerate(times)
        ]

    size_px = (2, 2)

    @property
    def next_time_s(self) -> float | None:
        return self._frames[0].time_s if self._frames else None

    def read(self):  # type: ignore[no-untyped-def]
        return self._frames.pop(0) if self._frames else None

    def close(self) -> None:
        self._frames.clear()


@given(
    st.lists(st.floats(0, 10), unique=True, max_size=20).map(sorted),
    st.lists(st.floats(0, 10), unique=True, max_size=20).map(sorted),
)
def test_recorded_feed_never_goes_back_and_loses_nothing(
    left: list[float], right: list[float]
) -> None:
    clock = VirtualClock()
    feed = RecordedFeed([Beats("left", left), Beats("right", right)], clock, latency_s=0.01)
    seen: dict[str, list[float]] = {"left": [], "right": []}
    last_s = 0.0
    while not (sample := feed.next()).ended:
        assert clock.now_s() >= last_s
        last_s = clock.now_s()
        for name, frame in sample.frames.items():
            assert frame.time_s <= clock.now_s()
            seen[name].append(frame.time_s)
    assert seen == {"left": left, "right": right}


def test_steps_run_in_order_while_the_feed_moves_the_clock() -> None:
    clock = VirtualClock()
    ran: list[float] = []
    clock.every(0.01, ran.append, "step")
    feed = RecordedFeed([Beats("front", [0.0, 0.05])], clock)
    feed.next()
    assert len(ran) == 1
    feed.next()
    assert ran == pytest.approx([0.0, 0.01, 0.02, 0.03, 0.04, 0.05])


@pytest.mark.parametrize(
    ("source", "kind", "target"),
    [
        ("/dev/video2", Kind.V4L2, "/dev/video2"),
        ("/dev/v4l/by-path/usb-0:1", Kind.V4L2, "/dev/v4l/by-path/usb-0:1"),
        ("0", Kind.V4L2, "/dev/video0"),
        ("csi://1", Kind.CSI, "1"),
        ("rtsp://cam.local/s", Kind.STREAM, "rtsp://cam.local/s"),
        ("sim://highway", Kind.SIMULATION, "highway"),
        ("gst: videotestsrc ! appsink", Kind.GSTREAMER, "videotestsrc ! appsink"),
        ("drive.mp4", Kind.VIDEO_FILE, "/base/drive.mp4"),
        ("/data/drive.mp4", Kind.VIDEO_FILE, "/data/drive.mp4"),
        ("/dev/shm/drive.mp4", Kind.VIDEO_FILE, "/dev/shm/drive.mp4"),
        ("/dev/front_camera", Kind.V4L2, "/dev/front_camera"),
        ("RTSP://cam.local/S", Kind.STREAM, "rtsp://cam.local/S"),
        ("SIM://highway", Kind.SIMULATION, "highway"),
        ("File:///data/drive.mp4", Kind.VIDEO_FILE, "/data/drive.mp4"),
        ("GST: videotestsrc ! appsink", Kind.GSTREAMER, "videotestsrc ! appsink"),
    ],
)
def test_source_lines_mean_what_they_look_like(source: str, kind: Kind, target: str) -> None:
    address = parse_address(source, Path("/base"))
    assert (address.kind, address.target) == (kind, target)


@pytest.mark.parametrize("source", ["mnt://drive.mp4", "ftp://a/b.mp4", "rtsp://", "csi://", "://"])
def test_an_address_that_nobody_opens_is_refused(source: str) -> None:
    with pytest.raises(InvalidConfigError, match="expected"):
        parse_address(source, Path("/base"))


ANY_SIGN = st.characters(min_codepoint=33, max_codepoint=126)


@given(
    st.text("abcdefXYZ0123:!$'\"", min_size=1),
    st.text(ANY_SIGN, max_size=6),
    st.text(ANY_SIGN, max_size=6),
)
def test_passwords_never_reach_a_message(user: str, before: str, after: str) -> None:
    secret = f"{before}SECRET{after}"
    for text in (
        f"rtsp://{user}:{secret}@cam/s",
        f"RTSP://{user}:{secret}@cam/s",
        f"camera front: /etc/drag-edge/RTSP:/{user}:{secret}@cam/s: no such file",
        f"mycam://{user}:{secret}@cam/s",
        f"a ! rtspsrc location=rtsp://{user}:{secret}@c ! b",
        f'a ! rtspsrc location="rtsp://{user}:{secret}@c" ! b',
    ):
        assert "SECRET" not in redact(text)
        assert "SECRET" not in str(UnavailableError(text))


@given(
    st.sampled_from(["loginpas", "pw", "pwd", "password", "passphrase", "token", "authbasic"]),
    st.text(ANY_SIGN, max_size=6),
    st.text(ANY_SIGN, max_size=6),
)
def test_named_passwords_never_reach_a_message(name: str, before: str, after: str) -> None:
    # An & ends a value in an address, and nobody can tell one that belongs to the password.
    secret = f"{before}SECRET{after}".replace("&", "%26")
    quoted = f"{before} SECRET {after}".replace("\\", "").replace('"', "")
    for text in (
        f"http://cam/v?user=admin&{name}={secret}",
        f"http://cam/v?{name}={secret}&channel=1",
        f'rtspsrc location=rtsp://cam proxy-{name}="{quoted}" ! decodebin',
        f'extra-headers="x,Authorization=(string)\\"Basic {quoted}\\""',
        repr({name: quoted}),
    ):
        assert "SECRET" not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://driver:SECRET@cam/s",
        "rtsp://driver:SECRET/with@both@cam:554/s",
        "camera front: rtsp://:SECRET@10.0.0.2: no answer",
        "'http://cam/video?user=admin&password=SECRET&ch=1'",
        "rtsp://cam:554/user=admin_password=SECRET_channel=1_stream=0.sdp",
        "rtspsrc location=rtsp://cam/s user-id=me user-pw=SECRET ! decodebin",
        'rtspsrc location="rtsp://me:SECRET@cam/s" ! decodebin ! appsink',
        "driver:SECRET@10.0.0.2/stream",
        "/etc/drag-edge/driver:SECRET@10.0.0.2/stream: no such file",
        "https://cam/s?token=SECRET",
        "rtsp://admin:it's SECRET".replace(" ", "") + "@cam/1",
        'rtsp://admin:pa"SECRET@cam/1',
        "RTSP://admin:SECRET@cam/1",
        "/home/me/RTSP:/admin:SECRET@cam/1",
        "http://cam/video.cgi?loginuse=admin&loginpas=SECRET",
        "http://cam/v?usr=a&pw=SECRET",
        "http://cam/v?password=a,b;SECRET&x=1",
        "rtspsrc proxy-pw=SECRET ! decodebin",
        "rtspsrc user-pw = (string)SECRET ! decodebin",
        'rtspsrc location=rtsp://c user-pw="hun SECRET" ! decodebin',
        'souphttpsrc extra-headers="x,Authorization=(string)\\"Basic SECRET\\"" ! a',
        "Authorization: Basic SECRET",
        '{"password": "SECRET"}',
        "srt://cam:9000?passphrase=SECRET&streamid=x",
        "admin:it's/SECRET@10.0.0.2/stream",
        "{'source': 'rtsp://a:SECRET@b'}",
    ],
)
def test_whatever_way_a_password_is_written_it_is_hidden(text: str) -> None:
    assert "SECRET" not in redact(text)
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://cam.local:554/stream1",
        "/dev/v4l/by-path/usb-0:1",
        "/dev/serial/by-id/usb-u-blox-if00",
        "gst: videotestsrc ! video/x-raw,format=BGR ! appsink",
        "127.0.0.1 port 554 refuses connections",
        "can0: 500000 bit/s at 13:40:12",
        "car.yaml:5:13: cameras.front.source: 'rtsp://cam/1': no answer",
        "systemctl status drag-edge@front: not found",
    ],
)
def test_what_holds_no_password_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


CAMERA = CameraSettings.model_validate(
    {
        "source": "/dev/video97",
        "mount": {"x": 1.0, "z": 1.2},
        "intrinsics": {"width": 64, "height": 48, "fx": 50, "fy": 50, "cx": 32, "cy": 24},
        "open_timeout_s": 1.0,
    }
)


def test_a_camera_that_is_not_plugged_in_is_named() -> None:
    camera = OpenCvCamera("front", parse_address("/dev/video97", Path("/")), CAMERA, VirtualClock())
    with pytest.raises(UnavailableError, match="camera front: /dev/video97: no such device"):
        camera.open()


def test_csi_pipeline_asks_for_the_size_and_keeps_only_the_newest_frame() -> None:
    text = csi_pipeline(1, 1920, 1080, 29.97)
    assert "sensor-id=1 " in text
    assert "width=1920,height=1080,framerate=29970/1000" in text
    assert text.endswith("appsink drop=true max-buffers=1 sync=false")
