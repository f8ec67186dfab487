"""Line b: thousands of frames through all models, loaded lazily in random order, torch beside."""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np

from drag_edge.config.models import ModelSettings
from gpu_check_parts import models, pictures
from gpu_check_parts.beside import Torch, Workload
from gpu_check_parts.check import Check, say
from gpu_check_parts.driver import current_context, open_driver, used_bytes
from gpu_check_parts.ours import Session, copied, same, session
from gpu_check_parts.patches import numpy_bool
from gpu_check_parts.prepare import PICTURES
from gpu_check_parts.rows import one_line

_FLAT_BYTES = 2 << 20  # the driver hands out memory in blocks of 2 MiB


def run(check: Check, shard: str) -> None:
    if shard == "frames":
        _frames(check)
    else:
        _beside_ultralytics(check)


def _frames(check: Check) -> None:
    frames = check.count(10_000, 1_000)
    settled_at = frames // 20
    order = np.random.default_rng(check.seed).permutation(list(models.NAMES)).tolist()
    settings = _lazily(models.demo_settings(models.demo_engines(check.engines)))
    images = pictures.pictures(check.out, PICTURES)
    driver = open_driver()
    workload: Workload = Workload()
    with session(settings) as running:
        for name in order:
            running.infer(images[0], f"only {name}")
            if workload.name == "none":
                workload = Torch.open()  # between the first engine's load and the second's
        handle = current_context(driver)
        first: dict[int, dict[str, Any]] = {}
        handles = {handle}
        unequal = silent = 0
        settled = 0
        started_s = time.monotonic()
        for number in range(frames):
            which = number % len(images)
            perceived = running.infer(images[which])
            workload.step()
            handles.add(current_context(driver))
            results = {name: copied(result) for name, result in perceived.results.items()}
            silent += sum(result is None for result in results.values())
            if which not in first:
                first[which] = results
            unequal += sum(not same(results[name], first[which][name]) for name in results)
            if number == settled_at:
                settled = used_bytes(driver)
            if number % 2000 == 1999:
                say(f"   {number + 1} frames, {time.monotonic() - started_s:.0f} s")
        growth = used_bytes(driver) - settled
        faults = running.faults()
        loaded = _load_order(running)
    detail = f"loaded {', '.join(loaded)}; beside it: {workload.name}"
    check.judge("frames without an error", f"{frames - silent} of {frames}", "all",
                silent == 0 and not faults, faults or detail,
                {"frames": frames, "seconds": time.monotonic() - started_s})  # fmt: skip
    check.judge("results equal to the bit", f"{frames * 4 - unequal} of {frames * 4}", "all",
                unequal == 0, f"against the first pass over {len(images)} pictures")  # fmt: skip
    check.judge("context handle", f"{len(handles)} seen", "1", handles == {handle} and handle != 0)
    check.judge("device memory, growth", f"{growth / 1e6:+.1f} MB", "0 ± 2.1 MB",
                abs(growth) <= _FLAT_BYTES, f"from frame {settled_at} on")  # fmt: skip
    workload.report(check)


def _beside_ultralytics(check: Check) -> None:
    """One of the detectors by Ultralytics' own predictor, in the same pool and context."""
    what = "a detector by runtime: ultralytics, in turn with three of ours"
    try:
        numpy_bool()
        for name in ("torch", "ultralytics"):
            importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - becomes the row's reason
        check.not_measured(what, f"{type(error).__name__}: {one_line(error)}")
        return
    settings = models.demo_settings(models.demo_engines(check.engines))
    settings["objects"] = settings["objects"].model_copy(update={"runtime": "ultralytics"})
    images = pictures.pictures(check.out, PICTURES)
    frames = check.count(500, 50)
    driver = open_driver()
    answered = boxes = 0
    handles = set()
    with session(settings) as running:
        for number in range(frames):
            perceived = running.infer(images[number % len(images)])
            answered += all(result is not None for result in perceived.results.values())
            boxes += len(getattr(perceived.results["objects"], "labels", ()))
            handles.add(current_context(driver))
        faults = running.faults()
    good = answered == frames and len(handles) == 1 and not faults
    value = f"{answered} of {frames} frames, {len(handles)} context handle(s), {boxes} boxes"
    check.judge(what, value, "all, 1", good, faults)


def _lazily(settings: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
    """Each model also has a camera of its own: a frame of that camera loads it and no other."""
    return {
        name: one.model_copy(update={"cameras": ("front", f"only {name}")})
        for name, one in settings.items()
    }


def _load_order(running: Session) -> list[str]:
    return [event.source for event in running.events if event.name == "model_loaded"]
