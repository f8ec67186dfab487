"""One thread per live camera: it reads, keeps only the newest frame, and opens again what broke."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from drag_edge.clock import Clock
from drag_edge.errors import DragEdgeError
from drag_edge.events import Event
from drag_edge.frames.backoff import Backoff
from drag_edge.frames.fit import Size, fitted
from drag_edge.frames.frame import Frame
from drag_edge.frames.health import CameraHealth, CameraState
from drag_edge.frames.journal import CameraJournal
from drag_edge.frames.source import CameraError, LiveSource

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 8.0
_BROKE = "no more pictures; trying to open it again"
# A driver's call that does not come back cannot be ended, only left alone: there is never more
# than this one thread for a camera, and closing waits no longer than this for it.
LONGEST_JOIN_S = 2.0
# So soon one that waits for another reader's driver hears that it is to stop.
_GLANCE_S = 0.1


class CameraReader:
    """Reads `source` until closed; a broken stream is an event, and is opened again with backoff.

    All calls into the source are made by its one thread. size_px: of the frames it gives, the
    first ones' for good: later ones of another size are scaled, of another shape refused. Known
    only once it has opened, or as `expected_px`.
    """

    def __init__(
        self,
        name: str,
        source: LiveSource,
        clock: Clock,
        on_event: Callable[[Event], None],
        arrived: threading.Condition,
        *,
        expected_px: Size = (0, 0),
        backoff: Backoff | None = None,
    ) -> None:
        self._name = name
        self._source = source
        self._clock = clock
        self._arrived = arrived
        self._backoff = backoff or Backoff(
            FIRST_RETRY_S, LONGEST_RETRY_S, np.random.default_rng(sum(name.encode()))
        )
        self._journal = CameraJournal(name, clock.now_s(), on_event)
        self._expected_px = expected_px
        self.size_px: Size = (0, 0)
        self.tried = threading.Event()
        self.error: DragEdgeError | None = None
        self._newest: Frame | None = None
        self._fallen: set[str] = set()
        self._skipped_before = 0
        self._stop = threading.Event()
        self._before: CameraReader | None = None
        self._thread = threading.Thread(target=self._run, name=f"camera-{name}", daemon=True)

    def start(self) -> None:
        """Begin to open the camera; `tried` is set when it has opened or failed, with `error`."""
        self._thread.start()

    def replace(self, before: CameraReader) -> None:
        """Take over from a reader whose settings have changed; returns at once.

        The device is opened when the other one has let go of it, and for as long as it takes.
        """
        self.size_px = before.size_px
        before._stop.set()
        # One that still waits itself has opened nothing, and ends: what it waits for is waited for.
        self._before = before._before or before
        self._skipped_before = before._skipped
        self._journal.go_on_from(before._journal)
        self._journal.lost("its settings have changed; opening it anew", self._clock.now_s())
        self._thread.start()

    def settle(self) -> None:
        """Starting is over: whoever does not know its size yet will have the expected one."""
        if self.size_px == (0, 0):
            self.size_px = self._expected_px

    def take(self) -> Frame | None:
        """The newest frame if it has not been taken yet. Call with the condition held."""
        frame, self._newest = self._newest, None
        return frame

    def health(self, now_s: float) -> CameraHealth:
        """How it is now; from any thread."""
        told = self._journal.health(now_s, self._source.patience_s)
        before = self._before
        held = None if before is None else before.health(now_s)
        if held is not None and held.state is CameraState.STUCK:
            told = replace(told, state=held.state, reason=held.reason, since_s=held.since_s)
        return replace(told, size_px=self.size_px, skipped=self._skipped)

    @property
    def _skipped(self) -> int:
        return self._skipped_before + self._source.skipped

    def ask_to_stop(self) -> None:
        """Let the thread end after the call that it is in."""
        self._stop.set()

    def close(self, within_s: float = LONGEST_JOIN_S) -> bool:
        """Stop the thread and release the camera; False when a call into it did not return."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=max(0.0, within_s))
        before = self._before
        held = before is not None and before._thread.is_alive()
        return not held and not self._thread.is_alive()

    def _run(self) -> None:
        self._wait_for_the_one_before()
        try:
            while not self._stop.is_set():
                try:
                    if self._open():
                        self._read_on()
                    self._source.close()
                except Exception as error:  # noqa: BLE001 - drivers and decoders raise anything
                    self._fell(error)
                self._stop.wait(self._backoff.next_s())
        finally:
            self._let_go()
            self._journal.closed(self._clock.now_s())

    def _fell(self, error: Exception) -> None:
        """By what nobody foresaw: a reason like any other, logged in full once for each kind."""
        kind = type(error).__name__
        if kind not in self._fallen:
            self._fallen.add(kind)
            log.error("camera %s failed unexpectedly", self._name, exc_info=error)
        problem = f"{kind}: {error}" if str(error) else kind
        self._journal.failed(problem, self._clock.now_s())
        if not self.tried.is_set():
            self._tried(CameraError(self._name, "open", problem))

    def _let_go(self) -> None:
        try:
            self._source.close()
        except Exception:  # it ends in any case
            log.exception("camera %s could not be closed", self._name)

    def _wait_for_the_one_before(self) -> None:
        """Apart from `_run`, whose frame would keep it and its pictures for as long as it reads."""
        while self._before is not None and not self._stop.is_set():
            self._before._thread.join(_GLANCE_S)
            if not self._before._thread.is_alive():
                self._before = None

    def _open(self) -> bool:
        self._journal.opening(self._clock.now_s())
        try:
            self._source.open()
        except DragEdgeError as error:
            problem = error.problem if isinstance(error, CameraError) else str(error)
            self._journal.failed(problem, self._clock.now_s())
            self._tried(error)
            return False
        self._know_size()
        self._tried(None)
        return True

    def _tried(self, error: DragEdgeError | None) -> None:
        self.error = error
        self.tried.set()

    def _know_size(self) -> None:
        if self.size_px == (0, 0) and not self.tried.is_set():
            self.size_px = self._source.size_px

    def _read_on(self) -> None:
        """Until it breaks."""
        since_s = self._clock.now_s()
        while not self._stop.is_set():
            self._journal.reading(self._clock.now_s())
            try:
                frame, problem = self._source.read(), _BROKE
            except CameraError as error:
                frame, problem = None, error.problem
            if self._stop.is_set():
                return
            if frame is None:
                self._journal.lost(problem, self._clock.now_s())
                break
            if not self._hand_on(frame):
                break
            self._backoff.worked(frame.time_s - since_s)

    def _hand_on(self, frame: Frame) -> bool:
        height, width = frame.image.shape[:2]
        wanted_px = self.size_px if self.size_px != (0, 0) else (width, height)
        image = fitted(frame.image, wanted_px)
        if image is None:
            problem = (
                f"sends {width}x{height} now, another shape than the {wanted_px[0]}x{wanted_px[1]} "
                "that its lens' numbers are for: set the camera back, or give it its own "
                "intrinsics and restart"
            )
            self._journal.refused(problem, (width, height), self._clock.now_s())
            return False
        self.size_px = wanted_px
        if image is not frame.image:
            frame = replace(frame, image=image)
        unused = self._newest is not None
        # First: who takes the frame must not find its camera still lost.
        self._journal.arrived(frame.time_s, (width, height), wanted_px, unused)
        with self._arrived:
            self._newest = frame
            self._arrived.notify_all()
        return True
