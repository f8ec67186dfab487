"""Marks on the road surface: boxes → metres by their foot point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.perception import MarkSettings
from drag_edge.config.vocabulary import ROAD_MARKS
from drag_edge.inference.results import Detections
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.scene import RoadMark


def locate_marks(
    detections: Sequence[Detections],
    camera: CameraModel,
    pitch_rad: float,
    front_overhang_m: float,
    settings: MarkSettings,
) -> tuple[RoadMark, ...]:
    """Marks of one frame, nearest first; distance_m is to their near edge from the front bumper."""
    boxes: list[NDArray[np.float32]] = []
    said: list[tuple[str, float]] = []
    for result in detections:
        for box, score, label in zip(result.boxes_px, result.scores, result.labels, strict=True):
            if label not in ROAD_MARKS or not np.isfinite(box).all():
                continue
            if not settings.min_score <= score <= 1.0001 or box[2] <= box[0] or box[3] <= box[1]:
                continue
            boxes.append(box)
            said.append((label, float(score)))
    if not boxes:
        return ()
    box_px = np.array(boxes, float)
    feet = np.column_stack(((box_px[:, 0] + box_px[:, 2]) / 2, box_px[:, 3]))
    ground = camera.ground_from_pixel(feet, pitch_rad)
    marks: list[RoadMark] = []
    for (label, score), (x, y), corners in zip(said, ground, box_px, strict=True):
        # NaN fails every comparison: a mark above the horizon is none.
        if not (x - front_overhang_m <= settings.max_range_m and abs(y) <= settings.max_lateral_m):
            continue
        x0, y0, x1, y1 = (float(value) for value in corners)
        distance_m = max(0.0, float(x) - front_overhang_m)
        marks.append(RoadMark(label, distance_m, float(y), (x0, y0, x1, y1), score))
    return tuple(sorted(marks, key=lambda mark: mark.distance_m))
