"""systemd's watchdog, fed by the loop's own progress and by nothing else.

A thread that pings by itself would keep a hung process alive. A round without pictures counts: a
camera that is unplugged is no reason to be restarted. A round that is going to be long says so
before, and is awaited for that long once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from drag_edge.service.notify import Notifier

# A round that loads a model may take so long: a cold device opens the GPU and compiles its kernels.
LOADING_S = 120.0
# Three signs of life in the time that systemd grants, one of which may be late.
_PER_TIMEOUT = 3


class Watchdog:
    """`progress` is called once a round, and says so to systemd as seldom as it may."""

    def __init__(
        self,
        notifier: Notifier,
        environment: Mapping[str, str] = os.environ,
        wall_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notifier = notifier
        self._wall_s = wall_s
        self.timeout_s = granted_s(environment)
        self._told_s = float("-inf")

    def progress(self) -> None:
        """The loop came round."""
        if self.timeout_s is None:
            return
        now_s = self._wall_s()
        if now_s - self._told_s >= self.timeout_s / _PER_TIMEOUT:
            self._told_s = now_s
            self._notifier.alive()

    def patience(self, seconds: float) -> None:
        """This round may take so long; the next one brings the usual time back."""
        if self.timeout_s is not None:
            self._notifier.alive()
            self._told_s = float("-inf")
        # By itself and last: a sign of life sets systemd's clock back to the usual time.
        self._notifier.patience(seconds)


def granted_s(environment: Mapping[str, str]) -> float | None:
    """The time that systemd grants between two signs of life; None when it does not watch us."""
    pid, microseconds = environment.get("WATCHDOG_PID"), environment.get("WATCHDOG_USEC", "")
    if pid is not None and pid != str(os.getpid()):
        return None
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 1e6
