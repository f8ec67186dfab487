"""One case, one seed: driven and judged."""

from __future__ import annotations

import gc
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from drag_edge.config.load import load
from drag_edge.config.root import Settings
from drag_edge.score.drive import Drive
from drag_edge.score.loop import Alter, drive
from drag_edge.score.pixels import drive_pixels
from drag_edge.score.plots import trace_of
from drag_edge.score.result import Driver, DriveResult, Judged, Level
from drag_edge.score.row import Case
from drag_edge.score.traffic import with_traffic
from drag_edge.score.verdicts import judged
from drag_edge.score.verdicts.quiet import brakings_of
from drag_edge.score.verdicts.strings import motion_to_follow
from drag_edge.sim.scenario import Scenario

# docs/adas.md, "The well-known simple rules".
BASELINE = (
    "adas.acc={policy: fixed_gap, fixed_gap_m: 50}",
    "adas.lka={policy: offset, offset_warn_m: 0.3, offset_correct_m: 0.5}",
    "adas.aeb={policy: ttc_stages, ttc_full_s: 0.6, ttc_partial_s: 1.5, ttc_warn_s: 3.0}",
    "adas.bsd={policy: box, box_x_min_m: -4, box_x_max_m: -1, box_y_min_m: 0, box_y_max_m: 2}",
)


SEEDS_APART = 1000
"""Between the seeds of a string's cars."""


@dataclass(frozen=True, slots=True)
class Task:
    """A drive to be done."""

    case: Case
    seed: int
    driver: Driver
    trace: bool
    level: Level = "object"
    video: Path | None = None


def settings_for(config: Path, driver: Driver, changes: Sequence[str]) -> Settings:
    """The configuration of one drive."""
    return _loaded(config, (*(BASELINE if driver == "baseline" else ()), *changes))


@lru_cache(maxsize=64)
def _loaded(config: Path, overrides: tuple[str, ...]) -> Settings:
    return load(config, overrides, check_files=False)


def do(task: Task, config: Path, alter: Alter | None = None) -> DriveResult:
    """Drive and judge. Whatever goes wrong in there is a failed drive, never the judge's end.

    Raises ConfigError for settings that cannot be loaded.
    """
    with _collected_once():
        return _done(task, config, alter)


@contextmanager
def _collected_once() -> Iterator[None]:
    """A drive keeps nearly all it makes until its end: garbage is looked for once, and then."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
            gc.collect(0)  # all that was made meanwhile is in the youngest generation


def _done(task: Task, config: Path, alter: Alter | None) -> DriveResult:
    started_s = time.perf_counter()
    case = task.case
    settings = settings_for(config, task.driver, case.settings)
    try:
        drives = _drives(task, settings, alter)
    except Exception as error:  # noqa: BLE001  the daemon must not let any out: that is judged
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
        return DriveResult(
            case.row_id, case.id, task.seed, task.driver, (), error=f"exception {told}"
        )
    return result_of(task, drives, time.perf_counter() - started_s)


def _drives(task: Task, settings: Settings, alter: Alter | None) -> list[Drive]:
    """The case's drive; of a string, every car's, each behind the motion of the one before."""
    case = task.case
    scenario = case.scenario
    if case.traffic is not None:
        scenario = with_traffic(scenario, case.traffic, task.seed)
    drives = []
    for car in range(case.cars):
        seed = task.seed + SEEDS_APART * car
        done = _driven(task, scenario, settings, seed, alter)
        drives.append(done)
        if case.cars > 1:
            lead = scenario.actors[0].model_copy(
                update={"acts": (), "motion": tuple(motion_to_follow(done))}
            )
            scenario = scenario.model_copy(update={"actors": (lead, *scenario.actors[1:])})
    return drives


def _driven(
    task: Task, scenario: Scenario, settings: Settings, seed: int, alter: Alter | None
) -> Drive:
    case = task.case
    if task.level == "object":
        return drive(
            scenario,
            settings,
            seed=seed,
            ends_on=case.ends_on,
            alter=alter,
            faults=case.faults,
            video=task.video,
        )
    return drive_pixels(
        scenario,
        settings,
        seed=seed,
        ends_on=case.ends_on,
        faults=case.faults,
        video=task.video,
    )


def result_of(task: Task, drives: Sequence[Drive], wall_s: float) -> DriveResult:
    """The verdicts on a drive, or on every car of a string."""
    case = task.case
    found = []
    for number, done in enumerate(drives, start=1):
        for check in case.checks:
            verdict = judged(done, check)
            text = verdict.text if len(drives) == 1 else f"car {number}: {verdict.text}"
            found.append(Judged(check.name, verdict.passed, dict(verdict.figures), text))
    passed = all(one.passed for one in found)
    return DriveResult(
        row_id=case.row_id,
        case_id=case.id,
        seed=task.seed,
        driver=task.driver,
        judged=tuple(found),
        false_brakings=0 if case.aeb else sum(len(brakings_of(done)) for done in drives),
        simulated_s=sum(done.end_s for done in drives),
        wall_s=wall_s,
        trace=trace_of(drives[-1]) if task.trace or not passed else None,
    )
