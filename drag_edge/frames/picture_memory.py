"""Arrays for one camera's pictures, taken again when nobody holds them any more."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

_MOST = 6


class PictureMemory:
    """What a decoder writes into, so that a picture costs no fresh megabytes.

    The system fills fresh memory page by page, and what is freed leaves holes between smaller
    things, where a process that runs for months loses what it gave back. One thread uses it;
    pictures go to others.
    """

    def __init__(self) -> None:
        self._kept: list[NDArray[np.uint8]] = []

    def free(self) -> NDArray[np.uint8] | None:
        """A picture that neither anybody holds, nor a part of; None: let there be a new one."""
        for at in range(len(self._kept)):
            if _holders(self._kept, at) == _NOBODY_ELSE:
                return self._kept[at]
        return None

    def keep(self, picture: NDArray[np.uint8]) -> None:
        """One that was just decoded: it comes back when it is free. Other sizes are forgotten."""
        if any(kept is picture for kept in self._kept):
            return
        self._kept = [kept for kept in self._kept if kept.shape == picture.shape][: _MOST - 1]
        self._kept.append(picture)


def _holders(pictures: list[NDArray[np.uint8]], at: int) -> int:
    """References to one of them; a slice holds the whole."""
    return sys.getrefcount(pictures[at])


# Measured: what the call itself holds is each Python's own affair.
_NOBODY_ELSE = _holders([np.empty(1, np.uint8)], 0)
