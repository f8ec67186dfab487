"""Traffic lights over time, and marks on the road in metres."""

from __future__ import annotations

import numpy as np
import pytest

from drag_edge.config.perception import LightSettings, MarkSettings
from drag_edge.inference.results import Detections
from drag_edge.perception.lights import LightWatch
from drag_edge.perception.marks import locate_marks
from drag_edge.perception.scene import LightState, Path, PathSource, TrafficLight
from tests.perception.synthetic import FRONT, pixels

STRAIGHT = Path(0.0, 0.0, 0.0, PathSource.STRAIGHT)
RED, GREEN, YELLOW = LightState.RED, LightState.GREEN, LightState.YELLOW


def seen(*lights: tuple[float, float, str], height: float = 30.0, score: float = 0.8) -> Detections:
    rows = [(u - height / 6, v - height / 2, u + height / 6, v + height / 2) for u, v, _ in lights]
    return Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        np.full(len(rows), score, np.float32),
        tuple(f"traffic_light{state}" for _, _, state in lights),
    )


def watch(
    frames: list[list[Detections] | None], settings: LightSettings | None = None
) -> list[TrafficLight | None]:
    room = LightWatch(FRONT, 3.65, settings or LightSettings())
    return [room.step(item, STRAIGHT, 0.2 * index) for index, item in enumerate(frames)]


def test_a_state_is_shown_once_it_is_confirmed_and_one_odd_frame_changes_nothing() -> None:
    red, green = [seen((640, 200, "_red"))], [seen((640, 200, "_green"))]
    lights = watch([red, red, red, green, red, red, green, green])
    states = [light.state if light else None for light in lights]
    assert states == [None, RED, RED, RED, RED, RED, RED, GREEN]


def test_the_light_in_the_paths_direction_counts() -> None:
    both = [seen((640, 200, "_red"), (900, 200, "_green"))]
    assert watch([both] * 3)[-1].state is RED
    only_aside = [seen((1270, 200, "_green"))]
    room = LightWatch(FRONT, 3.65, LightSettings(max_bearing_rad=0.3))
    assert [room.step(only_aside, STRAIGHT, 0.1 * i) for i in range(3)][-1] is None


def test_the_path_may_turn_towards_another_light() -> None:
    both = [seen((640, 200, "_red"), (460, 200, "_green"))]
    turning = Path(0.0, 0.0, 2 * 0.18 / 40.0, PathSource.YAW_RATE)
    room = LightWatch(FRONT, 3.65, LightSettings())
    for index in range(3):
        light = room.step(both, turning, 0.1 * index)
    assert light is not None
    assert light.state is GREEN


def test_the_choice_does_not_hop_between_equals() -> None:
    room = LightWatch(FRONT, 3.65, LightSettings())
    rng = np.random.default_rng(1)
    places = set()
    for index in range(40):
        jitter = rng.normal(0, 1.5, 2)
        pair = seen((600 + jitter[0], 200, "_red"), (680 + jitter[1], 200, "_red"))
        light = room.step([pair], STRAIGHT, 0.1 * index)
        if light is not None:
            places.add(light.box_px[0] < 640)
    assert len(places) == 1


def test_a_light_is_held_for_a_moment_and_then_gone() -> None:
    red = [seen((640, 200, "_red"))]
    lights = watch([red, red, None, None, None, [], [], []])
    assert lights[4] is not None
    assert lights[4].state is RED
    assert lights[4].age_s == pytest.approx(0.6)
    assert lights[7] is None


def test_a_second_models_stateless_light_does_not_wash_out_the_state() -> None:
    frame = [seen((640, 200, "_yellow")), seen((641, 201, ""))]
    lights = watch([frame] * 4)
    assert lights[-1].state is YELLOW


def test_distance_only_with_a_known_housing() -> None:
    red = [seen((640, 200, "_red"), height=25.0)]
    assert watch([red] * 2)[-1].distance_m is None
    known = watch([red] * 2, LightSettings(housing_height_m=1.0))[-1]
    assert known.distance_m == pytest.approx(1.9 + 1000 / 25 - 3.65)


def test_malformed_lights_are_ignored() -> None:
    bad = Detections(
        np.array([[np.nan, 0, 10, 10], [10, 10, 5, 5], [0, 0, 9, 9]], np.float32),
        np.array([0.9, 0.9, np.nan], np.float32),
        ("traffic_light_red",) * 3,
    )
    assert watch([[bad]] * 4)[-1] is None


def mark_box(x0: float, x1: float, half: float) -> tuple[float, float, float, float]:
    corners = np.array([[x, y, 0.0] for x in (x0, x1) for y in (-half, half)])
    seen_at = pixels(FRONT, corners)
    return (*seen_at.min(axis=0), *seen_at.max(axis=0))


def test_a_stop_line_is_as_far_as_it_is() -> None:
    rows = [mark_box(20.0, 20.4, 1.5), mark_box(9.0, 13.0, 0.4), (600, 100, 650, 120)]
    found = Detections(
        np.array(rows, np.float32),
        np.full(3, 0.9, np.float32),
        ("stop_line", "arrow_left", "stop_line"),
    )
    marks = locate_marks([found], FRONT, 0.0, 3.65, MarkSettings())
    assert [mark.label for mark in marks] == ["arrow_left", "stop_line"]
    assert marks[1].distance_m == pytest.approx(20.0 - 3.65, abs=0.05)
    assert marks[1].y_m == pytest.approx(0.0, abs=0.02)


def test_marks_far_aside_weak_or_malformed_are_left_out() -> None:
    row = mark_box(20.0, 20.4, 1.5)
    for box, score in (
        (row, 0.1),
        ((row[2], row[3], row[0], row[1]), 0.9),
        ((row[0], row[1], row[2], np.nan), 0.9),
        ((0.0, 380.0, 40.0, 420.0), 0.9),
    ):
        found = Detections(
            np.array([box], np.float32), np.array([score], np.float32), ("stop_line",)
        )
        assert locate_marks([found], FRONT, 0.0, 3.65, MarkSettings()) == ()
