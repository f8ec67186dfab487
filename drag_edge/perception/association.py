"""Which box belongs to which track: two passes, strong boxes first (Zhang et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from drag_edge.config.tracking import TrackSettings
from drag_edge.perception.camera import Floats
from drag_edge.perception.sightings import VEHICLES, intersection_over_union


def associate(
    predicted_px: Floats,
    track_labels: Sequence[str],
    boxes_px: Floats,
    scores: Floats,
    box_labels: Sequence[str],
    settings: TrackSettings,
) -> list[int | None]:
    """For each of M predicted boxes the index among N boxes, or None.

    First all tracks compete for the boxes of high score, then those left over for the weak ones,
    which may continue a track but never begin one. A vehicle never becomes a pedestrian.
    """
    chosen: list[int | None] = [None] * len(predicted_px)
    if len(predicted_px) == 0 or len(boxes_px) == 0:
        return chosen
    overlap = intersection_over_union(predicted_px, boxes_px)
    track_is = np.array([label in VEHICLES for label in track_labels])
    box_is = np.array([label in VEHICLES for label in box_labels])
    overlap = np.where(track_is[:, None] == box_is[None, :], overlap, 0.0)
    strong = scores >= settings.high_score
    free = np.ones(len(predicted_px), dtype=np.bool_)
    for candidates, least in (
        (np.flatnonzero(strong), settings.first_overlap),
        (np.flatnonzero(~strong), settings.second_overlap),
    ):
        tracks = np.flatnonzero(free)
        if len(tracks) == 0 or len(candidates) == 0:
            continue
        gains = overlap[np.ix_(tracks, candidates)]
        # Pairs below the threshold must not pull others away from their best partner.
        rows, columns = linear_sum_assignment(np.where(gains >= least, -gains, 0.0))
        for row, column in zip(rows, columns, strict=True):
            if gains[row, column] >= least:
                chosen[tracks[row]] = int(candidates[column])
                free[tracks[row]] = False
    return chosen
