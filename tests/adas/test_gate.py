"""The last gate: whatever the features ask for, what leaves keeps the limits."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drag_edge.adas.decide import AdasState, decide
from drag_edge.adas.decision import Command, Decision
from drag_edge.adas.gate import GateState, gate
from drag_edge.config.adas import AdasSettings
from drag_edge.config.body import BodySettings
from drag_edge.perception.ego import EgoState
from tests.adas import scenes

ON = AdasSettings(actuation=True)
LIMITS = ON.limits
BLANK, _ = decide(scenes.scene(), (), ON, BodySettings(), AdasState(), 0.0)

ANY = st.one_of(
    st.none(),
    st.floats(-15, 15),
    st.sampled_from([0.0, -0.0, 1e-9, 1e9, -1e9, math.nan, math.inf, -math.inf]),
)
SPEEDS = st.one_of(
    st.none(), st.floats(0, 70), st.sampled_from([0.0, 5.0, 20.0, -1.0, math.nan, math.inf, 1e6])
)


def wish(
    accel: float | None = None,
    aeb: float | None = None,
    curvature: float | None = None,
    time_s: float = 0.0,
) -> Decision:
    return dataclasses.replace(
        BLANK,
        time_s=time_s,
        acc=dataclasses.replace(BLANK.acc, accel_mps2=accel),
        aeb=dataclasses.replace(BLANK.aeb, decel_mps2=aeb),
        lka=dataclasses.replace(BLANK.lka, curvature_1pm=curvature),
    )


def let_out(
    decisions: list[Decision],
    speed_mps: float | None = 15.0,
    period_s: float = 0.05,
    ego: EgoState | None = None,
    age_s: float = 0.1,
) -> list[Command]:
    """The commands for decisions that come one period apart, each age_s old."""
    state, commands = GateState(), []
    for number, decision in enumerate(decisions):
        time_s = number * period_s
        decision = dataclasses.replace(decision, time_s=time_s - age_s)
        command, state = gate(decision, ego or scenes.ego(speed_mps), ON, state, time_s)
        commands.append(command)
    return commands


def iso(slow: float, fast: float, speed_mps: float) -> float:
    """The standard's line through (5 m/s, slow) and (20 m/s, fast), written down again."""
    if speed_mps <= 5:
        return slow
    if speed_mps >= 20:
        return fast
    return slow + (fast - slow) * (speed_mps - 5) / 15


@settings(deadline=None)
@given(wishes=st.lists(ANY, min_size=1, max_size=30), speed=st.floats(0, 70))
def test_cruise_keeps_iso_15622_acceleration_and_jerk(
    wishes: list[float | None], speed: float
) -> None:
    commands = let_out([wish(accel=value) for value in wishes], speed)
    last = 0.0
    for command in commands:
        accel = command.accel_mps2
        if accel is None:
            last = 0.0
            continue
        assert -iso(5.0, 3.5, speed) - 1e-9 <= accel <= iso(4.0, 2.0, speed) + 1e-9
        releasing = abs(accel) < abs(last)
        jerk = max(5.0, iso(5.0, 2.5, speed)) if releasing else iso(5.0, 2.5, speed)
        assert abs(accel - last) <= jerk * 0.05 + 1e-9
        last = accel


@pytest.mark.parametrize(
    ("speed_mps", "most", "least"), [(0, 4.0, -5.0), (5, 4.0, -5.0), (12.5, 3.0, -4.25),
                                     (20, 2.0, -3.5), (50, 2.0, -3.5)]
)  # fmt: skip
def test_a_lasting_wish_reaches_the_bound_of_its_speed(
    speed_mps: float, most: float, least: float
) -> None:
    assert let_out([wish(accel=9.0)] * 60, speed_mps)[-1].accel_mps2 == pytest.approx(most)
    last = let_out([wish(accel=-9.0)] * 60, speed_mps)[-1]
    assert last.accel_mps2 == pytest.approx(least)
    assert "accel" in last.limited


@settings(deadline=None)
@given(wishes=st.lists(ANY, min_size=1, max_size=30), speed=st.floats(0, 70))
def test_steering_keeps_r79_lateral_acceleration_and_jerk(
    wishes: list[float | None], speed: float
) -> None:
    commands = let_out([wish(curvature=value) for value in wishes], speed)
    last = 0.0
    for command in commands:
        curvature = command.curvature_1pm
        if curvature is None:
            last = 0.0
            continue
        assert abs(curvature) * speed**2 <= 3.0 + 1e-9
        assert abs(curvature) <= LIMITS.curvature_1pm + 1e-12
        assert abs(curvature - last) * speed**2 <= 5.0 * 0.05 + 1e-9
        assert abs(curvature - last) <= LIMITS.curvature_rate_1pms * 0.05 + 1e-12
        last = curvature


