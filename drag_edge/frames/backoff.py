"""How long to wait before a camera is tried again."""

from __future__ import annotations

import numpy as np


class Backoff:
    """Waits that double up to a longest one, each drawn from its upper half.

    Drawn, so that cameras that were lost together are not tried together for ever. first_s,
    longest_s: seconds. The same rng gives the same waits. current_s: the longest that the next
    wait may be; waiting_s: that the last one might have been.
    """

    def __init__(self, first_s: float, longest_s: float, rng: np.random.Generator) -> None:
        self._first_s = first_s
        self._longest_s = max(first_s, longest_s)
        self._rng = rng
        self.current_s = first_s
        self.waiting_s = 0.0

    def next_s(self) -> float:
        """The wait before the next try, between half and all of the current one."""
        wait_s = self.current_s * (0.5 + 0.5 * float(self._rng.random()))
        self.waiting_s = self.current_s
        self.current_s = min(2.0 * self.current_s, self._longest_s)
        return wait_s

    def worked(self, for_s: float) -> None:
        """It sent pictures for for_s seconds; one that breaks at once again must not start over."""
        if for_s >= 2.0 * self._first_s:
            self.current_s = self._first_s
