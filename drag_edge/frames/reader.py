"""One thread per live camera: it reads, and keeps only the newest frame."""

from __future__ import annotations

import threading
from collections.abc import Callable

from drag_edge.clock import Clock
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.frames.source import CameraError, LiveSource

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 8.0


class CameraReader:
    """Reads `source` until closed; a broken stream is an event, and is reopened with backoff."""

    def __init__(
        self,
        name: str,
        source: LiveSource,
        clock: Clock,
        on_event: Callable[[Event], None],
        arrived: threading.Condition,
    ) -> None:
        self._name = name
        self._source = source
        self._clock = clock
        self._on_event = on_event
        self._arrived = arrived
        self.size_px = (0, 0)
        self._newest: Frame | None = None
        self._stop = threading.Event()
        self._before: CameraReader | None = None
        self._thread = threading.Thread(target=self._run, name=f"camera-{name}", daemon=True)

    def start(self) -> None:
        """Open the camera (raises CameraError) and start reading."""
        self._source.open()
        self.size_px = self._source.size_px
        self._thread.start()

    def replace(self, before: CameraReader) -> None:
        """Take over from a reader whose settings have changed; returns at once.

        The device is opened when the other one has let go of it, and for as long as it takes.
        """
        self.size_px = before.size_px
        self._before = before
        before._stop.set()
        self._thread.start()

    def take(self) -> Frame | None:
        """The newest frame if it has not been taken yet. Call with the condition held."""
        frame, self._newest = self._newest, None
        return frame

    def close(self) -> None:
        """Stop the thread and release the camera."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        if self._before is not None:
            before, self._before = self._before, None
            before._thread.join()
            self._reopen("its settings have changed; opening it anew", 0.0)
        while not self._stop.is_set():
            frame = self._source.read()
            if frame is None:
                self._reopen("no more frames; trying to open it again", FIRST_RETRY_S)
                continue
            with self._arrived:
                self._newest = frame
                self._arrived.notify_all()
        self._source.close()

    def _reopen(self, why: str, wait_s: float) -> None:
        self._emit("camera_lost", why)
        while not self._stop.wait(wait_s):
            try:
                self._source.open()
            except CameraError as error:
                self._emit("camera_lost", error.problem)
                wait_s = min(max(2 * wait_s, FIRST_RETRY_S), LONGEST_RETRY_S)
                continue
            self.size_px = self._source.size_px
            self._emit("camera_recovered", "frames again")
            return

    def _emit(self, name: str, detail: str) -> None:
        self._on_event(Event(name, self._name, detail, self._clock.now_s()))
