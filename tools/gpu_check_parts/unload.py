"""Line g: load and unload again and again; nothing is left behind."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from drag_edge.clock import SystemClock
from drag_edge.inference.runtimes import Runtimes
from gpu_check_parts import models, pictures
from gpu_check_parts.check import Check, say
from gpu_check_parts.driver import open_driver, set_primary, used_bytes
from gpu_check_parts.ours import require_results, session
from gpu_check_parts.prepare import PICTURES
from gpu_check_parts.rows import FAILED, INFO, OK

_FLAT_DEVICE = 2 << 20
_MOST_S = 150.0
_FLAT_HOST = 32 << 20  # malloc's arenas breathe; a leak of 1 MB a round would be 180


def run(check: Check, shard: str) -> None:
    settings = models.demo_settings(models.demo_engines(check.engines))
    image = pictures.pictures(check.out, PICTURES)[0]
    driver = open_driver()
    if shard == "models":
        rounds = check.count(200, 20)

        def once() -> None:
            runtimes.begin_frame()
            for one in settings.values():
                model = runtimes.load(one)
                model.start(image)
                model.finish()
                model.close()

        events: list[Any] = []
        runtimes = Runtimes(events.append, SystemClock())
        try:
            _repeat(check, "load and unload the four models", rounds, once, driver)
        finally:
            runtimes.close()
        return
    # Held, so that memory can be asked for while ours is closed.
    set_primary(driver)
    rounds = check.count(30, 5)

    def everything() -> None:
        with session(settings) as running:
            require_results(running.infer(image), running)

    _repeat(check, "open and close everything", rounds, everything, driver)


def _repeat(check: Check, what: str, rounds: int, once: Any, driver: Any) -> None:
    settle = max(2, rounds // 10)
    before: dict[str, int] = {}
    started_s = time.monotonic()
    done = 0
    for number in range(rounds):
        if time.monotonic() - started_s > _MOST_S:
            break
        once()
        done += 1
        if number + 1 == settle:
            before = _held(driver)
        if (number + 1) % 50 == 0:
            say(f"   {number + 1} rounds, {time.monotonic() - started_s:.0f} s")
    after = _held(driver)
    if not before:
        check.row(what, f"{done} rounds", verdict=FAILED, detail=f"too slow: {_MOST_S:.0f} s")
        return
    growth = {key: after[key] - before[key] for key in after}
    good = (
        abs(growth["device_bytes"]) <= _FLAT_DEVICE
        and growth["host_bytes"] <= _FLAT_HOST
        and growth["files"] <= 0
        and growth["threads"] <= 0
    )
    value = (
        f"device {growth['device_bytes'] / 1e6:+.1f} MB, host {growth['host_bytes'] / 1e6:+.1f} MB,"
        f" files {growth['files']:+d}, threads {growth['threads']:+d}"
    )
    seconds = (time.monotonic() - started_s) / max(done, 1)
    detail = f"from round {settle} on; {seconds:.2f} s a round"
    if done < rounds:
        detail += f"; only {done} rounds in {_MOST_S:.0f} s"
    verdict = FAILED if not good else OK if done == rounds else INFO
    check.row(f"{done} times {what}", value, "device 0 ± 2.1, host 34 MB, 0, 0", verdict, detail,
              {**growth, "rounds": done})  # fmt: skip


def _held(driver: Any) -> dict[str, int]:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "device_bytes": used_bytes(driver),
        "host_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
        "files": len(os.listdir("/proc/self/fd")),
        "threads": max(len(os.listdir("/proc/self/task")), threading.active_count()),
    }
