"""What this machine gives a process that does nothing but wake every 5 ms, with the urgency of the
daemon's sender: the yardstick beside its cycle times. Ends with its standard input; prints the
deviations of 20 ms as JSON.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import suppress

TICK_S, CYCLE_S = 0.005, 0.02


def main() -> None:
    with suppress(OSError):  # not root: neither is the sender
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    sent: list[float] = []
    start_s = due_s = next_s = time.monotonic()
    while not select.select([sys.stdin], [], [], max(0.0, due_s - time.monotonic()))[0]:
        now_s = time.monotonic()
        if now_s >= next_s:  # as the daemon's cyclic messages: a missed one is not caught up
            sent.append(now_s)
            next_s = start_s + (int((now_s - start_s) / CYCLE_S) + 1) * CYCLE_S
        due_s += (int((now_s - due_s) / TICK_S) + 1) * TICK_S
    gaps = sorted(abs(sent[i + 1] - sent[i] - CYCLE_S) for i in range(len(sent) - 1))
    if gaps:
        at = {f"p{p:g}": gaps[min(len(gaps) - 1, int(p / 100 * len(gaps)))] for p in (50, 99, 99.9)}
        print(json.dumps({**at, "max": gaps[-1]}))


if __name__ == "__main__":
    main()
