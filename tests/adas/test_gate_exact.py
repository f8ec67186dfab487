"""The last gate to the number: every bound, its very edge, and what is said about it.

tools/mutate.py breaks the gate in every way it knows; these tests must notice each time.
"""

from __future__ import annotations

import math

import pytest

from drag_edge.adas.decision import (
    AccDecision,
    AccState,
    AebDecision,
    AebStage,
    BsdDecision,
    BsdLevel,
    Command,
    Decision,
    LkaDecision,
    LkaState,
    Mode,
    Side,
)
from drag_edge.adas.gate import GateState, gate
from drag_edge.adas.limits import (
    accel_bounds_mps2,
    curvature_bound_1pm,
    curvature_rate_bound_1pms,
    jerk_bound_mps3,
)
from drag_edge.config.adas import AdasSettings
from drag_edge.config.limits import LimitSettings
from drag_edge.perception.ego import EgoState

# Ages that floating point holds exactly, so that the very edge can be tested.
LIMITS = {"max_age_s": 0.25, "aeb_max_age_s": 0.5, "command_life_s": 0.125}
ON = AdasSettings.model_validate({"actuation": True, "limits": LIMITS})
BOUNDS = ON.limits


def wish(
    accel: float | None = None,
    aeb: float | None = None,
    curvature: float | None = None,
    time_s: float = 0.0,
) -> Decision:
    return Decision(
        time_s=time_s,
        mode=Mode.ACTIVE,
        acc=AccDecision(AccState.SPEED, accel, None, 1, 1.0, None, None, False, ""),
        lka=LkaDecision(LkaState.ACTIVE, curvature, Side.NONE, None, None, 0.0, ""),
        aeb=AebDecision(AebStage.READY, aeb, False, None, None, None, ""),
        bsd=BsdDecision(BsdLevel.OFF, BsdLevel.OFF, None, None),
        alerts=(),
        events=(),
    )


def let_out(
    wished: Decision,
    state: GateState | None = None,
    time_s: float = 0.0,
    settings: AdasSettings = ON,
    **ego: object,
) -> Command:
    signals = {"speed_mps": 20.0, "yaw_rate_radps": 0.0, "accelerator": 0.0, **ego}
    vehicle = EgoState(time_s, **signals)  # type: ignore[arg-type]
    return gate(wished, vehicle, settings, state or GateState(), time_s)[0]


@pytest.mark.parametrize(
    ("speed_mps", "least", "most", "jerk"),
    [
        (0.0, -5.0, 4.0, 5.0),
        (5.0, -5.0, 4.0, 5.0),
        (8.0, -4.7, 3.6, 4.5),
        (12.5, -4.25, 3.0, 3.75),
        (20.0, -3.5, 2.0, 2.5),
        (60.0, -3.5, 2.0, 2.5),
        (None, -3.5, 0.0, 2.5),
    ],
)
def test_cruise_bounds_by_speed(
    speed_mps: float | None, least: float, most: float, jerk: float
) -> None:
    settings = LimitSettings()
    assert accel_bounds_mps2(speed_mps, settings) == pytest.approx((least, most))
    assert jerk_bound_mps3(speed_mps, settings) == pytest.approx(jerk)


def test_cruise_bounds_are_those_of_the_yaml() -> None:
    settings = LimitSettings(
        accel_slow_mps2=3.0, accel_fast_mps2=1.0, decel_slow_mps2=4.0, decel_fast_mps2=2.0,
        jerk_slow_mps3=3.5, jerk_fast_mps3=1.5,
    )  # fmt: skip
    assert accel_bounds_mps2(0.0, settings) == (-4.0, 3.0)
    assert accel_bounds_mps2(30.0, settings) == (-2.0, 1.0)
    assert accel_bounds_mps2(None, settings) == (-2.0, 0.0)
    assert [jerk_bound_mps3(v, settings) for v in (0.0, 30.0, None)] == [3.5, 1.5, 1.5]


@pytest.mark.parametrize(
    ("speed_mps", "curvature", "rate"),
    [
        (0.0, 0.15, 0.15),
        (0.5, 0.15, 0.15),
        (4.0, 0.15, 0.15),
        (10.0, 0.03, 0.05),
        (20.0, 0.0075, 0.0125),
        (None, 3 / 4900, 5 / 4900),
    ],
)
def test_steering_bounds_by_speed(speed_mps: float | None, curvature: float, rate: float) -> None:
    settings = LimitSettings()
    assert curvature_bound_1pm(speed_mps, settings) == pytest.approx(curvature)
    assert curvature_rate_bound_1pms(speed_mps, settings) == pytest.approx(rate)


