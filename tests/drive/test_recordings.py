"""Real recordings with public models: both own lines are found, and nothing brakes or warns."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path

import pytest

from drag_edge.adas.decision import AebStage
from tests.drive.drives import Camera, Drive, drive, recorded, steady_vehicle_log

pytestmark = pytest.mark.slow

# Prefill readies the brakes; nobody feels or hears it.
QUIET = (AebStage.OFF, AebStage.READY, AebStage.PREFILL)

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


KITTI_LENS = "{width: 1242, height: 375, fx: 721.5, fy: 721.5, cx: 609.6, cy: 172.9}"
KITTI_CAMERA_X_M = 1.6
LIDAR_BEHIND_CAMERA_M = 0.27


@pytest.mark.parametrize("speed_mps", [3.0, 8.0])
def test_on_a_real_slow_approach_the_range_is_right_and_nobody_brakes_or_warns(
    speed_mps: float, shared_data: Path, tmp_path: Path
) -> None:
    """Time to collision never was below 5.9 s. The own speed is unknown: a slow and a brisk one."""
    folder = shared_data / "kitti_seq"
    log = steady_vehicle_log(tmp_path / "vehicle.log", speed_mps, 9.0)
    camera = Camera(KITTI_LENS, f"{{x: {KITTI_CAMERA_X_M}, y: 0.0, z: 1.65}}")
    overrides = recorded(folder / "image_02", shared_data / "models", log, camera)
    done = drive("video.yaml", [*overrides, "cameras.front.fps=10"])
    with (folder / "lead_distance_from_lidar.csv").open() as rows:
        measured_m = [float(row["lead_rear_x_m_velodyne"]) for row in csv.DictReader(rows)]
    assert len(done.scenes) == len(measured_m)
    errors = [
        abs((scene.lead.x_m - KITTI_CAMERA_X_M) / (lidar_m - LIDAR_BEHIND_CAMERA_M) - 1)
        for scene, lidar_m in zip(done.scenes, measured_m, strict=True)
        if scene.lead is not None
    ]
    assert len(errors) > 0.8 * len(measured_m)
    assert statistics.median(errors) < 0.10
    assert done.decisions[-1].aeb.stage is not AebStage.OFF
    assert calm(done)
