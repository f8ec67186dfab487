"""All panels in their places."""

from __future__ import annotations

from collections.abc import Mapping

import cv2

from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.config.display import DisplaySettings
from drag_edge.display.boxes import BoxPainter, track_colours
from drag_edge.display.canvas import Canvas
from drag_edge.display.insets import Insets
from drag_edge.display.moment import Moment
from drag_edge.display.palette import RED
from drag_edge.display.panels import bird
from drag_edge.display.panels.banner import URGENT_PRIORITY, banner_values, build_banner
from drag_edge.display.panels.cluster import draw_cluster
from drag_edge.display.panels.mode import build_mode, mode_values
from drag_edge.display.panels.notices import (
    SCRIM_HEIGHT,
    build_notice,
    build_scrim,
    build_watermark,
    watermark_text,
)
from drag_edge.display.panels.parking import build_parking, parking_values
from drag_edge.display.panels.signals import build_signals, signal_values
from drag_edge.display.panels.statistics import (
    HeldStatistics,
    build_statistics,
    statistics_height,
)
from drag_edge.display.sheet import Picture

EDGE_WIDTH = 7.0


class Dashboard:
    """Draws the panels that the settings want; the mode is always there."""

    def __init__(
        self, settings: DisplaySettings, roles: Mapping[str, Role], body: BodySettings
    ) -> None:
        self._settings, self._body = settings, body
        self._insets = Insets(settings, roles)
        self._held = HeldStatistics()

    def draw(self, picture: Picture, canvas: Canvas, boxes: BoxPainter, moment: Moment) -> None:
        """Everything but what lies in the road's own picture."""
        elements, layout = self._settings.elements, canvas.layout
        if elements.cluster:
            bottom = (0.0, layout.height - SCRIM_HEIGHT)
            canvas.lay(picture, "scrim", bottom, layout.width, build_scrim)
            draw_cluster(picture, canvas, moment)
        self._insets.draw(picture, canvas, boxes, moment)
        mode = mode_values(moment.decision, moment.command)
        canvas.lay(picture, "mode", layout.mode, mode, build_mode)
        signals = signal_values(moment.scene)
        if elements.signals and signals is not None:
            canvas.lay(picture, "signals", layout.signals, signals, build_signals)
        parking = parking_values(moment.decision, self._body)
        if elements.parking and parking is not None:
            canvas.lay(picture, "parking", layout.parking, parking, build_parking)
        self._right_column(picture, canvas, moment)
        self._ages(picture, canvas, moment)
        self._alert(picture, canvas, moment)

    def _right_column(self, picture: Picture, canvas: Canvas, moment: Moment) -> None:
        elements, layout = self._settings.elements, canvas.layout
        front = moment.frames.get(moment.front)
        if elements.watermark and front is not None:
            text = watermark_text(front)
            canvas.lay(picture, "watermark", layout.watermark, text, build_watermark)
        above = 0.0
        if elements.statistics:
            numbers = self._held.values(moment.status)
            canvas.lay(picture, "statistics", layout.statistics, numbers, build_statistics)
            above = statistics_height(numbers)
        if elements.bird_eye and moment.scene is not None:
            place = layout.bird(above)
            left, top = canvas.lay(picture, "bird", place, None, bird.build_ground)
            colours = track_colours(moment.scene, moment.decision)
            bird.BirdView(left, top, layout.scale).draw(picture, moment.scene, colours)

    def _ages(self, picture: Picture, canvas: Canvas, moment: Moment) -> None:
        """Say what is old, or what a person should know, in the middle of the picture."""
        front, scene = moment.frames.get(moment.front), moment.scene
        if moment.status.notice:
            text = moment.status.notice
        elif front is None:
            text = "no picture yet"
        elif moment.is_old(front.time_s):
            text = f"picture is {moment.age_s(front.time_s):.1f} s old"
        elif scene is not None and moment.is_old(scene.time_s):
            text = f"scene is {moment.age_s(scene.time_s):.1f} s old"
        else:
            return
        canvas.lay_centred(picture, "age", canvas.layout.notice, text, build_notice)

    def _alert(self, picture: Picture, canvas: Canvas, moment: Moment) -> None:
        alerts = moment.decision.alerts if moment.decision is not None else ()
        banner = banner_values(alerts)
        if banner is None:
            return
        canvas.lay_centred(picture, "banner", canvas.layout.banner, banner, build_banner)
        if banner.priority >= URGENT_PRIORITY:
            corner = (picture.shape[1] - 1, picture.shape[0] - 1)
            width = max(2, round(EDGE_WIDTH * canvas.layout.scale))
            cv2.rectangle(picture, (0, 0), corner, RED, width)
