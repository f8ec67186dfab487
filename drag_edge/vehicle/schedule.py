"""When each cyclic message is due, spread over time so that frames do not leave in bursts."""

from __future__ import annotations

from collections.abc import Mapping

TICK_S = 0.005  # how often the sender is to be stepped: the grid on which messages are spread
NEARLY_S = 1e-9


def spread_offsets_s(cycle_times_s: Mapping[str, float], first: str) -> dict[str, float]:
    """An offset for each message, a multiple of TICK_S below its cycle time; `first` has 0.

    Greedy, the shortest cycle first: each takes the place whose busiest tick is least busy.
    """
    ticks = {name: max(1, round(cycle_s / TICK_S)) for name, cycle_s in cycle_times_s.items()}
    load = [0] * max(ticks.values(), default=1)
    offsets = {}
    for name in sorted(ticks, key=lambda name: (name != first, ticks[name])):
        period = ticks[name]
        best = min(range(period), key=lambda start: (max(load[start::period]), start))
        for tick in range(best, len(load), period):
            load[tick] += 1
        offsets[name] = best * TICK_S
    return offsets


class Due:
    """One message's due times: first + n · cycle time; missed ones are not caught up."""

    def __init__(self, first_s: float, cycle_time_s: float) -> None:
        self.next_s = first_s
        self._first_s = first_s
        self._cycle_time_s = cycle_time_s

    def is_due(self, now_s: float) -> bool:
        """Whether to send now; moves on to the next due time after now when it says yes."""
        if now_s < self.next_s - NEARLY_S:
            return False
        passed = int((now_s - self._first_s + NEARLY_S) / self._cycle_time_s)
        # Multiples, not sums: no drift after hours.
        self.next_s = self._first_s + (passed + 1) * self._cycle_time_s
        return True
