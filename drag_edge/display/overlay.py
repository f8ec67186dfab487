"""The picture for a person: the front camera's frame with everything the daemon knows on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import cv2
import numpy as np

from drag_edge.adas.decision import Command, Decision
from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.display import DisplaySettings
from drag_edge.display.boxes import BoxPainter, track_colours
from drag_edge.display.insets import Insets
from drag_edge.display.layout import SCRIM_HEIGHT, Layout, enlargement
from drag_edge.display.lettering import Lettering, Weight
from drag_edge.display.palette import AMBER, INK, PLATE, RED, SOFT
from drag_edge.display.panels import bird
from drag_edge.display.panels.banner import (
    URGENT_PRIORITY,
    banner_values,
    build_banner,
)
from drag_edge.display.panels.cluster import Cluster
from drag_edge.display.panels.kit import Kit, Slots
from drag_edge.display.panels.mode import build_mode, mode_values
from drag_edge.display.panels.signals import build_signals, signal_values
from drag_edge.display.panels.statistics import HeldStatistics, build_statistics, statistics_height
from drag_edge.display.raw import draw_raw
from drag_edge.display.road import Projector, RoadPainter, View, road_bands
from drag_edge.display.sheet import Picture, Sheet
from drag_edge.display.status import LoopStatus
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import Perceived
from drag_edge.perception.scene import Scene

EMPTY_SIZE_PX = (1280, 720)

Values = TypeVar("Values")


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
        front = (name for name, role in roles.items() if role is Role.FRONT)
        self._front = next(front, next(iter(roles), ""))
        self._insets = Insets(settings, roles)
        self._lettering = Lettering()
        self._newest: dict[str, Frame] = {}
        self._held = HeldStatistics()
        self._zoom = 1.0
        self._use(Layout.of(*EMPTY_SIZE_PX))

    @property
    def panel_builds(self) -> int:
        """How many panels were made anew so far."""
        return self._slots.builds

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
        picture = self._background(front, status)
        if picture.shape[:2] != (self._layout.height_px, self._layout.width_px):
            self._use(Layout.of(picture.shape[1], picture.shape[0]))
        self._debug(picture, perceived)
        if scene is not None:
            self._world(picture, scene, decision, status)
        self._panels(picture, scene, decision, command, status)
        self._ages(picture, front, scene, status)
        self._alert(picture, decision)
        return picture

    def _use(self, layout: Layout) -> None:
        self._layout = layout
        self._kit = Kit(layout.scale, self._lettering, self._settings.units)
        self._slots = Slots()
        self._boxes = BoxPainter(self._kit)
        self._cluster = Cluster(self._kit, self._slots, *layout.px(*layout.cluster))
        self._road = RoadPainter(layout.width_px, layout.height_px)

    def _is_old(self, time_s: float, status: LoopStatus) -> bool:
        return status.time_s - time_s > self._settings.stale_after_s

    def _background(self, front: Frame | None, status: LoopStatus) -> Picture:
        """A new picture to draw on: the front frame, enlarged if small, dimmed if old."""
        self._zoom = 1.0
        if front is None:
            return np.full((EMPTY_SIZE_PX[1], EMPTY_SIZE_PX[0], 3), 22, np.uint8)
        height, width = front.image.shape[:2]
        if self._settings.enlarge:
            self._zoom = enlargement(width, height)
        if self._zoom > 1.0:
            size = (round(width * self._zoom), round(height * self._zoom))
            picture = np.asarray(cv2.resize(front.image, size), np.uint8)
        else:
            picture = front.image.copy()
        if self._is_old(front.time_s, status):
            cv2.convertScaleAbs(picture, picture, alpha=0.5)
        return picture

    def _debug(self, picture: Picture, perceived: Mapping[str, Perceived]) -> None:
        newest = perceived.get(self._front)
        if newest is not None:
            draw_raw(picture, newest, self._settings.debug, self._kit, self._zoom)

    def _world(
        self, picture: Picture, scene: Scene, decision: Decision | None, status: LoopStatus
    ) -> None:
        """Lanes and boxes; half transparent when the scene is old."""
        before = picture.copy() if self._is_old(scene.time_s, status) else None
        camera = self._cameras.get(self._front)
        if self._settings.elements.lanes and camera is not None:
            bands = road_bands(scene, decision, self._body)
            view = View(camera, scene.pitch_rad, self._zoom)
            self._road.paint(picture, bands, view)
        if self._settings.elements.boxes:
            stale_after_s = self._settings.stale_after_s
            self._boxes.draw(picture, scene, decision, stale_after_s, self._zoom)
        if before is not None:
            cv2.addWeighted(picture, 0.4, before, 0.6, 0, dst=picture)

    def _panels(
        self,
        picture: Picture,
        scene: Scene | None,
        decision: Decision | None,
        command: Command | None,
        status: LoopStatus,
    ) -> None:
        layout, kit, elements = self._layout, self._kit, self._settings.elements
        if elements.cluster:
            self._scrim(picture)
            self._cluster.draw(picture, scene, decision)
        self._insets.draw(
            picture, layout, kit, self._slots, self._boxes, self._newest, scene, decision
        )
        self._lay(picture, "mode", layout.mode, mode_values(decision, command), build_mode)
        signals = signal_values(scene)
        if elements.signals and signals is not None:
            self._lay(picture, "signals", layout.signals, signals, build_signals)
        above = 0.0
        if elements.statistics:
            numbers = self._held.values(status)
            self._lay(picture, "statistics", layout.statistics, numbers, build_statistics)
            above = statistics_height(numbers)
        if elements.bird_eye and scene is not None:
            self._bird(picture, scene, decision, above)
        if elements.watermark:
            self._watermark(picture)

    def _lay(
        self,
        picture: Picture,
        name: str,
        place: tuple[float, float],
        values: Values,
        build: Callable[[Values, Kit], Sheet],
    ) -> None:
        """Lay a panel at its place, made anew if its values changed."""
        sheet = self._slots.get(name, values, lambda: build(values, self._kit))
        sheet.lay_over(picture, *self._layout.px(*place))

    def _scrim(self, picture: Picture) -> None:
        """A shade at the bottom that carries the cluster."""
        sheet = self._slots.get("scrim", (), lambda: build_scrim(self._layout, self._kit))
        sheet.lay_over(picture, 0, self._layout.height_px - sheet.ink.shape[0])

    def _bird(
        self, picture: Picture, scene: Scene, decision: Decision | None, above: float
    ) -> None:
        left, top = self._layout.px(*self._layout.bird(above))
        sheet = self._slots.get("bird", (), lambda: bird.build_ground(self._kit))
        sheet.lay_over(picture, left, top)
        colours = track_colours(scene, decision)
        bird.BirdView(left, top, self._layout.scale).draw(picture, scene, colours)

    def _watermark(self, picture: Picture) -> None:
        front = self._newest.get(self._front)
        if front is None:
            return
        minutes, seconds = divmod(max(0.0, front.time_s), 60.0)
        text = f"{front.camera}  {int(minutes):02d}:{seconds:05.2f}  #{front.index}"
        sheet = self._slots.get("watermark", text, lambda: build_watermark(text, self._kit))
        x, y = self._layout.watermark
        left, top = self._layout.px(x, y)
        sheet.lay_over(picture, left, top)

    def _ages(
        self, picture: Picture, front: Frame | None, scene: Scene | None, status: LoopStatus
    ) -> None:
        """Say what is old, in the middle of the picture."""
        if front is None:
            text = "no picture yet"
        elif self._is_old(front.time_s, status):
            text = f"picture is {status.time_s - front.time_s:.1f} s old"
        elif scene is not None and self._is_old(scene.time_s, status):
            text = f"scene is {status.time_s - scene.time_s:.1f} s old"
        else:
            return
        sheet = self._slots.get("age", text, lambda: build_notice(text, self._kit))
        left = (picture.shape[1] - sheet.ink.shape[1]) // 2
        sheet.lay_over(picture, left, round(picture.shape[0] * 0.32))

    def _alert(self, picture: Picture, decision: Decision | None) -> None:
        banner = banner_values(decision.alerts) if decision is not None else None
        if banner is None:
            return
        sheet = self._slots.get("banner", banner, lambda: build_banner(banner, self._kit))
        left = (picture.shape[1] - sheet.ink.shape[1]) // 2
        sheet.lay_over(picture, left, round(22 * self._layout.scale))
        if banner.priority >= URGENT_PRIORITY:
            edge = max(2, round(7 * self._layout.scale))
            height, width = picture.shape[:2]
            cv2.rectangle(picture, (0, 0), (width - 1, height - 1), RED, edge)


def build_scrim(layout: Layout, kit: Kit) -> Sheet:
    """From clear to dark, downwards."""
    sheet = kit.sheet(layout.width, SCRIM_HEIGHT)
    rows = sheet.keep.shape[0]
    ramp = np.linspace(0.0, 1.0, rows) ** 0.8
    sheet.keep[:] = np.round(255 - 195 * ramp).astype(np.uint8)[:, None, None]
    sheet.ink[:] = np.round(np.outer(ramp * 0.76, PLATE)).astype(np.uint8)[:, None, :]
    return sheet


def build_watermark(text: str, kit: Kit) -> Sheet:
    """Camera, time and number of the frame."""
    sheet = kit.sheet(204, 21)
    sheet.rounded(0, 0, 204, 21, 6, PLATE, 0.62)
    sheet.text(text, 102, 14.5, 8, SOFT, anchor=0.5)
    return sheet


def build_notice(text: str, kit: Kit) -> Sheet:
    """A plate for what is old or missing."""
    width = kit.width_of(text, 14, Weight.BOLD) + 40
    sheet = kit.sheet(width, 40)
    sheet.rounded(0, 0, width, 40, 8, PLATE, 0.8)
    sheet.outline(0.5, 0.5, width - 1, 39, 8, AMBER, 1.5)
    sheet.text(text, width / 2, 27, 14, INK, Weight.BOLD, anchor=0.5)
    return sheet
