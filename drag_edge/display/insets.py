"""Bottom left and right: the side cameras' pictures and the mirror icons."""

from __future__ import annotations

from collections.abc import Mapping

import cv2

from drag_edge.adas.decision import BsdLevel, Side
from drag_edge.config.cameras import Role
from drag_edge.config.display import DisplaySettings
from drag_edge.display.boxes import BoxPainter
from drag_edge.display.canvas import Canvas
from drag_edge.display.layout import MARGIN, Layout
from drag_edge.display.moment import Moment
from drag_edge.display.palette import EDGE
from drag_edge.display.panels.mirrors import (
    HEIGHT,
    LEVEL_COLOURS,
    WIDTH,
    build_mirror,
    mirror_values,
)
from drag_edge.display.sheet import Picture
from drag_edge.frames.frame import Frame

SIDE_ROLES = {Side.LEFT: Role.LEFT, Side.RIGHT: Role.RIGHT}
LIT = (BsdLevel.OCCUPIED, BsdLevel.WARN)
ICON_GAP = 6.0
OLD_PICTURE = 0.4


class Insets:
    """Draws both sides."""

    def __init__(self, settings: DisplaySettings, roles: Mapping[str, Role]) -> None:
        self._settings = settings
        self._camera = {
            side: next((name for name, held in roles.items() if held is role), None)
            for side, role in SIDE_ROLES.items()
        }

    def draw(self, picture: Picture, canvas: Canvas, boxes: BoxPainter, moment: Moment) -> None:
        """Pictures, with the icons above them."""
        for side, camera in self._camera.items():
            values = mirror_values(side, moment.scene, moment.decision)
            frame = moment.frames.get(camera or "")
            icon_foot = canvas.layout.height - MARGIN
            if self._settings.inset.show and frame is not None:
                window = self._window(picture, canvas.layout, side, frame)
                if window.size:
                    _shrink(window, frame, moment)
                    seen = (moment.scene.side_tracks if moment.scene is not None else None) or ()
                    tracks = tuple(track for track in seen if track.camera == camera)
                    boxes.draw_plain(window, tracks, window.shape[1] / frame.image.shape[1])
                    _frame(window, values.level, canvas.layout.scale)
                icon_foot -= window.shape[0] / canvas.layout.scale + ICON_GAP
            # A vehicle without a camera on that side needs no sign that says so for ever.
            told = camera is not None or values.level in LIT
            if self._settings.elements.mirrors and told:
                left = MARGIN if side is Side.LEFT else canvas.layout.width - MARGIN - WIDTH
                place = (left, icon_foot - HEIGHT)
                canvas.lay(picture, f"mirror {side.name}", place, values, build_mirror)

    def _window(self, picture: Picture, layout: Layout, side: Side, frame: Frame) -> Picture:
        """The part of the picture that the inset takes; empty if there is no room."""
        height_px, width_px = frame.image.shape[:2]
        width, height = layout.inset_size_px(self._settings.inset.width, width_px / height_px)
        margin = round(MARGIN * layout.scale)
        left = margin if side is Side.LEFT else layout.width_px - margin - width
        bottom = layout.height_px - margin
        return picture[max(0, bottom - height) : bottom, max(0, left) : max(0, left + width)]


def _shrink(window: Picture, frame: Frame, moment: Moment) -> None:
    size = (window.shape[1], window.shape[0])
    cv2.resize(frame.image, size, dst=window, interpolation=cv2.INTER_LINEAR)
    if moment.is_old(frame.time_s):
        cv2.convertScaleAbs(window, window, alpha=OLD_PICTURE)


def _frame(window: Picture, level: BsdLevel, scale: float) -> None:
    colour = LEVEL_COLOURS[level] if level in LIT else EDGE
    # Half of the line lies outside the window and is cut.
    width = max(2, round((8 if level is BsdLevel.WARN else 4) * scale))
    corner = (window.shape[1] - 1, window.shape[0] - 1)
    cv2.rectangle(window, (0, 0), corner, colour, width)
