"""Pictures of another size after a reconnect: scaled to the size that perception knows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Encoders round sizes to whole blocks (1920×1088 for 1080 lines).
_SAME_SHAPE = 0.01

Size = tuple[int, int]


def same_shape(size_px: Size, wanted_px: Size) -> bool:
    """Whether both show the same part of the world, only finer or coarser."""
    ratio = (size_px[0] * wanted_px[1]) / (size_px[1] * wanted_px[0])
    return abs(ratio - 1.0) <= _SAME_SHAPE


def fitted(image: NDArray[np.uint8], wanted_px: Size) -> NDArray[np.uint8] | None:
    """The picture at wanted_px (width, height); None when its shape is another.

    Another shape is another crop of the lens' picture: no scaling makes its geometry right.
    """
    height, width = image.shape[:2]
    if (width, height) == wanted_px:
        return image
    if not same_shape((width, height), wanted_px):
        return None
    shrinks = width > wanted_px[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, wanted_px, interpolation=how), np.uint8)
