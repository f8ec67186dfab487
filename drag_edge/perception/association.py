"""Which box belongs to which track: two passes, strong boxes first (Zhang et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from drag_edge.config.tracking import TrackSettings
from drag_edge.perception.boxes import VEHICLES, Box, SeenBox, overlap

# Overlap of a track with a box, by the index of each.
_Gains = dict[tuple[int, int], float]


def associate(
    predicted_px: Sequence[Box],
    track_labels: Sequence[str],
    boxes: Sequence[SeenBox],
    settings: TrackSettings,
) -> list[int | None]:
    """For each of M predicted boxes the index among N boxes, or None.

    First all tracks compete for the boxes of high score, then those left over for the weak ones,
    which may continue a track but never begin one. A vehicle never becomes a pedestrian.
    """
    chosen: list[int | None] = [None] * len(predicted_px)
    strong = [index for index, box in enumerate(boxes) if box.score >= settings.high_score]
    weak = [index for index, box in enumerate(boxes) if box.score < settings.high_score]
    for candidates, least in ((strong, settings.first_overlap), (weak, settings.second_overlap)):
        gains: _Gains = {}
        for track, (predicted, label) in enumerate(zip(predicted_px, track_labels, strict=True)):
            if chosen[track] is not None:
                continue
            is_vehicle = label in VEHICLES
            for index in candidates:
                gain = overlap(predicted, boxes[index].box_px)
                if gain >= least and boxes[index].is_vehicle == is_vehicle:
                    gains[track, index] = gain
        for track, index in _best_pairs(gains):
            chosen[track] = index
    return chosen


def _best_pairs(gains: _Gains) -> list[tuple[int, int]]:
    """One partner each, the sum of gains greatest. Pairs not in the table stay apart."""
    tracks = sorted({track for track, _ in gains})
    boxes = sorted({box for _, box in gains})
    if len(tracks) == len(gains) == len(boxes):
        return list(gains)
    cost = np.zeros((len(tracks), len(boxes)))
    for (track, box), gain in gains.items():
        cost[tracks.index(track), boxes.index(box)] = -gain
    rows, columns = linear_sum_assignment(cost)
    pairs = [(tracks[row], boxes[column]) for row, column in zip(rows, columns, strict=True)]
    return [pair for pair in pairs if pair in gains]
