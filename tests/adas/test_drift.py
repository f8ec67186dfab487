"""What leaves the own path: measured against the path, not by its lateral speed alone."""

from __future__ import annotations

import numpy as np
import pytest

from drag_edge.adas.aeb import AebState, aeb_step
from drag_edge.adas.decision import AebDecision, AebStage
from drag_edge.adas.drift import Drift, follow_drifts
from drag_edge.adas.events import ALL
from drag_edge.config.aeb import AebSettings
from drag_edge.perception.scene import Path, PathSource
from tests.adas import scenes

SETTINGS = AebSettings()


def drifts(asides_m: list[float], step_s: float = 0.05) -> tuple[Drift, ...]:
    found: tuple[Drift, ...] = ()
    for step, aside in enumerate(asides_m):
        scene = scenes.scene(step * step_s, tracks=(scenes.track(40.0, -10.0, y_m=aside),))
        found = follow_drifts(scene, found, 0.3)
    return found


@pytest.mark.parametrize(("start", "rate"), [(0.5, 1.0), (-0.5, -1.0), (0.5, -1.0)])
def test_the_rate_is_that_of_the_distance_from_the_path(start: float, rate: float) -> None:
    (drift,) = drifts([start + rate * 0.05 * step for step in range(9)])
    assert drift.away_mps == pytest.approx(np.sign(start) * rate, rel=0.35)
    assert drift.followed_s == pytest.approx(0.4)


def test_who_is_gone_for_long_is_followed_anew() -> None:
    (drift,) = drifts([0.0, 1.0], step_s=0.6)
    assert (drift.rate_mps, drift.followed_s) == (0.0, 0.0)


def enter_bend(turns: bool) -> list[AebDecision]:
    """Towards a standing car straight ahead; the path turns away from it, or does not."""
    state, decisions = AebState(), []
    for step in range(60):
        time_s, gap_m = step * 0.05, 75.0 - step * 0.05 * 16.0
        curvature = 0.003 * max(0, step - 22) * 0.05 if turns else 0.0
        path = Path(0.0, 0.0, curvature, PathSource.LANES)
        x_m = gap_m + scenes.BODY.front_overhang_m
        overlap = min(1.0, max(0.0, (2.0 - path.y_at(x_m)) / 1.8))
        car = scenes.track(gap_m, -16.0, 16.0, path_overlap=overlap)
        lead = car if overlap > 0.15 else None
        scene = scenes.scene(time_s, ego=scenes.ego(16.0), tracks=(car,), path=path, lead=lead)
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, time_s, ALL)
        decisions.append(decision)
    return decisions


def test_nobody_is_warned_of_a_car_that_the_path_turns_away_from() -> None:
    assert any(one.warning for one in enter_bend(turns=False))
    assert not any(one.warning for one in enter_bend(turns=True))


def test_a_lead_that_brakes_moderately_is_no_reason_to_warn() -> None:
    """It may brake until it stands: comfortable braking would still do."""
    state = AebState()
    for step in range(12):
        lead = scenes.track(31.0, -7.3, 13.9, accel_mps2=-2.3)
        scene = scenes.with_lead(scenes.scene(step * 0.05, ego=scenes.ego(13.9)), lead)
        decision, state = aeb_step(scene, SETTINGS, scenes.BODY, state, step * 0.05, ALL)
    assert decision.stage is AebStage.PREFILL
