import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from drag_edge.config.display import DisplaySettings, VideoSettings
from drag_edge.display.screen import Screen
from drag_edge.display.video import VideoFile
from drag_edge.events import Event

RATE_HZ = 12.5


def picture(level: int = 0, width: int = 160, height: int = 96) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def record(
    path: Path, count: int, settings: VideoSettings | None = None, **more: object
) -> VideoFile:
    video = VideoFile(path, settings or VideoSettings(), lossless=True, **more)  # type: ignore[arg-type]
    for index in range(count):
        video.write(picture(20 + 10 * (index % 20)), index / RATE_HZ)
    video.close()
    return video


def test_every_picture_is_in_the_file_at_the_frames_own_rate(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "overlay.mp4"
    video = record(path, 20)
    assert video.failure is None
    assert video.written == 20
    played = cv2.VideoCapture(str(path))
    assert played.get(cv2.CAP_PROP_FPS) == pytest.approx(RATE_HZ, rel=0.01)
    levels = []
    while True:
        good, image = played.read()
        if not good:
            break
        levels.append(image.mean())
    np.testing.assert_allclose(levels, 20 + 10 * np.arange(20), atol=6)


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    record(tmp_path / "overlay.mp4", 3)
    assert [p.name for p in tmp_path.iterdir()] == ["overlay.mp4"]


def test_the_file_has_no_name_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "overlay.mp4"
    path.write_bytes(b"the last drive")
    video = VideoFile(path, VideoSettings(), lossless=True)
    for index in range(10):
        video.write(picture(), index / RATE_HZ)
    assert path.read_bytes() == b"the last drive"
    assert video.close()
    assert path.read_bytes() != b"the last drive"


def test_scale_halves_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "small.mp4"
    record(path, 6, VideoSettings(scale=0.5, fps=20.0))
    played = cv2.VideoCapture(str(path))
    assert (played.get(cv2.CAP_PROP_FRAME_WIDTH), played.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (80, 48)


def test_pictures_of_another_size_are_fitted(tmp_path: Path) -> None:
    video = VideoFile(tmp_path / "o.mp4", VideoSettings(fps=10.0), lossless=True)
    video.write(picture(), 0.0)
    video.write(picture(width=99, height=51), 0.1)
    assert video.close()
    assert video.written == 2


def test_no_picture_makes_no_file(tmp_path: Path) -> None:
    video = record(tmp_path / "o.mp4", 0)
    assert not video.close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_stops_the_recording_and_keeps_what_is_whole(tmp_path: Path) -> None:
    free = iter([1e9, 1e6])
    video = record(tmp_path / "o.mp4", 40, free=lambda folder: int(next(free)))
    assert video.failure is not None
    assert "MB free" in video.failure
    assert video.written == 16
    played = cv2.VideoCapture(str(tmp_path / "o.mp4"))
    assert played.get(cv2.CAP_PROP_FRAME_COUNT) == 16


def test_an_encoder_that_is_behind_drops_live_pictures(tmp_path: Path) -> None:
    gate = threading.Event()

    def slow(folder: Path) -> int:
        gate.wait(5)
        return 10**12

    settings = VideoSettings(fps=20.0, queue_frames=2)
    video = VideoFile(tmp_path / "o.mp4", settings, lossless=False, free=slow)
    for index in range(20):
        video.write(picture(), index / 20)
    gate.set()
    video.close()
    assert video.dropped > 0
    assert video.dropped + video.written == 20


def unwritable(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "overlay.mp4"


def bad_suffix(folder: Path) -> Path:
    return folder / "overlay.nonsense"


@pytest.mark.parametrize("place", [unwritable, bad_suffix])
def test_a_path_that_cannot_be_written_is_one_event(
    place: Callable[[Path], Path], tmp_path: Path
) -> None:
    events: list[Event] = []
    settings = DisplaySettings(video=place(tmp_path))
    screen = Screen(settings, events.append, lossless=True)
    for index in range(12):
        screen.show(picture(), index / RATE_HZ)
    screen.close(1.0)
    screen.close(1.0)
    assert [(e.name, e.source) for e in events] == [("display_failed", "video")]
    assert str(settings.video) in events[0].detail
    assert not screen.runs
    assert not any(p.name.endswith((".mp4", ".nonsense")) for p in tmp_path.iterdir())
