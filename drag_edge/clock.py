"""The one clock. Everything that runs by time is given one; nobody asks the system."""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

Step = Callable[[float], None]
_URGENT_PRIORITY = 1
_URGENT_NICE = -15


class Periodic(Protocol):
    """A running periodic step."""

    def stop(self) -> None:
        """Stop and, on a real clock, join. Idempotent."""


class Clock(Protocol):
    """Monotonic seconds, and steps that run by them."""

    def now_s(self) -> float:
        """Monotonic time, seconds."""

    def asleep_s(self) -> float:
        """How long the computer has slept (suspend) so far, seconds: now_s stands still then."""

    def every(self, period_s: float, step: Step, name: str, *, urgent: bool = False) -> Periodic:
        """Call step(now_s) every period_s: in its own thread on a real clock, in virtual time's
        order on a virtual one. The step must not raise. urgent: before the process's other threads
        where the system allows that."""


class SystemClock:
    """The machine's monotonic clock; each periodic step has a thread of its own."""

    def now_s(self) -> float:
        """Monotonic time, seconds."""
        return time.monotonic()

    def asleep_s(self) -> float:
        """Linux counts it in one of its two clocks only."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)

    def every(self, period_s: float, step: Step, name: str, *, urgent: bool = False) -> Periodic:
        """Run `step` at fixed multiples of `period_s`; a late step does not shift the next ones."""
        return _PeriodicThread(period_s, step, name, urgent)


class _PeriodicThread:
    def __init__(self, period_s: float, step: Step, name: str, urgent: bool) -> None:
        self._period_s = period_s
        self._step = step
        self._urgent = urgent
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        if self._urgent:
            _go_first()
        due_s = time.monotonic()
        while not self._stop.wait(max(0.0, due_s - time.monotonic())):
            now_s = time.monotonic()
            self._step(now_s)
            # Missed periods are skipped, not caught up in a burst.
            periods = max(1, int((time.monotonic() - due_s) / self._period_s) + 1)
            due_s += periods * self._period_s

    def stop(self) -> None:
        """Stop and join."""
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)


def _go_first() -> None:
    """This thread before others: in real time at the least priority, or else by its niceness, which
    Linux keeps for each thread. The unit allows both, a person's shell need not.
    """
    try:
        # What this thread starts is ordinary again.
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(_URGENT_PRIORITY))
    except OSError:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _URGENT_NICE)


class VirtualClock:
    """Time that moves only when told to; steps run in order of their due time, to the bit.

    pace: 0 runs as fast as it can; 1 keeps real time (sleeps), 2 twice as fast.
    """

    def __init__(self, start_s: float = 0.0, pace: float = 0.0) -> None:
        self._now_s = start_s
        self._pace = pace
        self._wall_start_s = time.monotonic()
        self._virtual_start_s = start_s
        self._order = itertools.count()
        self._due: list[tuple[float, int, _VirtualPeriodic]] = []

    def now_s(self) -> float:
        """Virtual time, seconds."""
        return self._now_s

    def asleep_s(self) -> float:
        """Virtual time knows no sleep."""
        return 0.0

    def every(self, period_s: float, step: Step, name: str, *, urgent: bool = False) -> Periodic:
        """Run `step` at now, now + period, … as time is advanced."""
        periodic = _VirtualPeriodic(self._now_s, period_s, step)
        heapq.heappush(self._due, (self._now_s, next(self._order), periodic))
        return periodic

    def advance_to(self, time_s: float) -> None:
        """Move time forward to time_s, running every step due on the way; never moves back."""
        while self._due and self._due[0][0] <= time_s + 1e-9:
            due_s, _, periodic = heapq.heappop(self._due)
            if periodic.stopped:
                continue
            self._now_s = max(self._now_s, due_s)
            periodic.step(self._now_s)
            periodic.count += 1
            # Multiples of the period, not sums: no drift after an hour of 10 ms steps.
            next_s = periodic.start_s + periodic.count * periodic.period_s
            heapq.heappush(self._due, (next_s, next(self._order), periodic))
        self._now_s = max(self._now_s, time_s)
        self._keep_pace()

    def _keep_pace(self) -> None:
        if self._pace <= 0:
            return
        wall_due_s = self._wall_start_s + (self._now_s - self._virtual_start_s) / self._pace
        time.sleep(max(0.0, wall_due_s - time.monotonic()))


class _VirtualPeriodic:
    def __init__(self, start_s: float, period_s: float, step: Step) -> None:
        self.start_s = start_s
        self.period_s = period_s
        self.step = step
        self.count = 0
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True
