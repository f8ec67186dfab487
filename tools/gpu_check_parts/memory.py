"""Line f: device memory of the four models, with one shared activation block and with their own."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

from drag_edge.config.models import ModelSettings
from drag_edge.inference.engine_file import plan_data, read_engine_file
from gpu_check_parts import models, pictures
from gpu_check_parts.check import Check
from gpu_check_parts.driver import open_driver, set_primary, used_bytes
from gpu_check_parts.ours import require_results, session
from gpu_check_parts.prepare import PICTURES


def run(check: Check, shard: str) -> None:
    shared = shard == "shared"
    driver = open_driver()
    set_primary(driver)
    sets = {"the demo's four": models.demo_settings(models.demo_engines(check.engines))}
    if check.extra:
        sets["road and three larger"] = models.extra_settings(check.engines, check.extra)
    image = pictures.pictures(check.out, PICTURES)[0]
    for title, settings in sets.items():
        activations = _activations(settings)
        with session({"road": settings["road"]}, shared_scratch=shared) as first:
            require_results(first.infer(image), first)  # TensorRT's and our own fixed part
        before = used_bytes(driver)
        with session(settings, shared_scratch=shared) as running:
            for _ in range(5):
                require_results(running.infer(image), running)
            used = used_bytes(driver) - before
        expected = max(activations) if shared else sum(activations)
        figures = {"used_bytes": used, "activation_bytes": expected, "each": activations}
        name = "shared scratch" if shared else "own scratch"
        check.row(
            f"device memory, {title}, {name}",
            f"{used / 1e6:.1f} MB",
            detail=f"activations {expected / 1e6:.2f} MB ({'largest' if shared else 'sum'} of "
            f"{', '.join(f'{one / 1e6:.2f}' for one in activations)})",
            figures=figures,
        )
        file = check.out / f"memory_{title.replace(' ', '_')}.json"
        if shared:
            file.write_text(json.dumps(figures), encoding="utf-8")
        elif file.is_file():
            _judge(check, title, json.loads(file.read_text(encoding="utf-8")), figures)


def _judge(check: Check, title: str, shared: dict[str, Any], own: dict[str, Any]) -> None:
    saved = own["used_bytes"] - shared["used_bytes"]
    less = own["activation_bytes"] - shared["activation_bytes"]
    # The driver hands out 2 MiB at a time: small engines may save nothing that it counts.
    check.judge(f"saved by sharing, {title}", f"{saved / 1e6:.1f} MB", "not negative",
                saved >= 0 and less >= 0, f"activations {less / 1e6:.2f} MB less")  # fmt: skip


def _activations(settings: Mapping[str, ModelSettings]) -> list[int]:
    """What each engine says it needs, by TensorRT itself."""
    trt: Any = importlib.import_module("tensorrt")
    runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
    found = []
    for one in settings.values():
        engine = runtime.deserialize_cuda_engine(plan_data(read_engine_file(one.file)))
        size = getattr(engine, "device_memory_size_v2", None)
        found.append(int(engine.device_memory_size if size is None else size))
        del engine
    return found
