"""The overlay over rendered pictures of a drive at object level, as a video file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drag_edge.adas.decision import Command, Decision
from drag_edge.config.root import Settings
from drag_edge.display.show import Show
from drag_edge.display.status import LoopStatus
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import Perceived
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.scene import Scene
from drag_edge.score.eyes import Seen
from drag_edge.sim.render import render
from drag_edge.sim.render_look import look_from_seed
from drag_edge.sim.session import Snapshot
from drag_edge.sim.source import simulated_camera


class Film:
    """Renders what each camera would have seen, and draws what the daemon made of the labels."""

    def __init__(
        self,
        settings: Settings,
        cameras: tuple[str, ...],
        seed: int,
        path: Path,
        on_event: Callable[[Event], None],
    ) -> None:
        own = {name: settings.cameras[name] for name in cameras}
        self._views = {name: simulated_camera(name, camera) for name, camera in own.items()}
        lenses = {
            name: CameraModel.from_settings(
                camera, self._views[name].width, self._views[name].height
            )
            for name, camera in own.items()
        }
        display = settings.display.model_copy(update={"video": path, "window": False})
        roles = {name: camera.role for name, camera in own.items()}
        self._show = Show(display, lenses, settings.body, roles, False, on_event, lossless=True)
        self._look = look_from_seed(seed)
        self._frames: dict[tuple[str, int], Frame] = {}

    def take(self, snapshot: Snapshot, seen: Seen) -> None:
        """Render the instant that was just labelled."""
        for name, perceived in seen.items():
            image = render(snapshot.world, snapshot.ego_pose, self._views[name], self._look)
            frame = Frame(name, perceived.index, snapshot.time_s, image)
            self._frames[name, perceived.index] = frame

    def show(
        self, seen: Seen, scene: Scene, decision: Decision, command: Command, now_s: float
    ) -> None:
        """One tick of the daemon."""
        arrived: dict[str, Perceived] = dict(seen)
        frames = {
            name: self._frames.pop((name, one.index))
            for name, one in arrived.items()
            if (name, one.index) in self._frames
        }
        self._show.show(frames, arrived, scene, decision, command, LoopStatus(now_s))

    def close(self) -> None:
        """Finish the file."""
        self._show.close()
