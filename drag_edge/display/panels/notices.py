"""Small plates of text: the watermark, what is old, and the shade that carries the cluster."""

from __future__ import annotations

import numpy as np

from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, INK, PLATE, SOFT
from drag_edge.display.panels.kit import PLATE_OPACITY, Kit
from drag_edge.display.panels.statistics import WIDTH
from drag_edge.display.sheet import Sheet
from drag_edge.frames.frame import Frame

SCRIM_HEIGHT = 150.0
WATERMARK_HEIGHT = 21.0


def watermark_text(frame: Frame) -> str:
    """Camera, time since the clock's start, and number of the frame."""
    minutes, seconds = divmod(max(0.0, frame.time_s), 60.0)
    return f"{frame.camera}  {int(minutes):02d}:{seconds:05.2f}  #{frame.index}"


def build_watermark(text: str, kit: Kit) -> Sheet:
    """As wide as the numbers below it."""
    sheet = kit.sheet(WIDTH, WATERMARK_HEIGHT)
    sheet.rounded(0, 0, WIDTH, WATERMARK_HEIGHT, 6, PLATE, PLATE_OPACITY)
    sheet.text(text, WIDTH / 2, 14.5, 8, SOFT, anchor=0.5)
    return sheet


def build_notice(text: str, kit: Kit) -> Sheet:
    """A plate for what is old or missing."""
    width = kit.width_of(text, 14, Weight.BOLD) + 40
    sheet = kit.sheet(width, 40)
    sheet.rounded(0, 0, width, 40, 8, PLATE, 0.8)
    sheet.outline(0.5, 0.5, width - 1, 39, 8, AMBER, 1.5)
    sheet.text(text, width / 2, 27, 14, INK, Weight.BOLD, anchor=0.5)
    return sheet


def build_scrim(width: float, kit: Kit) -> Sheet:
    """From clear to dark, downwards."""
    sheet = kit.sheet(width, SCRIM_HEIGHT)
    ramp = np.linspace(0.0, 1.0, sheet.keep.shape[0]) ** 0.8
    sheet.keep[:] = np.round(255 - 195 * ramp).astype(np.uint8)[:, None, None]
    sheet.ink[:] = np.round(np.outer(ramp * 0.76, PLATE)).astype(np.uint8)[:, None, :]
    return sheet
