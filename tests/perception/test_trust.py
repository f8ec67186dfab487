"""Answers that cannot be meant, a detector that goes silent, a camera that sits elsewhere."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drag_edge.adas.aeb import AebState, aeb_step
from drag_edge.adas.events import ALL, EVENTS
from drag_edge.config.aeb import AebSettings
from drag_edge.config.calibration import CalibrationSettings
from drag_edge.config.cameras import MountSettings
from drag_edge.config.lanes import PitchSettings
from drag_edge.events import Event
from drag_edge.inference.results import Detections, Perceived
from drag_edge.perception.calibration import Calibration, MountWatch
from drag_edge.perception.calibration_store import CalibrationStore
from drag_edge.perception.ego import EgoState
from drag_edge.perception.failing import FailingAnswers
from drag_edge.perception.pitch import PitchEstimator
from drag_edge.perception.scene import Scene
from drag_edge.perception.validity import without_impossible
from tests.adas import scenes
from tests.perception.synthetic import (
    BODY,
    FRONT,
    Cuboid,
    Line,
    detect,
    paint,
    perceived,
    perception,
)

ROAD = paint([Line(1.75), Line(-1.75)])


def answer(boxes: list[list[float]], scores: list[float] | None = None) -> Perceived:
    found = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([0.9] * len(boxes) if scores is None else scores, np.float32),
        ("car",) * len(boxes),
    )
    return Perceived("front", 0, 0.0, 1280, 720, {"objects": found, "road": ROAD})


@pytest.mark.parametrize(
    "seen",
    [
        answer([[10, 10, float("nan"), 50]]),
        answer([[10, 10, float("inf"), 50]]),
        answer([[50, 10, 10, 50]]),
        answer([[10, 50, 50, 10]]),
        answer([[10, 10, 9000, 50]]),
        answer([[10, 10, 50, 50]], [float("nan")]),
        answer([[10, 10, 50, 50]], [0.9, 0.8]),
    ],
)
def test_an_answer_that_cannot_be_meant_is_none_and_named(seen: Perceived) -> None:
    clean, events = without_impossible({"front": seen}, 1.0)
    assert clean["front"].results["objects"] is None
    assert clean["front"].results["road"] is ROAD
    assert [(event.name, event.source) for event in events] == [
        ("model_output_impossible", "objects")
    ]


@pytest.mark.parametrize(
    "boxes", [[], [[0, 0, 1280, 720]], [[-3, 10, 50, 50], [1200, 10, 1290, 50]], [[5, 5, 5, 9]]]
)
def test_what_a_network_may_say_passes_as_it_is(boxes: list[list[float]]) -> None:
    seen = {"front": answer(boxes)}
    assert without_impossible(seen, 1.0) == (seen, ())


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.floats(width=32)] * 4), min_size=1, max_size=4))
def test_no_box_at_all_makes_perception_raise(boxes: list[tuple[float, ...]]) -> None:
    room = perception()
    seen = answer([list(box) for box in boxes])
    for index in range(4):
        frame = dataclasses.replace(seen, index=index, time_s=index * 0.05)
        scene = room.understand({"front": frame}, EgoState(index * 0.05, 20.0), index * 0.05)
        for track in scene.tracks or ():
            assert np.isfinite([track.gap_m, track.range_rate_mps]).all()


NEAR = Cuboid(30.0, 0.0)


def drive(cars: Iterable[list[Cuboid] | None]) -> list[Scene]:
    """One scene a frame; None: the detector itself gave no answer."""
    room, scenes_seen = perception(), []
    for index, seen in enumerate(cars):
        frame = perceived(index * 0.05, detect(FRONT, seen or []), ROAD)
        if seen is None:
            frame = dataclasses.replace(frame, results={**frame.results, "objects": None})
        ego = EgoState(frame.time_s, speed_mps=20.0)
        scenes_seen.append(room.understand({"front": frame}, ego, frame.time_s))
    return scenes_seen


def silent(cars: Iterable[list[Cuboid] | None]) -> list[int]:
    return [
        index
        for index, scene in enumerate(drive(cars))
        if any(event.name == "detector_silent" for event in scene.events)
    ]


def test_everybody_gone_at_once_is_named_at_the_fourth_empty_answer() -> None:
    cars = [[NEAR]] * 20 + [[]] * 10 + [[NEAR]] * 10
    assert silent(cars) == list(range(23, 30))


def test_three_lost_frames_and_a_detector_that_does_not_look_are_not_silence() -> None:
    assert silent([[NEAR]] * 20 + [[]] * 3 + [[NEAR]] * 10) == []
    assert silent([[NEAR]] * 20 + [None] * 10) == []


def test_an_empty_road_is_not_silence() -> None:
    assert silent([[]] * 40) == []


def test_who_is_far_or_at_the_edge_of_the_picture_may_vanish() -> None:
    assert silent([[Cuboid(80.0, 0.0)]] * 20 + [[]] * 10) == []
    beside = Cuboid(4.0, 4.2)
    assert silent([[beside]] * 20 + [[]] * 10) == []


@pytest.mark.parametrize("aside_m", [3.2, 3.8])
@pytest.mark.parametrize("closing_mps", [40.0, 55.0])
def test_oncoming_traffic_may_leave_the_picture(aside_m: float, closing_mps: float) -> None:
    """Wherever the last picture catches it, and though its last pieces are not detected."""
    for phase in range(8):
        start_m = 60.0 + phase / 8 * closing_mps * 0.05
        way_m = [start_m - closing_mps * 0.05 * step for step in range(round(1.6 * 20))]
        cars = [[Cuboid(x_m, aside_m)] if x_m > 5.0 + aside_m else [] for x_m in way_m]
        assert silent([*cars, *[[]] * 10]) == []


@pytest.mark.parametrize(("gap_m", "size"), [(30.0, 0.6), (12.0, 0.6), (8.0, 1.5), (12.0, 1.5)])
def test_boxes_of_a_wrong_size_for_three_frames_brake_for_nobody(gap_m: float, size: float) -> None:
    """The range begins anew twice, and its rate overshoots; the car ahead drives as fast as we."""
    room, state, rng = perception(), AebState(), np.random.default_rng(0)
    for step in range(140):
        time_s = step * 0.05
        ego = EgoState(time_s, speed_mps=25.0, yaw_rate_radps=0.0, accel_mps2=0.0)
        seen = detect(FRONT, [Cuboid(BODY.front_overhang_m + gap_m, 0.0)], rng, 0.5)
        if 80 <= step < 83:
            left, top, right, bottom = (float(edge) for edge in seen.boxes_px[0])
            half, middle = size * (right - left) / 2, (left + right) / 2
            foot = bottom + (size - 1) * (bottom - top)
            wrong = np.array([[middle - half, top, middle + half, foot]], np.float32)
            seen = dataclasses.replace(seen, boxes_px=wrong)
        frame = perceived(time_s, seen, ROAD)
        scene = room.understand({"front": frame}, ego, time_s)
        decision, state = aeb_step(scene, AebSettings(), BODY, state, time_s, ALL)
        assert decision.decel_mps2 is None


def test_one_of_two_may_vanish() -> None:
    cars = [[NEAR, Cuboid(40.0, 3.5)]] * 20 + [[NEAR]] * 10
    assert silent(cars) == []


def test_a_detector_that_fails_is_unavailable_after_a_tenth_of_a_second() -> None:
    seen = drive([[NEAR]] * 20 + [None] * 5 + [[NEAR]] * 2)
    told = [
        index
        for index, scene in enumerate(seen)
        if any(event.name == "objects_unavailable" for event in scene.events)
    ]
    assert told == [22, 23, 24]


def test_models_that_were_not_due_do_not_fail() -> None:
    failing, first = FailingAnswers(), perceived(0.0, detect(FRONT, [NEAR]), ROAD)
    assert failing.step(first) == (0.0, 0.0)
    for index in range(1, 10):
        idle = dataclasses.replace(first, time_s=index * 0.05, results={})
        assert failing.step(idle) == (0.0, 0.0)
    nothing = dataclasses.replace(first, results={"objects": None, "road": None})
    failing.step(dataclasses.replace(nothing, time_s=1.0))
    failed = failing.step(dataclasses.replace(nothing, time_s=1.25))
    assert failed == (0.25, 0.25)
    assert failing.step(dataclasses.replace(first, time_s=1.3)) == (0.0, 0.0)


def test_an_empty_answer_after_failures_is_believed_when_it_lasts() -> None:
    failing, first = FailingAnswers(), perceived(0.0, detect(FRONT, [NEAR]), ROAD)
    empty = dataclasses.replace(first, results={**first.results, **answer([]).results})
    nothing = dataclasses.replace(first, results={"objects": None, "road": ROAD})
    lasted = []
    for index, one in enumerate([first, nothing, empty, nothing, empty, empty, empty, empty]):
        lasted.append(failing.step(dataclasses.replace(one, time_s=index * 0.05))[1])
    assert lasted == pytest.approx([0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.0, 0.0])
    for index, one in enumerate([nothing, nothing, first]):
        lasted.append(failing.step(dataclasses.replace(one, time_s=1 + index * 0.05))[1])
    assert lasted[-3:] == pytest.approx([0.0, 0.05, 0.0])


def test_a_model_that_never_answered_is_not_known_to_tell_anything() -> None:
    failing = FailingAnswers()
    nothing = Perceived("front", 0, 0.0, 1280, 720, {"objects": None})
    assert failing.step(nothing) == (0.0, 0.0)
    assert failing.step(dataclasses.replace(nothing, time_s=9.0)) == (0.0, 0.0)


SETTINGS = CalibrationSettings(block_frames=10)
STRAIGHT = scenes.ego(20.0)


def learn(
    watch: MountWatch, pitch_rad: float, yaw_rad: float, frames: int = 50, ego: EgoState = STRAIGHT
) -> list[str]:
    """Events of frames that show this pitch and yaw."""
    rng = np.random.default_rng(1)
    events: list[Event] = []
    for _ in range(frames):
        noise = rng.normal(0.0, 0.004, 2)
        lanes = scenes.lanes(heading_rad=yaw_rad + noise[1], age_s=0.0)
        events += watch.step(pitch_rad + noise[0], lanes, ego, 0.0)
    assert {event.name for event in events} <= set(EVENTS)
    return [event.name for event in events]


def test_pitch_and_yaw_are_learned_straight_on_and_at_speed() -> None:
    watch = MountWatch("front", SETTINGS, None)
    assert watch.calibration is None
    assert learn(watch, 0.01, -0.012) == ["calibration_learned"]
    assert watch.calibration is not None
    assert watch.calibration.pitch_rad == pytest.approx(0.01, abs=0.002)
    assert watch.calibration.yaw_rad == pytest.approx(-0.012, abs=0.002)
    assert watch.calibration.blocks == 5


@pytest.mark.parametrize(
    "ego",
    [
        scenes.ego(6.0),
        scenes.ego(20.0, yaw_rate_radps=0.05),
        scenes.ego(20.0, yaw_rate_radps=None),
        scenes.ego(20.0, accel_mps2=-2.0),
        scenes.ego(None),
    ],
)
def test_slow_turning_or_braking_teaches_nothing(ego: EgoState) -> None:
    watch = MountWatch("front", SETTINGS, None)
    learn(watch, 0.05, 0.05, 100, ego)
    assert watch.calibration is None


def test_uncertain_or_old_lanes_teach_nothing() -> None:
    watch = MountWatch("front", SETTINGS, None)
    for changes in ({"confidence": 0.5}, {"age_s": 0.1}):
        for _ in range(100):
            lanes = scenes.lanes(**{"age_s": 0.0, **changes})
            assert not list(watch.step(0.05, lanes, STRAIGHT, 0.0))
    assert watch.calibration is None


@pytest.mark.parametrize(("pitch", "yaw"), [(0.04, 0.0), (0.0, -0.04)])
def test_a_mount_that_is_wrong_is_told_while_it_is_and_teaches_nothing(
    pitch: float, yaw: float
) -> None:
    watch = MountWatch("front", SETTINGS, None)
    assert learn(watch, pitch, yaw, 60).count("calibration_off") == 11
    assert watch.calibration is None


def test_a_camera_that_was_moved_since_the_last_drive_is_told() -> None:
    watch = MountWatch("front", SETTINGS, Calibration(0.0, 0.0, 50))
    assert "calibration_off" in learn(watch, 0.0, 0.02)
    assert watch.calibration == Calibration(0.0, 0.0, 50)


def test_the_fault_ends_well_below_its_limit_only() -> None:
    watch = MountWatch("front", SETTINGS, None)
    learn(watch, 0.03, 0.0)
    assert learn(watch, 0.02, 0.0, 100)[-1:] == ["calibration_off"]
    assert learn(watch, 0.01, 0.0, 100)[-1:] != ["calibration_off"]


def test_the_pitch_estimate_starts_where_it_was_learned() -> None:
    estimate = PitchEstimator(PitchSettings())
    wide = estimate.sigma_rad
    estimate.reset(0.015, 0.006)
    assert estimate.pitch_rad == pytest.approx(0.015)
    assert estimate.sigma_rad < wide
    estimate.reset(9.0)
    assert estimate.pitch_rad == PitchSettings().max_rad


MOUNT = MountSettings(x=1.9, z=1.3)


def store(folder: Path, mount: MountSettings = MOUNT) -> tuple[CalibrationStore, list[Event]]:
    events: list[Event] = []
    return CalibrationStore(folder, {"front": mount}, lambda: 1.0, events.append), events


def test_what_was_learned_is_there_in_the_next_drive(tmp_path: Path) -> None:
    kept, events = store(tmp_path / "state")
    assert kept.load() == {}
    kept.save(lambda: {"front": Calibration(0.01, -0.02, 7)})
    assert not events
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["front.json"]
    again, events = store(tmp_path / "state")
    assert again.load() == {"front": Calibration(0.01, -0.02, 7)}
    assert [event.name for event in events] == ["calibration_loaded"]


def test_it_is_written_only_when_it_changed(tmp_path: Path) -> None:
    kept, _ = store(tmp_path)
    kept.save(lambda: {"front": Calibration(0.01, 0.0, 7)})
    (tmp_path / "front.json").unlink()
    kept.save(lambda: {"front": Calibration(0.01, 0.0, 7)})
    assert not list(tmp_path.iterdir())
    kept.save(lambda: {"front": Calibration(0.01, 0.0, 8)})
    assert list(tmp_path.iterdir())


GOOD = {"version": 1, "mount": MOUNT.model_dump(), "pitch_rad": 0.01, "yaw_rad": 0.0, "blocks": 5}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("{", "not JSON"),
        ("[]", "version"),
        (json.dumps({**GOOD, "version": 2}), "version"),
        (json.dumps({**GOOD, "mount": {}}), "another mount"),
        (json.dumps({**GOOD, "pitch_rad": float("nan")}), "angle"),
        (json.dumps({**GOOD, "yaw_rad": 1.0}), "angle"),
        (json.dumps({**GOOD, "yaw_rad": None}), "angle"),
        (json.dumps({**GOOD, "blocks": 0}), "blocks"),
    ],
)
def test_a_file_that_cannot_be_believed_is_refused_by_name(
    tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "front.json").write_text(content)
    kept, events = store(tmp_path)
    assert kept.load() == {}
    assert [event.name for event in events] == ["calibration_refused"]
    assert "front.json" in events[0].detail
    assert says in events[0].detail


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "front.json").write_bytes(b"\xff\xfe\x00")
    kept, events = store(tmp_path)
    assert kept.load() == {}
    assert events[0].name == "calibration_refused"


def test_a_good_file_is_believed(tmp_path: Path) -> None:
    (tmp_path / "front.json").write_text(json.dumps(GOOD))
    assert store(tmp_path)[0].load() == {"front": Calibration(0.01, 0.0, 5)}


def test_a_folder_that_cannot_be_written_is_an_event(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept, events = store(tmp_path / "file")
    kept.save(lambda: {"front": Calibration(0.01, 0.0, 7)})
    assert [event.name for event in events] == ["calibration_refused"]
