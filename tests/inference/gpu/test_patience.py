"""A clock that the GPU, the thread's naps and its looks share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.inference.gpu.patience import Patience

LOOK_S = 5e-6
WOKEN_LATE_S = 100e-6


class Bench:
    """One thread that gives the GPU work and waits for it."""

    def __init__(self) -> None:
        self.now_s = 10.0
        self.asleep_s = self.looking_s = 0.0
        self.in_driver = 0
        self._ends_s = 0.0
        self._patience = Patience(lambda: self.now_s, self._nap)

    def late_s(self, work_s: float, own_s: float = 0.0) -> float:
        """How long after the work's end the thread goes on, after own_s of something else."""
        self._patience.begin()
        self._ends_s = self.now_s + work_s
        self.now_s += own_s
        self._patience.wait(self._done, self._sleep_until_done)
        assert self.now_s >= self._ends_s
        return self.now_s - self._ends_s

    def _nap(self, seconds: float) -> None:
        assert seconds > 0
        self.asleep_s += seconds
        self.now_s += seconds + WOKEN_LATE_S

    def _done(self) -> bool:
        self.now_s += LOOK_S
        self.looking_s += LOOK_S
        return self.now_s >= self._ends_s

    def _sleep_until_done(self) -> None:
        self.in_driver += 1
        self.now_s = max(self.now_s, self._ends_s) + WOKEN_LATE_S


@pytest.mark.parametrize("work_s", [0.0004, 0.002, 0.01])
def test_steady_work_is_slept_through_and_its_end_is_seen_at_once(work_s: float) -> None:
    bench = Bench()
    for _ in range(10):
        bench.late_s(work_s)
    bench.looking_s = bench.asleep_s = 0.0
    late_s = [bench.late_s(work_s) for _ in range(20)]
    assert max(late_s) <= 2 * LOOK_S
    assert bench.looking_s < 20 * 0.3e-3
    assert bench.asleep_s >= 20 * (work_s - 0.3e-3)


def test_the_first_long_work_is_waited_for_in_the_driver() -> None:
    bench = Bench()
    assert bench.late_s(0.02) == pytest.approx(WOKEN_LATE_S)
    assert bench.in_driver == 1
    assert bench.looking_s < 1.1e-3


def test_one_slow_piece_of_work_makes_no_later_nap_too_long() -> None:
    bench = Bench()
    for _ in range(10):
        bench.late_s(0.003)
    bench.late_s(0.5)
    assert bench.late_s(0.003) <= 2 * LOOK_S


def test_a_gpu_that_became_quicker_is_overslept_a_few_times_only() -> None:
    bench = Bench()
    for _ in range(10):
        bench.late_s(0.004)
    late_s = [bench.late_s(0.002) for _ in range(10)]
    assert max(late_s) < 0.002
    assert late_s[-1] <= 2 * LOOK_S


def test_work_that_was_done_before_anybody_asked_costs_one_look_and_teaches_nothing() -> None:
    bench = Bench()
    for _ in range(10):
        bench.late_s(0.003)
    for _ in range(5):
        assert bench.late_s(0.003, own_s=0.1) < 0.098
    assert bench.late_s(0.003) <= 2 * LOOK_S


@given(st.lists(st.floats(1e-5, 0.05), min_size=1, max_size=30))
def test_whatever_comes_it_is_done_when_the_wait_is_over(works_s: list[float]) -> None:
    bench = Bench()
    for work_s in works_s:
        assert bench.late_s(work_s) < 0.06
