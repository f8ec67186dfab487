"""GStreamer pipelines and the way an address is opened, without a camera."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config.cameras import Codec
from drag_edge.errors import UnavailableError
from drag_edge.frames import hardware, openers
from drag_edge.frames.address import parse_address
from drag_edge.frames.hardware import jetson_decoder
from drag_edge.frames.openers import open_capture
from drag_edge.frames.pipelines import csi_pipeline, rtsp_pipeline, v4l2_jpeg_pipeline
from tests.rtsp.camera import PYTHON, missing
from tests.rtsp.watch import camera_settings

NEWEST = "appsink drop=true max-buffers=1 sync=false"
PIPELINES = {
    "csi": csi_pipeline(0, 1280, 720, 30.0),
    "h264": rtsp_pipeline("rtsp://cam/s?a=1&b=2", Codec.H264, 10.0),
    "h265": rtsp_pipeline('rtsp://u:p"w!x\\@cam/s', Codec.H265, 2.5),
    "usb": v4l2_jpeg_pipeline("/dev/video0", (1920, 1080), 30.0),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_only_the_newest_picture_waits_and_nothing_waits_for_a_clock(name: str) -> None:
    assert PIPELINES[name].endswith(f"! video/x-raw,format=BGR ! {NEWEST}")


def test_an_rtsp_camera_is_decoded_by_the_hardware_and_its_sound_ignored() -> None:
    text = PIPELINES["h265"]
    assert "application/x-rtp,media=video ! " in text
    assert "rtph265depay ! h265parse ! nvv4l2decoder ! nvvidconv ! " in text
    assert "protocols=tcp" in text
    assert "timeout=2500000 tcp-timeout=2500000" in text
    assert "enable-max-performance" not in text  # JetPack 7 no longer knows it


def test_a_usb_cameras_jpeg_is_decoded_by_the_hardware() -> None:
    assert "image/jpeg,width=1920,height=1080,framerate=30000/1000" in PIPELINES["usb"]
    assert "nvv4l2decoder mjpeg=1" in PIPELINES["usb"]


# The same, read by GStreamer itself: elements that only a Jetson has are stood in for.
_PARSE = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
text = sys.argv[1]
text = text.replace("nvv4l2decoder mjpeg=1", "decodebin").replace("nvv4l2decoder", "decodebin")
text = text.replace("nvvidconv", "videoconvert").replace("(memory:NVMM)", "")
text = text.replace("nvarguscamerasrc sensor-id=0", "videotestsrc")
pipeline = Gst.parse_launch(text)
for element in iter(pipeline.children):
    if element.get_factory().get_name() == "rtspsrc":
        print(element.get_property("location"), end="")
    if element.get_factory().get_name() == "v4l2src":
        print(element.get_property("device"), end="")
"""


