"""Whole drives through the real daemon, and what each tick decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import can
import cantools

from drag_edge.adas.decision import Command, Decision
from drag_edge.assemble import assembled
from drag_edge.checks import ROOM_CHECKS
from drag_edge.config.load import load
from drag_edge.perception.scene import Scene
from drag_edge.sim.session import SimSession
from drag_edge.sim.truth import Truth
from drag_edge.summary import RunSummary
from drag_edge.vehicle.e2e import data_ids_of, protect

REPOSITORY = Path(__file__).resolve().parent.parent.parent
CONFIGS = REPOSITORY / "configs"
VEHICLE_DBC = REPOSITORY / "drag_edge" / "sim" / "vehicle.dbc"


@dataclass(frozen=True)
class Camera:
    """Lens (a file in configs/calibration, or YAML) and mount (YAML)."""

    lens: str
    mount: str

    def overrides(self) -> list[str]:
        lens = self.lens if "{" in self.lens else CONFIGS / "calibration" / self.lens
        return [f"cameras.front.intrinsics={lens}", f"cameras.front.mount={self.mount}"]


@dataclass
class Drive:
    """What a drive was: one entry of each list per tick."""

    scenes: list[Scene] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    session: SimSession | None = None
    summary: RunSummary = field(default_factory=RunSummary)
    sent: int = 0


def drive(config: str, overrides: Sequence[str], seconds: float | None = None) -> Drive:
    """Run a configuration of ours headless to its end."""
    settings = load(CONFIGS / config, overrides, room_checks=ROOM_CHECKS)
    done = Drive()
    with assembled(settings, headless=True) as (daemon, session):
        done.session = session
        while not (sample := daemon.parts.feed.next()).ended:
            tick = daemon.tick(sample)
            done.scenes.append(tick.scene)
            done.decisions.append(tick.decision)
            done.commands.append(tick.command)
            if session is not None:
                done.truths.append(session.snapshot().truth)
            if seconds is not None and daemon.parts.clock.now_s() >= seconds:
                break
        done.summary = daemon.summary
        done.sent = daemon.parts.vehicle.sent
    return done


def simulated(scenario: str, out: Path, side_fps: int = 5) -> list[str]:
    """Overrides that play a scenario with demo.yaml, its outputs under `out`.

    side_fps: of the mirrors' cameras; few where no mirror matters, which halves the time.
    """
    return [
        f"cameras.front.source=sim://{scenario}",
        *(f"cameras.{name}.fps={side_fps}" for name in ("left", "right")),
        f"vehicle.can.channel={scenario}-{out.name}",
        f"vehicle.can.log={out / 'can.log'}",
        "display.video=null",
        "run.summary=null",
    ]


def steady_vehicle_log(path: Path, speed_mps: float, seconds: float) -> Path:
    """A candump log of a vehicle that drives straight on at one speed."""
    dbc = cantools.database.load_file(VEHICLE_DBC)
    motion = dbc.get_message_by_name("VEHICLE_MOTION")
    frame_id = motion.frame_id
    with can.CanutilsLogWriter(path) as writer:
        for count in range(round(seconds / 0.02)):
            values = {signal.name: 0 for signal in motion.signals} | {"speed": 3.6 * speed_mps}
            data = protect(motion.encode(values), data_ids_of(frame_id), count % 16)
            message = can.Message(
                timestamp=0.02 * count,
                arbitration_id=frame_id,
                data=data,
                is_extended_id=False,
                channel="can0",
            )
            writer.on_message_received(message)
    return path


def recorded(
    source: Path, models: Path, log: Path, camera: Camera, road: str = "twinlitenet_320x320.onnx"
) -> list[str]:
    """Overrides that play a recording with video.yaml, public models and a replayed bus."""
    motion = "message: VEHICLE_MOTION, signal:"
    return [
        f"cameras.front.source={source}",
        *camera.overrides(),
        f"models.road.file={models / road}",
        f"models.objects.file={models / 'yolox_nano_coco_416.onnx'}",
        f"vehicle.can.replay={log}",
        f"vehicle.can.channel=replay-{log.parent.name}",
        f"vehicle.ego={{dbc: {VEHICLE_DBC}, protection: e2e_p02, speed: {{{motion} speed}}, "
        f"yaw_rate: {{{motion} yaw_rate}}}}",
        "display.video=null",
        "run.summary=null",
    ]
