"""Faults in the whole daemon, with rendered pictures: named in time, over in time, none travels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drag_edge.assemble import assembled
from drag_edge.cli import main
from drag_edge.config.load import load
from drag_edge.faults.fault import FaultError, parse_fault

CONFIG = """\
cameras:
  front:
    source: sim://highway
    mount: {x: 1.9, z: 1.3}
    intrinsics: {width: 320, height: 180, fx: 250, fy: 250, cx: 160, cy: 90}
vehicle:
  can: {interface: virtual, channel: CHANNEL}
  ego:
    dbc: DBC
    protection: e2e_p02
    speed: {message: VEHICLE_MOTION, signal: speed}
run: {simulated_latency_s: 0.05}
"""
VEHICLE_DBC = Path(__file__).parents[2] / "drag_edge" / "sim" / "vehicle.dbc"


@dataclass
class Told:
    """The first time of each event after each fault's begin, and all frames' ages."""

    times: dict[str, list[float]] = field(default_factory=dict)

    def first(self, name: str, from_s: float) -> float:
        return next(t for t in self.times.get(name, []) if t >= from_s)


def config(tmp_path: Path) -> Path:
    path = tmp_path / "faulty.yaml"
    text = CONFIG.replace("CHANNEL", f"faulty-{tmp_path.name}").replace("DBC", str(VEHICLE_DBC))
    path.write_text(text)
    return path


def drive(tmp_path: Path, specs: Sequence[str], seconds: float) -> Told:
    told = Told()
    faults = [parse_fault(spec) for spec in specs]
    with assembled(load(config(tmp_path)), headless=True, faults=faults) as (daemon, _):
        while daemon.parts.clock.now_s() < seconds:
            tick = daemon.tick(daemon.parts.feed.next())
            for event in tick.decision.events:
                told.times.setdefault(event.name, []).append(daemon.parts.clock.now_s())
    return told


def test_faults_of_the_camera_are_named_within_300_ms_and_over_within_500(tmp_path: Path) -> None:
    told = drive(
        tmp_path,
        ["freeze:front@1+0.5", "black:front@2.5+0.5", "drop:front@4+0.6",
         "clock_jump:front@5.5+0.2,by_s=-5", "stall@6.5+0.5"],
        seconds=7.6,
    )  # fmt: skip
    for name, begin_s, end_s in (
        ("camera_frozen", 1.0, 1.5), ("camera_black", 2.5, 3.0), ("scene_late", 4.0, 4.6)
    ):  # fmt: skip
        assert told.first(name, begin_s) - begin_s <= 0.3, name
        over = "picture_recovered" if name.startswith("camera") else "camera_recovered"
        assert told.first(over, end_s) - end_s <= 0.5, name
    assert told.first("clock_jump", 5.5) - 5.5 <= 0.1
    assert told.first("loop_stalled", 7.0) - 7.0 <= 0.1
    assert told.times["camera_frozen"][0] >= 1.1  # never before the fault
    assert "ego_speed_lost" not in told.times or told.times["ego_speed_lost"][-1] < 0.5


def test_faults_of_the_bus_are_named_and_over_by_themselves(tmp_path: Path) -> None:
    told = drive(tmp_path, ["no_speed@1+0.5", "crc:VEHICLE_MOTION@2.5+0.5", "unplugged@4+0.6"], 6.7)
    assert told.first("ego_speed_lost", 1.0) - 1.0 <= 0.3
    assert told.first("ego_signal_recovered", 1.5) - 1.5 <= 0.2
    assert told.first("ego_frame_invalid", 2.5) - 2.5 <= 0.1
    assert told.first("bus_off", 4.0) - 4.0 <= 0.3
    assert told.first("bus_recovered", 4.6) - 4.6 <= 2.0


def test_the_same_seed_breaks_the_same_pictures(tmp_path: Path) -> None:
    told = [drive(tmp_path, ["drop:front@0.5+1,share=0.3"], 2.0).times for _ in range(2)]
    assert told[0] == told[1]
    assert told[0]["frame_missing"]


def test_a_fault_that_fits_nothing_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="did you mean front"):
        drive(tmp_path, ["freeze:frnt@1"], 0.1)
    with pytest.raises(FaultError, match="did you mean VEHICLE_MOTION"):
        drive(tmp_path, ["silence:VEHICLE_MOTON@1"], 0.1)


@pytest.mark.parametrize(
    ("spec", "says"), [("freze@1", "did you mean freeze"), ("freeze:bumper@1", "are front")]
)
def test_the_command_line_says_what_was_meant(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], spec: str, says: str
) -> None:
    code = main(["run", str(config(tmp_path)), "--headless", "--frames", "1", "--fault", spec])
    assert code == 64
    assert says in capfd.readouterr().err