def parsed(pipeline: str) -> str:
    done = subprocess.run(
        [PYTHON, "-c", _PARSE, pipeline], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", PIPELINES)
def test_gstreamer_can_read_them(name: str) -> None:
    if reason := missing():
        pytest.skip(reason)
    parsed(PIPELINES[name])


@pytest.mark.parametrize(
    "url", ['rtsp://u:p"a\\b!c d@cam/x', "rtsp://cam/x ! fakesink", "rtsp://c"]
)
def test_whatever_is_in_an_address_it_stays_one_value(url: str) -> None:
    if reason := missing():
        pytest.skip(reason)
    assert parsed(rtsp_pipeline(url, Codec.H264, 5.0)) == url


@given(st.text(max_size=30))
def test_quotes_cannot_be_escaped_from(url: str) -> None:
    text = rtsp_pipeline(url, Codec.H264, 5.0)
    inside = text.partition('location="')[2]
    at = 0
    while inside[at] != '"':
        at += 2 if inside[at] == "\\" else 1
    assert inside[at:].startswith('" protocols=tcp')


# hardware, or FFmpeg


class Capture:
    """In place of OpenCV's: opens what it is told to, and remembers how."""

    opened: ClassVar[list[tuple[str, int]]] = []
    works: ClassVar[set[int]] = set()

    def __init__(self, target: str, backend: int, options: list[int] | None = None) -> None:
        self.backend = backend
        Capture.opened.append((target, backend))
        self.options = dict(zip((options or [])[::2], (options or [])[1::2], strict=True))

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.backend in Capture.works

    def set(self, key: int, value: float) -> None:
        pass

    def release(self) -> None:
        pass


@pytest.fixture
def captures(monkeypatch: pytest.MonkeyPatch) -> type[Capture]:
    Capture.opened, Capture.works = [], {cv2.CAP_FFMPEG, cv2.CAP_GSTREAMER}
    monkeypatch.setattr(openers.cv2, "VideoCapture", Capture)
    monkeypatch.setattr(openers, "opencv_has_gstreamer", lambda: True)
    monkeypatch.setattr(openers, "answers", lambda url, limit_s: "")
    monkeypatch.setattr(openers, "jetson_decoder", lambda codec, within_s: "")
    return Capture


def opened(source: str, **more: Any) -> Any:
    return open_capture("front", parse_address(source, Path("/")), camera_settings(source, **more))


@pytest.mark.parametrize("decode", ["auto", "hardware"])
def test_where_the_hardware_is_there_it_is_used(captures: type[Capture], decode: str) -> None:
    opened("rtsp://cam/s", decode=decode, codec="h265")
    assert [backend for _, backend in captures.opened] == [cv2.CAP_GSTREAMER]
    assert "h265parse ! nvv4l2decoder" in captures.opened[0][0]


def test_a_pipeline_that_does_not_start_falls_back_to_ffmpeg(
    captures: type[Capture], caplog: pytest.LogCaptureFixture
) -> None:
    captures.works = {cv2.CAP_FFMPEG}
    opened("rtsp://u:SECRET@cam/s", decode="auto")
    assert captures.opened[-1] == ("rtsp://u:SECRET@cam/s", cv2.CAP_FFMPEG)
    assert "trying FFmpeg" in caplog.text
    assert "SECRET" not in caplog.text


def test_software_is_software(captures: type[Capture]) -> None:
    capture = opened("rtsp://cam/s", decode="software", decode_threads=3, read_timeout_s=0.7)
    assert [backend for _, backend in captures.opened] == [cv2.CAP_FFMPEG]
    assert capture.options[cv2.CAP_PROP_N_THREADS] == 3
    assert capture.options[cv2.CAP_PROP_READ_TIMEOUT_MSEC] == 700
    assert capture.options[cv2.CAP_PROP_OPEN_TIMEOUT_MSEC] == pytest.approx(3000, abs=300)


def test_hardware_that_is_not_there_is_said_where_it_was_asked_for(
    captures: type[Capture], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(openers, "jetson_decoder", lambda *_: "GStreamer has no nvv4l2decoder")
    opened("rtsp://cam/s", decode="auto")
    assert not caplog.text
    opened("rtsp://cam/s", decode="hardware")
    assert "has no nvv4l2decoder" in caplog.text
    assert {backend for _, backend in captures.opened} == {cv2.CAP_FFMPEG}


def test_other_streams_are_ffmpegs(captures: type[Capture]) -> None:
    opened("http://cam/video.mjpg", decode="hardware")
    assert [backend for _, backend in captures.opened] == [cv2.CAP_FFMPEG]


def test_what_opencv_raises_is_a_camera_error(
    captures: type[Capture], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise cv2.error("(-215:Assertion failed) something in function 'open'")

    monkeypatch.setattr(openers.cv2, "VideoCapture", broken)
    with pytest.raises(UnavailableError, match="something in function"):
        opened("rtsp://cam/s")


@pytest.fixture
def inspect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A gst-inspect-1.0 to be written, and nothing known from before."""
    asked = tmp_path / "gst-inspect-1.0"
    monkeypatch.setattr(hardware.shutil, "which", lambda name: str(asked))
    hardware._inspection.cache_clear()
    yield asked
    hardware._inspection.cache_clear()


def write_inspect(path: Path, *lines: str) -> None:
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)


def test_elements_are_asked_for_by_name(inspect: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_inspect(inspect, '[ "$2" != h264parse ]')
    assert jetson_decoder("h265", 5.0) == ""
    assert jetson_decoder("h264", 5.0) == "GStreamer has no h264parse"
    monkeypatch.setattr(hardware.shutil, "which", lambda name: None)
    hardware._inspection.cache_clear()
    assert "gst-inspect-1.0 is not installed" in jetson_decoder("h264", 5.0)


def test_a_first_look_that_takes_long_forbids_nothing_for_good(
    inspect: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = inspect.with_name("known")
    write_inspect(inspect, f"while [ ! -e {known} ]; do sleep 0.05; done")
    assert "not said yet" in jetson_decoder("h264", 0.2)
    assert "does not say" in caplog.text
    known.touch()
    assert jetson_decoder("h264", 5.0) == ""


def test_an_answer_that_could_not_be_had_is_asked_for_again(
    inspect: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inspect.touch()  # it may not be run
    assert "not said yet" in jetson_decoder("h264", 5.0)
    assert "cannot be told" in caplog.text
    write_inspect(inspect, "exit 0")
    assert jetson_decoder("h264", 5.0) == ""
