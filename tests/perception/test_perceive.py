"""The room as a whole: time, what is missing, events, determinism, cost."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drag_edge.config.cameras import Role
from drag_edge.config.perception import PerceptionSettings
from drag_edge.inference.results import Detections, Perceived
from drag_edge.perception.answers import sort_answers
from drag_edge.perception.ego import EgoState
from drag_edge.perception.perceive import Perception
from drag_edge.perception.scene import Scene
from tests.perception.synthetic import (
    BODY,
    FRONT,
    LEFT,
    RIGHT,
    Cuboid,
    Line,
    detect,
    look,
    paint,
    perceived,
    perception,
)

ROAD = paint([Line(1.75), Line(-1.75)])
CARS = [Cuboid(30.0, 0.0), Cuboid(22.0, 3.5), Cuboid(45.0, -3.5)]


def names(scene: Scene) -> set[str]:
    return {event.name for event in scene.events}


def drive(seed: int = 0, frames: int = 40) -> list[Scene]:
    rng = np.random.default_rng(seed)
    room = perception()
    return [
        look(room, frame * 0.05, detect(FRONT, CARS, rng, 1.0, dropout=0.1), ROAD)
        for frame in range(frames)
    ]


def test_a_whole_scene_is_understood() -> None:
    scene = drive()[-1]
    assert scene.lanes is not None
    assert scene.lead is not None
    assert scene.lead.x_m == pytest.approx(30.0, rel=0.08)
    assert len(scene.tracks) == 3
    assert scene.marks is None, "no model looks for marks"
    assert scene.traffic_light is None
    assert scene.events == ()
    assert scene.time_s == pytest.approx(39 * 0.05)


def test_the_same_frames_give_the_same_scenes_to_the_bit() -> None:
    assert drive(3) == drive(3)


def test_without_a_front_frame_the_scene_keeps_its_time() -> None:
    room = perception()
    for frame in range(10):
        scene = look(room, frame * 0.05, detect(FRONT, CARS), ROAD)
    later = room.understand({}, EgoState(0.9), 0.9)
    assert later.time_s == scene.time_s
    assert later.tracks == scene.tracks
    assert later.events == ()
    assert later.ego.time_s == 0.9


@pytest.mark.parametrize("jump_s", [-5.0, -0.02, 5.0])
def test_a_clock_that_jumps_is_named_and_all_starts_anew(jump_s: float) -> None:
    room = perception()
    for frame in range(20):
        look(room, 100.0 + frame * 0.05, detect(FRONT, CARS), ROAD)
    scene = look(room, 100.95 + jump_s, detect(FRONT, CARS), ROAD)
    assert names(scene) == {"clock_jump"}
    assert scene.lead is None
    assert scene.tracks == ()
    for frame in range(1, 12):
        scene = look(room, 100.95 + jump_s + frame * 0.05, detect(FRONT, CARS), ROAD)
    assert scene.lead is not None, "recovered well within a second"
    assert scene.events == ()


def test_a_frame_that_comes_twice_counts_once() -> None:
    room = perception()
    for _ in range(20):
        scene = look(room, 1.0, detect(FRONT, CARS), ROAD)
    assert scene.tracks == ()
    assert scene.events == ()


def test_lost_lanes_and_a_silent_segmenter_are_named() -> None:
    room = perception()
    for frame in range(10):
        look(room, frame * 0.05, detect(FRONT, CARS), ROAD)
    seen: set[str] = set()
    for frame in range(10, 30):
        scene = look(room, frame * 0.05, detect(FRONT, CARS), None)
        seen |= names(scene)
    assert scene.lanes is None
    assert {"road_unavailable", "lanes_lost"} <= seen
    assert scene.path.source.value == "straight"


def test_a_range_that_jumps_is_named() -> None:
    room = perception()
    box = np.array([[560.0, 300.0, 720.0, 430.0]], np.float32)
    near = np.array([[480.0, 240.0, 800.0, 500.0]], np.float32)
    seen: set[str] = set()
    since_s: list[float] = []
    for frame in range(30):
        rows = box if frame < 15 else near
        result = Detections(rows, np.array([0.9], np.float32), ("car",))
        scene = look(room, frame * 0.05, result, ROAD)
        jumped = "range_jump" in names(scene)
        seen |= names(scene)
        since_s += [track.since_jump_s for track in scene.tracks or ()]
        assert not jumped or since_s[-1] == 0.0
    assert "range_jump" in seen
    assert since_s[5] == math.inf
    assert 0.3 < since_s[-1] < 0.8


def test_a_remounted_camera_is_named() -> None:
    room = perception()
    limit = PerceptionSettings().pitch.max_rad
    seen: set[str] = set()
    for frame in range(100):
        pitch = min(frame * 0.002, limit + 0.02)
        road = paint([Line(1.75), Line(-1.75)], pitch_rad=pitch)
        scene = look(room, frame * 0.05, detect(FRONT, []), road)
        seen |= names(scene)
    assert "pitch_implausible" in seen
    assert scene.pitch_rad <= limit


def test_an_empty_answer_of_another_model_is_not_no_road_users() -> None:
    empty = np.empty((0, 4), np.float32), np.empty(0, np.float32), ()
    signal = Detections(*empty, vocabulary=("traffic_light_red", "traffic_light_green"))
    frame = Perceived("front", 0, 0.0, 1280, 720, {"signal": signal, "objects": None})
    answers = sort_answers(frame)
    assert answers.road_users is None
    assert answers.lights == (signal,)
    assert answers.failed
    room = perception()
    for index in range(20):
        time_s = index * 0.05
        results = {"signal": signal}
        frame = Perceived("front", index, time_s, 1280, 720, results)
        scene = room.understand({"front": frame}, EgoState(time_s), time_s)
    assert scene.tracks is None


def test_identities_are_not_used_again_after_a_new_beginning() -> None:
    """Who was braked for, warned of or passed by is remembered by its identity."""
    room = perception(sides=True)
    seen: list[set[int]] = []
    for begun in range(3):
        ids: set[int] = set()
        for step in range(10):
            time_s = begun + step * 0.05
            frames = {
                "front": perceived(time_s, detect(FRONT, [Cuboid(40.0, 0.0)])),
                "left": perceived(time_s, detect(LEFT, [Cuboid(-12.0, 3.5)]), None, "left"),
            }
            scene = room.understand(frames, EgoState(time_s, speed_mps=15.0), time_s)
            ids |= {track.id for track in (*(scene.tracks or ()), *(scene.side_tracks or ()))}
        assert len(ids) == 2
        seen.append(ids)
        room.begin(PerceptionSettings(), {"front": FRONT, "left": LEFT, "right": RIGHT}, BODY)
    assert len(set.union(*seen)) == 6


def test_a_turn_is_over_below_walking_speed_too() -> None:
    """After it the car straight ahead is the lead again, however slowly the ego drives."""
    room = perception()
    for step in range(140):
        turning, time_s = step < 60, step * 0.05
        speed, yaw_rate = (2.5, 0.4) if turning else (1.5, 0.0)
        ego = EgoState(time_s, speed_mps=speed, yaw_rate_radps=yaw_rate, accel_mps2=0.0)
        seen = detect(FRONT, [] if turning else [Cuboid(9.65, 0.0)])
        scene = look(room, time_s, seen, None, ego)
    assert scene.path.curvature_1pm == pytest.approx(0.0, abs=0.002)
    assert scene.lead is not None


def test_marks_come_nearer_between_looks() -> None:
    room = perception()
    mark = Detections(
        np.array([[500, 420, 780, 430]], np.float32),
        np.array([0.9], np.float32),
        ("stop_line",),
        vocabulary=("stop_line",),
    )
    distances = []
    for index in range(16):
        time_s = index * 0.05
        results = {"split": mark} if index == 0 else {}
        frame = Perceived("front", index, time_s, 1280, 720, results)
        ego = EgoState(time_s, speed_mps=10.0)
        scene = room.understand({"front": frame}, ego, time_s)
        distances.append(scene.marks[0].distance_m if scene.marks else None)
    assert distances[4] == pytest.approx(distances[0] - 2.0)
    assert distances[-1] is None, "half a second later it is no longer believed"


def test_two_front_cameras_are_refused() -> None:
    cameras = {"a": FRONT, "b": FRONT}
    with pytest.raises(ValueError, match="more than one front camera"):
        Perception(PerceptionSettings(), cameras, dict.fromkeys(cameras, Role.FRONT), BODY)


def test_without_any_front_camera_the_scene_is_that_of_the_sides() -> None:
    room = Perception(PerceptionSettings(), {}, {}, BODY)
    scene = room.understand({}, EgoState(2.0), 2.0)
    assert scene.time_s == 2.0
    assert scene.tracks is None


def test_other_models_failures_do_not_matter() -> None:
    room = perception()
    for index in range(10):
        frame = perceived(index * 0.05, detect(FRONT, CARS), ROAD)
        broken = Perceived(
            "front",
            index,
            frame.time_s,
            1280,
            720,
            {**frame.results, "signal": None, "split": None},
        )
        scene = room.understand({"front": broken}, EgoState(frame.time_s), frame.time_s)
    assert scene.lead is not None
    assert {event.name for event in scene.events} == {"model_output_missing"}
