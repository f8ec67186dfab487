"""The closed loop of the judge, as the tests of the small world use it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from drag_edge.config.adas import AdasSettings
from drag_edge.config.load import load
from drag_edge.config.root import Settings
from drag_edge.perception.scene import Scene
from drag_edge.score import loop
from drag_edge.score.drive import Drive
from drag_edge.score.eyes import PERFECT_SENSOR, SensorModel
from drag_edge.sim.scenario import Scenario
from drag_edge.sim.sensor import SensorErrors
from tests.conftest import REPOSITORY

__all__ = ["Drive", "drive"]


@cache
def demo_settings() -> Settings:
    return load(REPOSITORY / "configs" / "demo.yaml", check_files=False)


def drive(
    scenario: Scenario,
    adas: AdasSettings,
    *,
    seed: int = 1,
    seconds: float | None = None,
    spoil: Callable[[Scene], Scene | None] | None = None,
    errors: SensorErrors | None = None,
    latency_s: float = 0.0,
) -> Drive:
    """Run a scenario; errors None: with perfect eyes, else with labels that have these errors."""
    return loop.drive(
        scenario,
        demo_settings().model_copy(update={"adas": adas}),
        seed=seed,
        seconds=seconds,
        model=SensorModel(
            errors=errors or PERFECT_SENSOR.errors,
            latency_s=latency_s,
            latency_spread_s=0.0,
            pitch_deg=0.0,
        ),
        make_eyes=loop.perfect_eyes() if errors is None else None,
        spoil=spoil,
        record_period_s=0.05,
    )
