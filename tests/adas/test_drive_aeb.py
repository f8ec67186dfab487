"""Emergency braking in the closed loop: no contact, warning times, and no false alarm."""

from __future__ import annotations

import math

import pytest

from tests.adas.bench import KPH, Run, drive
from tests.adas.eyes import QUIET, REAL, Actor, Noise

SEEDS = (1, 2)
EYES = [pytest.param(QUIET, 0, id="perfect"), *(pytest.param(REAL, seed, id=f"noise {seed}")
                                                for seed in SEEDS)]  # fmt: skip


def idm(time_gap_s: float, free_mps: float):  # type: ignore[no-untyped-def]
    """A human-like driver (intelligent driver model): accelerates 1.5, brakes 2 m/s² at ease."""

    def feet(time_s: float, gap_m: float, speed: float, lead: float) -> float:
        wanted = 2.5 + max(0.0, speed * time_gap_s + speed * (speed - lead) / (2 * math.sqrt(3.0)))
        return max(-8.0, 1.5 * (1 - (speed / free_mps) ** 4 - (wanted / max(gap_m, 0.5)) ** 2))

    return feet


def assert_no_alarm(run: Run) -> None:
    assert run.warned is None
    assert run.braked is None
    assert run.impact_mps is None


@pytest.mark.parametrize(("noise", "seed"), EYES)
@pytest.mark.parametrize("speed_kph", [10, 15, 20, 25, 30, 40, 42, 50, 60, 80])
def test_a_standing_car_is_not_hit_and_warned_of_in_time(
    speed_kph: float, noise: Noise, seed: int
) -> None:
    speed = speed_kph * KPH
    run = drive(speed, [Actor(3.5 * speed, 0.0)], 7.0, noise=noise, seed=seed)
    assert run.impact_mps is None
    assert run.warned is not None
    assert run.braked is not None
    assert run.braked.time_s - run.warned.time_s >= 0.8  # UN R152
    assert run.least_gap_m < 7.0  # and it does not stop far away from the car
    if speed_kph >= 50:
        assert run.warned.ttc_s >= 1.7  # Euro NCAP


@pytest.mark.parametrize(("noise", "seed"), EYES[:2])
@pytest.mark.parametrize("speed_kph", [30, 50, 80])
def test_a_slower_car_is_not_hit(speed_kph: float, noise: Noise, seed: int) -> None:
    closing = (speed_kph - 20) * KPH
    run = drive(speed_kph * KPH, [Actor(4.5 * closing, 20 * KPH)], 9.0, noise=noise, seed=seed)
    assert run.impact_mps is None
    assert run.warned is not None


@pytest.mark.parametrize(("noise", "seed"), EYES[:2])
@pytest.mark.parametrize("decel", [2.0, 2.94, 4.9, 6.0])
@pytest.mark.parametrize("gap_m", [12.0, 40.0])
@pytest.mark.parametrize("speed_kph", [50, 80])
def test_a_braking_lead_is_not_hit(
    speed_kph: float, gap_m: float, decel: float, noise: Noise, seed: int
) -> None:
    lead = Actor(gap_m, speed_kph * KPH, lambda time_s: -decel if time_s > 1.0 else 0.0)
    run = drive(speed_kph * KPH, [lead], 11.0, noise=noise, seed=seed)
    residual = 10.0 if (speed_kph, gap_m) == (80, 12.0) else 0.0
    assert run.impact_kph <= residual


@pytest.mark.parametrize(
    ("lead", "least_ttc_s"),
    [
        pytest.param(Actor(75.0, 0.0), 2.1, id="stopped"),
        pytest.param(
            Actor(30.0, 20.0, lambda time_s: -2.94 if time_s > 1.0 else 0.0), 2.4, id="braking"
        ),
        pytest.param(Actor(50.0, 32 * KPH), 2.0, id="slower"),
    ],
)
@pytest.mark.parametrize(("noise", "seed"), EYES[:2])
def test_nhtsa_warning_times_at_72_kph(
    lead: Actor, least_ttc_s: float, noise: Noise, seed: int
) -> None:
    warned = drive(20.0, [lead], 6.0, noise=noise, seed=seed).warned
    assert warned is not None
    assert warned.ttc_s >= least_ttc_s


