"""Lane keeping in the closed loop: curves, departures, weaving."""

from __future__ import annotations

import dataclasses
import math

import pytest

from drag_edge.config.adas import AdasSettings
from drag_edge.perception.ego import EgoState
from tests.adas.bench import BODY, KPH, drive
from tests.adas.eyes import QUIET, Noise

CAMERA = Noise(lane_offset_m=0.03, lane_heading_rad=0.002, dropout=0.05)
EYES = [pytest.param(QUIET, 0, id="perfect"), pytest.param(CAMERA, 1, id="noise")]
PREVENT = AdasSettings.model_validate({"actuation": True, "lka": {"mode": "departure"}})
WARN = AdasSettings.model_validate({"lka": {"mode": "departure"}})
HALF_LANE_M, HALF_BODY_M = 1.75, BODY.width_m / 2


@pytest.mark.parametrize(("noise", "seed"), EYES)
@pytest.mark.parametrize(("speed_kph", "radius_m"), [(90, 500), (120, 500), (80, 250), (50, 100)])
def test_it_stays_in_the_lane_through_a_curve(
    speed_kph: float, radius_m: float, noise: Noise, seed: int
) -> None:
    speed = speed_kph * KPH

    def road(time_s: float) -> float:  # the way in takes 2.5 s
        return min(1.0, max(0.0, (time_s - 2.0) / 2.5)) / radius_m

    def holds_speed(time_s: float, ego: EgoState) -> EgoState:
        return dataclasses.replace(ego, set_speed_mps=speed)

    run = drive(speed, [], 12.0, noise=noise, seed=seed, acc=True, curvature=road,
                driver=holds_speed)  # fmt: skip
    assert max(abs(sample.offset_m) for sample in run.samples) < 0.4
    assert abs(run.samples[-1].offset_m) < 0.1
    assert max(abs(sample.lateral_accel_mps2) for sample in run.samples) <= 3.0
    assert run.departed is None


@pytest.mark.parametrize(("noise", "seed"), EYES)
@pytest.mark.parametrize("lateral_mps", [0.2, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_departure_is_prevented(lateral_mps: float, side: float, noise: Noise, seed: int) -> None:
    heading = side * lateral_mps / 28.0
    run = drive(28.0, [], 9.0, noise=noise, seed=seed, settings=PREVENT, heading_rad=heading)
    outside = max(abs(sample.offset_m) for sample in run.samples) + HALF_BODY_M - HALF_LANE_M
    assert outside < 0.3
    assert max(abs(sample.lateral_accel_mps2) for sample in run.samples) <= 3.0


@pytest.mark.parametrize(("noise", "seed"), EYES)
@pytest.mark.parametrize("speed_kph", [65, 100, 130])
@pytest.mark.parametrize("lateral_mps", [0.2, 0.4, 0.8])
def test_the_warning_comes_before_the_car_is_030_m_outside_and_not_too_early(
    speed_kph: float, lateral_mps: float, noise: Noise, seed: int
) -> None:
    speed = speed_kph * KPH
    run = drive(speed, [], 8.0, noise=noise, seed=seed, settings=WARN,
                heading_rad=lateral_mps / speed)  # fmt: skip
    warned = run.departed
    assert warned is not None
    inside = HALF_LANE_M - HALF_BODY_M - warned.offset_m
    assert -0.3 < inside <= 0.85  # EU 2021/646; ISO 17361 plus noise


def test_with_an_indicator_there_is_no_warning() -> None:
    run = drive(28.0, [], 8.0, settings=WARN, heading_rad=0.5 / 28.0,
                driver=lambda t, ego: dataclasses.replace(ego, indicator_left=True))  # fmt: skip
    assert run.departed is None


@pytest.mark.parametrize(("noise", "seed"), EYES)
def test_weaving_within_a_quarter_of_a_metre_is_no_departure(noise: Noise, seed: int) -> None:
    speed, omega = 28.0, 2 * math.pi * 0.2

    def weave(time_s: float) -> float:
        return -0.25 * omega**2 * math.sin(omega * time_s) / speed**2

    run = drive(speed, [], 20.0, noise=noise, seed=seed, settings=WARN,
                heading_rad=0.25 * omega / speed, hands=weave)  # fmt: skip
    assert 0.2 < max(abs(sample.offset_m) for sample in run.samples) < 0.35
    assert run.departed is None