def test_steering_bounds_are_those_of_the_yaml_at_a_walk_too() -> None:
    settings = LimitSettings(lateral_accel_mps2=0.0625, lateral_jerk_mps3=0.03125)
    assert curvature_bound_1pm(0.75, settings) == pytest.approx(1 / 9)
    assert curvature_rate_bound_1pms(0.75, settings) == pytest.approx(1 / 18)


# What is let out last, and when; a step of 50 ms follows.
MOVING = GateState(0.0, 0.5, None, 0.001)


def test_the_first_demand_starts_from_nothing_and_from_the_curve_that_is_driven() -> None:
    command = let_out(wish(2.0, None, 0.006), yaw_rate_radps=0.06)
    assert command == Command(
        0.0, 0.25, True, 0.0, None, pytest.approx(0.003), ("accel_rate", "curvature_rate")
    )


def test_a_demand_within_all_bounds_is_let_out_as_it_is() -> None:
    slowing = GateState(0.0, -0.5, None, 0.001)
    command = let_out(wish(-0.6, -4.0, 0.0012, 0.0), slowing, 0.05)
    assert command == Command(0.0, 0.25, True, -0.6, -4.0, 0.0012, ())


@pytest.mark.parametrize(("wanted", "moved"), [(1.9, 0.625), (-1.9, 0.375)])
def test_the_jerk_bound_holds_both_ways(wanted: float, moved: float) -> None:
    command = let_out(wish(wanted), MOVING, 0.05)
    assert command.accel_mps2 == pytest.approx(moved)
    assert command.limited == ("accel_rate",)


@pytest.mark.parametrize(("wanted", "cut"), [(2.5, 2.0), (-4.0, -3.5)])
def test_the_acceleration_bound_is_said(wanted: float, cut: float) -> None:
    command = let_out(wish(wanted), GateState(0.0, cut), 0.05)
    assert command.accel_mps2 == cut
    assert command.limited == ("accel",)


def test_a_bound_that_has_become_narrower_counts_at_once() -> None:
    assert let_out(wish(3.9), GateState(0.0, 3.9), 0.05).accel_mps2 == 2.0
    assert let_out(wish(-5.0), GateState(0.0, -5.0), 0.05).accel_mps2 == -3.5
    assert let_out(wish(), GateState(0.0, 3.9), 0.05).accel_mps2 == pytest.approx(1.75)
    assert let_out(wish(), GateState(0.0, -5.0), 0.05).accel_mps2 == pytest.approx(-3.25)
    assert let_out(wish(0.1), GateState(0.0, 0.5), 0.05, speed_mps=None).accel_mps2 == 0.0


@pytest.mark.parametrize(("wanted", "moved"), [(0.006, 0.001625), (-0.006, 0.000375)])
def test_the_curvature_rate_holds_both_ways(wanted: float, moved: float) -> None:
    command = let_out(wish(curvature=wanted), MOVING, 0.05)
    assert command.curvature_1pm == pytest.approx(moved)
    assert command.limited == ("curvature_rate",)


@pytest.mark.parametrize("side", [1, -1])
def test_the_curvature_bound_is_said(side: int) -> None:
    state = GateState(0.0, None, None, side * 0.0075)
    command = let_out(wish(curvature=side * 0.01), state, 0.05)
    assert command.curvature_1pm == side * 0.0075
    assert command.limited == ("curvature",)


def test_a_long_step_earns_what_a_tenth_of_a_second_does() -> None:
    command = let_out(wish(2.0, time_s=5.0), MOVING, 5.0)
    assert command.accel_mps2 == pytest.approx(0.5 + 2.5 * 0.1)
    assert let_out(wish(time_s=5.0, aeb=None), GateState(0.0, None, -9.0), 5.0).aeb_decel_mps2 == (
        pytest.approx(-7.0)
    )


def test_time_that_stands_or_goes_back_moves_nothing() -> None:
    for time_s in (0.0, -0.05):
        command = let_out(wish(2.0, None, 0.006, time_s), MOVING, time_s)
        assert (command.accel_mps2, command.curvature_1pm) == (0.5, 0.001)