def walker(speed_kph: float, seconds: float, **changes: float) -> Actor:
    """Crosses at 5 km/h so that the ego's centre would hit it after `seconds`."""
    across = 5 * KPH
    return Actor(
        speed_kph * KPH * seconds, 0.0, y_m=across * seconds, vy_mps=-across, label="pedestrian",
        width_m=0.5, **changes,
    )  # fmt: skip


@pytest.mark.parametrize(("noise", "seed"), EYES[:2])
@pytest.mark.parametrize("speed_kph", [20, 30, 40, 50, 60])
def test_a_crossing_pedestrian_is_not_hit(speed_kph: float, noise: Noise, seed: int) -> None:
    run = drive(speed_kph * KPH, [walker(speed_kph, 4.0)], 7.0, noise=noise, seed=seed)
    assert run.impact_mps is None
    assert run.braked is not None


@pytest.mark.parametrize("speed_kph", [10, 20, 30, 40, 50])
def test_a_child_from_behind_parked_cars_is_not_hit(speed_kph: float) -> None:
    hidden = walker(speed_kph, 4.0, appears_s=2.4)
    run = drive(speed_kph * KPH, [hidden], 7.0, noise=REAL, seed=1)
    assert run.impact_mps is None


@pytest.mark.parametrize(("label", "along_kph"), [("pedestrian", 5.0), ("bicycle", 15.0)])
@pytest.mark.parametrize("speed_kph", [30, 50, 80])
def test_someone_along_the_path_is_not_hit(speed_kph: float, label: str, along_kph: float) -> None:
    closing = (speed_kph - along_kph) * KPH
    ahead = Actor(4.0 * closing, along_kph * KPH, label=label, width_m=0.6)
    run = drive(speed_kph * KPH, [ahead], 8.0, noise=REAL, seed=1)
    assert run.impact_mps is None
    assert run.warned is not None
    if speed_kph >= 50:
        assert run.warned.ttc_s >= 1.7


@pytest.mark.parametrize("speed_kph", [15, 50, 130])
def test_following_a_car_that_changes_its_speed_is_no_alarm(speed_kph: float) -> None:
    speed = speed_kph * KPH
    lead = Actor(0.8 * speed + 3.0, speed, lambda time_s: math.sin(0.8 * time_s))
    assert_no_alarm(drive(speed, [lead], 15.0, noise=REAL, seed=1, feet=idm(0.8, 1.1 * speed)))


@pytest.mark.parametrize("speed_kph", [30, 50, 80])
def test_a_driver_who_stops_behind_a_queue_is_not_alarmed(speed_kph: float) -> None:
    speed = speed_kph * KPH
    assert_no_alarm(
        drive(speed, [Actor(130.0, 0.0)], 16.0, noise=REAL, seed=1, feet=idm(1.2, speed))
    )


@pytest.mark.parametrize("speed_kph", [50, 80])
def test_between_two_cars_that_stand_apart_is_no_alarm(speed_kph: float) -> None:
    """UN R152: 4.5 m between them."""
    pair = [Actor(80.0, 0.0, y_m=3.15), Actor(80.0, 0.0, y_m=-3.15)]
    assert_no_alarm(drive(speed_kph * KPH, pair, 7.0, noise=REAL, seed=1))


@pytest.mark.parametrize(
    ("speed_mps", "actor"),
    [
        pytest.param(30.0, Actor(90.0, 22.0, y_m=-3.5, label="truck", width_m=2.5), id="truck"),
        pytest.param(25.0, Actor(140.0, -25.0, y_m=3.5), id="oncoming"),
        pytest.param(
            13.9, Actor(80.0, 0.0, y_m=-2.2, label="pedestrian", width_m=0.5), id="at the kerb"
        ),
        pytest.param(
            13.9, Actor(70.0, 1.4, y_m=-2.0, label="pedestrian", width_m=0.5), id="on the pavement"
        ),
    ],
)
def test_who_stays_beside_the_path_is_no_alarm(speed_mps: float, actor: Actor) -> None:
    for seed in SEEDS:
        assert_no_alarm(drive(speed_mps, [actor], 6.0, noise=REAL, seed=seed))


def test_a_lead_that_turns_off_is_no_alarm() -> None:
    turning = Actor(25.0, 50 * KPH, lambda time_s: -2.0 if 1.0 < time_s < 4.5 else 0.0)
    assert_no_alarm(drive(50 * KPH, [turning], 9.0, noise=REAL, seed=1, feet=idm(1.2, 60 * KPH)))
