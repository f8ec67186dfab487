"""Side cameras: who is in the zone, who comes from behind, when it starts and ends."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from drag_edge.config.body import BodySettings
from drag_edge.config.perception import BlindSpotSettings, PerceptionSettings, ZoneSettings
from drag_edge.perception.blind_spot import BlindSpotWatch
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import BlindSpot, Scene, Track
from tests.perception.synthetic import (
    LEFT,
    RIGHT,
    Cuboid,
    detect,
    perceived,
    perception,
)

TAIL_X = -0.95
ZONE_FROM_X = TAIL_X - 3.0
EYE_X = 1.6


def pass_by(
    closing_mps: float,
    start_x: float,
    side: str = "left",
    aside: float = 3.5,
    seconds: float = 8.0,
    settings: PerceptionSettings | None = None,
    **cuboid: object,
) -> list[tuple[float, bool, Scene]]:
    """Time, whether its body is in the zone, scene; a car whose front starts at start_x."""
    room = perception(settings, sides=True)
    camera, sign = (LEFT, 1) if side == "left" else (RIGHT, -1)
    rng = np.random.default_rng(4)
    history = []
    for frame in range(int(seconds / 0.05)):
        time_s = frame * 0.05
        front_x = start_x + closing_mps * time_s
        car = Cuboid(front_x - 4.4, sign * aside, **cuboid)
        detections = detect(camera, [car], rng, 0.7)
        ego = EgoState(time_s, speed_mps=30.0, accel_mps2=0.0, yaw_rate_radps=0.0)
        frames = {
            "left": perceived(
                time_s, detections if side == "left" else detect(LEFT, []), None, "left"
            ),
            "right": perceived(
                time_s, detections if side == "right" else detect(RIGHT, []), None, "right"
            ),
        }
        scene = room.understand(frames, ego, time_s)
        inside = front_x > ZONE_FROM_X and front_x - 4.4 < EYE_X
        history.append((time_s, inside, scene))
        if front_x > 30:
            break
    return history


def side_of(scene: Scene, side: str) -> BlindSpot:
    found = scene.blind_spot_left if side == "left" else scene.blind_spot_right
    assert found is not None
    return found


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("closing_mps", [5.0, 10.0, 20.0])
def test_an_overtaker_is_announced_in_time_and_on_its_side_only(
    side: str, closing_mps: float
) -> None:
    history = pass_by(closing_mps, -35.0, side, seconds=9.0)
    inside = [time for time, true, _ in history if true]
    warned = [time for time, _, scene in history if side_of(scene, side).occupied]
    assert warned[0] == pytest.approx(inside[0], abs=0.3)
    assert -0.1 <= warned[-1] - inside[-1] <= 1.0
    gaps = np.diff(warned)
    assert gaps.max() < 0.06, "no flicker while it passes"
    other = "right" if side == "left" else "left"
    assert not any(side_of(scene, other).occupied for _, _, scene in history)


def test_who_has_run_out_of_the_mirror_is_forgotten_at_once() -> None:
    history = pass_by(20.0, -35.0)
    ids = [{track.id for track in scene.side_tracks or ()} for _, _, scene in history]
    coasted = [
        max((track.coasted_s for track in scene.side_tracks or ()), default=0.0)
        for _, _, scene in history
    ]
    assert any(ids)
    assert not ids[-1]
    assert 0.0 < max(coasted) <= 0.21, "elsewhere a track unseen is kept for half a second"


@pytest.mark.parametrize("closing_mps", [5.0, 10.0, 20.0])
def test_the_time_to_the_tail_is_told(closing_mps: float) -> None:
    start_x = -15.0 - 4.0 * closing_mps
    history = pass_by(closing_mps, start_x, seconds=9.0)
    checked = 0
    for time_s, _, scene in history:
        gap = -(start_x + closing_mps * time_s) + TAIL_X
        if not 1.0 < gap / closing_mps < 2.0:
            continue
        spot = side_of(scene, "left")
        assert spot.closing_ttc_s == pytest.approx(gap / closing_mps, rel=0.3)
        assert spot.closing_speed_mps == pytest.approx(closing_mps, rel=0.3)
        checked += 1
    assert checked > 5


def test_a_car_we_overtake_is_seen_when_it_falls_back_into_the_zone() -> None:
    history = pass_by(-4.0, 12.0, seconds=6.0)
    visible = [time for time, _, scene in history if scene.side_tracks]
    warned = [time for time, _, scene in history if side_of(scene, "left").occupied]
    inside = [time for time, true, _ in history if true]
    assert warned[0] <= visible[0] + 0.3
    assert -0.1 <= warned[-1] - inside[-1] <= 1.0


def test_two_lanes_over_is_not_in_the_zone() -> None:
    for closing_mps, start_x in ((8.0, -40.0), (-4.0, 12.0)):
        history = pass_by(closing_mps, start_x, aside=7.0)
        assert not any(side_of(scene, "left").occupied for _, _, scene in history)


def test_a_car_behind_in_our_own_lane_is_not_in_the_zone() -> None:
    history = pass_by(0.5, -9.0, aside=0.0, seconds=6.0)
    assert not any(side_of(scene, "left").occupied for _, _, scene in history)
    assert all(side_of(scene, "left").closing_ttc_s is None for _, _, scene in history)


def test_the_zone_is_what_the_config_says() -> None:
    """Also the plain box x −4…−1, y 0…2 m that people start from."""
    toy = ZoneSettings(inner_m=-0.925, outer_m=1.075, behind_m=3.05, eye_x_m=-1.0)
    settings = PerceptionSettings(blind_spot=BlindSpotSettings(zone=toy))
    history = pass_by(6.0, -25.0, settings=settings)
    assert not any(side_of(scene, "left").occupied for _, _, scene in history), (
        "a car in the middle of the next lane never touches that box"
    )
    history = pass_by(6.0, -25.0, settings=settings, aside=2.4)
    assert any(side_of(scene, "left").occupied for _, _, scene in history)


def test_a_side_without_camera_or_answer_is_none() -> None:
    room = perception()
    scene = room.understand({}, EgoState(0.0), 0.0)
    assert scene.blind_spot_left is None
    room = perception(sides=True)
    for frame in range(30):
        time_s = frame * 0.05
        left = detect(LEFT, []) if frame < 10 else None
        frames = {"left": perceived(time_s, left, None, "left")}
        scene = room.understand(frames, EgoState(time_s), time_s)
        assert scene.blind_spot_right is None
        if frame == 9:
            assert scene.blind_spot_left == BlindSpot(False, None, None, None, None, 0.0)
    assert scene.blind_spot_left is None, "a detector that is silent for 1 s knows nothing"


@pytest.mark.parametrize(("age_s", "occupied"), [(0.2, False), (0.4, True)])
def test_how_far_aside_a_young_track_is_counts_as_a_guess(age_s: float, occupied: bool) -> None:
    """Two lanes over, cut by the picture's edge, it seems nearer for its first frames."""
    track = Track(
        id=1, camera="left", label="car", box_px=(0.0, 100.0, 200.0, 300.0), x_m=0.5, y_m=4.6,
        width_m=1.8, gap_m=0.0, range_rate_mps=2.0, speed_mps=20.0, accel_mps2=0.0, vy_mps=0.0,
        ttc_s=None, scale_ttc_s=None, path_overlap=0.0, confidence=0.9, age_s=age_s,
        coasted_s=0.0, frames=6, range_std_m=0.3,
    )  # fmt: skip
    settings = PerceptionSettings()
    watch = BlindSpotWatch(1.0, settings.blind_spot, BodySettings(), settings.tracks.sizes)
    for step in range(4):
        seen = dataclasses.replace(track, frames=6 + step)
        spot = watch.step((seen,), step * 0.05, 0.0)
    assert spot.occupied is occupied
    beside = dataclasses.replace(track, y_m=3.5)
    for step in range(4, 8):
        seen = dataclasses.replace(beside, frames=6 + step)
        spot = watch.step((seen,), step * 0.05 + 1.0, 0.0)
    assert spot.occupied


