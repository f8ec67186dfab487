"""Line d: a frame through the whole chain, over the bare engines, interleaved in one run.

Bare is what the GPU's own clock says between two events around each engine's execute_async_v3, one
engine at a time, with nothing else on the stream. Stricter columns beside it: all four enqueued
between two events, and each engine as a replayed CUDA graph.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gpu_check_parts import models, patches, pictures
from gpu_check_parts.check import Check
from gpu_check_parts.ours import Session, require_results, session
from gpu_check_parts.prepare import PICTURES
from gpu_check_parts.rows import FAILED, INFO, OK, one_line
from gpu_check_parts.timing import ms, summary

LIMIT = 1.25
_WARM_UP = 50
_LARGER = ", larger networks"
_SWITCHES: Mapping[str, dict[str, Any]] = {
    "CPU preprocessing": {"gpu_preprocess": False},
    "graphs off": {"graphs": False},
    "own scratch": {"shared_scratch": False},
    "mapped frames": {"mapped": True},
}
_PATCHES: Mapping[str, Callable[[], None]] = {
    "whole outputs copied": patches.whole_outputs,
    "asleep while waiting": patches.asleep,
    "looking all the time while waiting": patches.looking,
    "candidates by the CPU": lambda: patches.candidates_on(gpu=False),
    "candidates by the GPU": lambda: patches.candidates_on(gpu=True),
}


def run(check: Check, shard: str) -> None:
    way = shard.removesuffix(_LARGER)
    if shard.endswith(_LARGER):
        if not check.extra:
            check.not_measured(f"chain over bare, {shard}", "no --extra network was given")
            return
        settings = models.extra_settings(check.engines, check.extra)
    else:
        settings = models.demo_settings(models.demo_engines(check.engines))
    _PATCHES.get(way, lambda: None)()
    images = pictures.pictures(check.out, PICTURES)
    with session(settings, **_SWITCHES.get(way, {})) as running:
        for number in range(_WARM_UP):
            perceived = running.infer(images[number % len(images)])
        require_results(perceived, running)
        bare = Bare(running)
        series = _measure(running, bare, images, check.count(400, 60))
    _report(check, shard, series, bare.graph_error, running.faults())


class Bare:
    """Each engine alone, on the tensors that the last frame left in its input."""

    def __init__(self, running: Session) -> None:
        self.gpu = running.gpu
        self.engines = running.engines()
        self._start, self._end = self.gpu.event(), self.gpu.event()
        self.graph_error = ""
        self._graphs = self._capture()

    def apart(self) -> float:
        """Sum of each engine's own time by events, milliseconds."""
        return sum(self._between(engine.enqueue) for engine in self.engines.values())

    def in_a_row(self) -> float:
        """All engines enqueued one after another between two events, milliseconds."""

        def enqueue() -> None:
            for engine in self.engines.values():
                engine.enqueue()

        return self._between(enqueue)

    def replayed(self) -> float | None:
        """Sum of each engine's captured graph by events; None where they cannot be captured."""
        if not self._graphs:
            return None
        return sum(self._between(graph.launch) for graph in self._graphs)

    def _between(self, enqueue: Callable[[], None]) -> float:
        self.gpu.synchronise()
        self._start.record()
        enqueue()
        self._end.record()
        self._end.wait()
        elapsed: float = self._end.ms_since(self._start)
        return elapsed

    def _capture(self) -> list[Any]:
        from drag_edge.inference.gpu.graph import capture

        graphs: list[Any] = []
        try:
            for engine in self.engines.values():
                engine.enqueue()
                self.gpu.synchronise()
                graphs.append(capture(self.gpu, engine.enqueue))
        except Exception as error:  # noqa: BLE001 - the stricter column is then empty, with why
            self.graph_error = one_line(error)
        return graphs if len(graphs) == len(self.engines) and all(graphs) else []


def _measure(
    running: Session, bare: Bare, images: list[Any], frames: int
) -> dict[str, list[float]]:
    series: dict[str, list[float]] = {"chain": [], "apart": [], "in a row": [], "replayed": []}
    for number in range(frames):
        image = images[number % len(images)]
        bare.gpu.synchronise()
        started_s = time.perf_counter()
        perceived = running.infer(image)
        series["chain"].append((time.perf_counter() - started_s) * 1e3)
        require_results(perceived, running)
        series["apart"].append(bare.apart())
        series["in a row"].append(bare.in_a_row())
        replayed = bare.replayed()
        if replayed is not None:
            series["replayed"].append(replayed)
    return series


def _report(
    check: Check, shard: str, series: dict[str, list[float]], graph_error: str, faults: str
) -> None:
    figures = {name: summary(values) for name, values in series.items() if values}
    chain, apart = figures["chain"], figures["apart"]
    ratio = {key: chain[key] / apart[key] for key in ("p50_ms", "mean_ms")}
    paired = float(np.median(np.array(series["chain"]) / np.array(series["apart"])))
    beside = [f"frame {ms(chain)}", f"bare {ms(apart)}", f"bare in a row {ms(figures['in a row'])}"]
    if "replayed" in figures:
        strict = chain["p50_ms"] / figures["replayed"]["p50_ms"]
        beside.append(f"bare as graphs {ms(figures['replayed'])}, over that {strict:.3f}")
    else:
        beside.append(f"bare as graphs: not measured ({graph_error})")
    if faults:
        beside.append(f"events: {faults}")
    judged = shard.startswith("as shipped")
    good = max(ratio.values()) <= LIMIT and not faults
    verdict = (OK if good else FAILED) if judged else INFO
    check.row(
        f"chain over bare, {shard}",
        f"{ratio['p50_ms']:.3f} (mean {ratio['mean_ms']:.3f})",
        f"{LIMIT}" if judged else "",
        verdict,
        f"{chain['count']:.0f} frames; " + "; ".join(beside),
        {**figures, "ratio_p50": ratio["p50_ms"], "ratio_mean": ratio["mean_ms"],
         "ratio_paired": paired},
    )  # fmt: skip
