"""Arrays for one camera's pictures, taken again when nobody holds them any more."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

_ALWAYS = 3


class PictureMemory:
    """What a decoder writes into, so that a picture costs no fresh megabytes.

    The system fills fresh memory page by page, and what is freed leaves holes between smaller
    things, where a process that runs for months loses what it gave back. There are as many as are
    held, and one to spare; three stay in any case: one is written, one waits, one is looked at.
    One thread uses it; pictures go to others.
    """

    def __init__(self) -> None:
        self._kept: list[NDArray[np.uint8]] = []

    def free(self) -> NDArray[np.uint8] | None:
        """A picture that nobody holds, nor a part of it; None: let there be a new one."""
        unheld = self._unheld()
        return self._kept[unheld[0]] if unheld else None

    def keep(self, picture: NDArray[np.uint8]) -> None:
        """One that was just decoded: it comes back when it is free. Other sizes are forgotten."""
        surplus = max(0, len(self._kept) - _ALWAYS)
        too_many = self._unheld()[1 : 1 + surplus]
        self._kept = [
            kept
            for at, kept in enumerate(self._kept)
            if kept.shape == picture.shape and at not in too_many and kept is not picture
        ]
        self._kept.append(picture)

    def _unheld(self) -> list[int]:
        return [at for at in range(len(self._kept)) if _holders(self._kept, at) == _NOBODY_ELSE]


def _holders(pictures: list[NDArray[np.uint8]], at: int) -> int:
    """References to one of them; a slice holds the whole."""
    return sys.getrefcount(pictures[at])


# Measured: what the call itself holds is each Python's own affair.
_NOBODY_ELSE = _holders([np.empty(1, np.uint8)], 0)