# ages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_s", "cruise", "emergency"),
    [
        (-0.1875, False, False),
        (-0.125, True, True),
        (0.0, True, True),
        (0.25, True, True),
        (0.2500001, False, True),
        (0.5, False, True),
        (0.5000001, False, False),
    ],
)
def test_ages_to_the_very_edge(age_s: float, cruise: bool, emergency: bool) -> None:
    command = let_out(wish(-0.1, -4.0, 0.001, 8.0 - age_s), GateState(7.95, -0.1), 8.0)
    assert (command.accel_mps2 == -0.1) is cruise
    assert (command.curvature_1pm is not None) is cruise
    assert ("stale" in command.limited) is not cruise
    assert (command.aeb_decel_mps2 == -4.0) is emergency


@pytest.mark.parametrize("bad_s", [math.nan, math.inf])
def test_a_time_that_is_no_number_is_refused_and_said(bad_s: float) -> None:
    command = let_out(wish(1.0, -4.0, 0.001, bad_s), MOVING, 0.05)
    assert command.limited == ("time_not_finite",)
    assert command.actuation
    assert (command.accel_mps2, command.aeb_decel_mps2, command.curvature_1pm) == (None,) * 3


def test_a_command_is_valid_as_long_as_its_picture_and_a_ramp_a_little_longer() -> None:
    assert let_out(wish(curvature=0.0, time_s=-0.2)).valid_until_s == pytest.approx(0.05)
    assert let_out(wish(0.0, time_s=-0.2)).valid_until_s == 0.125
    assert let_out(wish(aeb=-4.0, time_s=-0.2)).valid_until_s == 0.125
    assert let_out(wish(0.0, time_s=-0.0625)).valid_until_s == 0.1875


def test_what_was_let_out_is_what_the_next_step_starts_from() -> None:
    ego = EgoState(0.05, speed_mps=20.0, yaw_rate_radps=0.0)
    slowing = GateState(0.0, -0.5, None, 0.001)
    command, state = gate(wish(-0.6, -4.0, 0.0012), ego, ON, slowing, 0.05)
    assert state == GateState(0.05, -0.6, -4.0, 0.0012)
    assert gate(wish(0.6), ego, ON, MOVING, 0.05)[1].accel_mps2 == 0.6
    assert command.time_s == 0.0


def test_off_lets_nothing_out_and_remembers_nothing_but_the_time() -> None:
    command, state = gate(
        wish(0.6, -4.0, 0.001, 0.01), EgoState(0.05, 20.0), AdasSettings(), MOVING, 0.05
    )
    assert command == Command(0.01, pytest.approx(0.31), False, None, None, None, ())
    assert state == GateState(0.05)
    _, state = gate(wish(time_s=math.nan), EgoState(0.05, 20.0), ON, MOVING, 0.05)
    assert state == GateState()


# the driver ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ego", "ended"),
    [
        ({"brake_pressed": True}, True),
        ({"brake_pressed": False}, False),
        ({"brake_pressed": None}, False),
        ({"accelerator": 0.05}, True),
        ({"accelerator": 0.049}, False),
        ({"accelerator": None}, False),
        ({"accelerator": math.nan}, True),
        ({"brake_pressed": True, "accelerator": 0.5}, True),
    ],
)
def test_a_pedal_ends_cruise(ego: dict[str, object], ended: bool) -> None:
    command = let_out(wish(-0.6, -4.0), GateState(0.0, -0.5), 0.05, **ego)
    assert command.accel_mps2 == (None if ended else -0.6)
    assert command.limited == (("driver",) if ended else ())
    assert command.aeb_decel_mps2 == -4.0


def test_a_pedal_without_a_demand_cuts_nothing_and_ends_a_release() -> None:
    command = let_out(wish(), MOVING, 0.05, brake_pressed=True)
    assert (command.accel_mps2, command.limited) == (None, ())


# releases ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "left"),
    [
        (2.0, 1.75),
        (-2.0, -1.75),
        (0.25 + 3 / 2048, 3 / 2048),
        (-0.25 - 3 / 2048, -3 / 2048),
        (0.25 + 1 / 1024, None),
        (0.25 + 3 / 4096, None),
        (0.2, None),
        (None, None),
    ],
)
def test_cruise_is_let_go_at_five_metres_per_second_cubed(
    last: float | None, left: float | None
) -> None:
    command = let_out(wish(), GateState(0.0, last), 0.05)
    assert command.accel_mps2 == left
    assert command.limited == ()


def test_cruise_that_is_no_longer_wanted_ends_when_time_stands_still() -> None:
    assert let_out(wish(), GateState(0.0, 2.0), 0.0).accel_mps2 is None


