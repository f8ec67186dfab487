"""Look at the overlay in made-up situations, or measure it.

tools/show_overlay.py FOLDER      writes one PNG for each situation
tools/show_overlay.py --bench     CPU time of one picture, p50 and p99, 720p
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from drag_edge.config.display import DisplaySettings
from drag_edge.display.overlay import Overlay
from tests.display import examples

ROUNDS = 300


def overlay() -> Overlay:
    return Overlay(DisplaySettings(), {"front": examples.CAMERA}, examples.BODY, examples.ROLES)


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, situation in examples.situations().items():
        frames = {} if situation.scene is None else examples.frames(situation.night)
        drawn = overlay().draw(
            frames, {}, situation.scene, situation.decision, situation.command, situation.status
        )
        cv2.imwrite(str(folder / f"{name}.png"), drawn)


def moving(situation: examples.Situation, step: int) -> examples.Situation:
    """The same situation a little later: every number changes as it would on the road."""
    scene = situation.scene
    if scene is None:
        return situation
    shift = 0.13 * step
    tracks = tuple(
        replace(t, x_m=t.x_m + shift % 9, gap_m=t.gap_m + shift % 9) for t in scene.tracks or ()
    )
    ego = replace(scene.ego, speed_mps=20 + (step % 40) / 5)
    lead = next((t for t in tracks if scene.lead and t.id == scene.lead.id), scene.lead)
    return replace(
        situation,
        scene=replace(scene, tracks=tracks, lead=lead, ego=ego),
        status=replace(situation.status, time_s=situation.status.time_s + step / 2000),
    )


def bench() -> None:
    cv2.setNumThreads(1)
    frames = examples.frames()
    print(f"OpenCV {cv2.__version__}, 1280×720, CPU time of one thread, {ROUNDS} pictures each")
    for name in ("following", "town", "emergency", "crowded"):
        situation = examples.situations()[name]
        painter = overlay()
        taken_ms = []
        for step in range(ROUNDS):
            now = moving(situation, step)
            renewed = {
                k: replace(f, index=step, time_s=f.time_s + step / 2000) for k, f in frames.items()
            }
            start = time.thread_time()
            painter.draw(renewed, {}, now.scene, now.decision, now.command, now.status)
            taken_ms.append((time.thread_time() - start) * 1e3)
        first, rest = taken_ms[0], taken_ms[1:]
        p50, p99 = np.percentile(rest, (50, 99))
        print(f"{name:10s} p50 {p50:5.2f} ms   p99 {p99:5.2f} ms   first {first:6.1f} ms")


if __name__ == "__main__":
    if sys.argv[1:] == ["--bench"]:
        bench()
    elif len(sys.argv) == 2:
        write(Path(sys.argv[1]))
    else:
        sys.exit(__doc__)
