"""Boxes of road users in one frame: well formed, best first, duplicates merged.

A frame shows a few road users: plain numbers are several times cheaper than arrays for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from drag_edge.config.tracking import RejectionSettings, TrackSettings
from drag_edge.config.vocabulary import ROAD_USERS, VULNERABLE_ROAD_USERS
from drag_edge.inference.results import Detections

Box = tuple[float, float, float, float]
VEHICLES = frozenset(ROAD_USERS) - frozenset(VULNERABLE_ROAD_USERS) - {"animal"}


@dataclass(frozen=True, slots=True)
class Cut:
    """Which of a box' edges are not its own but the picture's."""

    left: bool
    top: bool
    right: bool
    bottom: bool


@dataclass(frozen=True, slots=True)
class SeenBox:
    """A road user's box: x0, y0, x1, y1 in pixels, x0 < x1 and y0 < y1. score: 0–1."""

    box_px: Box
    score: float
    label: str
    cut: Cut

    @property
    def is_vehicle(self) -> bool:
        """A car, truck, bus or train."""
        return self.label in VEHICLES


def collect(
    detections: Iterable[Detections],
    size_px: tuple[int, int],
    tracks: TrackSettings,
    rejection: RejectionSettings,
) -> list[SeenBox]:
    """Road users of all detectors of one frame, best score first.

    Boxes that are not finite, inverted, empty, or scored outside 0–1 are left out. Vehicle boxes
    that overlap are one vehicle: the best score's box and label stay.
    """
    whole = (0.0, 0.0, float(size_px[0]), float(size_px[1]))
    found: list[SeenBox] = []
    for result in detections:
        region = result.region_px or whole
        rows = np.asarray(result.boxes_px, float).tolist()
        scores = np.asarray(result.scores, float).tolist()
        for label, row, score in zip(result.labels, rows, scores, strict=True):
            if label not in tracks.sizes or not tracks.low_score <= score <= 1.0001 or score <= 0:
                continue
            x0, y0, x1, y1 = row
            if _well_formed((x0, y0, x1, y1), size_px):
                box = (x0, y0, x1, y1)
                found.append(SeenBox(box, score, label, _cut(box, region, rejection)))
    found.sort(key=lambda box: -box.score)
    return _merge(found[: tracks.max_tracks], tracks.duplicate_overlap)


def _well_formed(box: Box, size_px: tuple[int, int]) -> bool:
    """Neither inverted nor far outside the picture; a box with a NaN is neither here nor there."""
    x0, y0, x1, y1 = box
    width, height = size_px
    return -width < x0 < x1 < 2 * width and -height < y0 < y1 < 2 * height


def _cut(box: Box, region: Box, rejection: RejectionSettings) -> Cut:
    x0, y0, x1, y1 = box
    left, top, right, bottom = region
    margin_x = max(
        rejection.border_px,
        rejection.border_share * (x1 - x0),
        rejection.border_picture_share * (right - left),
    )
    margin_y = max(
        rejection.border_px,
        rejection.border_share * (y1 - y0),
        rejection.border_picture_share * (bottom - top),
    )
    return Cut(
        left=x0 <= left + margin_x,
        top=y0 <= top + margin_y,
        right=x1 >= right - 1 - margin_x,
        bottom=y1 >= bottom - 1 - margin_y,
    )


def _merge(ranked: list[SeenBox], most_overlap: float) -> list[SeenBox]:
    """Of boxes that are the same object (same kind of road user, large overlap) the best."""
    kept: list[SeenBox] = []
    for box in ranked:
        alike = (better for better in kept if better.is_vehicle == box.is_vehicle)
        if all(overlap(box.box_px, better.box_px) <= most_overlap for better in alike):
            kept.append(box)
    return kept


def overlap(first: Box, second: Box) -> float:
    """Intersection over union, 0–1."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    if wide <= 0:
        return 0.0
    tall = min(first[3], second[3]) - max(first[1], second[1])
    if tall <= 0:
        return 0.0
    shared = wide * tall
    area_first = (first[2] - first[0]) * (first[3] - first[1])
    area_second = (second[2] - second[0]) * (second[3] - second[1])
    return shared / (area_first + area_second - shared)


def hidden(boxes: list[SeenBox]) -> list[bool]:
    """Whose left or right edge lies behind a nearer box: its width is not what one sees.

    Nearer is whose foot is lower; a box much weaker than the one behind does not count.
    """
    return [any(_hides(nearer, box) for nearer in boxes) for box in boxes]


def _hides(nearer: SeenBox, box: SeenBox) -> bool:
    x0, y0, x1, y1 = box.box_px
    left, top, right, foot = nearer.box_px
    if foot <= y1 + 0.05 * (y1 - y0) or top >= y1 or nearer.score <= 0.6 * box.score:
        return False
    return left <= x0 <= right or left <= x1 <= right
