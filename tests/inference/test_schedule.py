from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config.models import ModelSettings
from drag_edge.frames.frame import Frame
from drag_edge.inference.schedule import Schedule

IMAGE = np.zeros((2, 2, 3), np.uint8)


def runs(schedule: Schedule, times_s: list[float], camera: str = "front") -> list[float]:
    return [
        time_s
        for index, time_s in enumerate(times_s)
        if schedule.due(Frame(camera, index, time_s, IMAGE))
    ]


def settings(**fields: object) -> ModelSettings:
    return ModelSettings(file=Path("model.onnx"), **fields)  # type: ignore[arg-type]


def test_every_frame_by_default() -> None:
    times_s = [0.0, 0.05, 0.1]
    assert runs(Schedule(settings()), times_s) == times_s


def test_every_third() -> None:
    assert runs(Schedule(settings(every=3)), [0.0, 0.1, 0.2, 0.3, 0.4]) == [0.0, 0.3]


def test_five_hertz_of_twenty_frames_a_second() -> None:
    times_s = [100 + index * 0.05 for index in range(41)]
    assert runs(Schedule(settings(hz=5)), times_s) == pytest.approx(times_s[::4])


@given(st.lists(st.floats(-0.003, 0.003), min_size=60, max_size=60))
def test_jitter_does_not_halve_a_model_at_the_cameras_own_rate(jitter_s: list[float]) -> None:
    times_s = [index / 30 + jitter for index, jitter in enumerate(jitter_s)]
    # Two neighbours 4 ms nearer than a period may cost a frame, never every other one.
    assert len(runs(Schedule(settings(hz=30)), times_s)) > 30


def test_each_camera_has_its_own_turn() -> None:
    schedule = Schedule(settings(every=2, cameras=("left", "right")))
    for time_s, expected in ((0.0, [0.0]), (0.1, []), (0.2, [0.2])):
        assert runs(schedule, [time_s], "left") == expected
        assert runs(schedule, [time_s], "right") == expected
    assert runs(schedule, [0.0, 0.1], "front") == []


def test_a_source_that_starts_again_is_taken_at_once() -> None:
    schedule = Schedule(settings(hz=1))
    assert runs(schedule, [100.0, 0.0, 0.5, 1.0]) == [100.0, 0.0, 1.0]
