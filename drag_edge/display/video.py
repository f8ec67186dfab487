"""Recording the overlay: a thread of its own encodes, and the file appears whole or not at all."""

from __future__ import annotations

import itertools
import os
import queue
import shutil
import statistics
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.config.display import VideoSettings

Picture = NDArray[np.uint8]

TIMED_PICTURES = 5
"""The rate is read from the times of this many pictures; they wait until then."""
FALLBACK_FPS = 20.0
CHECK_DISK_EVERY = 16
JOIN_TIMEOUT_S = 30.0


def free_bytes(folder: Path) -> int:
    """Free space on the disk that holds `folder`."""
    return shutil.disk_usage(folder).free


class VideoFile:
    """Pictures in, one file out.

    Encoding goes into a temporary file beside `path`, which gets its name when `close` has found it
    readable. lossless: `write` waits when the encoder is behind, so every picture is recorded
    (recordings and simulations); otherwise it drops the picture and counts it (live).
    """

    def __init__(
        self,
        path: Path,
        settings: VideoSettings,
        *,
        lossless: bool,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.path = path
        self.dropped = 0
        self._lossless = lossless
        self._encoder = _Encoder(path, settings, free)
        self._queue: queue.Queue[tuple[float, Picture] | None] = queue.Queue(settings.queue_frames)
        self._thread = threading.Thread(target=self._run, name="video", daemon=True)
        self._thread.start()

    @property
    def written(self) -> int:
        """Pictures encoded so far."""
        return self._encoder.written

    @property
    def failure(self) -> str | None:
        """Why recording stopped, for a person; None while all is well."""
        return self._encoder.failure

    def write(self, picture: Picture, time_s: float) -> None:
        """Hand over a picture; the caller must not change it any more."""
        if self._encoder.failure is not None:
            return
        if self._lossless:
            self._queue.put((time_s, picture))
            return
        try:
            self._queue.put_nowait((time_s, picture))
        except queue.Full:
            self.dropped += 1

    def close(self) -> bool:
        """Finish; True when the file is there and can be played. Idempotent."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(JOIN_TIMEOUT_S)
        return self._encoder.saved

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            # After a failure the queue is still emptied: nobody may wait for a dead encoder.
            if self._encoder.failure is None:
                self._encoder.add(*item)
        self._encoder.finish()


class _Encoder:
    """The writer itself; every method runs in the video thread."""

    def __init__(self, path: Path, settings: VideoSettings, free: Callable[[Path], int]) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.stem}.part{path.suffix}")
        self._settings = settings
        self._free = free
        self._waiting: list[tuple[float, Picture]] = []
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self.written = 0
        self.failure: str | None = None
        self.saved = False

    def add(self, time_s: float, picture: Picture) -> None:
        if self._writer is not None:
            self._encode(picture)
            return
        self._waiting.append((time_s, picture))
        if len(self._waiting) >= TIMED_PICTURES or self._settings.fps is not None:
            self._start()

    def finish(self) -> None:
        if self._waiting and self.failure is None:
            self._start()
        if self._writer is not None:
            self._writer.release()
            self._writer = None
            self._keep()

    def _start(self) -> None:
        held, self._waiting = self._waiting, []
        if not self._open(held[0][1], self._rate(held)):
            return
        for _, picture in held:
            self._encode(picture)

    def _rate(self, held: list[tuple[float, Picture]]) -> float:
        if self._settings.fps is not None:
            return self._settings.fps
        times = [time_s for time_s, _ in held]
        steps = [b - a for a, b in itertools.pairwise(times) if b > a]
        return round(1.0 / statistics.median(steps), 2) if steps else FALLBACK_FPS

    def _open(self, picture: Picture, fps: float) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # OpenCV does not say why it cannot write; the system does.
            self._temporary.open("wb").close()
        except OSError as error:
            self.failure = f"{self._path}: {error.strerror or error}"
            return False
        height, width = picture.shape[:2]
        # Encoders want even sizes.
        scale = self._settings.scale
        self._size = (max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2))
        fourcc = cv2.VideoWriter.fourcc(*self._settings.codec)
        writer = cv2.VideoWriter(str(self._temporary), fourcc, fps, self._size)
        if not writer.isOpened():
            self._temporary.unlink(missing_ok=True)
            self.failure = f"{self._path}: OpenCV cannot write {self._settings.codec} into it"
            return False
        self._writer = writer
        return True

    def _encode(self, picture: Picture) -> None:
        if self._writer is None or self.failure is not None:
            return
        if self.written % CHECK_DISK_EVERY == 0 and self._disk_is_full():
            return
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = np.asarray(
                cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA), np.uint8
            )
        self._writer.write(picture)
        self.written += 1

    def _disk_is_full(self) -> bool:
        free_mb = self._free(self._path.parent) / 1e6
        if free_mb >= self._settings.min_free_mb:
            return False
        self.failure = (
            f"{self._path}: stopped after {self.written} pictures, the disk has only "
            f"{free_mb:.0f} MB free"
        )
        return True

    def _keep(self) -> None:
        """Give the file its name if it can be played, else remove it."""
        check = cv2.VideoCapture(str(self._temporary))
        playable = self.written > 0 and check.isOpened() and check.read()[0]
        check.release()
        try:
            if playable:
                os.replace(self._temporary, self._path)
                self.saved = True
            else:
                self._temporary.unlink(missing_ok=True)
                self.failure = self.failure or f"{self._path}: what was written cannot be played"
        except OSError as error:
            self.failure = f"{self._path}: {error.strerror or error}"
