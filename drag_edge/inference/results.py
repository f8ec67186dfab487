"""What networks say about one frame, in frame pixels and in the project's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes of one model on one frame, best score first.

    boxes_px: N×4 float32, x0 y0 x1 y1 in full-frame pixels (not clipped away from the border:
    clipped to it). scores: N float32, 0–1. labels: N words of config.vocabulary.
    masks: N×h×w bool at model size, or None. keypoints_px: N×K×3 float32 (x, y, confidence), or
    None. vocabulary: every word this model could have said, so that no box of a kind can mean
    "looked and saw none"; None where unknown. region_px: x0, y0, x1, y1 of the frame the model
    looked at (a box that touches its edge is cut); None: the whole frame.
    """

    boxes_px: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: tuple[str, ...]
    masks: NDArray[np.bool_] | None = None
    keypoints_px: NDArray[np.float32] | None = None
    vocabulary: tuple[str, ...] | None = None
    region_px: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class ClassMap:
    """A segmenter's answer at the model's own size.

    classes: h×w uint8, values of config.vocabulary.SURFACE_IDS. region_px: x0, y0, x1, y1 of the
    frame that the map covers. Map pixel (column i, row j) has its centre at frame pixel
    (x0 + (i+0.5)·(x1−x0)/w − 0.5, y0 + (j+0.5)·(y1−y0)/h − 0.5).
    """

    classes: NDArray[np.uint8]
    region_px: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Classification:
    """A classifier's answer: labels and scores (K float32), best first."""

    labels: tuple[str, ...]
    scores: NDArray[np.float32]


Result = Detections | ClassMap | Classification


@dataclass(frozen=True, slots=True)
class Perceived:
    """Everything the models said about one frame.

    results: by model name. A model that was due and failed, or is not loaded, has None; a model
    that was not due this time (hz, every, cameras) is absent. age_s of a result is always that of
    the frame: results never carry over from an earlier frame.
    """

    camera: str
    index: int
    time_s: float
    width_px: int
    height_px: int
    results: Mapping[str, Result | None]
