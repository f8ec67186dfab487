"""One picture and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """A camera's picture.

    camera: name from the YAML. index: 0, 1, 2 … since the source was opened, gaps are frames that
    were dropped. time_s: capture time on the daemon's monotonic clock, seconds. image: H×W×3
    uint8, BGR, read-only by convention.
    """

    camera: str
    index: int
    time_s: float
    image: NDArray[np.uint8]
