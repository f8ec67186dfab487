"""What the driver is told, and when: offers, choice, moves, the end."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from drag_edge.adas.apa import ApaMemory, apa_step
from drag_edge.adas.decision import ApaDecision, ApaState, Command, Side
from drag_edge.adas.events import ALL, Right
from drag_edge.adas.parking.axes import GapAxes
from drag_edge.adas.parking.geometry import Placed
from drag_edge.config.adas import AdasSettings
from drag_edge.config.apa import ApaSettings
from drag_edge.config.body import BodySettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Parking, ParkingGap, Pose, Scene
from drag_edge.score.follow_through import empty_scene, follow_through
from drag_edge.sim.world import Actor
from tests.parking.test_plan import ACROSS_M, ALONG_M

BODY, APA = BodySettings(), ApaSettings()


def gap(length_m: float = 6.2, side: int = -1, **changes: Any) -> ParkingGap:
    """Rear end at x = 0, the row 1.0 m beside the ego's flank."""
    corner = Pose(0.0, side * (BODY.width_m / 2 + 1.0), 0.0)
    values: dict[str, Any] = {
        "id": 4, "side": side, "corner": corner, "length_m": length_m, "length_std_m": 0.03,
        "free_depth_m": 5.5, "crosswise": False, "rear_flank_m": 0.0, "front_flank_m": 0.0,
    }  # fmt: skip
    return ParkingGap(**{**values, **changes})


def scene(time_s: float, *gaps: ParkingGap, x_m: float = 9.0, **ego: Any) -> Scene:
    values = {"speed_mps": 0.0, "yaw_rate_radps": 0.0, "reverse": False, "indicator_left": False,
              "indicator_right": True}  # fmt: skip
    parking = Parking(time_s, 0.0, Pose(x_m, 0.0, 0.0), gaps, ())
    return replace(empty_scene(parking), ego=EgoState(time_s, **{**values, **ego}))


def run(
    *scenes: Scene, settings: ApaSettings = APA, rights: Right = ALL, late_s: float = 0.05
) -> list[ApaDecision]:
    memory, told = ApaMemory(), []
    for one in scenes:
        decision, memory = apa_step(one, settings, BODY, memory, one.time_s + late_s, rights)
        told.append(decision)
    return told


def standing(*gaps: ParkingGap, seconds: float = 1.0, **ego: Any) -> list[Scene]:
    return [scene(0.05 * tick, *gaps, **ego) for tick in range(round(seconds / 0.05))]


def test_a_gap_that_suffices_is_offered_while_driving_past() -> None:
    (decision,) = run(scene(1.0, gap(), speed_mps=4.0))
    assert decision.state is ApaState.OFFERING
    (slot,) = decision.slots
    assert slot.side is Side.RIGHT
    assert slot.x_m == pytest.approx(3.1 - 9.0)
    assert slot.corners_m[0] == pytest.approx((-9.0, -1.925))
    assert decision.guidance is None


@pytest.mark.parametrize(
    "changes",
    [
        {"length_m": 5.65},  # long enough, but not surely
        {"length_m": 6.2, "length_std_m": 0.4},
        {"length_m": 6.2, "free_depth_m": 2.0},
        {"length_m": 3.2, "crosswise": True, "free_depth_m": 4.0},
    ],
)
def test_a_gap_that_may_be_too_small_is_not_offered(changes: dict[str, Any]) -> None:
    (decision,) = run(scene(1.0, gap(**changes), speed_mps=4.0))
    assert decision.state is ApaState.SEARCHING
    assert decision.slots == ()


def test_whoever_stands_and_indicates_is_guided() -> None:
    last = run(*standing(gap()))[-1]
    assert last.state is ApaState.STOP
    assert last.guidance is not None
    assert not last.guidance.forward
    assert last.guidance.text == "reverse, steer straight"
    assert len(last.guidance.path_m) > 10


@pytest.mark.parametrize(
    ("ego", "guided"),
    [
        ({"indicator_right": False}, False),
        ({"indicator_right": False, "indicator_left": True}, False),
        ({"indicator_right": False, "reverse": True}, True),
        ({"reverse": None}, False),
        ({"speed_mps": 1.0}, False),
    ],
)
def test_the_driver_chooses(ego: dict[str, Any], guided: bool) -> None:
    last = run(*standing(gap(), **ego))[-1]
    assert (last.guidance is not None) is guided
    assert last.slots or guided


