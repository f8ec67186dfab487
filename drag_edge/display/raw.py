"""For a person who tunes: what the networks said, before anything was understood."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from drag_edge.config.display import DebugSettings
from drag_edge.config.vocabulary import DRIVABLE_ID, LANE_LINE_ID
from drag_edge.display.palette import AMBER, GREEN, INK, Colour
from drag_edge.display.panels.kit import Kit
from drag_edge.display.sheet import Picture
from drag_edge.inference.results import ClassMap, Detections, Perceived
from drag_edge.perception.scene import RejectedBox

TINT_OPACITY = 0.3
LABEL_WIDTH = 190.0


def draw_raw(
    picture: Picture, perceived: Perceived, settings: DebugSettings, kit: Kit, zoom: float
) -> None:
    """Class map first, boxes over it, each if wanted; zoom: of the picture over the frame."""
    for result in perceived.results.values():
        if settings.class_map and isinstance(result, ClassMap):
            _tint(picture, result, zoom)
    for result in perceived.results.values():
        if settings.raw_boxes and isinstance(result, Detections):
            _boxes(picture, result, kit, zoom)


def _tint(picture: Picture, result: ClassMap, zoom: float) -> None:
    x0, y0, x1, y1 = (round(value * zoom) for value in result.region_px)
    x0, y0 = max(0, x0), max(0, y0)
    region = picture[y0 : max(y0, y1), x0 : max(x0, x1)]
    if region.size == 0 or result.classes.size == 0:
        return
    colours = np.zeros((256, 3), np.uint8)
    colours[DRIVABLE_ID] = GREEN
    colours[LANE_LINE_ID] = AMBER
    size = (region.shape[1], region.shape[0])
    large = cv2.resize(result.classes, size, interpolation=cv2.INTER_NEAREST)
    layer = colours[large]
    mixed = cv2.addWeighted(region, 1 - TINT_OPACITY, layer, TINT_OPACITY, 0)
    cv2.copyTo(mixed, (large > 0).astype(np.uint8), region)


def draw_rejected(picture: Picture, boxes: Sequence[RejectedBox], kit: Kit, zoom: float) -> None:
    """What perception did not believe, and why."""
    for rejected in boxes:
        _box(picture, rejected.box_px, f"{rejected.label}: {rejected.reason}", AMBER, kit, zoom)


def _boxes(picture: Picture, result: Detections, kit: Kit, zoom: float) -> None:
    for box, score, label in zip(result.boxes_px, result.scores, result.labels, strict=True):
        _box(picture, box, f"{label} {score:.2f}", INK, kit, zoom)


def _box(
    picture: Picture, box: ArrayLike, text: str, colour: Colour, kit: Kit, zoom: float
) -> None:
    corners = np.asarray(box, float) * zoom
    if not np.isfinite(corners).all():
        return
    x0, y0, x1, y1 = (int(value) for value in np.clip(corners, -4000, 8000))
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 1, cv2.LINE_AA)
    sheet = kit.sheet(LABEL_WIDTH, 12)
    sheet.text(text.replace("_", " "), 1, 9, 7, colour)
    sheet.lay_over(picture, x0, y1 + 1)
