"""Bottom left and right: the side cameras' pictures and the mirror icons."""

from __future__ import annotations

from collections.abc import Mapping

import cv2

from drag_edge.adas.decision import BsdLevel, Decision, Side
from drag_edge.config.cameras import Role
from drag_edge.config.display import DisplaySettings
from drag_edge.display.boxes import BoxPainter
from drag_edge.display.layout import MARGIN, Layout
from drag_edge.display.palette import EDGE, Colour
from drag_edge.display.panels.kit import Kit, Slots
from drag_edge.display.panels.mirrors import (
    HEIGHT,
    LEVEL_COLOURS,
    WIDTH,
    build_mirror,
    mirror_values,
)
from drag_edge.display.sheet import Picture
from drag_edge.frames.frame import Frame
from drag_edge.perception.scene import Scene

LIT = (BsdLevel.OCCUPIED, BsdLevel.WARN)
SIDE_ROLES = {Side.LEFT: Role.LEFT, Side.RIGHT: Role.RIGHT}


class Insets:
    """Draws both sides."""

    def __init__(self, settings: DisplaySettings, roles: Mapping[str, Role]) -> None:
        self._settings = settings
        self._camera = {
            side: next((name for name, held in roles.items() if held is role), None)
            for side, role in SIDE_ROLES.items()
        }

    def draw(
        self,
        frame: Picture,
        layout: Layout,
        kit: Kit,
        slots: Slots,
        boxes: BoxPainter,
        shown: Mapping[str, Frame],
        scene: Scene | None,
        decision: Decision | None,
    ) -> None:
        """Pictures, with the icons above them."""
        heights = {Side.LEFT: 0.0, Side.RIGHT: 0.0}
        for side in (Side.LEFT, Side.RIGHT):
            side_frame = shown.get(self._camera[side] or "")
            if self._settings.inset.show and side_frame is not None:
                tracks = tuple(
                    t
                    for t in (scene.side_tracks or () if scene else ())
                    if t.camera == side_frame.camera
                )
                level = _level(side, decision)
                heights[side] = self._picture(frame, layout, side, side_frame, level)
                area = _area(layout, side, self._size(layout, side_frame))
                window = frame[area[1] : area[3], area[0] : area[2]]
                boxes.draw_plain(window, tracks, window.shape[1] / side_frame.image.shape[1])
            # A vehicle without a camera on that side needs no sign that says so for ever.
            told = self._camera[side] is not None or _level(side, decision) in LIT
            if self._settings.elements.mirrors and told:
                self._icon(frame, layout, kit, slots, side, heights[side], scene, decision)

    def _size(self, layout: Layout, side_frame: Frame) -> tuple[int, int]:
        height, width = side_frame.image.shape[:2]
        return layout.inset_size_px(self._settings.inset.width, width / height)

    def _picture(
        self, frame: Picture, layout: Layout, side: Side, side_frame: Frame, level: BsdLevel
    ) -> float:
        size = self._size(layout, side_frame)
        x0, y0, x1, y1 = _area(layout, side, size)
        window = frame[y0:y1, x0:x1]
        if window.size == 0:
            return 0.0
        shape = (window.shape[1], window.shape[0])
        cv2.resize(side_frame.image, shape, dst=window, interpolation=cv2.INTER_LINEAR)
        colour: Colour = LEVEL_COLOURS[level] if level in LIT else EDGE
        thickness = max(1, round((4 if level is BsdLevel.WARN else 2) * layout.scale))
        cv2.rectangle(frame, (x0, y0), (x1 - 1, y1 - 1), colour, thickness, cv2.LINE_AA)
        return size[1] / layout.scale

    def _icon(
        self,
        frame: Picture,
        layout: Layout,
        kit: Kit,
        slots: Slots,
        side: Side,
        above: float,
        scene: Scene | None,
        decision: Decision | None,
    ) -> None:
        values = mirror_values(side, scene, decision)
        sheet = slots.get(f"mirror {side.name}", values, lambda: build_mirror(values, kit))
        x = MARGIN if side is Side.LEFT else layout.width - MARGIN - WIDTH
        y = layout.height - MARGIN - HEIGHT - (above + 6 if above else 0)
        sheet.lay_over(frame, *layout.px(x, y))


def _area(layout: Layout, side: Side, size: tuple[int, int]) -> tuple[int, int, int, int]:
    margin = round(MARGIN * layout.scale)
    x0 = margin if side is Side.LEFT else layout.width_px - margin - size[0]
    y0 = layout.height_px - margin - size[1]
    return max(0, x0), max(0, y0), min(layout.width_px, x0 + size[0]), layout.height_px - margin


def _level(side: Side, decision: Decision | None) -> BsdLevel:
    if decision is None:
        return BsdLevel.UNAVAILABLE
    return decision.bsd.left if side is Side.LEFT else decision.bsd.right