def test_the_gear_that_fits_lets_the_move_begin() -> None:
    waiting = standing(gap())
    going = [scene(1.0 + 0.05 * tick, gap(), reverse=True, speed_mps=0.0) for tick in range(3)]
    last = run(*waiting, *going)[-1]
    assert last.state is ApaState.GUIDING
    assert last.guidance is not None
    assert last.guidance.text.startswith("reverse, steer straight, ")
    assert last.guidance.text.endswith(" m to go")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"speed_mps": 3.5}, "too fast"),
        ({"x_m": 9.0, "y": 0.6}, "off the path"),
        ({"start_s": 1.0}, "odometry began anew"),
        ({"reverse": None}, "reverse gear unknown"),
    ],
)
def test_guidance_ends_with_a_reason(change: dict[str, Any], reason: str) -> None:
    going = [scene(1.0, gap(), reverse=True)]
    ego = {key: value for key, value in change.items() if key not in ("y", "start_s")}
    broken = scene(1.05, gap(), **{"reverse": True, **ego})
    assert broken.parking is not None
    pose = replace(broken.parking.pose, y_m=change.get("y", 0.0))
    broken = replace(
        broken, parking=replace(broken.parking, pose=pose, start_s=change.get("start_s", 0.0))
    )
    last = run(*standing(gap()), *going, broken)[-1]
    assert last.state is ApaState.ENDED
    assert last.reason == reason


@pytest.mark.parametrize(
    ("kind", "state"),
    [("off", ApaState.OFF), ("rights", ApaState.UNAVAILABLE), ("old", ApaState.UNAVAILABLE),
     ("fast", ApaState.OFF), ("blind", ApaState.UNAVAILABLE), ("speed", ApaState.UNAVAILABLE)],
)  # fmt: skip
def test_who_cannot_or_may_not_says_so(kind: str, state: ApaState) -> None:
    one = scene(1.0, gap(), speed_mps={"fast": 12.0, "speed": None}.get(kind, 3.0))
    if kind == "blind":
        one = replace(one, parking=None)
    settings = ApaSettings(mode="off") if kind == "off" else APA
    rights = ALL & ~Right.APA if kind == "rights" else ALL
    (decision,) = run(one, settings=settings, rights=rights, late_s=2.0 if kind == "old" else 0.05)
    assert decision.state is state
    assert decision.slots == ()
    assert decision.reason


def test_nothing_in_a_command_could_carry_a_parking_demand() -> None:
    demands = {"accel_mps2", "aeb_decel_mps2", "curvature_1pm"}
    others = {"time_s", "valid_until_s", "actuation", "limited"}
    assert set(Command.__slots__) == demands | others


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(
    ("crosswise", "limit_m"), [(False, ALONG_M), (True, ACROSS_M)], ids=["along", "across"]
)
@pytest.mark.parametrize("spare_m", [0.07, 0.3, 0.5])
def test_a_driver_who_does_as_told_ends_in_the_gap(
    side: int, crosswise: bool, limit_m: float, spare_m: float
) -> None:
    place = gap(limit_m + spare_m, side, crosswise=crosswise)
    actors = (_neighbour(place, -1), _neighbour(place, 1))
    parking = Parking(0.0, 0.0, Pose(11.0, 0.0, 0.0), (place,), ())
    driven = follow_through(
        empty_scene(parking), Placed(11.0, 0.0, 0.0), actors, AdasSettings(), BODY, seed=3
    )
    assert driven.done, driven.reason
    assert driven.least_clearance_m > 0.0
    wanted = side * -90.0 if crosswise else 0.0
    turned = math.remainder(driven.end.heading_rad - math.radians(wanted), math.tau)
    assert abs(math.degrees(turned)) <= 3.0
    inside = GapAxes.of(place).place(Pose(driven.end.x_m, driven.end.y_m, driven.end.heading_rad))
    reach_m = BODY.front_overhang_m if crosswise else BODY.width_m / 2
    assert inside.y_m + reach_m <= 0.1


def _neighbour(place: ParkingGap, which: int) -> Actor:
    """A parked car behind (−1) or ahead of (1) the gap."""
    along_m, across_m = (1.8, 4.4) if place.crosswise else (4.4, 1.8)
    x_m = -along_m / 2 if which < 0 else place.length_m + along_m / 2
    y_m = place.corner.y_m + place.side * across_m / 2
    yaw = math.pi / 2 if place.crosswise else 0.0
    return Actor(which + 2, "car", x_m, y_m, yaw, 4.4, 1.8, 1.5)
