"""The picture for a person: the front camera's frame with everything the daemon knows on it."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from drag_edge.adas.decision import Command, Decision
from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.display import DisplaySettings
from drag_edge.display.boxes import BoxPainter
from drag_edge.display.canvas import Canvas
from drag_edge.display.dashboard import Dashboard
from drag_edge.display.layout import Layout, enlargement
from drag_edge.display.lettering import Lettering
from drag_edge.display.moment import Moment
from drag_edge.display.raw import draw_raw, draw_rejected
from drag_edge.display.road import Projector, RoadPainter, View, road_bands
from drag_edge.display.sheet import Picture
from drag_edge.display.status import LoopStatus
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import Perceived
from drag_edge.perception.scene import Scene

EMPTY_SIZE_PX = (1280, 720)
EMPTY_GREY = 22
OLD_PICTURE = 0.5
OLD_SCENE = 0.4


class Overlay:
    """Draws one picture per call; keeps the newest frame of each camera and the made panels.

    cameras: by name, sized for that camera's frames. roles: by name; the first front camera fills
    the picture. The same calls give the same pixels.
    """

    def __init__(
        self,
        settings: DisplaySettings,
        cameras: Mapping[str, Projector],
        body: BodySettings,
        roles: Mapping[str, Role],
    ) -> None:
        self._settings = settings
        self._cameras = cameras
        self._body = body
        fronts = (name for name, role in roles.items() if role is Role.FRONT)
        self._front = next(fronts, next(iter(roles), ""))
        self._newest: dict[str, Frame] = {}
        self._lettering = Lettering()
        self._dashboard = Dashboard(settings, roles, body)
        self._use(*EMPTY_SIZE_PX)

    def remember(self, before: Overlay) -> None:
        """Take over the newest pictures of one with other settings."""
        self._newest.update(before._newest)

    @property
    def panel_builds(self) -> int:
        """How many panels were made anew so far."""
        return self._canvas.builds

    def draw(
        self,
        frames: Mapping[str, Frame],
        perceived: Mapping[str, Perceived],
        scene: Scene | None,
        decision: Decision | None,
        command: Command | None,
        status: LoopStatus,
    ) -> Picture:
        """A new picture of the front camera's frame, enlarged if small; frames are only read.

        frames: those that are new since the last call; a camera that is missing keeps its last.
        """
        self._newest.update(frames)
        front = self._newest.get(self._front)
        moment = Moment(
            self._front,
            self._newest,
            scene,
            decision,
            command,
            status,
            self._zoom(front),
            self._settings.stale_after_s,
        )
        picture = background(front, moment)
        if not self._canvas.fits(picture):
            self._use(picture.shape[1], picture.shape[0])
        if self._front in perceived:
            draw_raw(
                picture,
                perceived[self._front],
                self._settings.debug,
                self._canvas.kit,
                moment.zoom,
            )
        if scene is not None:
            self._world(picture, scene, moment)
        self._dashboard.draw(picture, self._canvas, self._boxes, moment)
        return picture

    def _use(self, width_px: int, height_px: int) -> None:
        """Prepare for pictures of another size."""
        layout = Layout.of(width_px, height_px)
        self._canvas = Canvas(layout, self._lettering, self._settings.units)
        self._boxes = BoxPainter(self._canvas.kit)
        self._road = RoadPainter(width_px, height_px)

    def _zoom(self, front: Frame | None) -> float:
        if front is None or not self._settings.enlarge:
            return 1.0
        return enlargement(front.image.shape[1], front.image.shape[0])

    def _world(self, picture: Picture, scene: Scene, moment: Moment) -> None:
        """Lanes and boxes; half transparent when the scene is old."""
        before = picture.copy() if moment.is_old(scene.time_s) else None
        camera = self._cameras.get(self._front)
        if self._settings.elements.lanes and camera is not None:
            bands = road_bands(scene, moment.decision, self._body)
            self._road.paint(picture, bands, View(camera, scene.pitch_rad, moment.zoom))
        if self._settings.elements.boxes:
            self._boxes.draw(picture, scene, moment)
        if self._settings.debug.rejected:
            refused = [box for box in scene.rejected if box.camera == self._front]
            draw_rejected(picture, refused, self._canvas.kit, moment.zoom)
        if before is not None:
            cv2.addWeighted(picture, OLD_SCENE, before, 1 - OLD_SCENE, 0, dst=picture)


def background(front: Frame | None, moment: Moment) -> Picture:
    """A new picture to draw on: the front frame, enlarged if small, dimmed if old."""
    if front is None:
        return np.full((EMPTY_SIZE_PX[1], EMPTY_SIZE_PX[0], 3), EMPTY_GREY, np.uint8)
    if moment.zoom > 1.0:
        height, width = front.image.shape[:2]
        size = (round(width * moment.zoom), round(height * moment.zoom))
        picture = np.asarray(cv2.resize(front.image, size), np.uint8)
    else:
        picture = front.image.copy()
    if moment.is_old(front.time_s):
        cv2.convertScaleAbs(picture, picture, alpha=OLD_PICTURE)
    return picture
