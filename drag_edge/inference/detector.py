"""From a detector's output tensors to Detections: boxes, masks or keypoints where it has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.boxes import (
    BOX_DECODERS,
    SUPPRESSED_ALREADY,
    BoxLayout,
    Candidates,
    Picked,
    select,
)
from drag_edge.inference.finite import require_finite
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.results import Detections
from drag_edge.inference.suppress import suppress


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """How to read a detector.

    format: a key of BOX_DECODERS. boxes_output, protos_output: output names; protos (1×k×h×w) only
    for instance masks. labels: class id → our word, ids that mean nothing to us left out.
    keypoints: count and values each (2 or 3), only for poses.
    """

    format: str
    layout: BoxLayout
    boxes_output: str
    labels: Mapping[int, str]
    confidence: float
    iou: float
    max_detections: int
    agnostic: bool = False
    protos_output: str | None = None
    keypoints: tuple[int, int] | None = None


class Detector:
    """Decodes one model's outputs; holds no state between frames."""

    def __init__(self, recipe: DetectorRecipe) -> None:
        self.recipe = recipe
        self._format = BOX_DECODERS[recipe.format]
        self._words = tuple(dict.fromkeys(recipe.labels.values()))
        # Class id → index into _words, -1 for what means nothing to us.
        self._word_of = np.full(max(recipe.layout.classes, 1), -1, np.intp)
        for class_id, label in recipe.labels.items():
            if 0 <= class_id < len(self._word_of):
                self._word_of[class_id] = self._words.index(label)

    def decode(self, outputs: Mapping[str, NDArray[Any]], placement: Placement) -> Detections:
        """Outputs of one run → boxes in frame pixels, best score first."""
        recipe = self.recipe
        output = np.asarray(outputs[recipe.boxes_output], np.float32)
        picked = self._format.pick(output, recipe.layout, recipe.confidence)
        return self.decode_picked(picked, outputs, placement)

    def decode_picked(
        self, picked: Picked, outputs: Mapping[str, NDArray[Any]], placement: Placement
    ) -> Detections:
        """The second half, from rows that the format's filter let through.

        outputs: only the prototypes of instance masks are read.
        """
        candidates = self._format.read(picked, self.recipe.layout, self.recipe.confidence)
        words = self._word_of[candidates.class_ids]
        if len(words) and words.min() < 0:
            known = words >= 0
            candidates, words = select(candidates, known), words[known]
        keep = self._keep(candidates, words)
        candidates = select(candidates, keep)
        return Detections(
            boxes_px=placement.boxes_to_frame(candidates.boxes),
            scores=candidates.scores,
            labels=tuple(self._words[index] for index in words[keep].tolist()),
            masks=self._masks(candidates, outputs, placement),
            keypoints_px=self._keypoints(candidates, placement),
            vocabulary=self._words,
            region_px=placement.source,
        )

    def _keep(self, candidates: Candidates, words: NDArray[np.intp]) -> NDArray[np.intp]:
        """Suppression works on our words: a van and a car that are one vehicle become one."""
        most = self.recipe.max_detections
        if self.recipe.agnostic:
            words = np.zeros_like(words)
        if self.recipe.format in SUPPRESSED_ALREADY:
            return np.argsort(-candidates.scores, kind="stable")[:most]
        return suppress(candidates.boxes, candidates.scores, words, self.recipe.iou, most)

    def _masks(
        self, candidates: Candidates, outputs: Mapping[str, NDArray[Any]], placement: Placement
    ) -> NDArray[np.bool_] | None:
        if self.recipe.protos_output is None:
            return None
        protos = np.asarray(outputs[self.recipe.protos_output][0], np.float32)
        require_finite(protos, "mask prototypes")
        size = (placement.input_width, placement.input_height)
        return instance_masks(candidates.extra[:, : len(protos)], protos, candidates.boxes, size)

    def _keypoints(
        self, candidates: Candidates, placement: Placement
    ) -> NDArray[np.float32] | None:
        if self.recipe.keypoints is None:
            return None
        count, values = self.recipe.keypoints
        points = np.ones((len(candidates.scores), count, 3), np.float32)
        points[:, :, :values] = candidates.extra[:, : count * values].reshape(-1, count, values)
        placement.points_to_frame(points[:, :, :2])
        return points


def instance_masks(
    coefficients: NDArray[np.float32],
    protos: NDArray[np.float32],
    boxes: NDArray[np.float32],
    size: tuple[int, int],
) -> NDArray[np.bool_]:
    """n×k coefficients over k×h×w prototypes → n×H×W masks at the input's `size` (width, height).

    Linear combination, enlarged bilinearly, positive inside its own box (YOLACT's way, as
    Ultralytics decodes it).
    """
    width, height = size
    masks = np.zeros((len(boxes), height, width), np.bool_)
    count, proto_height, proto_width = protos.shape
    small = (coefficients @ protos.reshape(count, -1)).reshape(-1, proto_height, proto_width)
    limits = np.ceil(np.clip(boxes, 0, (width, height, width, height))).astype(int)
    for mask, logits, (x0, y0, x1, y1) in zip(masks, small, limits, strict=True):
        large = cv2.resize(logits, size, interpolation=cv2.INTER_LINEAR)
        mask[y0:y1, x0:x1] = large[y0:y1, x0:x1] > 0
    return masks
