"""A camera that sends an old picture again: nothing is measured in it."""

from __future__ import annotations

import numpy as np

from drag_edge.perception.ego import EgoState
from drag_edge.perception.repeats import without_repeats
from tests.perception.synthetic import FRONT, Cuboid, Line, detect, paint, perceived, perception

ROAD = paint((Line(1.75), Line(-1.75)))


def closing_after_a_freeze(seconds: float, noticed: bool) -> tuple[float, int]:
    """Fastest closing speed that the lead shows in the second after its picture stood still for
    that long, while we come 3 m nearer; and in how many of those frames there was none."""
    room, rng = perception(), np.random.default_rng(2)
    frozen, fastest, without = None, 0.0, 0
    for index in range(round((3.0 + seconds) / 0.05)):
        time_s = index * 0.05
        frame = perceived(
            time_s,
            detect(FRONT, [Cuboid(40.0 - min(3.0, max(0.0, time_s - 2.0)), 0.0)], rng, 0.5),
            ROAD,
        )
        stands = 2.0 <= time_s < 2.0 + seconds
        if stands:
            frozen = frozen or frame
            frame = perceived(time_s, frozen.results["objects"], ROAD)
        repeating = {"front"} if stands and noticed and time_s > 2.0 else set()
        ego = EgoState(time_s, speed_mps=20.0, accel_mps2=0.0, yaw_rate_radps=0.0)
        scene = room.understand(without_repeats({"front": frame}, repeating), ego, time_s)
        if time_s >= 2.0 + seconds:
            without += scene.lead is None
            fastest = max(fastest, -scene.lead.range_rate_mps if scene.lead else 0.0)
    return fastest, without


def test_a_lead_does_not_seem_to_brake_when_the_pictures_go_on() -> None:
    measured, _ = closing_after_a_freeze(2.0, noticed=False)
    faded, without = closing_after_a_freeze(2.0, noticed=True)
    assert faded < 2.0 < measured
    assert without <= 6


def test_while_pictures_repeat_nobody_has_looked() -> None:
    room = perception()
    ego = EgoState(0.0, speed_mps=20.0)
    car = detect(FRONT, [Cuboid(30.0, 0.0)])
    for index in range(40):
        seen = {"front": perceived(index * 0.05, car, ROAD)}
        again = {"front"} if index >= 10 else set()
        scene = room.understand(without_repeats(seen, again), ego, index * 0.05)
        if index == 14:  # a fifth of a second: followed without being seen
            assert scene.tracks
            assert scene.tracks[0].coasted_s > 0.2
    assert scene.tracks is None
    assert scene.lead is None


def test_other_cameras_and_fresh_pictures_are_left_alone() -> None:
    seen = {"front": perceived(0.0, detect(FRONT, []), ROAD)}
    assert without_repeats(seen, ()) is seen
    assert without_repeats(seen, {"left"}) is seen
