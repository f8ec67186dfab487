"""Waiting for the GPU: asleep while it surely works, awake when it is done."""

from __future__ import annotations

import time
from collections.abc import Callable

# A thread that the driver wakes is late by tens of microseconds, one that Linux's timer wakes too:
# by as much before the least that the work takes, the thread is up again and looks.
_UP_BEFORE_S = 250e-6
_LOOKING_S = 1e-3
_MORE = 1.02
_LESS = 0.9


class Patience:
    """Waits for work of one kind, and learns how long it takes at least.

    A nap for most of that time leaves the core to other threads; then the thread looks, for a
    millisecond at most; whatever takes longer than that is waited for in the driver, asleep. What
    is learnt falls at once and rises slowly, so that one slow piece of work makes no nap too long.
    """

    def __init__(
        self,
        now_s: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now_s = now_s
        self._sleep = sleep
        self._least_s = 0.0
        self._began_s = 0.0

    def begin(self) -> None:
        """The work was given to the GPU."""
        self._began_s = self._now_s()

    def wait(self, done: Callable[[], bool], sleep_until_done: Callable[[], None]) -> None:
        """Until it is done."""
        if done():
            return  # it may have been for long: nothing is learnt
        nap_s = self._began_s + self._least_s - _UP_BEFORE_S - self._now_s()
        if nap_s > 0:
            self._sleep(nap_s)
            if done():
                self._least_s *= _LESS  # overslept, nobody knows by how much
                return
        until_s = self._now_s() + _LOOKING_S
        while not done():
            if self._now_s() > until_s:
                sleep_until_done()
                break
        took_s = self._now_s() - self._began_s
        slowly_s = self._least_s * _MORE if self._least_s else took_s
        self._least_s = min(took_s, slowly_s)
