"""drag-edge score: every case, every seed, on all cores; then the table, the JSON, the plots."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import cv2

from drag_edge import errors
from drag_edge.score.card import chosen, load_card
from drag_edge.score.judge import Task, do, settings_for
from drag_edge.score.plots import page
from drag_edge.score.progress import Progress
from drag_edge.score.result import Driver, DriveResult, Level
from drag_edge.score.row import Case, Row
from drag_edge.score.score_card import as_json, scored, table
from drag_edge.summary import write_json


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    config: Path
    seeds: tuple[int, ...] = (1,)
    only: tuple[str, ...] = ()
    case: str | None = None
    level: Level = "object"
    baseline: bool = True
    jobs: int = 1
    out: Path = Path("out/score")
    overlay: bool = False


def score(options: Options) -> int:
    """Drive, judge, tell. The exit code: 0 when every required row passed, else 1."""
    rows = chosen(load_card(), options.only, options.case)
    if options.level == "pixel" and options.case is None:
        rows = at_pixels(rows)
    tasks = tasks_of(rows, options)
    for task in tasks:
        settings_for(options.config, task.driver, task.case.settings)  # wrong ones stop it here
    progress = Progress(_expected(tasks), print)
    results: list[DriveResult] = []
    for result in driven(tasks, options):
        results.append(result)
        progress.add(result)
    ours = scored(rows, results, "ours")
    baseline = scored(rows, results, "baseline") if options.baseline else None
    plots = write_plots(options, rows, results)
    try:
        write_json(options.out / "score.json", as_json(ours, baseline, options.seeds))
    except OSError as error:
        raise errors.CannotCreateError(f"--out {options.out}: {error.strerror}") from error
    print()
    for line in table(ours, baseline):
        print(line)
    for result in _first_failures(results):
        print(f"replay: {replay_command(result, options)}")
    print(f"{options.out / 'score.json'}; {plots} plots in {options.out / 'plots'}")
    if options.overlay:
        print(f"films in {options.out / 'films'}")
    return errors.OK if ours.passed else 1


def tasks_of(rows: Sequence[Row], options: Options) -> list[Task]:
    """Every drive, in the order of the rows; the first seed of a row's first case is traced."""
    drivers: tuple[Driver, ...] = ("ours", "baseline") if options.baseline else ("ours",)
    alone = options.case is not None
    return [
        Task(
            case,
            seed,
            driver,
            trace=driver == "ours" and seed == options.seeds[0] and (alone or case is row.cases[0]),
            level=options.level,
            video=_video(case, seed, driver, options),
        )
        for row in rows
        for case in row.cases
        for driver in drivers
        for seed in (options.seeds if driver == "ours" else baseline_seeds(options.seeds))
    ]  # fmt: skip


def baseline_seeds(seeds: Sequence[int]) -> Sequence[int]:
    """A tenth of them: the simple rules' shortcomings do not need many, and ours need the time."""
    return seeds[: max(1, len(seeds) // 10)]


def at_pixels(rows: Sequence[Row]) -> list[Row]:
    """The rows that have cases for the pixel level, with those cases alone."""
    cut = [replace(row, cases=tuple(case for case in row.cases if case.pixel)) for row in rows]
    return [row for row in cut if row.cases]


def _video(case: Case, seed: int, driver: Driver, options: Options) -> Path | None:
    if not options.overlay:
        return None
    whose = "" if driver == "ours" else f"-{driver}"
    return options.out / "films" / f"{file_name(case.row_id, case.id, seed)}{whose}.mp4"


def file_name(row_id: int, case_id: str, seed: int) -> str:
    """What a drive's files are called."""
    return f"{row_id:02d}-{re.sub(r'[^A-Za-z0-9.-]', '_', case_id)}-seed{seed}"


def driven(tasks: Sequence[Task], options: Options) -> Iterator[DriveResult]:
    """Results as they come."""
    if options.jobs == 1:
        cv2.setNumThreads(1)
        for task in tasks:
            yield do(task, options.config)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the cores are taken: one drive each
    with ProcessPoolExecutor(
        options.jobs, mp_context=get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        futures = [pool.submit(do, task, options.config) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _expected(tasks: Sequence[Task]) -> dict[tuple[str, str], int]:
    expected: dict[tuple[str, str], int] = {}
    for task in tasks:
        key = (task.case.id, task.driver)
        expected[key] = expected.get(key, 0) + 1
    return expected


def _first_failures(results: Sequence[DriveResult]) -> list[DriveResult]:
    """Of every failing case, the lowest seed that failed."""
    first: dict[str, DriveResult] = {}
    for result in results:
        if result.passed or result.driver != "ours":
            continue
        known = first.get(result.case_id)
        if known is None or result.seed < known.seed:
            first[result.case_id] = result
    return sorted(first.values(), key=lambda one: (one.row_id, one.case_id))


def replay_command(result: DriveResult, options: Options) -> str:
    """What drives this one alone again, with pictures."""
    level = "" if options.level == "object" else f" --level {options.level}"
    return (
        f"drag-edge score --only {result.row_id} --case {result.case_id} --seed {result.seed}"
        f"{level} --no-baseline --overlay"
    )


def write_plots(options: Options, rows: Sequence[Row], results: Sequence[DriveResult]) -> int:
    """A page for the first failure of every failing case and for one drive of every row."""
    titles = {row.id: row.title for row in rows}
    wanted = {(one.case_id, one.seed): one for one in _first_failures(results)}
    wanted |= {
        (one.case_id, one.seed): one
        for one in results
        if one.driver == "ours" and one.trace is not None and one.passed
    }
    folder = options.out / "plots"
    count = 0
    for result in wanted.values():
        if result.trace is None:
            continue
        title = (
            f"Row {result.row_id}, {titles[result.row_id]}: {result.case_id}, seed {result.seed}"
        )
        lines = [
            f"{'passed' if one.passed else 'FAILED'}: {one.check}: {one.text}"
            for one in result.judged
        ]
        lines.append(replay_command(result, options))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            name = file_name(result.row_id, result.case_id, result.seed)
            path = folder / f"{name}.html"
            path.write_text(page(title, lines, result.trace), encoding="utf-8")
        except OSError as error:
            raise errors.CannotCreateError(f"{folder}: {error.strerror}") from error
        count += 1
    return count
