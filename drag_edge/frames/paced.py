"""A recording played beside live cameras, at its own speed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from drag_edge.clock import Clock
from drag_edge.frames.frame import Frame
from drag_edge.frames.source import RecordedSource


class PacedRecording:
    """Makes a recorded source live: read() returns when the clock has reached the frame's time."""

    def __init__(self, open_recording: Callable[[], RecordedSource], clock: Clock) -> None:
        self._open_recording = open_recording
        self._clock = clock
        self._source: RecordedSource | None = None
        self.patience_s = math.inf  # a folder of pictures may be slow
        self.skipped = 0

    def open(self) -> None:
        """Start from the beginning."""
        self.close()
        self._source = self._open_recording()

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures; (0, 0) before it is open."""
        return (0, 0) if self._source is None else self._source.size_px

    def read(self) -> Frame | None:
        """The next frame at its time; None at the end."""
        if self._source is None or self._source.next_time_s is None:
            return None
        time.sleep(max(0.0, self._source.next_time_s - self._clock.now_s()))
        return self._source.read()

    def close(self) -> None:
        """Release the recording."""
        if self._source is not None:
            self._source.close()
            self._source = None
