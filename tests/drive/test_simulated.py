"""The demo models drive the simulated car through the bus: pictures in, CAN out, plant and back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from drag_edge.adas.decision import AebStage, BsdLevel
from drag_edge.perception.scene import LightState
from drag_edge.sim.outcome import Outcome
from tests.drive.drives import REPOSITORY, Drive, drive, simulated

pytestmark = pytest.mark.slow

BRAKING = (AebStage.PARTIAL, AebStage.FULL)
LIT = (BsdLevel.OCCUPIED, BsdLevel.WARN)


def outcome(done: Drive) -> Outcome:
    assert done.session is not None
    return done.session.outcome()


def assert_log_is_right(log: Path) -> None:
    """Every frame decodes with cantools and passes the independent E2E package."""
    pytest.importorskip("e2e", reason="autosar-e2e has wheels for x86-64 only")
    judged = subprocess.run(
        [sys.executable, str(REPOSITORY / "tools" / "check_can_log.py"), str(log)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_on_the_highway_it_keeps_lane_and_gap_for_a_minute(tmp_path: Path) -> None:
    done = drive("demo.yaml", simulated("highway", tmp_path))
    came = outcome(done)
    assert came.duration_s >= 59.9
    assert not came.collisions
    assert len(came.lanes) == 1
    assert came.max_lane_offset_m < 0.5
    assert came.driven_share > 0.9
    assert came.steered_share > 0.9
    assert not any(d.aeb.stage in BRAKING or d.aeb.warning for d in done.decisions)
    settled = [t for t in done.truths if t.time_s > 10.0 and t.lead is not None]
    gaps_s = [t.lead.gap_m / t.ego.speed_mps for t in settled if t.lead is not None]
    assert min(gaps_s) > 0.8  # ISO 15622: never less
    assert 1.2 < sum(gaps_s) / len(gaps_s) < 2.4  # the middle setting is 1.5 s
    assert_log_is_right(tmp_path / "can.log")


def test_a_cut_in_does_not_end_in_a_collision(tmp_path: Path) -> None:
    done = drive("demo.yaml", simulated("cut-in", tmp_path))
    came = outcome(done)
    assert not came.collisions
    assert len(came.lanes) == 1
    assert came.driven_share > 0.8
    assert any(scene.lead is not None for scene in done.scenes)


def test_when_overtaken_on_the_right_only_the_right_mirror_lights(tmp_path: Path) -> None:
    done = drive("demo.yaml", simulated("overtaken", tmp_path, side_fps=20))
    assert not outcome(done).collisions
    assert any(d.bsd.right in LIT for d in done.decisions)
    assert any(d.bsd.right is BsdLevel.WARN for d in done.decisions)
    assert not any(d.bsd.left in LIT for d in done.decisions)


def test_at_a_traffic_light_its_states_and_the_stop_line_are_seen(tmp_path: Path) -> None:
    done = drive("demo.yaml", simulated("traffic-light", tmp_path))
    assert not outcome(done).collisions
    seen = {s.traffic_light.state for s in done.scenes if s.traffic_light is not None}
    assert {LightState.RED, LightState.GREEN} <= seen
    assert any(mark.label == "stop_line" for s in done.scenes for mark in s.marks or ())
    assert not any(d.aeb.stage in BRAKING for d in done.decisions)


def test_the_same_drive_is_the_same_to_the_bit(tmp_path: Path) -> None:
    logs = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        channel = "vehicle.can.channel=same"
        drive("demo.yaml", [*simulated("highway", folder, side_fps=20), channel], seconds=3.0)
        logs.append((folder / "can.log").read_bytes())
    assert len(logs[0]) > 10_000
    assert logs[0] == logs[1]
