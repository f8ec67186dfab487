"""The loop's one call to what a person sees: nothing, a window, a video file, or both."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drag_edge.adas.decision import Command, Decision
from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.display import DisplaySettings
from drag_edge.display.overlay import Overlay
from drag_edge.display.road import Projector
from drag_edge.display.status import LoopStatus
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import Perceived
from drag_edge.perception.scene import Scene


class Show:
    """Draws and shows each tick; when headless, or with neither window nor video, does nothing."""

    def __init__(
        self,
        settings: DisplaySettings,
        cameras: Mapping[str, Projector],
        body: BodySettings,
        roles: Mapping[str, Role],
        headless: bool,
        on_event: Callable[[Event], None],
    ) -> None:
        self.active = not headless and (settings.window or settings.video is not None)
        self._overlay = Overlay(settings, cameras, body, roles) if self.active else None

    def show(
        self,
        frames: Mapping[str, Frame],
        perceived: Mapping[str, Perceived],
        scene: Scene,
        decision: Decision,
        command: Command,
        status: LoopStatus,
    ) -> None:
        """One picture."""

    def close(self) -> None:
        """Finish the video file and close the window."""
