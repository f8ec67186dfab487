"""Cruise control in the closed loop: gap, comfort, stop and go, cut-in, string."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import pytest

from drag_edge.adas.decision import AccState
from drag_edge.perception.ego import EgoState
from tests.adas.bench import KPH, ON, Run, drive
from tests.adas.eyes import QUIET, REAL, Actor, Noise

EYES = [pytest.param(QUIET, 0, id="perfect"), pytest.param(REAL, 1, id="noise")]


def chooses(setting: int, set_speed_mps: float) -> Callable[[float, EgoState], EgoState]:
    return lambda time_s, ego: dataclasses.replace(
        ego, gap_setting=setting, set_speed_mps=set_speed_mps
    )


def assert_iso_15622(run: Run) -> None:
    for before, after in itertools.pairwise(run.samples):
        accel = after.command.accel_mps2
        if accel is None:
            continue
        share = min(1.0, max(0.0, (after.speed_mps - 5) / 15))
        assert -(5.0 - 1.5 * share) - 1e-6 <= accel <= 4.0 - 2.0 * share + 1e-6
        jerk = (accel - (before.command.accel_mps2 or 0.0)) / (after.time_s - before.time_s)
        assert abs(jerk) <= 5.0 + 1e-6


@pytest.mark.parametrize(("noise", "seed"), EYES)
@pytest.mark.parametrize(("speed_kph", "setting"), [(30, 1), (60, 2), (100, 3), (130, 1), (130, 2)])
def test_the_gap_settles_within_ten_percent(
    speed_kph: float, setting: int, noise: Noise, seed: int
) -> None:
    lead_mps = speed_kph * KPH
    wanted = ON.acc.time_gaps_s[setting - 1]
    run = drive(
        lead_mps + 1.0, [Actor(1.4 * wanted * lead_mps, lead_mps)], 40.0, noise=noise, seed=seed,
        acc=True, driver=chooses(setting, lead_mps + 6.0),
    )  # fmt: skip
    gaps = [sample.gap_m / sample.speed_mps for sample in run.samples[-100:]]
    assert np.mean(gaps) == pytest.approx(wanted, rel=0.1)
    assert min(gaps) >= 0.8  # ISO 15622
    assert run.warned is None
    assert_iso_15622(run)


@pytest.mark.parametrize(("noise", "seed"), EYES)
def test_it_stops_behind_a_stopping_lead_and_goes_again(noise: Noise, seed: int) -> None:
    lead = Actor(33.0, 80 * KPH, lambda t: -2.5 if 3 < t < 12 else (1.5 if 21 < t < 27 else 0.0))
    run = drive(80 * KPH, [lead], 36.0, noise=noise, seed=seed, acc=True)
    standing = [sample for sample in run.samples if 19.0 < sample.time_s < 21.0]
    assert all(sample.speed_mps < 0.3 for sample in standing)
    assert all(2.0 <= sample.gap_m <= 5.0 for sample in standing)
    assert standing[-1].decision.acc.state is AccState.STOPPED
    assert run.braked is None
    assert run.warned is None
    assert run.samples[-1].speed_mps > 5.0
    assert_iso_15622(run)


@pytest.mark.parametrize("speed_kph", [30, 50, 80])
def test_it_stops_behind_a_queue_without_help(speed_kph: float) -> None:
    run = drive(speed_kph * KPH, [Actor(120.0, 0.0)], 24.0, noise=REAL, seed=1, acc=True)
    assert run.samples[-1].speed_mps < 0.3
    assert 2.0 <= run.least_gap_m <= 6.0
    assert run.braked is None


def test_a_car_that_cuts_in_faster_than_us_is_met_gently() -> None:
    cut_in = Actor(22.0, 27.0, y_m=3.5, vy_mps=-1.2, stops_at_y_m=0.0)
    run = drive(25.0, [cut_in], 15.0, noise=REAL, seed=1, acc=True,
                driver=chooses(2, 25.0))  # fmt: skip
    assert min(sample.accel_mps2 for sample in run.samples) > -1.5
    assert run.warned is None


@pytest.mark.parametrize("speed_kph", [50, 70])
def test_a_standing_car_revealed_by_a_cut_out_is_not_hit(speed_kph: float) -> None:
    speed = speed_kph * KPH
    revealed = Actor(5.0 * speed, 0.0, appears_s=2.0)
    run = drive(speed, [revealed], 8.0, noise=REAL, seed=1, acc=True, driver=chooses(2, speed))
    assert run.impact_mps is None


def test_a_car_in_the_next_lane_does_not_slow_us() -> None:
    beside = Actor(60.0, 20.0, y_m=3.5)
    run = drive(30.0, [beside], 10.0, noise=REAL, seed=1, acc=True, driver=chooses(2, 30.0))
    assert all(sample.decision.acc.lead_id is None for sample in run.samples)
    assert min(sample.speed_mps for sample in run.samples) > 29.5


def test_a_string_of_cars_does_not_amplify_a_pulse() -> None:
    """Five cars, each with the shortest gap, behind pulses of ±1 m/s²."""
    pulse = np.array([-1.0 if 12 < t < 14 else 1.0 if 17 < t < 19 else 0.0
                      for t in np.arange(0.0, 40.0, 0.05)])  # fmt: skip
    times = np.arange(0.0, 40.0, 0.05)
    swings = [2.0]
    peaks = [1.0]
    for _ in range(5):
        lead = Actor(25.0, 25.0, lambda t, a=pulse, at=times: float(np.interp(t, at, a)))
        run = drive(
            25.0, [lead], 40.0, acc=True, accel_lag_s=0.2,
            driver=lambda t, ego: dataclasses.replace(
                ego, gap_setting=1, set_speed_mps=25.0 if t < 0.5 else 33.0
            ),
        )  # fmt: skip
        times = np.array([sample.time_s for sample in run.samples])
        pulse = np.array([sample.accel_mps2 for sample in run.samples])
        settled = [sample for sample in run.samples if sample.time_s > 10.0]
        speeds = [sample.speed_mps for sample in settled]
        swings.append(max(speeds) - min(speeds))
        peaks.append(max(abs(sample.accel_mps2) for sample in settled))
    assert all(after <= before * 1.005 for before, after in itertools.pairwise(swings))
    assert all(after <= before * 1.005 for before, after in itertools.pairwise(peaks))
