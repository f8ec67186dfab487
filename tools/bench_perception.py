"""What perception and the ADAS decision cost per frame, on one core, without networks.

A synthetic drive: a class map with four lane lines and N road users in the front camera, one in
each mirror. Measure on an idle machine; p10 is what a busy one leaves comparable.

    OMP_NUM_THREADS=1 python -m tools.bench_perception --frames 400 --objects 8
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from drag_edge.adas.decide import AdasState, decide
from drag_edge.config.adas import AdasSettings
from drag_edge.perception.ego import EgoState
from tests.perception.synthetic import (
    BODY,
    FRONT,
    LEFT,
    RIGHT,
    Cuboid,
    Line,
    detect,
    paint,
    perceived,
    perception,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--objects", type=int, default=8)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    road = paint([Line(y) for y in (5.4, 1.8, -1.8, -5.4)], rng=rng, noise=0.001)
    cars = [
        Cuboid(12.0 + 6.0 * index, (-3.6, 0.0, 3.6)[index % 3]) for index in range(options.objects)
    ]
    room, settings, state = perception(sides=True), AdasSettings(), AdasState()
    seeing, deciding = [], []
    for frame in range(options.frames):
        time_s = frame * 0.05
        frames = {
            "front": perceived(time_s, detect(FRONT, cars, rng, 1.0), road),
            "left": perceived(time_s, detect(LEFT, [Cuboid(-14, 3.5)], rng, 1.0), None, "left"),
            "right": perceived(time_s, detect(RIGHT, [Cuboid(-9, -3.5)], rng, 1.0), None, "right"),
        }
        ego = EgoState(time_s, speed_mps=25.0, accel_mps2=0.0, yaw_rate_radps=0.0)
        start = time.perf_counter()
        scene = room.understand(frames, ego, time_s)
        seen = time.perf_counter()
        _, state = decide(scene, scene.events, settings, BODY, state, time_s)
        deciding.append(time.perf_counter() - seen)
        seeing.append(seen - start)
    see, act = np.array(seeing[20:]) * 1e3, np.array(deciding[20:]) * 1e3
    for name, values in (("perception", see), ("adas", act), ("together", see + act)):
        best, middle, late = np.percentile(values, [10, 50, 99])
        print(f"{name:10s}  p10 {best:.2f}  p50 {middle:.2f}  p99 {late:.2f} ms")
    print(f"tracks {len(scene.tracks or ())}, side tracks {len(scene.side_tracks or ())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
