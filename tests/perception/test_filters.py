"""The small filters, each for itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config.lanes import PitchSettings
from drag_edge.config.tracking import RangeSettings, usual_sizes
from drag_edge.perception.box_motion import BoxMotion
from drag_edge.perception.ego import EgoState
from drag_edge.perception.ego_motion import EgoMotion
from drag_edge.perception.lateral_filter import LateralFilter
from drag_edge.perception.pitch import PitchEstimator, information_of_points
from drag_edge.perception.range_filter import RangeFilter
from drag_edge.perception.scale_ttc import ScaleTtc

CAR = usual_sizes()["car"]
HEIGHT_M = 1.3


def range_filter(start_m: float, direction: float = 1.0) -> RangeFilter:
    item = RangeFilter(CAR, HEIGHT_M, direction, RangeSettings())
    item.start(start_m, None)
    return item


def measure(
    item: RangeFilter, distance: float, width: float, height: float, noise: np.random.Generator
) -> None:
    far = distance + CAR.rounding_m
    pixel = 0.001
    item.measure_height(height / far + noise.normal(0, 1.4 * pixel), 1.4 * pixel, 0.0, True)
    item.measure_width(width / far + noise.normal(0, 1.4 * pixel), 1.4 * pixel, 0.0, True)
    item.measure_foot(HEIGHT_M / far + noise.normal(0, pixel), 6 * pixel, True)


def test_learning_the_size_does_not_fake_a_closing_speed() -> None:
    """A car of unusual size at constant distance: its range is corrected, its rate stays 0."""
    rng = np.random.default_rng(0)
    item = range_filter(26.0)
    rates = []
    for frame in range(80):
        item.predict(0.05, 0.0)
        measure(item, 30.0, 2.05, 1.75, rng)
        if frame > 15:
            rates.append(item.rate_mps)
    assert item.range_m == pytest.approx(30.0, rel=0.06)
    assert item.width_m == pytest.approx(2.05, rel=0.07)
    assert np.abs(rates).max() < 1.5
    assert abs(np.mean(rates)) < 0.3


def test_braking_of_the_ego_is_known_not_guessed() -> None:
    """Closing by the ego's own acceleration leaves the other's at zero."""
    rng = np.random.default_rng(1)
    item, distance, rate = range_filter(40.0), 40.0, 0.0
    for frame in range(60):
        ego_accel = 2.0 if frame > 20 else 0.0
        item.predict(0.05, ego_accel)
        distance += rate * 0.05 - ego_accel * 0.05**2 / 2
        rate -= ego_accel * 0.05
        measure(item, distance, 1.8, 1.52, rng)
    assert item.rate_mps == pytest.approx(rate, abs=0.6)
    assert item.accel_mps2 == pytest.approx(0.0, abs=1.5)


def test_from_behind_the_signs_turn_round() -> None:
    """A faster car behind: the distance shrinks; the ego's acceleration makes it grow."""
    item = range_filter(30.0, direction=-1.0)
    item.predict(0.5, 2.0)
    assert item.rate_mps == pytest.approx(1.0)


def test_an_outlier_is_refused() -> None:
    rng = np.random.default_rng(2)
    item = range_filter(30.0)
    for _ in range(30):
        item.predict(0.05, 0.0)
        measure(item, 30.0, 1.8, 1.52, rng)
    before = item.range_m
    assert not item.measure_width(1.8 / 60.0, 0.0014, 0.0, True)
    assert item.range_m == before


def test_a_coarse_detector_is_trusted_less() -> None:
    spreads = []
    for pixel in (0.001, 0.006):
        rng = np.random.default_rng(3)
        item = range_filter(30.0)
        rates = []
        for _ in range(160):
            item.predict(0.05, 0.0)
            far = 30.0 + CAR.rounding_m
            item.measure_width(1.8 / far + rng.normal(0, pixel), 0.001, 0.0, True)
            item.measure_height(1.52 / far + rng.normal(0, pixel), 0.001, 0.0, True)
            rates.append(item.rate_mps)
        spreads.append(float(np.std(rates[40:])))
    assert spreads[1] < 4 * spreads[0], "six times the noise must not be six times the rate's"


def braking_noticed_s(settings: RangeSettings, seed: int) -> float:
    """From a lead's braking with 6 m/s² at 12 m to the moment its rate is known within 40 %. The
    detector's edges scatter by 1 px where 5 are assumed."""
    rng, pixel = np.random.default_rng(seed), 0.001
    item = RangeFilter(CAR, HEIGHT_M, 1.0, settings)
    item.start(12.0, 14.0)
    for step in range(120):
        braked_s = max(0.0, step * 0.05 - 4.0)
        far = 12.0 - 3.0 * braked_s**2 + CAR.rounding_m
        item.predict(0.05, 0.0)
        item.measure_width(CAR.width_m / far + rng.normal(0, 1.4 * pixel), 7 * pixel, 0.0, True)
        item.measure_height(CAR.height_m / far + rng.normal(0, 1.4 * pixel), 7 * pixel, 0.0, True)
        if braked_s > 0.1 and item.rate_mps < 0.6 * -6.0 * braked_s:
            return braked_s
    return math.inf


