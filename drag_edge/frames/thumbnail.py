"""A picture made very small, and what can be told from it: is it black, is it the same again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.frames.frame import Frame

SIZE = (64, 36)  # width, height: enough to tell pictures apart, 2 kB a frame

Thumbnail = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the watch over cameras looks at: a frame's index and time, and its thumbnail."""

    index: int
    time_s: float
    thumbnail: Thumbnail


def sighting_of(frame: Frame) -> Sighting:
    """What the watch needs of a frame."""
    return Sighting(frame.index, frame.time_s, thumbnail_of(frame.image))


def thumbnail_of(image: NDArray[np.uint8]) -> Thumbnail:
    """H×W×3 uint8 → about 36×64 uint8: the green of every n-th pixel.

    Pixels are picked, not averaged: a sensor's noise must stay, it tells a live picture from a
    frozen one. Smaller pictures are taken whole.
    """
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[:: max(1, height // SIZE[1]), :: max(1, width // SIZE[0]), 1])


def changed_share(before: Thumbnail, after: Thumbnail) -> float:
    """Share of the pixels that differ, 0–1; 1 for thumbnails of different size."""
    if before.shape != after.shape:
        return 1.0
    return float(np.count_nonzero(before != after)) / after.size


def brightness(thumbnail: Thumbnail) -> tuple[float, float]:
    """Mean and standard deviation in grey levels, 0–255."""
    # Sums of whole numbers: three times as fast as numpy's mean and std, and exact.
    pixels = thumbnail.astype(np.int64).ravel()
    count = pixels.size
    mean = float(pixels.sum()) / count
    variance = float(np.dot(pixels, pixels)) / count - mean * mean
    return mean, max(0.0, variance) ** 0.5
