"""What the loop samples: the newest frames since it last asked, from all cameras."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from drag_edge.clock import VirtualClock
from drag_edge.config.cameras import CameraSettings
from drag_edge.frames.frame import Frame
from drag_edge.frames.health import CameraHealth
from drag_edge.frames.reader import LONGEST_JOIN_S, CameraReader
from drag_edge.frames.source import CameraError, RecordedSource

log = logging.getLogger(__name__)

# Cameras of one rig that were triggered together count as one sample.
TOGETHER_S = 0.001
# So soon a stop is heeded while cameras are opened.
_GLANCE_S = 0.1
_MARGIN_S = 2.0  # beside its time-out, for asking why it did not open


class StoppedError(Exception):
    """Told to stop before there was anything to run; no failure."""


MakeReader = Callable[[str, CameraSettings, threading.Condition], CameraReader]


@dataclass(frozen=True, slots=True)
class Sample:
    """frames: by camera, only those that are new. ended: no camera will ever send again."""

    frames: Mapping[str, Frame]
    ended: bool


class Feed(Protocol):
    """All cameras."""

    def sizes_px(self) -> Mapping[str, tuple[int, int]]:
        """Width and height of each camera's pictures."""

    def health(self, now_s: float) -> Mapping[str, CameraHealth]:
        """How each live camera is; empty for recordings. May be asked from another thread."""

    def next(self) -> Sample:
        """Wait for new frames, at most about 50 ms (live) or not at all."""

    def reopen(self, camera: str, settings: CameraSettings) -> bool:
        """Open one camera with other settings, without waiting; False where that cannot be."""

    def close(self) -> None:
        """Stop and release every camera. Idempotent."""


class LiveFeed:
    """Cameras that send by themselves, each with its reader thread.

    stop: heeded while they are opened; StoppedError is raised then.
    """

    def __init__(
        self,
        cameras: Mapping[str, CameraSettings],
        make_reader: MakeReader,
        wait_s: float = 0.05,
        stop: threading.Event | None = None,
    ) -> None:
        self._stop = stop or threading.Event()
        self._arrived = threading.Condition()
        self._wait_s = wait_s
        self._make_reader = make_reader
        self._readers = {
            name: make_reader(name, settings, self._arrived) for name, settings in cameras.items()
        }
        longest_s = max(camera.open_timeout_s for camera in cameras.values())
        for reader in self._readers.values():
            reader.start()
        with ExitStack() as undo:
            undo.callback(self.close)
            self._wait_for_cameras(longest_s + _MARGIN_S)
            undo.pop_all()

    def _wait_for_cameras(self, longest_s: float) -> None:
        """Until each has opened or failed. One that works is enough to go on: the others are
        tried again while it drives. Raises the error of the first when there is none."""
        end_s = time.monotonic() + longest_s
        for name, reader in self._readers.items():
            if not self._tried(reader, end_s):
                problem = f"its driver has not answered for {longest_s:.0f} s"
                reader.error = CameraError(name, "open", problem)
        errors = [reader.error for reader in self._readers.values() if reader.error is not None]
        fatal = [error for error in errors if not isinstance(error, CameraError)]
        if fatal or len(errors) == len(self._readers):
            raise (fatal or errors)[0]
        for reader in self._readers.values():
            reader.settle()

    def _tried(self, reader: CameraReader, end_s: float) -> bool:
        """Whether it has opened or failed by then."""
        while not reader.tried.wait(min(_GLANCE_S, max(0.0, end_s - time.monotonic()))):
            if self._stop.is_set():
                raise StoppedError
            if time.monotonic() >= end_s:
                return False
        return True

    def sizes_px(self) -> Mapping[str, tuple[int, int]]:
        """Width and height of each camera's pictures; they stay what they are at the start."""
        return {name: reader.size_px for name, reader in self._readers.items()}

    def health(self, now_s: float) -> Mapping[str, CameraHealth]:
        """How each camera is."""
        return {name: reader.health(now_s) for name, reader in self._readers.items()}

    def next(self) -> Sample:
        """The newest frames; an empty sample when none arrived in time."""
        with self._arrived:
            frames = self._take()
            if not frames:
                self._arrived.wait(self._wait_s)
                frames = self._take()
        return Sample(frames, ended=False)

    def reopen(self, camera: str, settings: CameraSettings) -> bool:
        """Open one camera with other settings, in the background."""
        reader = self._make_reader(camera, settings, self._arrived)
        reader.replace(self._readers[camera])
        self._readers[camera] = reader
        return True

    def _take(self) -> dict[str, Frame]:
        taken = {name: reader.take() for name, reader in self._readers.items()}
        return {name: frame for name, frame in taken.items() if frame is not None}

    def close(self) -> None:
        """Stop every reader; all together wait no longer than one may."""
        for reader in self._readers.values():
            reader.ask_to_stop()
        end_s = time.monotonic() + LONGEST_JOIN_S
        for name, reader in self._readers.items():
            if not reader.close(end_s - time.monotonic()):
                log.warning("camera %s: its driver does not come back; left alone", name)


class RecordedFeed:
    """Recordings and simulations: the clock is moved to each frame's time, in order, to the bit.

    latency_s: the clock stands this much after the capture time when the loop gets a frame, as
    exposure, transfer and decoding would make it.
    """

    def __init__(
        self, sources: Sequence[RecordedSource], clock: VirtualClock, latency_s: float = 0.0
    ) -> None:
        self._sources = list(sources)
        self._clock = clock
        self._latency_s = latency_s

    def sizes_px(self) -> Mapping[str, tuple[int, int]]:
        """Width and height of each camera's pictures."""
        return {source.camera: source.size_px for source in self._sources}

    def health(self, now_s: float) -> Mapping[str, CameraHealth]:
        """Recordings do not fail."""
        return {}

    def reopen(self, camera: str, settings: CameraSettings) -> bool:
        """A recording in another form would be another drive."""
        return False

    def next(self) -> Sample:
        """The next moment at which any camera has a frame."""
        times = [t for t in (source.next_time_s for source in self._sources) if t is not None]
        if not times:
            return Sample({}, ended=True)
        now_s = min(times)
        self._clock.advance_to(now_s)
        frames = {}
        for source in self._sources:
            if source.next_time_s is not None and source.next_time_s <= now_s + TOGETHER_S:
                frame = source.read()
                if frame is not None:
                    frames[source.camera] = frame
        self._clock.advance_to(now_s + self._latency_s)
        return Sample(frames, ended=False)

    def close(self) -> None:
        """Close every source."""
        for source in self._sources:
            source.close()
