"""Non-maximum suppression: of boxes that show one thing, the best stays."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def suppress(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    groups: NDArray[np.intp],
    iou: float,
    most: int,
) -> NDArray[np.intp]:
    """Indices of the boxes that stay, best score first, at most `most`.

    boxes: n×4 x0 y0 x1 y1. groups: n; only boxes of one group suppress each other (greedily, when
    they overlap by more than `iou`), which is what Ultralytics does with class ids.
    """
    if len(boxes) <= 1:
        return np.arange(min(len(boxes), most), dtype=np.intp)
    # Groups are moved apart, so that one pass serves all of them.
    span = float(boxes.max() - boxes.min()) + 1.0
    rectangles = boxes.astype(np.float64)
    rectangles[:, 2:] -= rectangles[:, :2]
    rectangles[:, :2] += (groups * span)[:, None]
    nms: Any = cv2.dnn.NMSBoxes  # its stubs know no arrays, it does
    # It drops scores that are not above its threshold; all of ours are, from earlier.
    kept = nms(rectangles, scores, 0.0, iou)
    return np.asarray(kept, dtype=np.intp).reshape(-1)[:most]
