"""Ultralytics' results → ours: copied, in our words, in the frame's pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.vocabulary import BACKGROUND_ID, SURFACE_IDS
from drag_edge.inference.engine import ModelError
from drag_edge.inference.finite import require_finite
from drag_edge.inference.results import Classification, ClassMap, Detections, Result

Origin = tuple[int, int]


class Words:
    """class id → our word, and every word there is."""

    def __init__(self, word_of: Mapping[int, str]) -> None:
        self.of = word_of
        self.all = tuple(dict.fromkeys(word_of.values()))

    def known(self, class_ids: NDArray[np.intp]) -> NDArray[np.intp]:
        """Where a class means something to us."""
        return np.array([i for i, key in enumerate(class_ids.tolist()) if key in self.of], np.intp)


def read_boxes(found: Any, words: Words, origin: Origin) -> Detections:
    """Boxes, with masks or keypoints where the model has them; of turned boxes their outline."""
    boxes = found.boxes if found.boxes is not None else found.obb
    if boxes is None:
        raise ModelError("Ultralytics gave no boxes")
    class_ids = _array(boxes.cls).astype(np.intp)
    keep = words.known(class_ids)
    corners = _array(boxes.xyxy)[keep]
    scores = _array(boxes.conf)[keep]
    require_finite(corners, "boxes")
    require_finite(scores, "scores")
    order = np.argsort(-scores, kind="stable")
    keep = keep[order]
    height, width = found.orig_shape
    x0, y0 = origin
    return Detections(
        boxes_px=corners[order].reshape(-1, 4) + np.array((x0, y0, x0, y0), np.float32),
        scores=scores[order],
        labels=tuple(words.of[key] for key in class_ids[keep].tolist()),
        masks=None if found.masks is None else _array(found.masks.data)[keep] > 0,
        keypoints_px=None if found.keypoints is None else _keypoints(found, keep, origin),
        vocabulary=words.all,
        region_px=(x0, y0, x0 + width, y0 + height),
    )


def read_class_map(found: Any, words: Words, origin: Origin) -> ClassMap:
    """A map at the picture's own size."""
    ids = np.asarray(found.semantic_mask.data.cpu().numpy()).reshape(found.orig_shape)
    table = np.full(int(ids.max(initial=0)) + 1, BACKGROUND_ID, np.uint8)
    for class_id, word in words.of.items():
        if class_id < len(table) and word in SURFACE_IDS:
            table[class_id] = SURFACE_IDS[word]
    height, width = found.orig_shape
    x0, y0 = origin
    return ClassMap(table[ids], (x0, y0, x0 + width, y0 + height))


def read_kinds(found: Any, words: Words, origin: Origin) -> Classification:
    """Labels, best first."""
    scores = _array(found.probs.data)
    require_finite(scores, "class scores")
    best = [key for key in np.argsort(-scores, kind="stable").tolist() if key in words.of]
    return Classification(tuple(words.of[key] for key in best), scores[best])


READERS: Mapping[str, Callable[[Any, Words, Origin], Result]] = MappingProxyType(
    {
        "detect": read_boxes,
        "segment": read_boxes,
        "pose": read_boxes,
        "obb": read_boxes,
        "classify": read_kinds,
        "semantic": read_class_map,
    }
)


def _keypoints(found: Any, keep: NDArray[np.intp], origin: Origin) -> NDArray[np.float32]:
    values = _array(found.keypoints.data)[keep]
    points = np.ones((*values.shape[:2], 3), np.float32)
    points[:, :, : values.shape[2]] = values
    points[:, :, :2] += np.array(origin, np.float32)
    return points


def _array(tensor: Any) -> NDArray[np.float32]:
    """A fresh array: the tensor is the predictor's own."""
    return np.array(tensor.detach().cpu().numpy(), np.float32)
