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


def scheduling_of_step(*, urgent: bool) -> tuple[int, int]:
    """Policy and niceness that a real clock's thread has while it works."""
    found: queue.Queue[tuple[int, int]] = queue.Queue()

    def step(_: float) -> None:
        me = threading.get_native_id()
        found.put((os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, me)))

    running = SystemClock().every(0.005, step, "step", urgent=urgent)
    try:
        return found.get(timeout=10)
    finally:
        running.stop()


def refuse(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def ordinary() -> tuple[int, int]:
    return os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may go before others")
def test_an_urgent_step_goes_before_the_others_by_what_the_system_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = ordinary()
    assert scheduling_of_step(urgent=False) == before
    policy, _ = scheduling_of_step(urgent=True)
    if policy == before[0]:
        pytest.skip("this machine gives root no real-time scheduling")
    assert policy & os.SCHED_FIFO
    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    policy, niceness = scheduling_of_step(urgent=True)
    assert policy == before[0]
    assert niceness < before[1]
    assert ordinary() == before


def test_an_urgent_step_runs_where_nothing_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "setpriority", refuse)
    assert scheduling_of_step(urgent=True) == ordinary()


def test_a_computer_that_does_not_sleep_is_known_not_to() -> None:
    clock = SystemClock()
    before_s = clock.asleep_s()
    time.sleep(0.05)
    assert clock.asleep_s() - before_s == pytest.approx(0.0, abs=0.02)
    assert VirtualClock(start_s=7.0).asleep_s() == 0.0