def test_a_fine_detector_notices_a_braking_lead_earlier() -> None:
    seeds = range(8)
    fine = np.mean([braking_noticed_s(RangeSettings(), seed) for seed in seeds])
    doubted = np.mean([braking_noticed_s(RangeSettings(noise_least=0.3), seed) for seed in seeds])
    assert fine < 0.6
    assert fine < doubted - 0.05


@given(
    ttc=st.floats(0.8, 8.0), size=st.floats(20, 300), rate_hz=st.sampled_from([10.0, 20.0, 30.0])
)
def test_an_approach_at_constant_speed_has_its_ttc(ttc: float, size: float, rate_hz: float) -> None:
    scale = ScaleTtc(0.35, 0.8, 0.35, 0.25)
    distance, speed = ttc * 10.0 + 10.0, 10.0
    start = distance
    time_s = 0.0
    for frame in range(int(rate_hz) + 1):
        time_s = frame / rate_hz
        scale.add(time_s, "width", size * start / (distance - speed * time_s))
    told = scale.ttc_s()
    assert told is not None
    # A window's slope is that of its middle: up to half a long window late.
    assert (distance / speed - time_s) <= told <= (distance / speed - time_s) + 0.55


def test_windows_that_disagree_and_noise_say_nothing() -> None:
    rng = np.random.default_rng(4)
    said = 0
    for run in range(40):
        scale = ScaleTtc(0.35, 0.8, 0.35, 0.25)
        for frame in range(20):
            scale.add(frame * 0.05, "width", 80 + rng.normal(0, 1.0))
        ttc = scale.ttc_s()
        said += ttc is not None and ttc < 5.0
        assert run >= 0
    assert said <= 1
    scale = ScaleTtc(0.35, 0.8, 0.35, 0.25)
    for frame in range(20):
        scale.add(frame * 0.05, "width", 80.0 if frame < 17 else 80.0 + 8 * (frame - 16))
    assert scale.ttc_s() is None


@given(ttc=st.floats(0.6, 4.0), seed=st.integers(0, 200))
def test_who_comes_is_never_denied_to_come(ttc: float, seed: int) -> None:
    """The least time is not beyond the true one, but for the half window by which it is late."""
    rng, scale = np.random.default_rng(seed), ScaleTtc(0.35, 0.8, 0.35, 0.25)
    for frame in range(21):
        size = 300.0 / (ttc + 1.0 - frame * 0.05) + rng.normal(0, 0.5)
        scale.add(frame * 0.05, "width", size)
    least_s = scale.least_ttc_s(1.0)
    assert least_s is not None
    assert least_s <= 2 * ttc + 0.5


def test_a_size_that_stays_denies_a_contact_that_is_near() -> None:
    rng, least_s = np.random.default_rng(4), []
    for _ in range(40):
        scale = ScaleTtc(0.35, 0.8, 0.35, 0.25)
        for frame in range(20):
            scale.add(frame * 0.05, "width", 80 + rng.normal(0, 0.5))
        told = scale.least_ttc_s(0.95)
        assert told is not None
        least_s.append(told)
        assert scale.least_ttc_s(1.4) is None, "boxes of the past tell nothing of now"
    assert np.median(least_s) > 4.0
    scale = ScaleTtc(0.35, 0.8, 0.35, 0.25)
    for frame in range(4):
        scale.add(frame * 0.05, "width", 80.0)
    assert scale.least_ttc_s(0.15) is None


def test_another_kind_of_size_starts_anew() -> None:
    scale = ScaleTtc(0.35, 0.8, 0.35, 0.25)
    for frame in range(20):
        scale.add(frame * 0.05, "width", 80.0 + frame)
    assert scale.ttc_s() is not None
    scale.add(1.0, "height", 60.0)
    assert scale.ttc_s() is None


def test_pitch_follows_slowly_and_fast_and_stays_within_its_bound() -> None:
    settings = PitchSettings()
    pitch = PitchEstimator(settings)
    for _ in range(100):
        pitch.predict(0.05, None)
        pitch.update(0.02 - pitch.pitch_rad, 0.001)
    assert pitch.pitch_rad == pytest.approx(0.02, abs=0.001)
    assert pitch.slow_rad == pytest.approx(0.02, abs=0.003)
    for _ in range(20):
        pitch.predict(0.05, None)
    assert pitch.pitch_rad == pytest.approx(pitch.slow_rad, abs=1e-4), "the fast part dies away"
    for _ in range(200):
        pitch.predict(0.05, None)
        pitch.update(0.5 - pitch.pitch_rad, 0.001)
    assert pitch.pitch_rad == settings.max_rad
    assert pitch.at_bound