@pytest.mark.parametrize("speed_mps", [10.0, 20.0, 40.0])
def test_steering_may_use_all_of_the_lateral_acceleration(speed_mps: float) -> None:
    curvature = let_out([wish(curvature=1.0)] * 60, speed_mps)[-1].curvature_1pm
    assert curvature == pytest.approx(3.0 / speed_mps**2)
    first = let_out([wish(curvature=1.0)] * 2, speed_mps)[1].curvature_1pm
    assert first == pytest.approx(5.0 / speed_mps**2 * 0.05)


@settings(deadline=None)
@given(wishes=st.lists(ANY, min_size=1, max_size=30), speed=SPEEDS)
def test_emergency_braking_only_brakes_and_never_harder_than_its_bound(
    wishes: list[float | None], speed: float | None
) -> None:
    last = None
    for command in let_out([wish(aeb=value) for value in wishes], speed):
        decel = command.aeb_decel_mps2
        if decel is not None:
            assert -LIMITS.aeb_decel_mps2 <= decel <= 0.0
            if last is not None:
                assert decel - last <= LIMITS.aeb_release_mps3 * 0.05 + 1e-9
        last = decel


@settings(deadline=None, max_examples=200)
@given(accel=ANY, aeb=ANY, curvature=ANY, speed=SPEEDS, yaw_rate=ANY, pedal=ANY,
       age=st.one_of(st.floats(-1, 1), st.sampled_from([math.nan, math.inf])))  # fmt: skip
def test_no_number_passes_that_is_not_finite_and_none_raises(
    accel: float | None, aeb: float | None, curvature: float | None, speed: float | None,
    yaw_rate: float | None, pedal: float | None, age: float,
) -> None:  # fmt: skip
    ego = scenes.ego(speed, yaw_rate_radps=yaw_rate, accelerator=pedal)
    state = GateState()
    for step in range(3):
        command, state = gate(wish(accel, aeb, curvature, step * 0.05 - age), ego, ON, state,
                              step * 0.05)  # fmt: skip
        for demand in (command.accel_mps2, command.aeb_decel_mps2, command.curvature_1pm):
            assert demand is None or math.isfinite(demand)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused_by_name(bad: float) -> None:
    command = let_out([wish(bad, bad, bad)])[0]
    assert (command.accel_mps2, command.aeb_decel_mps2, command.curvature_1pm) == (None,) * 3
    assert command.limited == ("accel_not_finite", "aeb_decel_not_finite", "curvature_not_finite")


def test_actuation_is_off_by_default_and_then_every_demand_is_none() -> None:
    command, _ = gate(wish(1.0, -9.0, 0.001), scenes.ego(), AdasSettings(), GateState(), 0.0)
    assert not command.actuation
    assert (command.accel_mps2, command.aeb_decel_mps2, command.curvature_1pm) == (None,) * 3


@settings(deadline=None)
@given(accel=st.floats(-9, 9), curvature=st.floats(-1, 1), speed=st.sampled_from(
    [None, math.nan, -1.0, math.inf]))  # fmt: skip
def test_an_unknown_speed_takes_the_narrowest_limits(
    accel: float, curvature: float, speed: float | None
) -> None:
    last = let_out([wish(accel, None, curvature)] * 80, speed)[-1]
    assert last.accel_mps2 is not None
    assert last.curvature_1pm is not None
    assert -3.5 <= last.accel_mps2 <= 0.0
    assert abs(last.curvature_1pm) <= 3.0 / 70.0**2


def test_the_limits_cannot_be_opened_beyond_the_standards() -> None:
    for field, value in (
        ("accel_fast_mps2", 2.1), ("accel_slow_mps2", 4.1), ("decel_fast_mps2", 3.6),
        ("decel_slow_mps2", 5.1), ("jerk_fast_mps3", 2.6), ("jerk_slow_mps3", 5.1),
        ("lateral_accel_mps2", 3.1), ("lateral_jerk_mps3", 5.1), ("aeb_decel_mps2", 10.1),
        ("max_age_s", 0.31), ("aeb_max_age_s", 0.51), ("slow_mps", 6.0), ("fast_mps", 25.0),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=field):
            AdasSettings.model_validate({"limits": {field: value}})


