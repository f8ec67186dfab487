"""Frozen, black and blind cameras by their pictures; too few pictures by their times."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config.monitor import PictureSettings, RateSettings
from drag_edge.frames.picture_watch import PictureWatch
from drag_edge.frames.rate_watch import RateWatch
from drag_edge.frames.thumbnail import Sighting, brightness, changed_share, thumbnail_of

PERIOD_S = 0.05
RNG = np.random.default_rng(3)


def noise(level: int = 100, spread: int = 40) -> np.ndarray:
    return RNG.integers(level - spread, level + spread + 1, (36, 64), dtype=np.uint8)


STILL = noise()


def told(
    pictures: list[np.ndarray],
    speed_mps: float | None = 15.0,
    period_s: float = PERIOD_S,
    start_s: float = 0.0,
) -> list[tuple[int, str]]:
    """Number of the picture and event, for pictures one period apart, from start_s on."""
    watch, events = PictureWatch(["front"], PictureSettings()), []
    for index, picture in enumerate(pictures):
        time_s = start_s + index * period_s
        sighting = {"front": Sighting(index, time_s, picture)}
        events += [(index, event.name) for event in watch.step(sighting, speed_mps, time_s)]
    return events


def test_pictures_that_change_are_good() -> None:
    assert told([noise() for _ in range(100)]) == []


def test_a_frozen_picture_is_named_within_four_frames_and_its_end_after_three() -> None:
    pictures = [*(noise() for _ in range(10)), *[STILL] * 20, *(noise() for _ in range(10))]
    assert told(pictures) == [(13, "camera_frozen"), (23, "camera_frozen"),
                              (32, "picture_recovered")]  # fmt: skip


def test_a_clock_drawn_into_a_frozen_picture_does_not_hide_it() -> None:
    pictures = [STILL.copy() for _ in range(20)]
    for index, picture in enumerate(pictures):
        picture[0, :8] = index
    assert told(pictures)[0] == (3, "camera_frozen")


def test_a_picture_repeats_from_the_second_one_on_while_the_vehicle_is_known_to_move() -> None:
    def repeats(speed_mps: float | None) -> list[bool]:
        watch, told = PictureWatch(["front", "left"], PictureSettings()), []
        for index, picture in enumerate([noise(), STILL, STILL, STILL, noise(), noise()]):
            sighting = {"front": Sighting(index, index * PERIOD_S, picture)}
            watch.step(sighting, speed_mps, index * PERIOD_S)
            told.append(watch.repeating == {"front"})
        return told

    assert repeats(15.0) == [False, False, True, True, False, False]
    assert not any(repeats(0.0))
    assert not any(repeats(None))


def test_a_car_that_stands_in_its_garage_is_not_frozen() -> None:
    assert told([STILL] * 200, speed_mps=0.0) == []
    dark = [RNG.integers(18, 26, (36, 64), dtype=np.uint8) for _ in range(100)]
    assert told(dark, speed_mps=0.0) == []


def test_a_camera_that_froze_while_standing_is_named_when_it_rolls() -> None:
    watch = PictureWatch(["front"], PictureSettings())
    names = []
    for index in range(40):
        sighting = {"front": Sighting(index, index * PERIOD_S, STILL)}
        names += [
            (index, event.name)
            for event in watch.step(sighting, 0.0 if index < 30 else 2.0, index * PERIOD_S)
        ]
    assert names == [(32, "camera_frozen")]


def test_with_an_unknown_speed_frozen_takes_longer() -> None:
    assert told([STILL] * 60, speed_mps=None)[0] == (20, "camera_frozen")
    assert told([STILL] * 19, speed_mps=None) == []


def test_every_picture_twice_is_no_fault() -> None:
    assert told([picture for _ in range(40) for picture in [noise()] * 2]) == []


def test_black_and_blind() -> None:
    black = [RNG.integers(0, 4, (36, 64), dtype=np.uint8) for _ in range(8)]
    assert told([noise(), *black], speed_mps=0.0)[0] == (3, "camera_black")
    grey = [np.full((36, 64), 128, np.uint8)] * 8
    assert told([noise(), *grey], speed_mps=0.0)[0] == (3, "camera_blind")
    night = [RNG.integers(2, 20, (36, 64), dtype=np.uint8) for _ in range(50)]
    assert told(night) == []


def test_a_camera_that_is_black_from_the_first_picture_on_has_its_time_too() -> None:
    black = [np.zeros((36, 64), np.uint8)] * 20
    told_at_once = told(black, period_s=0.01, start_s=1000.0)
    assert told_at_once == told(black, period_s=0.01)
    assert told_at_once
    assert told_at_once[0][0] * 0.01 >= PictureSettings().black_s - 0.011


def test_one_black_picture_is_nothing() -> None:
    black = np.zeros((36, 64), np.uint8)
    assert told([noise(), black, noise(), black, black, noise()]) == []


def test_slow_cameras_need_three_pictures() -> None:
    assert told([noise(), *[STILL] * 8], period_s=0.2)[0] == (4, "camera_frozen")


def test_times_that_go_back_start_anew() -> None:
    watch = PictureWatch(["front"], PictureSettings())
    times = [0.0, 0.05, 0.1, -5.0, -4.95]
    for index, time_s in enumerate(times):
        assert not watch.step({"front": Sighting(index, time_s, STILL)}, 15.0, time_s)


def test_thumbnails_keep_noise_and_take_any_size() -> None:
    image = RNG.integers(0, 255, (720, 1280, 3), dtype=np.uint8)
    assert thumbnail_of(image).shape == (36, 64)
    assert (thumbnail_of(image) == image[::20, ::20, 1]).all()
    assert thumbnail_of(np.zeros((10, 10, 3), np.uint8)).shape == (10, 10)
    assert changed_share(np.zeros((2, 2), np.uint8), np.zeros((3, 2), np.uint8)) == 1.0


@given(st.integers(0, 255), st.integers(0, 255))
def test_brightness_is_mean_and_standard_deviation(low: int, high: int) -> None:
    picture = np.array([[low, high]] * 4, np.uint8)
    assert brightness(picture) == pytest.approx((picture.mean(), picture.std()), abs=1e-5)


def test_looking_at_a_picture_costs_less_than_a_third_of_a_millisecond() -> None:
    image = RNG.integers(0, 255, (720, 1280, 3), dtype=np.uint8)
    watch, costs_s = PictureWatch(["front"], PictureSettings()), []
    for index in range(50):
        start_s = time.perf_counter()
        sighting = Sighting(index, index * PERIOD_S, thumbnail_of(image))
        watch.step({"front": sighting}, 15.0, index * PERIOD_S)
        costs_s.append(time.perf_counter() - start_s)
    assert min(costs_s) < 0.3e-3


def counted(
    looked_at: list[int], sent_hz: float = 20.0, fps: float | None = None
) -> list[tuple[int, str]]:
    watch, events = RateWatch({"front": fps}, RateSettings()), []
    for index in looked_at:
        sighting = {"front": Sighting(index, index / sent_hz, STILL)}
        events += [(index, event.name) for event in watch.step(sighting, index / sent_hz)]
    return events


def test_a_steady_camera_of_any_rate_is_good() -> None:
    for sent_hz in (5.0, 20.0, 60.0):
        assert counted(list(range(300)), sent_hz, fps=sent_hz) == []


def test_a_fast_camera_may_be_thinned_to_what_is_needed() -> None:
    assert counted(list(range(0, 600, 3)), sent_hz=60.0) == []
    assert {name for _, name in counted(list(range(0, 600, 9)), sent_hz=60.0)} == {
        "frame_missing", "frame_dropped"}  # fmt: skip


def test_a_missing_picture_is_named_with_the_next_one() -> None:
    assert counted([*range(50), *range(51, 100)]) == [(51, "frame_missing")]


def test_more_than_a_fifth_dropped_is_too_much() -> None:
    tenth = [index for index in range(200) if index % 10]
    assert {name for _, name in counted(tenth)} == {"frame_missing"}
    third = [index for index in range(200) if index % 3]
    names = counted(third)
    assert (third[-1], "frame_dropped") in names
    assert next(index for index, name in names if name == "frame_dropped") / 20 < 2.5


def test_what_comes_after_an_outage_is_judged_by_itself() -> None:
    assert counted([*range(50), *range(70, 100)]) == [(70, "frame_missing")]


def test_a_camera_slower_than_asked_for_is_named() -> None:
    assert {name for _, name in counted(list(range(200)), sent_hz=26.0, fps=30.0)} == {
        "frame_rate_low"}  # fmt: skip
    assert counted(list(range(200)), sent_hz=28.0, fps=30.0) == []


def test_a_camera_opened_again_is_counted_anew() -> None:
    watch = RateWatch({"front": 20.0}, RateSettings())
    for index in range(100):
        assert not watch.step({"front": Sighting(index, index / 20, STILL)}, index / 20)
    for index in range(100):
        time_s = 20 + index / 20
        assert not watch.step({"front": Sighting(index, time_s, STILL)}, time_s)
