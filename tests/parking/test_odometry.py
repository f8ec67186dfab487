"""Dead reckoning, forwards and backwards."""

from __future__ import annotations

import math

import pytest

from drag_edge.perception.ego import EgoState
from drag_edge.perception.parking.odometry import Odometry


def driven(seconds: float, speed: float, yaw_rate: float, reverse: bool | None = None) -> Odometry:
    odometry = Odometry()
    for step in range(round(seconds / 0.05) + 1):
        odometry.step(
            EgoState(step * 0.05, speed_mps=speed, yaw_rate_radps=yaw_rate, reverse=reverse)
        )
    return odometry


def test_straight_on() -> None:
    pose = driven(10.0, 5.0, 0.0).at(10.0)
    assert pose is not None
    assert (pose.x_m, pose.y_m, pose.yaw_rad) == pytest.approx((50.0, 0.0, 0.0))


def test_a_quarter_of_a_circle_to_the_left() -> None:
    pose = driven(10.0, 5.0, math.pi / 20).at(10.0)
    radius = 5.0 / (math.pi / 20)
    assert pose is not None
    assert (pose.x_m, pose.y_m) == pytest.approx((radius, radius), rel=1e-3)
    assert pose.yaw_rad == pytest.approx(math.pi / 2)


def test_the_reverse_gear_turns_the_way() -> None:
    pose = driven(4.0, 1.0, 0.0, reverse=True).at(4.0)
    assert pose is not None
    assert pose.x_m == pytest.approx(-4.0)


def test_pictures_are_placed_where_they_were_taken() -> None:
    odometry = driven(2.0, 8.0, 0.0)
    then, ahead = odometry.at(1.913), odometry.at(2.1)
    assert then is not None
    assert ahead is not None
    assert then.x_m == pytest.approx(8 * 1.913)
    assert ahead.x_m == pytest.approx(8 * 2.1)
    assert odometry.at(-1.0) is None
    assert odometry.at(3.0) is None


@pytest.mark.parametrize(
    "bad",
    [
        EgoState(2.05, speed_mps=None, yaw_rate_radps=0.0),
        EgoState(2.05, speed_mps=5.0, yaw_rate_radps=None),
        EgoState(2.05, speed_mps=math.nan, yaw_rate_radps=0.0),
        EgoState(9.0, speed_mps=5.0, yaw_rate_radps=0.0),
        EgoState(1.0, speed_mps=5.0, yaw_rate_radps=0.0),
    ],
)
def test_without_speed_or_after_a_jump_it_begins_anew(bad: EgoState) -> None:
    odometry = driven(2.0, 5.0, 0.0)
    before_s = odometry.start_s
    odometry.step(bad)
    assert odometry.at(bad.time_s) is None
    odometry.step(EgoState(10.0, speed_mps=5.0, yaw_rate_radps=0.0))
    assert odometry.start_s != before_s
