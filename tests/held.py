"""What this process holds of the system, to see whether a test leaves more of it behind."""

from __future__ import annotations

import os
import time
from typing import NamedTuple


class Held(NamedTuple):
    """Open file descriptors, and threads, those of C libraries too."""

    descriptors: int
    threads: int


def held() -> Held:
    return Held(len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))


def left_over(before: Held, within_s: float = 5.0) -> list[str]:
    """What is held beyond `before`, once it had some time to go; empty: nothing.

    Less than before is no fault: a thread of an earlier test may end meanwhile.
    """
    end_s = time.monotonic() + within_s
    while True:
        more = {name: n - before._asdict()[name] for name, n in held()._asdict().items()}
        found = [f"{count} {name}" for name, count in more.items() if count > 0]
        if not found or time.monotonic() >= end_s:
            return found
        time.sleep(0.02)
