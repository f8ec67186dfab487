#!/usr/bin/env python3
"""What the inference stage costs over its bare engines, model by model, on a real or drawn picture.

    tools/bench_models.py CONFIG [--video FILE | --size 1280x720] [--frames 200]

Every frame runs the whole stage once and then each engine alone on the very tensors it just saw,
so both meet the same machine in the same second.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.clock import SystemClock
from drag_edge.config.load import load
from drag_edge.frames.frame import Frame
from drag_edge.inference.pool import ModelPool


def pictures(arguments: argparse.Namespace) -> Iterator[NDArray[np.uint8]]:
    if arguments.video is None:
        width, height = map(int, arguments.size.split("x"))
        noise = np.random.default_rng(0).integers(0, 256, (8, height // 4, width // 4, 3), np.uint8)
        drawn = [cv2.resize(picture, (width, height)) for picture in noise]
        yield from itertools.cycle(drawn)
    while True:
        capture = cv2.VideoCapture(str(arguments.video))
        read, image = capture.read()
        if not read:
            raise SystemExit(f"{arguments.video}: no picture in it")
        while read:
            yield image
            read, image = capture.read()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--video", type=Path)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--camera", default="front")
    arguments = parser.parse_args()
    pool = ModelPool(load(arguments.config).models, SystemClock(), print)
    stage_ms, bare_ms = [], {}
    for index, image in enumerate(itertools.islice(pictures(arguments), arguments.frames)):
        started_s = time.perf_counter()
        perceived = pool.infer(Frame(arguments.camera, index, index / 30, image))
        stage_ms.append((time.perf_counter() - started_s) * 1e3)
        models = pool.models()
        for name, result in perceived.results.items():
            if result is not None:
                bare_ms.setdefault(name, []).append(models[name].time_bare_s() * 1e3)
    report(pool, stage_ms, bare_ms, arguments.frames)


def report(
    pool: ModelPool, stage_ms: list[float], bare_ms: dict[str, list[float]], frames: int
) -> None:
    print(
        f"{'model':12} {'runs':>5} {'pre':>7} {'engine':>7} {'decode':>7} {'bare':>7} {'ratio':>6}"
    )
    total_bare_ms = 0.0
    for name, stats in pool.stats().items():
        if stats.total is None or name not in bare_ms:
            print(f"{name:12} no result: {stats.last_error}")
            continue
        bare = float(np.median(bare_ms[name]))
        total_bare_ms += bare * len(bare_ms[name]) / frames
        steps = [stats.preprocess, stats.engine, stats.decode]
        cells = " ".join(f"{step.p50_ms:7.2f}" for step in steps if step is not None)
        print(f"{name:12} {stats.count:5} {cells} {bare:7.2f} {stats.total.p50_ms / bare:6.3f}")
    stage = float(np.mean(stage_ms[1:]))  # the first one loads
    print(f"stage {stage:.2f} ms a frame, bare engines {total_bare_ms:.2f} ms: mean over medians")
    same = sum(float(np.sum(times[1:])) for times in bare_ms.values()) / (frames - 1)
    print(f"ratio of the means {stage / same:.3f}")


if __name__ == "__main__":
    main()
