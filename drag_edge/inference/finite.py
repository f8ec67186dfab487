"""NaN and infinity are no answers. They compare as false, and would read as "nothing there"."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.engine import OutputInvalidError

# What may hold them; the GPU's readers say it in the same words.
CLASS_SCORES = "class scores"
OBJECTNESS = "objectness scores"


def not_finite(what: str) -> OutputInvalidError:
    """The error that says so."""
    return OutputInvalidError(f"{what} hold NaN or infinity")


def require_finite(values: NDArray[np.floating], what: str) -> None:
    """Raise OutputInvalidError if any value is NaN or infinite.

    Every decoder calls this on all that its result rests on, and on no more: reading a tensor once
    again costs as much as decoding it. The sum is finite only if every value is.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        total = np.add.reduce(values, axis=None, dtype=np.float32)
    if not math.isfinite(total):
        raise not_finite(what)
