"""Each verdict on drives that must pass and drives that must fail, by the standards' numbers."""

from __future__ import annotations

from typing import Any

import pytest

from drag_edge.adas.decision import Mode, Side
from drag_edge.faults.fault import parse_fault
from drag_edge.score.drive import Drive
from drag_edge.score.row import Check
from drag_edge.score.verdicts import judged
from drag_edge.score.verdicts.verdict import Verdict
from drag_edge.score.verdicts.warning import time_to_contact_s
from drag_edge.sim.ego.commands import Control
from drag_edge.sim.truth import Collision
from tests.score.hand_made import decision, hand_made


def verdict(drive: Drive, name: str, **thresholds: Any) -> Verdict:
    return judged(drive, Check(name, thresholds))


def contact(closing_mps: float) -> list[Collision]:
    return [Collision(4.0, 1, closing_mps)]


def test_impact_speed_counts_at_contact_and_zero_means_none_at_all() -> None:
    assert verdict(hand_made(), "impact", most_kmh=0).passed
    at_15 = hand_made(collisions=contact(14.99 / 3.6))
    assert verdict(at_15, "impact", most_kmh=15).passed
    assert not verdict(at_15, "impact", most_kmh=14.9).passed
    assert verdict(at_15, "impact", most_kmh=15).figures["impact_kmh"] == pytest.approx(14.99)
    slow = hand_made(collisions=contact(0.01))
    assert not verdict(slow, "impact", most_kmh=0).passed
    drifted_into_us = hand_made(collisions=contact(-1.0))
    assert not verdict(drifted_into_us, "impact", most_kmh=0).passed


def test_a_drive_that_ends_while_closing_in_proves_nothing() -> None:
    closing = hand_made(gap=lambda t: 60 - 5 * t, lead_speed=lambda t: 15.0)
    assert not verdict(closing, "impact", most_kmh=0).passed
    far_and_slow = hand_made(gap=lambda t: 30 - 0.5 * t, lead_speed=lambda t: 19.5)
    assert verdict(far_and_slow, "impact", most_kmh=0).passed
    assert verdict(closing, "impact", most_kmh=0, unsettled_ok=True).passed


def braking_after(warned_s: float, braked_s: float) -> Drive:
    return hand_made(
        decide=lambda t: decision(
            t, warning=t >= warned_s - 1e-9, decel=-9.0 if t >= braked_s - 1e-9 else None
        ),
        brake=lambda t: 9.0 if t >= braked_s + 0.02 else 0.0,
    )


@pytest.mark.parametrize(("lead_s", "passes"), [(0.8, True), (0.75, False), (0.0, False)])
def test_the_warning_comes_0_8_s_before_any_braking(lead_s: float, passes: bool) -> None:
    found = verdict(braking_after(3.0, 3.0 + lead_s), "warned_before_braking", least_s=0.8)
    assert found.passed is passes
    assert found.figures["warned_before_s"] == pytest.approx(lead_s)


def test_a_warning_that_ended_long_before_braking_does_not_count() -> None:
    drive = hand_made(
        decide=lambda t: decision(
            t, warning=1.0 <= t < 2.0 or t >= 3.9, decel=-9.0 if t >= 4.0 else None
        )
    )
    found = verdict(drive, "warned_before_braking", least_s=0.8)
    assert not found.passed
    assert found.figures["warned_before_s"] == pytest.approx(0.1)


def test_demanded_braking_is_what_reaches_the_vehicle() -> None:
    assert verdict(braking_after(2.0, 3.0), "demanded", least_mps2=5).passed
    weak = hand_made(brake=lambda t: 4.9 if t > 3 else 0.0)
    assert not verdict(weak, "demanded", least_mps2=5).passed


@pytest.mark.parametrize(("warned_s", "passes"), [(3.0, True), (4.0, False)])
def test_ttc_at_the_warning_towards_a_stopped_car(warned_s: float, passes: bool) -> None:
    # 100 m at 20 m/s: 5 s at the start, so 2 s at 3 s and 1 s at 4 s.
    drive = hand_made(
        seconds=4.5,
        gap=lambda t: 100 - 20 * t,
        lead_speed=lambda t: 0.0,
        decide=lambda t: decision(t, warning=t >= warned_s - 1e-9),
    )
    found = verdict(drive, "warned_at_ttc", least_s=1.9)
    assert found.passed is passes
    assert found.figures["warned_at_ttc_s"] == pytest.approx(5 - warned_s, abs=0.02)


def test_never_warned_fails() -> None:
    drive = hand_made(gap=lambda t: 100.0, lead_speed=lambda t: 0.0)
    assert not verdict(drive, "warned_at_ttc", least_s=0.1).passed


