"""drag-edge bench: what each stage costs, and what the whole costs over the bare engines.

The bare engines run on the very tensors that the loop has just fed them, right after each tick, so
that a noisy machine is noisy for both; the figures are ratios of one run. Engines on a GPU are
timed by its own clock, as one plain execution each; Ultralytics' by what it says itself.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Mapping, Sequence
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drag_edge.assemble import assembled
from drag_edge.checks import ROOM_CHECKS
from drag_edge.config.load import load
from drag_edge.errors import OK, CannotCreateError
from drag_edge.stages import percentiles
from drag_edge.summary import write_json

if TYPE_CHECKING:
    from drag_edge.daemon import Daemon, Tick

WARM_UP_FRAMES = 10


def bench(config: Path, overrides: Sequence[str], frames: int, json_path: Path | None) -> int:
    """Run `frames` ticks headless and print the figures."""
    started_s = _process_age_s()
    wall_zero_s = time.perf_counter() - started_s
    settings = load(config, overrides, room_checks=ROOM_CHECKS)
    with assembled(settings, headless=True) as (daemon, _):
        content = measure(daemon, frames, wall_zero_s)
    content = {"config": config.name, **content}
    print(table(content))
    if json_path is not None:
        try:
            write_json(json_path, content)
        except OSError as error:
            raise CannotCreateError(f"--json: {json_path}: {error.strerror}") from error
    return OK


def measure(daemon: Daemon, frames: int, wall_zero_s: float) -> dict[str, Any]:
    """Run the loop and the bare engines side by side.

    wall_zero_s: perf_counter at the start of the process, for the two start-up times.
    """
    first_sent_s = daemon.parts.vehicle.first_sent_wall_s - wall_zero_s
    started = {"first_can_status_s": first_sent_s}
    inference_ms: list[float] = []
    loop_ms: list[float] = []
    engine_ms: list[float] = []
    samples = 0
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    while samples < frames + WARM_UP_FRAMES:
        bus_before_s = daemon.parts.vehicle.busy_s
        sample = daemon.parts.feed.next()
        if sample.ended:
            break
        tick = daemon.tick(sample)
        started.setdefault("first_decision_s", time.perf_counter() - wall_zero_s)
        samples += bool(sample.frames)
        if samples <= WARM_UP_FRAMES or not sample.frames:
            continue
        stages = daemon.stages.latest_ms()
        bus_ms = 1000 * (daemon.parts.vehicle.busy_s - bus_before_s)
        inference_ms.append(stages["infer"])
        loop_ms.append(stages["loop"] + bus_ms)
        engine_ms.append(bare_engines_ms(daemon, tick))
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    return {
        "frames": len(engine_ms),
        **{name: round(value, 3) for name, value in started.items()},
        "stages_ms": daemon.stages.percentiles_ms(),
        "models_ms": _models_ms(daemon),
        "bare_engines_ms": percentiles(engine_ms),
        "inference_ms": percentiles(inference_ms),
        "whole_loop_ms": percentiles(loop_ms),
        "inference_over_engines": round(sum(inference_ms) / sum(engine_ms), 3),
        "loop_over_engines": round(sum(loop_ms) / sum(engine_ms), 3),
        "loop_fps": round(1000 * len(loop_ms) / sum(loop_ms), 1),
        "rss_mb": round(_rss_mb(), 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "cpu_share": round(cpu_s / wall_s / (os.cpu_count() or 1), 3),
    }


def bare_engines_ms(daemon: Daemon, tick: Tick) -> float:
    """The engines alone, as often as this tick ran them, on their last tensors."""
    models = daemon.parts.pool.models()
    return 1000 * sum(
        models[name].time_bare_s()
        for perceived in tick.perceived.values()
        for name, result in perceived.results.items()
        if result is not None
    )


def _models_ms(daemon: Daemon) -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for name, stats in daemon.parts.pool.stats().items():
        steps = {
            "total": stats.total,
            "preprocess": stats.preprocess,
            "engine": stats.engine,
            "decode": stats.decode,
        }
        table[name] = {
            f"{step}_{which}": round(value, 3)
            for step, latency in steps.items()
            if latency is not None
            for which, value in (("p50", latency.p50_ms), ("p99", latency.p99_ms))
        }
    return table


def _rss_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return nan


def _process_age_s() -> float:
    """Seconds since this process was started, its interpreter's own start included."""
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def table(content: Mapping[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [f"{content['config']}: {content['frames']} frames", "", _row("stage", "p50", "p99")]
    for name, times in content["stages_ms"].items():
        lines.append(_row(name, times["p50"], times["p99"]))
    lines += ["", _row("model", "total", "pre", "engine", "decode", "p99 total")]
    for name, times in content["models_ms"].items():
        keys = ("total_p50", "preprocess_p50", "engine_p50", "decode_p50", "total_p99")
        lines.append(_row(name, *(times.get(key, "-") for key in keys)))
    lines += [
        "",
        f"bare engines          {content['bare_engines_ms']['p50']:8.2f} ms p50",
        f"inference / engines   {content['inference_over_engines']:8.3f}",
        f"whole loop / engines  {content['loop_over_engines']:8.3f}",
        f"loop alone            {content['loop_fps']:8.1f} frames/s",
        f"memory (RSS)          {content['rss_mb']:8.1f} MB, peak {content['peak_rss_mb']:.1f} MB",
        f"CPU share             {100 * content['cpu_share']:8.1f} % of all cores",
        f"first CAN status      {content.get('first_can_status_s', nan):8.2f} s after start",
        f"first decision        {content.get('first_decision_s', nan):8.2f} s after start",
    ]
    return "\n".join(lines)


def _row(name: str, *values: float | str) -> str:
    cells = (f"{v:>10.2f}" if isinstance(v, float) else f"{v:>10}" for v in values)
    return f"{name:<12}" + "".join(cells)
