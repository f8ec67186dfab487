"""The first pictures after opening: a decoder that joined a stream midway shows grey or smear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drag_edge.frames.thumbnail import thumbnail_of

# What decoders fill in for a picture that they never got: the middle of the range.
_GREY = (124, 133)
_GREY_SHARE = 0.25


class FirstPictures:
    """Lets pictures pass from the first whole one on, and all of them once `patience_s` is over.

    passing: whether that is so already.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since_s: float | None = None
        self.passing = False

    def pass_on(self, image: NDArray[np.uint8], kind: str | None, now_s: float) -> bool:
        """Whether the picture may be used. kind: I, P or B where the decoder tells, else None."""
        if self.passing:
            return True
        if self._since_s is None:
            self._since_s = now_s
        whole = kind in ("I", None) and grey_share(image) < _GREY_SHARE
        self.passing = whole or now_s - self._since_s > self._patience_s
        return self.passing


def grey_share(image: NDArray[np.uint8]) -> float:
    """Share of the picture that is exactly a decoder's grey and as flat as only a fill can be."""
    green = thumbnail_of(image)
    if green.shape[1] < 2:
        return 0.0
    flat = green[:, 1:] == green[:, :-1]
    low, high = _GREY
    grey = (green[:, 1:] >= low) & (green[:, 1:] <= high)
    return float(np.count_nonzero(flat & grey) / flat.size)