def test_old_pictures_give_no_new_demand() -> None:
    wishes = [wish(1.0, None, 0.001)] * 5
    for age_s, expected in ((0.29, True), (0.31, False)):
        command = let_out(wishes, age_s=age_s)[-1]
        assert (command.accel_mps2 is not None) is expected
        assert (command.curvature_1pm is not None) is expected
        assert ("stale" in command.limited) is not expected
    assert let_out([wish(aeb=-9.0)], age_s=0.45)[-1].aeb_decel_mps2 == -9.0
    assert let_out([wish(aeb=-9.0)], age_s=0.55)[-1].aeb_decel_mps2 is None


@pytest.mark.parametrize("time_s", [math.nan, math.inf])
def test_a_time_that_is_none_gives_no_demand(time_s: float) -> None:
    command, state = gate(wish(1.0, -9.0, 0.001, time_s), scenes.ego(), ON, GateState(0.0), 0.05)
    assert (command.accel_mps2, command.aeb_decel_mps2, command.curvature_1pm) == (None,) * 3
    assert command.limited == ("time_not_finite",)
    assert state == GateState()


def test_a_decision_from_the_future_is_not_trusted() -> None:
    assert let_out([wish(1.0, -9.0, 0.001)] * 5, age_s=-5.0)[-1].accel_mps2 is None
    assert let_out([wish(1.0, -9.0, 0.001)] * 5, age_s=-5.0)[-1].aeb_decel_mps2 is None


def test_a_command_ends_with_the_picture_that_it_came_from() -> None:
    command = let_out([wish(1.0)], age_s=0.1)[0]
    assert command.valid_until_s == pytest.approx(command.time_s + 0.3)


def test_emergency_braking_is_let_go_in_a_ramp_within_half_a_second() -> None:
    commands = let_out([wish(aeb=-9.0)] * 4 + [wish()] * 12)
    decels = [command.aeb_decel_mps2 for command in commands[4:]]
    assert decels[0] == pytest.approx(-8.0)
    assert decels[9] is None
    assert commands[4].valid_until_s >= 4 * 0.05 + 0.05  # the ramp itself may be acted on


def test_cruise_braking_is_let_go_in_a_ramp_within_a_second() -> None:
    commands = let_out([wish(-3.0)] * 40 + [wish()] * 20, speed_mps=30.0)
    accels = [command.accel_mps2 for command in commands]
    assert accels[39] == pytest.approx(-3.0)
    assert accels[40] == pytest.approx(-2.75)
    assert accels[59] is None


@pytest.mark.parametrize("pedal", [{"brake_pressed": True}, {"accelerator": 0.3}])
def test_the_drivers_pedals_end_the_cruise_demand_at_once(pedal: dict[str, object]) -> None:
    ego = scenes.ego(15.0, **pedal)
    command, _ = gate(wish(1.0, -5.0), ego, ON, GateState(0.0, 1.0, None, None), 0.05)
    assert command.accel_mps2 is None
    assert command.aeb_decel_mps2 == -5.0  # emergency braking is not ended by a touch
    assert "driver" in command.limited


def test_steering_starts_from_the_curve_that_is_driven() -> None:
    ego = scenes.ego(20.0, yaw_rate_radps=20.0 * 0.004)
    command, _ = gate(wish(curvature=0.004), ego, ON, GateState(0.0), 0.05)
    assert command.curvature_1pm == pytest.approx(0.004)


def test_a_long_pause_does_not_earn_a_large_step() -> None:
    state = GateState(0.0, 0.0, None, 0.0)
    command, _ = gate(wish(2.0, None, 0.01, 9.95), scenes.ego(20.0), ON, state, 10.0)
    assert command.accel_mps2 == pytest.approx(2.5 * 0.1)
    assert command.curvature_1pm == pytest.approx(5.0 / 400 * 0.1)


def test_an_unknown_speed_takes_the_narrowest_jerk() -> None:
    commands = let_out([wish(accel=-3.0)] * 3, speed_mps=None)
    assert commands[2].accel_mps2 == pytest.approx(-2.5 * 0.05 * 2)


def test_a_clock_that_goes_back_moves_no_demand() -> None:
    state = GateState(1.0, 0.5, None, 0.001)
    command, _ = gate(wish(2.0, None, 0.01, 0.8), scenes.ego(20.0), ON, state, 0.9)
    assert command.accel_mps2 == pytest.approx(0.5)
    assert command.curvature_1pm == pytest.approx(0.001)


@pytest.mark.parametrize("speed_mps", [0.0, 2.0])
def test_at_walking_pace_the_steerings_stop_is_the_bound(speed_mps: float) -> None:
    curvature = let_out([wish(curvature=1.0)] * 60, speed_mps)[-1].curvature_1pm
    assert curvature == pytest.approx(LIMITS.curvature_1pm)
