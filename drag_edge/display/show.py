"""The loop's one call to what a person sees: nothing, a window, a video file, or both."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drag_edge.adas.decision import Command, Decision
from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.display import DisplaySettings
from drag_edge.display.overlay import Overlay
from drag_edge.display.road import Projector
from drag_edge.display.screen import Screen
from drag_edge.display.status import LoopStatus
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import Perceived
from drag_edge.perception.scene import Scene


class Show:
    """Draws and shows each tick; when headless, or with neither window nor video, does nothing.

    lossless: the video gets every picture even if the loop must wait for the encoder; live it must
    not wait.
    """

    def __init__(
        self,
        settings: DisplaySettings,
        cameras: Mapping[str, Projector],
        body: BodySettings,
        roles: Mapping[str, Role],
        headless: bool,
        on_event: Callable[[Event], None],
        *,
        lossless: bool = False,
        time_s: float = 0.0,
    ) -> None:
        self._roles = roles
        self._headless = headless
        self._on_event = on_event
        self._lossless = lossless
        self._ticks = 0
        self._time_s = time_s
        self._overlay: Overlay | None = None
        self._screen: Screen | None = None
        self.tune(settings, cameras, body)

    def tune(
        self, settings: DisplaySettings, cameras: Mapping[str, Projector], body: BodySettings
    ) -> None:
        """Draw with these from now on. A window opens and closes; a video file stays the same."""
        self._every = settings.recording.every
        if self._screen is not None:
            self._screen.want_window(settings.window, self._time_s)
        elif not self._headless and (settings.window or settings.video is not None):
            self._screen = Screen(
                settings, self._on_event, lossless=self._lossless, time_s=self._time_s
            )
        if self._screen is not None:
            overlay = Overlay(settings, cameras, body, self._roles)
            if self._overlay is not None:
                overlay.remember(self._overlay)
            self._overlay = overlay

    @property
    def active(self) -> bool:
        """Whether anybody looks; otherwise nothing need be gathered for a picture."""
        return self._screen is not None and self._screen.runs

    @property
    def closed(self) -> bool:
        """A person closed the window: the daemon should end."""
        return self._screen is not None and self._screen.closed_by_person

    def show(
        self,
        frames: Mapping[str, Frame],
        perceived: Mapping[str, Perceived],
        scene: Scene,
        decision: Decision,
        command: Command,
        status: LoopStatus,
    ) -> None:
        """One picture, if it is due."""
        overlay, screen = self._overlay, self._screen
        if overlay is None or screen is None or not screen.runs:
            return
        self._time_s = status.time_s
        due = self._ticks % self._every == 0
        self._ticks += 1
        if due:
            picture = overlay.draw(frames, perceived, scene, decision, command, status)
            screen.show(picture, status.time_s)

    def close(self) -> None:
        """Finish the video file and close the window."""
        if self._screen is not None:
            self._screen.close(self._time_s)
