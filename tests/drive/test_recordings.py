"""Real recordings with public models: both own lines are found, and nothing brakes or warns."""

from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.adas.decision import AebStage
from tests.drive.drives import Camera, Drive, drive, recorded, steady_vehicle_log

pytestmark = pytest.mark.slow

QUIET = (AebStage.OFF, AebStage.READY)

HIGHWAY_720P = Camera(
    "highway_1280x720.yaml", "{x: 1.6, y: 0.0, z: 1.22, pitch_deg: -1.5, yaw_deg: -1.1}"
)
HIGHWAY_540P = Camera(
    "highway_960x540.yaml", "{x: 1.6, y: 0.0, z: 1.25, pitch_deg: -2.2, yaw_deg: 0.2}"
)

# Frames, camera, and a speed: the clips' own is unknown; this is what their dashes tell, roughly.
CLIPS = {
    "solidWhiteRight.mp4": (221, HIGHWAY_540P, 25.0),
    "highway_test_video.mp4": (38, HIGHWAY_720P, 28.0),
    "highway_small2_truncated.mp4": (100, HIGHWAY_720P, 28.0),
}


def calm(done: Drive) -> bool:
    return all(d.aeb.stage in QUIET and not d.aeb.warning for d in done.decisions)


def share_with_both_lines(done: Drive) -> float:
    found = 0
    for scene in done.scenes:
        sides = () if scene.lanes is None else (scene.lanes.left, scene.lanes.right)
        found += bool(sides) and all(line is not None and line.age_s == 0.0 for line in sides)
    return found / len(done.scenes)


@pytest.mark.parametrize("clip", CLIPS)
def test_on_a_real_clip_both_lines_are_found_and_nobody_brakes_or_warns(
    clip: str, shared_data: Path, tmp_path: Path
) -> None:
    frames, camera, speed_mps = CLIPS[clip]
    log = steady_vehicle_log(tmp_path / "vehicle.log", speed_mps, 12.0)
    overrides = recorded(shared_data / "video" / clip, shared_data / "models", log, camera)
    done = drive("video.yaml", overrides)
    assert len(done.decisions) == frames
    assert done.scenes[-1].ego.speed_mps == pytest.approx(speed_mps, abs=0.1)
    assert done.decisions[-1].aeb.stage is AebStage.READY  # it was able to brake
    assert calm(done)
    assert share_with_both_lines(done) >= 0.9