@pytest.mark.parametrize(
    ("wanted", "last", "out", "said"),
    [
        (-4.0, None, -4.0, ()),
        (-10.0, None, -10.0, ()),
        (-10.5, None, -10.0, ("aeb_decel",)),
        (-9.0, -4.0, -9.0, ()),
        (-3.0, -9.0, -8.0, ()),
        (-3.0, -3.5, -3.0, ()),
        (0.0, None, 0.0, ()),
        (0.5, None, None, ("aeb_decel_sign",)),
        (0.5, -9.0, -8.0, ("aeb_decel_sign",)),
        (None, -9.0, -8.0, ()),
        (None, -1.0 - 3 / 2048, -3 / 2048, ()),
        (None, -1.0 - 1 / 1024, None, ()),
        (None, -1.0 - 3 / 4096, None, ()),
        (None, -0.5, None, ()),
        (None, None, None, ()),
    ],
)
def test_emergency_braking_builds_up_freely_and_is_let_go_in_a_ramp(
    wanted: float | None, last: float | None, out: float | None, said: tuple[str, ...]
) -> None:
    command = let_out(wish(aeb=wanted), GateState(0.0, None, last), 0.05)
    assert command.aeb_decel_mps2 == out
    assert command.limited == said


@pytest.mark.parametrize(
    ("wanted", "last", "aeb", "out", "said"),
    [
        (2.0, 2.0, -9.0, 0.0, ("accel_against_aeb",)),
        (0.125, 0.0, 0.0, 0.0, ("accel_against_aeb",)),
        (0.0, 0.0, -9.0, 0.0, ()),
        (-1.0, -1.0, -9.0, -1.0, ()),
        (2.0, 2.0, None, 2.0, ()),
        (None, 2.0, -9.0, 0.0, ("accel_against_aeb",)),
        (None, None, -9.0, None, ()),
    ],
)
def test_cruise_does_not_accelerate_against_emergency_braking(
    wanted: float | None,
    last: float | None,
    aeb: float | None,
    out: float | None,
    said: tuple[str, ...],
) -> None:
    command = let_out(wish(wanted, aeb), GateState(0.0, last), 0.05)
    assert (command.accel_mps2, command.aeb_decel_mps2, command.limited) == (out, aeb, said)


def test_nor_while_emergency_braking_is_let_go() -> None:
    command = let_out(wish(2.0), GateState(0.0, 2.0, -9.0), 0.05)
    assert (command.accel_mps2, command.aeb_decel_mps2) == (0.0, -8.0)


def test_steering_is_given_back_at_once() -> None:
    assert let_out(wish(), MOVING, 0.05).curvature_1pm is None


# what is no number ---------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_demands_that_are_no_numbers_are_refused_by_name(bad: float) -> None:
    command = let_out(wish(bad, bad, bad), GateState(0.0), 0.05)
    assert (command.accel_mps2, command.aeb_decel_mps2, command.curvature_1pm) == (None,) * 3
    assert command.limited == ("accel_not_finite", "aeb_decel_not_finite", "curvature_not_finite")


@pytest.mark.parametrize("speed_mps", [None, math.nan, math.inf, -1.0, -0.01])
def test_a_speed_that_cannot_be_is_unknown(speed_mps: float | None) -> None:
    command = let_out(wish(1.0, None, 1.0), GateState(0.0, 0.0), 0.05, speed_mps=speed_mps)
    assert command.accel_mps2 == 0.0
    assert command.curvature_1pm == pytest.approx(5 / 4900 * 0.05)


@pytest.mark.parametrize("speed_mps", [0.0, 0.5])
def test_standing_and_walking_are_known_speeds(speed_mps: float) -> None:
    command = let_out(wish(4.0), GateState(0.0, 3.9), 0.05, speed_mps=speed_mps)
    assert command.accel_mps2 == 4.0


@pytest.mark.parametrize(
    ("speed_mps", "yaw_radps", "starts"),
    [
        (2.0, 0.02, 0.01),
        (1.5, 0.015, 0.01),
        (1.0, 0.01, 0.01),
        (0.75, 0.01, 0.0),
        (20.0, None, 0.0),
        (20.0, math.nan, 0.0),
        (20.0, math.inf, 0.0),
        (None, 0.02, 0.0),
    ],
)
def test_where_steering_starts(
    speed_mps: float | None, yaw_radps: float | None, starts: float
) -> None:
    command = let_out(wish(curvature=0.1), speed_mps=speed_mps, yaw_rate_radps=yaw_radps)
    assert command.curvature_1pm == pytest.approx(starts)