def test_one_picture_counts_once_however_often_it_is_asked_about() -> None:
    track = Track(
        id=1, camera="left", label="car", box_px=(0.0, 100.0, 200.0, 300.0), x_m=0.5, y_m=3.5,
        width_m=1.8, gap_m=0.0, range_rate_mps=2.0, speed_mps=20.0, accel_mps2=0.0, vy_mps=0.0,
        ttc_s=None, scale_ttc_s=None, path_overlap=0.0, confidence=0.9, age_s=2.0,
        coasted_s=0.0, frames=6, range_std_m=0.3,
    )  # fmt: skip
    settings = PerceptionSettings()
    watch = BlindSpotWatch(1.0, settings.blind_spot, BodySettings(), settings.tracks.sizes)
    for step in range(20):
        assert not watch.step((track,), step * 0.01, 0.0).occupied
    for frames in range(7, 6 + settings.blind_spot.start_frames):
        spot = watch.step((dataclasses.replace(track, frames=frames),), 0.2, 0.0)
    assert spot.occupied


def test_who_was_seen_by_a_camera_that_stands_still_grows_old() -> None:
    room, ages_s = perception(sides=True), []
    for frame in range(16):
        time_s = frame * 0.05
        car = detect(LEFT, [Cuboid(-12.0, 3.5)])
        frames = {"left": perceived(time_s, car, None, "left")} if frame < 10 else {}
        scene = room.understand(frames, EgoState(time_s, speed_mps=20.0), time_s)
        ages_s += [track.coasted_s for track in scene.side_tracks or ()]
    assert ages_s[-7] == 0.0
    assert ages_s[-6:] == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25, 0.3])