def test_ttc_counts_the_leads_braking_until_it_stands() -> None:
    # From 20 m/s with 4 m/s² it stands after 50 m: 30 m + 50 m at 20 m/s are 4 s … but they meet
    # before it stands: 30 = 4 t²/2, t = 3.87 s.
    braking = hand_made(gap=lambda t: 30.0, lead_accel=lambda t: -4.0)
    assert time_to_contact_s(braking.truth[0]) == pytest.approx(3.873, abs=0.01)
    stops_first = hand_made(gap=lambda t: 60.0, lead_accel=lambda t: -8.0)
    assert time_to_contact_s(stops_first.truth[0]) == pytest.approx((60 + 25) / 20, abs=0.01)
    assert time_to_contact_s(hand_made(gap=lambda t: 30.0).truth[0]) is None


def test_quiet_counts_brakings_warnings_and_deceleration() -> None:
    assert verdict(hand_made(), "quiet", most_decel_g=0.25).passed
    assert not verdict(braking_after(9.0, 3.0), "quiet").passed
    assert not verdict(hand_made(decide=lambda t: decision(t, warning=t > 3)), "quiet").passed
    slowed = hand_made(accel=lambda t: -2.5)
    assert verdict(slowed, "quiet").passed
    assert not verdict(slowed, "quiet", most_decel_g=0.25).passed


def following(gap_s: float, wobble_s: float = 0.0) -> Drive:
    return hand_made(gap=lambda t: 20.0 * (gap_s + (wobble_s if 3 < t < 6 else 0.0)))


GAP = {"set_s": 1.5, "steady_from_s": 1, "steady_until_s": 8}


def test_time_gap_steady_and_never_below_0_8_s() -> None:
    assert verdict(following(1.5), "time_gap", **GAP).passed
    assert verdict(following(1.5, 0.14), "time_gap", **GAP).passed
    assert not verdict(following(1.5, 0.16), "time_gap", **GAP).passed
    short = hand_made(gap=lambda t: 20.0 * (0.79 if t < 0.5 else 1.5))
    assert not verdict(short, "time_gap", **GAP).passed
    nobody_drove = hand_made(gap=lambda t: 30.0, drive_control=lambda t: Control.NONE)
    assert not verdict(nobody_drove, "time_gap", **GAP).passed


@pytest.mark.parametrize(
    ("speed_mps", "decel", "passes"),
    [(25.0, 3.4, True), (25.0, 3.6, False), (4.0, 4.9, True), (4.0, 5.1, False)],
)
def test_iso_15622_deceleration_depends_on_speed(
    speed_mps: float, decel: float, passes: bool
) -> None:
    drive = hand_made(speed=lambda t: speed_mps, accel=lambda t: -decel)
    assert verdict(drive, "comfort").passed is passes


def test_iso_15622_jerk_is_a_one_second_mean() -> None:
    def ramp(jerk: float) -> Drive:
        return hand_made(speed=lambda t: 25.0, accel=lambda t: -min(max(t - 2, 0) * jerk, 3.4))

    assert verdict(ramp(2.4), "comfort").passed
    assert not verdict(ramp(2.6), "comfort").passed
    # A quick step is as good as its mean over a second …
    assert verdict(hand_made(accel=lambda t: -2.0 if t > 2 else 0.0), "comfort").passed
    # … and nobody else's braking counts as ACC's.
    by_foot = hand_made(accel=lambda t: -9.0, drive_control=lambda t: Control.NONE)
    assert verdict(by_foot, "comfort").passed


def departing(warned_s: float, mps: float = 0.5, side: Side = Side.LEFT) -> Drive:
    # The front wheel's face reaches the line (1.75 m) when d = 0.825 m.
    return hand_made(
        d=lambda t: mps * t,
        d_rate=lambda t: mps,
        decide=lambda t: decision(t, departure=side if t >= warned_s - 1e-9 else Side.NONE),
    )


@pytest.mark.parametrize(
    ("warned_s", "passes"),
    [(1.65, True), (2.2, True), (2.35, False), (0.2, True), (0.05, False)],
)
def test_departure_warning_not_too_late_and_not_too_early(warned_s: float, passes: bool) -> None:
    found = verdict(departing(warned_s), "departure", side="left")
    assert found.passed is passes
    assert found.figures["warned_outside_m"] == pytest.approx(0.5 * warned_s - 0.825, abs=0.01)


def test_departure_needs_the_right_side_and_a_departure() -> None:
    assert not verdict(departing(1.7, side=Side.RIGHT), "departure", side="left").passed
    assert not verdict(departing(99.0), "departure", side="left").passed
    stays = hand_made(decide=lambda t: decision(t, departure=Side.LEFT))
    assert not verdict(stays, "departure", side="left").passed
    assert verdict(hand_made(), "no_departure").passed
    assert not verdict(hand_made(), "no_departure", must_cross=True).passed
    assert not verdict(departing(1.7), "no_departure").passed


