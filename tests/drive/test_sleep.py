"""A computer that sleeps (suspend) while it drives: its clock stands still, the world does not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from drag_edge.assemble import assembled
from drag_edge.config.load import load
from drag_edge.daemon import Tick
from drag_edge.frames.feed import Sample
from tests.drive.drives import CONFIGS, simulated


def test_after_sleeping_nothing_that_was_seen_before_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(CONFIGS / "demo.yaml", simulated("highway", tmp_path))
    ticks: list[tuple[Sample, Tick]] = []
    slept_s = 0.0
    with assembled(settings, headless=True) as (daemon, _):
        tick = daemon.tick

        def watched(sample: Sample) -> Tick:
            ticks.append((sample, tick(sample)))
            return ticks[-1][1]

        monkeypatch.setattr(daemon, "tick", watched)
        monkeypatch.setattr(daemon.parts.clock, "asleep_s", lambda: slept_s)
        daemon.run(threading.Event(), frames=12)
        before = ticks[-1][1]
        assert before.scene.tracks is not None
        ticks.clear()
        slept_s = 3600.0
        daemon.run(threading.Event(), frames=13)
    (sample, after), *_ = ticks
    assert not sample.frames
    assert [event.detail for event in after.events if event.name == "clock_jump"] == [
        "slept for 3600.0 s"
    ]
    assert after.scene.tracks is None
    told = [event for _, one in ticks for event in one.events if event.name == "clock_jump"]
    assert len(told) == 1
