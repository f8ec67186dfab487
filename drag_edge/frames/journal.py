"""What became of one camera: its events, each said once, and its health."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from drag_edge.config.redact import redact
from drag_edge.events import Event
from drag_edge.frames.fit import Size
from drag_edge.frames.health import CameraHealth, CameraState

# A call may take this much longer than its time-out before it counts as stuck.
_MARGIN_S = 2.0


class CameraJournal:
    """Written by the reader's thread, read by any. Times: the daemon's clock, seconds.

    Events: camera_lost when it is lost and when the reason changes, camera_recovered with the
    first picture afterwards, camera_resized when pictures are scaled from now on.
    """

    def __init__(self, name: str, now_s: float, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._lock = threading.Lock()
        self._told = CameraHealth(name, CameraState.OPENING, "", 0.0, None, (0, 0), (0, 0))
        self._since_s = now_s
        self._call_s: float | None = now_s
        self._newest_s: float | None = None
        self._lost_for = ""

    def go_on_from(self, before: CameraJournal) -> None:
        """Count on from where another journal of the same camera stands."""
        told, self._newest_s, self._lost_for = before._told, before._newest_s, before._lost_for
        self._set(
            frames=told.frames,
            unused=told.unused,
            losses=told.losses,
            tries=told.tries,
            sent_px=told.sent_px,
        )

    def opening(self, now_s: float) -> None:
        """It is about to be opened."""
        self._call_s = now_s
        if self._told.state is not CameraState.REFUSED:
            self._turn(CameraState.OPENING, self._told.reason, now_s)

    def failed(self, problem: str, now_s: float) -> None:
        """It did not open."""
        self._set(tries=self._told.tries + 1)
        self._down(CameraState.WAITING, problem, now_s)

    def reading(self, now_s: float) -> None:
        """The next picture is waited for."""
        self._call_s = now_s

    def lost(self, problem: str, now_s: float) -> None:
        """It sends nothing any more."""
        self._down(CameraState.WAITING, problem, now_s)

    def refused(self, problem: str, sent_px: Size, now_s: float) -> None:
        """It sends what cannot be used."""
        self._set(sent_px=sent_px, tries=self._told.tries + 1)
        self._down(CameraState.REFUSED, problem, now_s)

    def arrived(self, time_s: float, sent_px: Size, size_px: Size, unused: bool) -> None:
        """A picture of time_s was handed on; unused: in place of one that nobody had taken."""
        if sent_px != self._told.sent_px and sent_px != size_px:
            detail = f"sends {sent_px[0]}x{sent_px[1]}, scaled to {size_px[0]}x{size_px[1]}"
            self._emit("camera_resized", detail, time_s)
        if self._lost_for:
            self._emit("camera_recovered", "pictures again", time_s)
            self._lost_for = ""
        self._newest_s = time_s
        told = self._told
        self._set(
            sent_px=sent_px, frames=told.frames + 1, unused=told.unused + int(unused), tries=0
        )
        self._turn(CameraState.STREAMING, "", time_s)

    def closed(self, now_s: float) -> None:
        """It was let go of."""
        self._call_s = None
        self._turn(CameraState.CLOSED, "", now_s)

    def health(self, now_s: float, patience_s: float) -> CameraHealth:
        """As it is at now_s. patience_s: the longest that a call into the camera should take."""
        with self._lock:
            told, since_s, newest_s = self._told, self._since_s, self._newest_s
        call_s = self._call_s
        age_s = None if newest_s is None else max(0.0, now_s - newest_s)
        told = replace(told, since_s=max(0.0, now_s - since_s), age_s=age_s)
        if call_s is not None and now_s - call_s > patience_s + _MARGIN_S:
            reason = f"its driver has not answered for {now_s - call_s:.0f} s"
            return replace(told, state=CameraState.STUCK, reason=reason, since_s=now_s - call_s)
        return told

    def _down(self, state: CameraState, problem: str, now_s: float) -> None:
        self._call_s = None
        problem = redact(problem)
        if not self._lost_for:
            self._set(losses=self._told.losses + 1)
        if problem != self._lost_for:
            self._lost_for = problem
            self._emit("camera_lost", problem, now_s)
        self._turn(state, problem, now_s)

    def _turn(self, state: CameraState, reason: str, now_s: float) -> None:
        if (state, reason) == (self._told.state, self._told.reason):
            return
        with self._lock:
            if state is not self._told.state:
                self._since_s = now_s
            self._told = replace(self._told, state=state, reason=reason)

    def _set(self, **values: int | Size) -> None:
        with self._lock:
            self._told = replace(self._told, **values)  # type: ignore[arg-type]

    def _emit(self, name: str, detail: str, now_s: float) -> None:
        self._on_event(Event(name, self._told.camera, detail, now_s))