def test_lane_keeping_is_judged_by_excursion_acceleration_and_jerk() -> None:
    assert verdict(hand_made(), "keeps_lane").passed
    assert not verdict(hand_made(d=lambda t: 1.2), "keeps_lane").passed  # 0.375 m over the line
    assert verdict(hand_made(d=lambda t: -1.1), "keeps_lane").passed
    assert not verdict(hand_made(yaw_rate=lambda t: 3.1 / 20), "keeps_lane").passed
    jerky = hand_made(yaw_rate=lambda t: (2.8 if 4 < t < 4.6 else 0.0) / 20)
    assert not verdict(jerky, "keeps_lane").passed  # 2.8 m/s² within 0.5 s
    assert not verdict(hand_made(steer_control=lambda t: Control.NONE), "keeps_lane").passed


def test_string_gain_is_peak_to_peak_over_the_leads() -> None:
    lead = {"gap": lambda t: 30.0, "lead_speed": lambda t: 20.0 - (2.0 if 3 < t < 5 else 0.0)}
    calmer = hand_made(speed=lambda t: 20.0 - (1.9 if 4 < t < 6 else 0.0), **lead)
    wilder = hand_made(speed=lambda t: 20.0 - (2.1 if 4 < t < 6 else 0.0), **lead)
    assert verdict(calmer, "gain", from_s=1).passed
    assert not verdict(wilder, "gain", from_s=1).passed


FROZEN = (parse_fault("freeze:front@3+2"),)


def test_a_fault_is_named_within_300_ms_of_its_begin() -> None:
    def drive(named_s: float) -> Drive:
        return hand_made(
            faults=FROZEN,
            decide=lambda t: decision(t, events=["camera_frozen"] if t >= named_s else []),
        )

    assert verdict(drive(3.25), "named", events=["camera_frozen"]).passed
    assert not verdict(drive(3.4), "named", events=["camera_frozen"]).passed
    assert not verdict(drive(3.25), "named", events=["camera_black"]).passed


def test_nothing_new_begins_or_grows_on_stale_data() -> None:
    def drive(demand: Any, control: Any = None) -> Drive:
        gone = lambda t: Control.CONTROLLED if t < 4.2 else Control.NONE  # noqa: E731
        return hand_made(
            faults=FROZEN, accel_demand=demand, drive_control=control or gone, steer_control=gone
        )

    assert verdict(drive(lambda t: 1.0 if t < 3.5 else 0.2), "nothing_new").passed
    assert not verdict(drive(lambda t: 0.5 if t < 3.5 else 1.0), "nothing_new").passed
    held = drive(lambda t: 0.5, lambda t: Control.CONTROLLED)
    assert not verdict(held, "nothing_new").passed
    begins = hand_made(
        faults=FROZEN,
        steer_control=lambda t: Control.NONE,
        drive_control=lambda t: Control.NONE,
        decide=lambda t: decision(t, decel=-9.0 if t > 3.5 else None),
    )
    assert not verdict(begins, "nothing_new").passed


def test_braking_in_progress_is_held_half_a_second_and_released_in_a_ramp() -> None:
    def drive(held_s: float, ramp_s: float) -> Drive:
        return hand_made(
            faults=FROZEN,
            brake=lambda t: 9.0 * min(max(1 - (t - 3 - held_s) / ramp_s, 0.0), 1.0),
        )

    assert verdict(drive(0.4, 0.4), "braking_ends").passed
    assert not verdict(drive(0.7, 0.4), "braking_ends").passed
    assert not verdict(drive(0.4, 0.02), "braking_ends").passed
    assert not verdict(hand_made(faults=FROZEN), "braking_ends").passed


def test_recovery_counts_from_the_end_of_the_fault() -> None:
    def drive(until_s: float) -> Drive:
        bad = lambda t: 3.2 <= t < until_s  # noqa: E731
        return hand_made(
            faults=FROZEN,
            decide=lambda t: decision(t, mode=Mode.DEGRADED if bad(t) else Mode.ACTIVE),
            drive_control=lambda t: Control.NONE if bad(t) else Control.CONTROLLED,
        )

    assert verdict(drive(5.9), "recovers").passed
    assert not verdict(drive(6.2), "recovers").passed
    assert not verdict(drive(99.0), "recovers").passed


def test_the_receiver_times_out_within_five_cycles_and_ramps_out() -> None:
    def control(out_s: float, ramp_s: float) -> Any:
        def at(t: float) -> Control:
            if t < 3 + out_s:
                return Control.CONTROLLED
            return Control.RAMP_OUT if t < 3 + out_s + ramp_s else Control.NONE

        return at

    def drive(out_s: float, ramp_s: float) -> Drive:
        own = control(out_s, ramp_s)
        return hand_made(faults=FROZEN, drive_control=own, steer_control=own)

    assert verdict(drive(0.1, 0.9), "times_out").passed
    assert not verdict(drive(0.2, 0.9), "times_out").passed
    assert not verdict(drive(0.1, 1.2), "times_out").passed
    never = hand_made(faults=FROZEN)
    assert not verdict(never, "times_out").passed
