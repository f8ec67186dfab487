"""What the cameras show and the vehicle says: some seconds of a simulated drive, made beforehand.

The demo models were trained on such pictures. They repeat for as long as the soak takes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import can
import cv2

from drag_edge.clock import VirtualClock
from drag_edge.config.root import Settings
from drag_edge.sim.ego.vehicle_bus import vehicle_values
from drag_edge.sim.scenario_files import load_scenario
from drag_edge.sim.session import SimSession
from drag_edge.sim.source import SimSource

STEP_S = 0.01
SCENARIO = "highway"


@dataclass(frozen=True, slots=True)
class Scenery:
    """pictures: by camera, raw I420 frames one after another. sizes: "WIDTHxHEIGHT". values: the
    vehicle's signals, every STEP_S."""

    pictures: dict[str, Path]
    sizes: dict[str, str]
    values: Path
    fps: float


def render(folder: Path, settings: Settings, cameras: tuple[str, ...], fps: float, seconds: float,
           seed: int) -> Scenery:  # fmt: skip
    """Drive, and write it into the folder. Nobody but the simulated driver steers."""
    clock = VirtualClock()
    with can.Bus(interface="virtual", channel=f"soak-{folder}") as bus:
        session = SimSession(load_scenario(SCENARIO), clock, bus, seed)
        session.start()
        sources = {
            name: SimSource(session, name, settings.cameras[name].model_copy(update={"fps": fps}))
            for name in cameras
        }
        pictures = {name: folder / f"{name}.i420" for name in cameras}
        values = []
        files = {name: path.open("wb") for name, path in pictures.items()}
        try:
            for step in range(round(seconds / STEP_S)):
                clock.advance_to(step * STEP_S)
                values.append(_said(session))
                _write_due(sources, files, clock.now_s())
        finally:
            for file in files.values():
                file.close()
        session.close()
    path = folder / "vehicle.json"
    path.write_text(json.dumps(values))
    sizes = {name: "{}x{}".format(*source.size_px) for name, source in sources.items()}
    return Scenery(pictures, sizes, path, fps)


def _write_due(sources, files, now_s) -> None:  # type: ignore[no-untyped-def]
    for name, source in sources.items():
        if source.next_time_s is not None and source.next_time_s <= now_s + 1e-9:
            frame = source.read()
            assert frame is not None
            files[name].write(cv2.cvtColor(frame.image, cv2.COLOR_BGR2YUV_I420).tobytes())


def _said(session: SimSession) -> dict[str, float]:
    truth = session.snapshot().truth
    values = vehicle_values(
        truth.ego, session.car, truth.driver, truth.controls, truth.demands.rejected
    )
    return {name: float(value) for name, value in values.items()}
