"""ISO 17387's zone and times on cars that pass by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from drag_edge.adas.decision import BsdLevel
from drag_edge.score.drive import Drive
from drag_edge.score.row import Check
from drag_edge.score.verdicts import judged
from drag_edge.score.verdicts.verdict import Verdict
from drag_edge.sim.ego.plant import CarState
from drag_edge.sim.world import Actor
from tests.score.hand_made import TICK_S, decision, hand_made

EGO_MPS = 20.0
LENGTH_M = 4.4
TAIL_M, EYE_M = -0.95, 1.6


def passing(
    closing_mps: float, lit_from_s: float, lit_to_s: float, y_m: float = 3.5, other: bool = False
) -> Drive:
    """A car whose front is 30 m behind the ego's tail at first and then passes on the left."""

    def at(t: float) -> Any:
        lit = BsdLevel.OCCUPIED if lit_from_s <= t < lit_to_s else BsdLevel.CLEAR
        return decision(t, left=lit, right=lit if other else BsdLevel.CLEAR)

    drive = hand_made(seconds=10.0, decide=at)
    for tick in range(round(10.0 / TICK_S) + 1):
        t = tick * TICK_S
        front_m = TAIL_M - 30.0 + closing_mps * t
        car = Actor(
            1, "car", front_m - 0.5 * LENGTH_M, y_m, 0.0, LENGTH_M, 1.8, 1.5,
            speed_mps=EGO_MPS + closing_mps,
        )  # fmt: skip
        truth = SimpleNamespace(time_s=t, ego=CarState(0.0, 0.0, 0.0, EGO_MPS))
        drive.snapshots.append(
            SimpleNamespace(  # type: ignore[arg-type]
                world=SimpleNamespace(actors=(car,)), actor_accels_mps2=(0.0,), truth=truth
            )
        )
    return drive


def verdict(drive: Drive, **thresholds: Any) -> Verdict:
    return judged(drive, Check("mirror", {"side": "left", **thresholds}))


# At 5 m/s of closing 30 m take 6 s: the time to collision is 2.5 s at 3.5 s; the front passes the
# eyes after (30 + 2.55) / 5 = 6.51 s, the tail leaves the zone 4.4 m later, at 7.39 s.
NEEDED_S, ZONE_S, LEFT_S = 3.5, 5.4, 7.39


@pytest.mark.parametrize(
    ("lit_from_s", "lit_to_s", "passes"),
    [
        (NEEDED_S, LEFT_S, True),
        (NEEDED_S + 0.2, LEFT_S + 0.9, True),
        (NEEDED_S + 0.45, LEFT_S, False),  # lit too late
        (NEEDED_S, LEFT_S + 1.2, False),  # lit too long
        (NEEDED_S, 5.0, False),  # goes out while it is needed
        (99.0, 99.5, False),  # never
    ],
)
def test_lit_within_300_ms_dark_within_a_second(
    lit_from_s: float, lit_to_s: float, passes: bool
) -> None:
    assert verdict(passing(5.0, lit_from_s, lit_to_s)).passed is passes


def test_without_closing_only_the_zone_counts() -> None:
    late = passing(5.0, ZONE_S + 0.1, LEFT_S)
    assert not verdict(late).passed
    assert verdict(late, closing=False).passed


def test_faster_cars_need_the_light_sooner() -> None:
    # 12 m/s: 3.0 s before contact it is 36 m away, that is from the start on.
    assert verdict(passing(12.0, 0.0, 3.1)).passed
    assert not verdict(passing(12.0, 0.5, 3.1)).passed


def test_the_other_mirror_stays_dark_and_far_lanes_are_no_reason() -> None:
    assert not verdict(passing(5.0, NEEDED_S, LEFT_S, other=True)).passed
    two_over = passing(5.0, NEEDED_S, LEFT_S, y_m=7.0)
    assert not verdict(two_over).passed
    assert not judged(two_over, Check("dark", {})).passed
    assert judged(passing(5.0, 99.0, 99.5, y_m=7.0), Check("dark", {})).passed
