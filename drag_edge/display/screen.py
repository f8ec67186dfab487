"""Where the overlay goes: a window, a video file, both, or nowhere."""

from __future__ import annotations

from collections.abc import Callable

import cv2

from drag_edge.config.display import DisplaySettings
from drag_edge.display.sheet import Picture
from drag_edge.display.video import VideoFile
from drag_edge.display.window import Window, why_no_window
from drag_edge.events import Event


class Screen:
    """Shows and records pictures; what fails is one event each, and the rest goes on.

    lossless: record every picture even if the loop must wait for the encoder (recordings and
    simulations); live, pictures are dropped instead.
    """

    def __init__(
        self,
        settings: DisplaySettings,
        on_event: Callable[[Event], None],
        *,
        lossless: bool,
        time_s: float = 0.0,
    ) -> None:
        self._on_event = on_event
        self._video: VideoFile | None = None
        self._told_video = False
        self._wants_window = settings.window
        self._window = self._open_window(time_s) if settings.window else None
        if settings.video is not None:
            self._video = VideoFile(settings.video, settings.recording, lossless=lossless)
        self._had_window = self._window is not None

    @property
    def closed_by_person(self) -> bool:
        """The window was there and a person closed it: the daemon should end."""
        return self._had_window and (self._window is None or not self._window.shown)

    def want_window(self, wanted: bool, time_s: float) -> None:
        """Open or close the window; that is no person's closing it."""
        if wanted == self._wants_window:
            return
        self._wants_window = wanted
        if self._window is not None:
            self._window.close()
        self._window = self._open_window(time_s) if wanted else None
        self._had_window = self._window is not None

    @property
    def runs(self) -> bool:
        """Whether a picture is of any use; if not, do not draw it."""
        return self._video_runs or (self._window is not None and self._window.shown)

    def show(self, picture: Picture, time_s: float) -> None:
        """Show and record; the picture must not be changed afterwards."""
        if self._window is not None and self._window.shown:
            try:
                self._window.show(picture)
            except cv2.error as error:
                self._window = None
                self._had_window = False
                self._fail("window", str(error.err), time_s)
        if self._video is not None and self._video_runs:
            self._video.write(picture, time_s)
        self._tell_video_failure(time_s)

    def close(self, time_s: float) -> None:
        """Close the window, and finish the video file. Idempotent."""
        if self._window is not None:
            self._window.close()
        if self._video is not None:
            self._video.close()
            self._tell_video_failure(time_s)

    @property
    def _video_runs(self) -> bool:
        return self._video is not None and self._video.failure is None

    def _open_window(self, time_s: float) -> Window | None:
        reason = why_no_window()
        if reason is None:
            try:
                return Window()
            except cv2.error as error:
                reason = str(error.err)
        self._fail("window", reason, time_s)
        return None

    def _tell_video_failure(self, time_s: float) -> None:
        failure = self._video.failure if self._video is not None else None
        if failure is not None and not self._told_video:
            self._told_video = True
            self._fail("video", failure, time_s)

    def _fail(self, source: str, detail: str, time_s: float) -> None:
        self._on_event(Event("display_failed", source, detail, time_s))
