"""A drive at pixel level: rendered pictures, the configured networks, the daemon itself."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from drag_edge.assemble import assembled
from drag_edge.config.root import Settings
from drag_edge.daemon import Daemon, Tick
from drag_edge.faults.fault import Fault
from drag_edge.score.drive import Drive
from drag_edge.score.ending import Ending
from drag_edge.score.row import EndsOn
from drag_edge.sim.scenario import Scenario

_channels = itertools.count()


def drive_pixels(
    scenario: Scenario,
    settings: Settings,
    *,
    seed: int,
    ends_on: Sequence[EndsOn] = (),
    faults: Sequence[Fault] = (),
    video: Path | None = None,
) -> Drive:
    """Run a scenario through the assembled daemon, with the configuration's own simulated latency
    (a recorded feed waits for it, so that a longer one than a period would cost pictures)."""
    with tempfile.TemporaryDirectory(prefix="drag-edge-score-") as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(as_yaml(scenario), encoding="utf-8")
        own = settings_of(settings, scenario, path, seed, video)
        with assembled(own, headless=video is None, faults=faults) as (daemon, session):
            assert session is not None  # every camera is sim://
            result = Drive(session, daemon.parts.vehicle, faults=faults)
            _run(daemon, result, Ending(session, ends_on))
    return result


def _run(daemon: Daemon, result: Drive, ending: Ending) -> None:
    feed, clock = daemon.parts.feed, daemon.parts.clock
    while True:
        sample = feed.next()
        if sample.ended or ending.reached(result):
            return
        result.snapshots.append(result.session.snapshot())
        _keep(result, daemon.tick(sample), clock.now_s())


def _keep(result: Drive, tick: Tick, now_s: float) -> None:
    result.times_s.append(now_s)
    result.scenes.append(tick.scene)
    result.decisions.append(tick.decision)
    result.commands.append(tick.command)
    result.told.extend(tick.decision.events)


def settings_of(
    settings: Settings,
    scenario: Scenario,
    path: Path,
    seed: int,
    video: Path | None,
) -> Settings:
    """The configuration with the scenario's cameras and models alone, looking at the scenario."""
    cameras = {
        name: settings.cameras[name].model_copy(update={"source": f"sim://{path}"})
        for name in scenario.cameras
    }
    models: dict[str, Any] = {}
    for name, model in settings.models.items():
        wanted = tuple(cameras) if model.cameras is None else model.cameras
        kept = tuple(camera for camera in wanted if camera in cameras)
        if kept:
            models[name] = model.model_copy(update={"cameras": kept})
    channel = {"channel": f"score-pixels-{next(_channels)}", "log": None}
    can = settings.vehicle.can.model_copy(update=channel)
    run = {"seed": seed, "pace": 0.0, "summary": None}
    return settings.model_copy(
        update={
            "cameras": cameras,
            "models": models,
            "vehicle": settings.vehicle.model_copy(update={"can": can}),
            "display": settings.display.model_copy(update={"window": False, "video": video}),
            "run": settings.run.model_copy(update=run),
        }
    )


def as_yaml(scenario: Scenario) -> str:
    """A scenario as a file that loads to the same scenario."""
    return yaml.safe_dump(scenario.model_dump(mode="json", exclude_none=True), sort_keys=False)
