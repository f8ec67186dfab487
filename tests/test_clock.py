from __future__ import annotations

import os
import queue
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.clock import SystemClock, VirtualClock


def test_virtual_steps_run_in_the_order_of_their_due_times() -> None:
    clock = VirtualClock(start_s=5.0)
    ran: list[tuple[str, float]] = []
    clock.every(0.02, lambda t: ran.append(("slow", t)), "slow")
    clock.every(0.01, lambda t: ran.append(("fast", t)), "fast")
    clock.advance_to(5.025)
    assert [name for name, _ in ran] == ["slow", "fast", "fast", "slow", "fast"]
    assert [t for _, t in ran] == pytest.approx([5.0, 5.0, 5.01, 5.02, 5.02])
    assert clock.now_s() == 5.025


@given(st.lists(st.floats(0, 0.3), max_size=30), st.sampled_from([0.005, 0.01, 0.02]))
def test_a_virtual_period_never_drifts_however_time_is_advanced(
    jumps: list[float], period_s: float
) -> None:
    clock = VirtualClock()
    ran: list[float] = []
    clock.every(period_s, ran.append, "step")
    now_s = 0.0
    for jump_s in jumps:
        now_s += jump_s
        clock.advance_to(now_s)
    clock.advance_to(now_s)
    assert ran == pytest.approx([i * period_s for i in range(len(ran))])
    assert len(ran) == int((now_s + 1e-9) / period_s) + 1


def test_virtual_time_never_goes_back_and_stopped_steps_stay_stopped() -> None:
    clock = VirtualClock()
    ran: list[float] = []
    step = clock.every(0.1, ran.append, "step")
    clock.advance_to(0.25)
    step.stop()
    clock.advance_to(0.1)
    assert clock.now_s() == 0.25
    clock.advance_to(1.0)
    assert len(ran) == 3


def test_a_paced_virtual_clock_keeps_real_time() -> None:
    clock = VirtualClock(pace=4.0)
    started_s = time.monotonic()
    clock.advance_to(0.4)
    assert time.monotonic() - started_s >= 0.1


def test_system_steps_run_in_a_thread_until_stopped() -> None:
    ran = threading.Semaphore(0)
    step = SystemClock().every(0.005, lambda _: ran.release(), "step")
    assert all(ran.acquire(timeout=2) for _ in range(3))
    step.stop()
    while ran.acquire(blocking=False):
        pass
    assert not ran.acquire(timeout=0.05)


def niceness_of_step(*, urgent: bool) -> int:
    """What a real clock's thread has while it works."""
    found: queue.Queue[int] = queue.Queue()

    def step(_: float) -> None:
        found.put(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    running = SystemClock().every(0.005, step, "step", urgent=urgent)
    try:
        return found.get(timeout=10)
    finally:
        running.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may go before others")
def test_an_urgent_step_goes_before_the_others() -> None:
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert niceness_of_step(urgent=False) == mine
    assert niceness_of_step(urgent=True) < mine
    assert os.getpriority(os.PRIO_PROCESS, 0) == mine


def test_an_urgent_step_runs_where_that_is_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "setpriority", refuse)
    assert niceness_of_step(urgent=True) == os.getpriority(os.PRIO_PROCESS, 0)
