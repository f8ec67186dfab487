"""Blind-spot detection: ISO 17387 levels and times."""

from __future__ import annotations

import pytest

from drag_edge.adas.bsd import BsdState, bsd_step
from drag_edge.adas.decision import BsdDecision, BsdLevel
from drag_edge.adas.events import ALL, Right
from drag_edge.config.bsd import BsdSettings
from drag_edge.perception.scene import BlindSpot, Scene
from tests.adas import scenes

SETTINGS = BsdSettings()
FREE = scenes.blind_spot()
OCCUPIED = scenes.blind_spot(occupied=True, track_id=3, gap_m=1.0)


def decide(spots: list[BlindSpot | None], **changes: object) -> list[BsdDecision]:
    """One decision every 50 ms, the left side as given."""
    state, decisions = BsdState(), []
    for step, spot in enumerate(spots):
        time_s = step * 0.05
        scene = scenes.scene(time_s, blind_spot_left=spot, **changes)
        decision, state = bsd_step(scene, SETTINGS, state, time_s, ALL)
        decisions.append(decision)
    return decisions


def test_a_vehicle_beside_lights_its_own_mirror_only() -> None:
    decision = decide([OCCUPIED] * 5)[-1]
    assert decision.left is BsdLevel.OCCUPIED
    assert decision.right is BsdLevel.CLEAR


@pytest.mark.parametrize(("left", "level"), [(True, BsdLevel.WARN), (False, BsdLevel.OCCUPIED),
                                             (None, BsdLevel.OCCUPIED)])  # fmt: skip
def test_an_indicator_towards_an_occupied_side_warns(left: bool | None, level: BsdLevel) -> None:
    ego = scenes.ego(indicator_left=left, indicator_right=False)
    assert decide([OCCUPIED] * 5, ego=ego)[-1].left is level


def test_an_indicator_to_the_other_side_does_not_warn() -> None:
    ego = scenes.ego(indicator_left=False, indicator_right=True)
    assert decide([OCCUPIED] * 5, ego=ego)[-1].left is BsdLevel.OCCUPIED


def test_the_mirror_lights_within_300_ms_and_goes_dark_within_a_second() -> None:
    levels = [one.left for one in decide([FREE] * 4 + [OCCUPIED] * 10 + [FREE] * 30)]
    lit = [index for index, level in enumerate(levels) if level is BsdLevel.OCCUPIED]
    assert (lit[0] - 4) * 0.05 <= 0.3
    assert 0.2 <= (lit[-1] - 13) * 0.05 <= 1.0


def test_one_frame_alone_does_not_light_it() -> None:
    levels = {one.left for one in decide([FREE, OCCUPIED, FREE, OCCUPIED, FREE])}
    assert levels == {BsdLevel.CLEAR}


@pytest.mark.parametrize(
    ("closing_mps", "limit_s"),
    [(5, 2.5), (10, 2.5), (10.1, 3.0), (15, 3.0), (15.1, 3.5), (20, 3.5), (30, 3.5)],
)  # fmt: skip
def test_a_closing_vehicle_lights_it_by_its_time_to_collision(
    closing_mps: float, limit_s: float
) -> None:
    """ISO 17387: lit at limit_s at the latest, dark beyond 7.5 s."""
    own_s = SETTINGS.closing_ttcs_s[sum(closing_mps > one for one in SETTINGS.closing_speeds_mps)]
    assert limit_s <= own_s <= 7.5
    for ttc_s, level in ((own_s + 0.05, BsdLevel.CLEAR), (own_s, BsdLevel.OCCUPIED)):
        spot = scenes.blind_spot(closing_speed_mps=closing_mps, closing_ttc_s=ttc_s)
        assert decide([spot] * 4)[-1].left is level


def test_changing_lanes_before_a_closing_vehicle_warns() -> None:
    spot = scenes.blind_spot(closing_speed_mps=12.0, closing_ttc_s=2.9)
    ego = scenes.ego(indicator_left=True, indicator_right=False)
    assert decide([spot] * 4, ego=ego)[-1].left is BsdLevel.WARN
    assert decide([spot] * 4)[-1].left is BsdLevel.OCCUPIED


def test_a_side_that_is_not_seen_is_unavailable_and_says_so() -> None:
    decision = decide([None])[-1]
    assert decision.left is BsdLevel.UNAVAILABLE
    assert decision.right is BsdLevel.CLEAR
    assert decision.reason == "left not seen"
    assert decide([scenes.blind_spot(age_s=0.6)])[-1].left is BsdLevel.UNAVAILABLE


@pytest.mark.parametrize(
    ("scene", "rights", "level"),
    [(scenes.scene(ego=scenes.ego(2.0)), ALL, BsdLevel.OFF),
     (scenes.scene(ego=scenes.ego(None)), ALL, BsdLevel.UNAVAILABLE),
     (scenes.scene(), ALL & ~Right.BSD, BsdLevel.UNAVAILABLE)],
)  # fmt: skip
def test_both_mirrors_rest_with_a_reason(scene: Scene, rights: Right, level: BsdLevel) -> None:
    decision, _ = bsd_step(scene, SETTINGS, BsdState(), 0.0, rights)
    assert (decision.left, decision.right) == (level, level)
    assert decision.reason
