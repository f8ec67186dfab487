"""The soak's own parts: its schedule, its statistics and its reading of logs can be wrong, too."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
from soak_parts.daemon import read_metrics  # noqa: E402
from soak_parts.faults import KINDS  # noqa: E402
from soak_parts.figures import growth, jitter_s, joined, touches  # noqa: E402
from soak_parts.log import Log  # noqa: E402
from soak_parts.schedule import plan  # noqa: E402

from drag_edge.adas.events import EVENTS  # noqa: E402


def test_half_an_hour_has_a_fault_every_minute_and_every_kind_twice() -> None:
    planned = plan(KINDS, 1800.0, 60.0, seed=1)
    assert [one.at_s for one in planned] == [60.0 * minute for minute in range(1, 30)]
    assert min(Counter(one.kind.name for one in planned).values()) >= 2
    assert {one.kind.name for one in planned} == {kind.name for kind in KINDS}


def test_the_same_seed_gives_the_same_schedule_and_another_one_another() -> None:
    assert plan(KINDS, 1800.0, 60.0, seed=1) == plan(KINDS, 1800.0, 60.0, seed=1)
    assert plan(KINDS, 1800.0, 60.0, seed=1) != plan(KINDS, 1800.0, 60.0, seed=2)


@given(st.floats(0, 4000), st.floats(1, 100), st.integers(0, 1000))
def test_every_fault_is_over_before_the_end(seconds: float, every_s: float, seed: int) -> None:
    for one in plan(KINDS, seconds, every_s, seed):
        assert 0 < one.at_s <= seconds - every_s + 1e-6
        assert 0 < one.hold_s <= every_s / 3
        assert one.target in one.kind.targets


def test_faults_wait_for_events_that_there_are() -> None:
    for kind in KINDS:
        assert {*kind.named, *kind.recovered} <= set(EVENTS), kind.name


def test_growth_of_a_line_is_what_it_rises() -> None:
    times = np.arange(0.0, 600.0)
    grown = growth(times, 100_000 + 10 * times)
    assert grown is not None
    assert grown.fitted == pytest.approx(0.0599, abs=1e-4)
    assert grown.ends == pytest.approx(0.054, abs=2e-3)


def test_one_peak_in_the_middle_is_no_growth_and_too_few_values_are_no_verdict() -> None:
    levels = np.full(600, 1000.0)
    levels[300] = 5000.0
    grown = growth(np.arange(600.0), levels)
    assert grown is not None
    assert grown.ends == 0.0
    assert abs(grown.fitted) < 1e-3
    assert growth([1.0], [1.0]) is None


def test_jitter_leaves_out_what_could_not_be_heard() -> None:
    times = [0.0, 0.02, 0.045, 0.065, 3.0, 3.02]
    assert jitter_s(times, 0.02, []) == pytest.approx([0, 0.005, 0, 2.915, 0], abs=1e-9)
    assert jitter_s(times, 0.02, [(1.0, 2.0)]) == pytest.approx([0, 0.005, 0, 0], abs=1e-9)
    assert len(jitter_s([1.0], 0.02, [])) == 0


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)).map(lambda s: (s[0], sum(s))))


@given(spans, st.integers(0, 60), st.integers(0, 5))
def test_a_moment_touches_joined_spans_where_it_touches_any(
    some: list[tuple[float, float]], start: int, length: int
) -> None:
    together = joined(some)
    assert together == sorted(together)
    expected = any(a <= start + length and start <= b for a, b in some)
    assert touches(start, start + length, together) == expected


def test_events_are_read_with_their_source_and_what_has_no_name_is_kept() -> None:
    log = Log()
    for line in (
        "WARNING drag_edge.events: bus_off: /tmp/a:b/ttyCAN: Input/output error",
        "INFO drag_edge.events: camera_recovered: front: pictures again",
        "ERROR drag_edge.supervisor: settings refused: drag-edge.yaml:3:1: no",
        "[h264 @ 0x55d0c8] error while decoding MB 12 7",
        "[h264 @ 0x55d0d9] error while decoding MB 3 14",
        "",
    ):
        log.take(line, 1.0)
    assert [(one.name, one.source) for one in log.events] == [
        ("bus_off", "/tmp/a:b/ttyCAN"),
        ("camera_recovered", "front"),
    ]
    assert not log.unnamed
    assert list(log.foreign.values()) == [2]


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        "ValueError: x",
        "Fatal Python error: Segmentation fault",
        "ERROR drag_edge.service.http: /metrics",
        "WARNING drag_edge.events: never_heard_of: front: what",
    ],
)
def test_what_should_not_be_in_a_log_is_found(line: str) -> None:
    log = Log()
    log.take(line, 1.0)
    assert log.unnamed


def test_waiting_ends_with_the_event_or_with_the_time() -> None:
    log = Log()
    log.take("INFO drag_edge.events: camera_lost: front: gone", 5.0)
    assert log.wait_for(lambda told: told.name == "camera_lost", 4.0, 0.0) is not None
    assert log.wait_for(lambda told: told.name == "camera_lost", 6.0, 0.0) is None


def test_metrics_are_read_with_their_labels() -> None:
    page = (
        "# HELP drag_edge_rounds_total x\n# TYPE drag_edge_rounds_total counter\n"
        'drag_edge_rounds_total 12.0\ndrag_edge_camera_up{camera="front"} 1.0\n'
        'drag_edge_round_duration_seconds_bucket{le="+Inf"} 3.0\n'
    )
    assert read_metrics(page) == {
        "drag_edge_rounds_total": 12.0,
        'drag_edge_camera_up{camera="front"}': 1.0,
        'drag_edge_round_duration_seconds_bucket{le="+Inf"}': 3.0,
    }