def test_a_pitch_at_its_bound_is_forgotten_where_no_line_confirms_it() -> None:
    """One bad fit before a road without lines must not be believed for the rest of the drive."""
    pitch = PitchEstimator(PitchSettings())
    pitch.reset(0.01, 0.004)
    for _ in range(40):
        pitch.predict(0.05, 0.0)
        pitch.update(0.09 - pitch.pitch_rad, 0.002)
    assert pitch.at_bound
    for _ in range(50):
        pitch.predict(0.05, 0.0)
    assert pitch.at_bound, "lines may be hidden for a moment"
    for _ in range(20):
        pitch.predict(0.05, 0.0)
    assert not pitch.at_bound
    assert pitch.pitch_rad == pytest.approx(0.01)


def test_braking_dips_the_nose() -> None:
    pitch = PitchEstimator(PitchSettings())
    pitch.predict(0.05, -5.0)
    assert pitch.pitch_rad > 0.0


@given(prior=st.floats(0.002, 0.05), sigma=st.floats(0.0003, 0.05), true=st.floats(-0.05, 0.05))
def test_taking_the_prior_out_gives_the_measurement_back(
    prior: float, sigma: float, true: float
) -> None:
    weight = 1 / prior**2 + 1 / sigma**2
    said = information_of_points(prior, true / sigma**2 / weight, 1 / math.sqrt(weight))
    if said is None:
        assert sigma > 5 * prior
    else:
        assert said[0] == pytest.approx(true, rel=1e-3, abs=1e-9)
        assert said[1] == pytest.approx(sigma, rel=1e-3)


def test_a_lateral_filter_finds_position_and_velocity_in_a_bend() -> None:
    """The ego turns left; an object that stands still over ground swings to its right."""
    rng = np.random.default_rng(5)
    item = LateralFilter(1.5)
    item.start(0.0, 0.3, 2.0)
    x, y, yaw_rate = 30.0, 0.0, 0.1
    for _ in range(80):
        item.predict(0.05, x, yaw_rate)
        y -= yaw_rate * x * 0.05
        item.measure(y + rng.normal(0, 0.1), 0.1)
    assert item.y_m == pytest.approx(y, abs=0.15)
    assert item.vy_mps == pytest.approx(0.0, abs=0.4)


def test_a_box_is_predicted_where_it_goes() -> None:
    boxes = [np.array([100.0 + 8 * k, 200.0, 160.0 + 9 * k, 260.0 + k]) for k in range(15)]
    motion = BoxMotion(boxes[0])
    for box in boxes[1:-1]:
        motion.predict(0.05)
        motion.measure(box, 0.05)
    motion.predict(0.05)
    np.testing.assert_allclose(motion.box_px, boxes[-1], atol=3.0)


def test_acceleration_comes_from_the_bus_or_from_the_speed_or_is_unknown() -> None:
    motion = EgoMotion()
    assert motion.accel_mps2(EgoState(0.0, speed_mps=10.0, accel_mps2=-3.0)) == -3.0
    assert motion.accel_mps2(EgoState(0.0)) is None
    for frame in range(60):
        accel = motion.accel_mps2(EgoState(frame * 0.05, speed_mps=10.0 + 2.0 * frame * 0.05))
    assert accel == pytest.approx(2.0, abs=0.1)


def rate_after_a_step_mps(finest: float) -> float:
    """The most that a car seems to come nearer whose box stood still for 10 s and then grows by
    2 px in 0.2 s: a step of a small network. 40 m away, 1000 px per tangent."""
    item = RangeFilter(CAR, HEIGHT_M, 1.0, RangeSettings())
    item.start(40.0, 20.0)
    far, rates = 40.0 + CAR.rounding_m, []
    for tick in range(260):
        grown = 0.002 * min(1.0, max(0.0, (tick - 200) / 4))
        item.predict(0.05, 0.0)
        item.measure_width(1.8 / far + grown, 0.0025, finest, True)
        item.measure_height(1.5 / far + grown, 0.0025, finest, True)
        rates.append(item.rate_mps)
    return -min(rates[200:])


def test_what_a_step_of_a_far_box_says_is_bounded_by_the_floor() -> None:
    none, usual, coarse = (rate_after_a_step_mps(finest) for finest in (0.0, 0.0008, 0.0016))
    assert usual < 0.95 * none
    assert coarse < 0.7 * none
