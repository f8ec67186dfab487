"""Recorded pictures with times of their own: a video file, or a folder of images."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.frames.frame import Frame
from drag_edge.frames.picture_memory import PictureMemory
from drag_edge.frames.source import RecordingError

log = logging.getLogger(__name__)

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
FOLDER_FPS = 10.0


class VideoFile:
    """A video file; frame times are the file's own, counted from start_s.

    A file that ends before its header says (a cut recording) ends cleanly and says so once.
    """

    def __init__(self, camera: str, path: Path, start_s: float) -> None:
        self.camera = camera
        self._path = path
        self._start_s = start_s
        self._index = 0
        if not path.is_file():
            raise RecordingError(camera, str(path), "no such file")
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise RecordingError(camera, str(path), "not a video that OpenCV can read")
        self._size_px = (
            int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._period_s = 1.0 / fps if 0 < fps < 1000 else 1.0 / 30.0
        self._announced = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._next_s: float | None = None
        self._memory = PictureMemory()
        self._grab()
        if self._next_s is None:
            self._capture.release()
            raise RecordingError(camera, str(path), "the video holds no frame that decodes")

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return self._size_px

    @property
    def next_time_s(self) -> float | None:
        """Capture time of the next frame; None at the end."""
        return self._next_s

    def read(self) -> Frame | None:
        """The next frame; None at the end."""
        if self._next_s is None:
            return None
        time_s = self._next_s
        ok, image = self._capture.retrieve(self._memory.free())
        if not ok or image is None:
            self._end()
            return None
        picture = np.asarray(image, np.uint8)
        self._memory.keep(picture)
        frame = Frame(self.camera, self._index, time_s, picture)
        self._index += 1
        self._grab()
        return frame

    def _grab(self) -> None:
        if not self._capture.grab():
            self._end()
            return
        stamp_s = self._start_s + self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        # Some containers repeat or lose stamps: time must move on all the same.
        earliest_s = self._start_s if self._index == 0 else (self._next_s or 0.0) + 1e-4
        regular_s = self._start_s + self._index * self._period_s
        self._next_s = stamp_s if stamp_s >= earliest_s else max(regular_s, earliest_s)

    def _end(self) -> None:
        self._next_s = None
        if self._index < self._announced:
            log.warning(
                "camera %s: %s ended after %d of the %d frames its header announces",
                self.camera,
                self._path,
                self._index,
                self._announced,
            )

    def close(self) -> None:
        """Release the file."""
        self._next_s = None
        self._capture.release()


class ImageFolder:
    """A folder of pictures in name order, taken at a fixed rate."""

    def __init__(self, camera: str, folder: Path, fps: float | None, start_s: float) -> None:
        self.camera = camera
        try:
            files = list(folder.iterdir())
        except OSError as error:
            raise RecordingError(camera, str(folder), error.strerror or str(error)) from error
        self._files = sorted(p for p in files if p.suffix.lower() in IMAGE_SUFFIXES)
        if not self._files:
            raise RecordingError(camera, str(folder), f"no pictures ({', '.join(IMAGE_SUFFIXES)})")
        first = next((i for i in map(_read_image, self._files) if i is not None), None)
        if first is None:
            raise RecordingError(camera, str(folder), "none of its pictures can be read")
        self._size_px = (first.shape[1], first.shape[0])
        self._period_s = 1.0 / (fps or FOLDER_FPS)
        self._start_s = start_s
        self._index = 0

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the first picture."""
        return self._size_px

    @property
    def next_time_s(self) -> float | None:
        """Capture time of the next picture; None at the end."""
        if self._index >= len(self._files):
            return None
        return self._start_s + self._index * self._period_s

    def read(self) -> Frame | None:
        """The next picture; None at the end. One that does not decode is named and skipped."""
        while (time_s := self.next_time_s) is not None:
            path, index = self._files[self._index], self._index
            self._index += 1
            image = _read_image(path)
            if image is not None:
                return Frame(self.camera, index, time_s, image)
            log.warning("camera %s: %s is not a readable picture, skipped", self.camera, path)
        return None

    def close(self) -> None:
        """Nothing to release."""
        self._index = len(self._files)


def _read_image(path: Path) -> NDArray[np.uint8] | None:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if image is None else np.asarray(image, np.uint8)
