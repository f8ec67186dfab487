"""The well-known simple rules, reproduced by a configuration that spells them."""

from __future__ import annotations

import pytest

from drag_edge.adas.acc import AccMemory, acc_step
from drag_edge.adas.aeb import AebState, aeb_step
from drag_edge.adas.bsd import BsdState, bsd_step
from drag_edge.adas.decision import AebStage, BsdLevel, Side
from drag_edge.adas.events import ALL
from drag_edge.adas.lka import LkaMemory, lka_step
from drag_edge.config.adas import AdasSettings
from tests.adas import scenes

TOY = AdasSettings.model_validate(
    {
        "acc": {"policy": "fixed_gap", "fixed_gap_m": 50},
        "lka": {"policy": "offset", "offset_warn_m": 0.3, "offset_correct_m": 0.5},
        "aeb": {
            "policy": "ttc_stages", "ttc_full_s": 0.6, "ttc_partial_s": 1.5, "ttc_warn_s": 3.0,
        },
        "bsd": {
            "policy": "box", "box_x_min_m": -4, "box_x_max_m": -1, "box_y_min_m": 0,
            "box_y_max_m": 2,
        },
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("ttc_s", "stage", "decel"),
    [(3.1, AebStage.READY, None), (2.9, AebStage.WARN, None), (1.6, AebStage.WARN, None),
     (1.4, AebStage.PARTIAL, -4.5), (0.7, AebStage.PARTIAL, -4.5), (0.5, AebStage.FULL, -9.0)],
)  # fmt: skip
def test_emergency_braking_by_stages_of_time_to_collision(
    ttc_s: float, stage: AebStage, decel: float | None
) -> None:
    state = AebState()
    for step in range(3):
        time_s = step * 0.05
        lead = scenes.track(gap_m=10.0 * ttc_s, range_rate_mps=-10.0)
        scene = scenes.with_lead(scenes.scene(time_s), lead)
        decision, state = aeb_step(scene, TOY.aeb, scenes.BODY, state, time_s, ALL)
    assert decision.stage is stage
    assert decision.decel_mps2 == decel


@pytest.mark.parametrize(
    ("offset_m", "departure", "steers"),
    [(0.29, Side.NONE, False), (0.31, Side.LEFT, False), (-0.31, Side.RIGHT, False),
     (0.49, Side.LEFT, False), (0.51, Side.LEFT, True), (-0.51, Side.RIGHT, True)],
)  # fmt: skip
def test_lane_keeping_by_offset_alone(offset_m: float, departure: Side, steers: bool) -> None:
    scene = scenes.scene(lanes=scenes.lanes(offset_m=offset_m))
    decision, _ = lka_step(scene, TOY.lka, scenes.BODY, LkaMemory(), 0.0, ALL, acc_engaged=False)
    assert decision.departure is departure
    assert (decision.curvature_1pm is not None) is steers
    if decision.curvature_1pm is not None:
        assert decision.curvature_1pm * offset_m < 0  # back to the centre


@pytest.mark.parametrize("speed_mps", [8.0, 20.0, 36.0])
def test_cruise_keeps_fifty_metres_at_every_speed(speed_mps: float) -> None:
    ego = scenes.ego(speed_mps, set_speed_mps=speed_mps + 10)
    for gap_m, sign in ((40.0, -1), (50.0, 0), (60.0, 1)):
        scene = scenes.with_lead(
            scenes.scene(ego=ego), scenes.track(gap_m, 0.0, ego_speed_mps=speed_mps)
        )
        decision, _ = acc_step(scene, TOY.acc, TOY.limits, AccMemory(), 0.0, ALL)
        assert decision.desired_gap_m == 50.0
        assert decision.accel_mps2 is not None
        assert (decision.accel_mps2 > 1e-6) - (decision.accel_mps2 < -1e-6) == sign


@pytest.mark.parametrize(
    ("x_m", "y_m", "left", "right"),
    [(-2.0, 1.5, True, False), (-2.0, -1.5, False, True), (-4.0, 1.9, True, False),
     (-1.0, 0.1, True, False), (-4.1, 1.5, False, False), (-0.9, 1.5, False, False),
     (-2.0, 2.1, False, False), (-2.0, 2.6, False, False)],
)  # fmt: skip
def test_blind_spot_boxes(x_m: float, y_m: float, left: bool, right: bool) -> None:
    state = BsdState()
    for time_s in (0.0, 0.1):
        scene = scenes.scene(time_s, side_tracks=(scenes.track(x_m=x_m, y_m=y_m),))
        decision, state = bsd_step(scene, TOY.bsd, state, time_s, ALL)
    assert (decision.left is BsdLevel.OCCUPIED) is left
    assert (decision.right is BsdLevel.OCCUPIED) is right
