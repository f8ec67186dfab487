from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.config.load import load
from drag_edge.config.report import ConfigError, Kind
from drag_edge.config.sources import parse_source
from drag_edge.frames.address import Kind as Opened
from drag_edge.frames.address import parse_address
from tests.config.helpers import VALID, only, write

FILES = ("drive.mp4", "/dev/shm/x.mp4", "file:///data/x.mp4", "FILE:///data/x.mp4", "a:b.mp4", "x")
OTHERS = {
    "/dev/video0": Opened.V4L2,
    "/dev/v4l/by-path/usb-0:1": Opened.V4L2,
    "/dev/front": Opened.V4L2,
    "7": Opened.V4L2,
    "csi://0": Opened.CSI,
    "CSI://0": Opened.CSI,
    "rtsp://cam/1": Opened.STREAM,
    "RTSPS://cam/1": Opened.STREAM,
    "http://cam/v.mjpg": Opened.STREAM,
    "gst: videotestsrc ! appsink": Opened.GSTREAMER,
    "SIM://highway": Opened.SIMULATION,
}


def loaded(folder: Path, source: str) -> str:
    file = write(folder, VALID.replace("sim://highway", f'"{source}"'))
    return load(file, check_files=False).cameras["front"].source


@pytest.mark.parametrize("source", FILES)
def test_what_the_loader_takes_for_a_file_is_opened_as_one(tmp_path: Path, source: str) -> None:
    path = loaded(tmp_path, source)
    assert Path(path).is_absolute()
    address = parse_address(path, Path("/elsewhere"))
    assert (address.kind, address.target) == (Opened.VIDEO_FILE, path)
    assert parse_address(source, tmp_path) == address


@pytest.mark.parametrize("source", OTHERS)
def test_what_the_loader_takes_for_none_is_opened_as_none(tmp_path: Path, source: str) -> None:
    address = parse_address(loaded(tmp_path, source), Path("/elsewhere"))
    assert address.kind is OTHERS[source]
    assert address == parse_address(source, Path("/elsewhere"))


@pytest.mark.parametrize("source", ["mnt://drive.mp4", "ftp://nas/x.mp4", "rtsp://", "csi://"])
def test_an_address_that_nobody_opens_is_refused_where_it_stands(
    tmp_path: Path, source: str
) -> None:
    problem = only(write(tmp_path, VALID.replace("sim://highway", source)))
    assert (problem.kind, problem.key, problem.line) == (Kind.VALUE, "cameras.front.source", 3)


@pytest.mark.parametrize(
    "source",
    [
        *FILES,
        "sim://highway",
        "http://nas/drive.mp4",
        "https://nas/Drive.MKV?x=1",
        "gst: filesrc location=x ! decodebin ! appsink",
        "gst:multifilesrc location=%d.png ! appsink",
        "gst: uridecodebin uri=file:///x.mp4 ! appsink",
        "gst: videotestsrc ! appsink",
    ],
)
def test_films_and_drawn_pictures_are_told_from_cameras(source: str) -> None:
    assert parse_source(source).recorded


@pytest.mark.parametrize(
    "source",
    [
        "/dev/video0",
        "0",
        "csi://0",
        "rtsp://cam/live.mp4",
        "http://cam/video.mjpg",
        "http://cam/cgi?file=x.mp4",
        "gst: rtspsrc location=rtsp://cam/x ! decodebin ! appsink",
        "gst: v4l2src device=/dev/video0 ! appsink",
    ],
)
def test_cameras_are_not_taken_for_films(source: str) -> None:
    assert not parse_source(source).recorded


ACTING = """\
adas: {actuation: on}
vehicle:
  can: {interface: socketcan}
  ego: {dbc: road.onnx, speed: {message: MOTION, signal: SPEED}}
"""


@pytest.mark.parametrize(
    "source",
    ["/dev/shm/road.onnx", "SIM://highway", "http://nas/drive.mp4", "gst: filesrc location=x ! a"],
)
def test_no_film_drives_a_real_vehicle_however_it_is_spelled(tmp_path: Path, source: str) -> None:
    file = write(tmp_path, VALID.replace("sim://highway", f'"{source}"') + ACTING)
    with pytest.raises(ConfigError, match="no film may drive a real vehicle"):
        load(file, check_files=False)


@pytest.mark.parametrize("source", ["/dev/video0", "RTSP://cam/1", "http://cam/v.mjpg"])
def test_a_camera_may_drive_a_real_vehicle(tmp_path: Path, source: str) -> None:
    file = write(tmp_path, VALID.replace("sim://highway", source) + ACTING)
    assert load(file, check_files=False).adas.actuation
