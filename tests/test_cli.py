"""Bad input: a clear message, the right exit code, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import pytest

from drag_edge.cli import main
from drag_edge.config.load import load
from drag_edge.config.report import ConfigError, Problem

Run = Callable[..., subprocess.CompletedProcess[str]]

DEMO = Path(__file__).resolve().parent.parent / "engines" / "demo"

CONFIG = """\
cameras:
  front:
    source: clip.mp4
    mount: {x: 1.6, z: 1.3}
    intrinsics: {width: 64, height: 48, fx: 50, fy: 50, cx: 32, cy: 24}
vehicle:
  can: {interface: virtual, channel: CHANNEL}
run: {summary: out/summary.json}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    writer = cv2.VideoWriter(
        str(tmp_path / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 20.0, (64, 48)
    )
    for i in range(5):
        writer.write(np.full((48, 64, 3), 40 * i, np.uint8))
    writer.release()
    path = tmp_path / "drive.yaml"
    path.write_text(CONFIG.replace("CHANNEL", tmp_path.name))
    return path


@pytest.fixture
def drag_edge(tmp_path: Path) -> Run:
    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "drag_edge", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )

    return run


def test_a_recording_runs_to_its_end_and_leaves_its_summary(drag_edge: Run, config: Path) -> None:
    done = drag_edge("run", config, "--headless")
    assert done.returncode == 0, done.stderr
    assert "front 5 in" in done.stdout
    assert '"front": 5' in (config.parent / "out" / "summary.json").read_text()


def test_a_limit_in_frames_is_kept(drag_edge: Run, config: Path) -> None:
    done = drag_edge("run", config, "--headless", "--frames", "3")
    assert "front 3 in" in done.stdout


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ("cameras.front.source=/dev/video97", 69, "camera front: /dev/video97: no such device"),
        ("cameras.front.source=nothing.mp4", 66, "nothing.mp4"),
        ("cameras.front.source=drive.yaml", 66, "not a video that OpenCV can read"),
        ("cameras.front.source=sim://nowhere", 78, "sim://nowhere"),
        ("cameras.front.mount.pich_deg=1", 78, "pitch_deg"),
        ("cameras.front.mount.z=1.3 km/h", 78, "km/h"),
        ("cameras.front.mount.z=-1", 78, "cameras.front.mount.z"),
        ("vehicle.can.interface=socketcan", 69, "sudo ip link set"),
        ("vehicle.can.log=/proc/nothing/can.log", 73, "/proc/nothing/can.log"),
        ("vehicle.ego={dbc: drive.yaml, speed: {message: M, signal: S}}", 78, "drive.yaml"),
        ("models={road: {file: nothing.onnx}, objects: {flie: a.onnx}}", 78, "nothing.onnx"),
        (f"models.road={{file: {DEMO}/objects.onnx, task: segment}}", 78, "task detect"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    drag_edge: Run, config: Path, change: str, code: int, told: str
) -> None:
    done = drag_edge("run", config, "--headless", "--set", change)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == code
    assert not (config.parent / "out").exists()


@pytest.mark.parametrize("file", ["nothing.onnx", "drive.yaml"])
def test_a_model_that_is_missing_or_damaged_is_named_and_the_others_run(
    drag_edge: Run, config: Path, file: str
) -> None:
    models = f"models:\n  bad: {{file: {file}}}\n  good: {{file: {DEMO}/road.onnx}}\n"
    config.write_text(config.read_text() + models)
    done = drag_edge("-v", "run", config, "--headless")
    assert done.returncode == 0, done.stderr
    assert "front 5 in" in done.stdout
    lines = done.stderr.splitlines()
    (warned,) = [line for line in lines if "models.bad.file" in line]
    assert "drive.yaml:10:15" in warned
    assert any("model_failed" in line and file in line for line in lines)
    assert any("model_loaded" in line and "road.onnx" in line for line in lines)
    summary = json.loads((config.parent / "out" / "summary.json").read_text())
    assert summary["events"]["model_failed:bad"] >= 1
    assert summary["models"]["good"]["count"] > 0
    assert drag_edge("check", config).returncode == 78


def test_where_commands_may_act_every_model_must_be_there(tmp_path: Path) -> None:
    demo = Path(__file__).resolve().parent.parent / "configs" / "demo.yaml"
    warned: list[Problem] = []
    missing = ["models.road.file=/nothing.onnx"]
    load(demo, [*missing, "adas.actuation=off"], warn_of_models=warned.append)
    assert [problem.key for problem in warned] == ["models.road.file"]
    with pytest.raises(ConfigError, match=r"nothing\.onnx"):
        load(demo, [*missing, "adas.actuation=on"], warn_of_models=warned.append)


def test_check_names_the_place_of_every_problem(drag_edge: Run, config: Path) -> None:
    text = config.read_text().replace("mount: {x: 1.6, z: 1.3}", "mount: {x: 1.6, hight: 1.3}")
    config.write_text(text)
    done = drag_edge("check", config)
    assert done.returncode == 78
    assert "drive.yaml:4:21" in done.stderr
    assert "cameras.front.mount.hight" in done.stderr
    assert "cameras.front.mount.z" in done.stderr


def test_a_configuration_that_is_not_there_is_exit_66(drag_edge: Run, tmp_path: Path) -> None:
    done = drag_edge("run", tmp_path / "missing.yaml")
    assert done.returncode == 66
    assert "missing.yaml" in done.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("fly",), ("run",), ("run", "x.yaml", "--frames", "0"), ("bench",)]
)
def test_a_command_line_without_sense_is_exit_64(drag_edge: Run, arguments: tuple[str]) -> None:
    done = drag_edge(*arguments)
    assert done.returncode == 64
    assert "usage:" in done.stderr


def test_a_fault_of_our_own_is_exit_70_and_told_with_its_place(
    monkeypatch: pytest.MonkeyPatch, config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(*_: object, **__: object) -> NoReturn:
        raise ZeroDivisionError("not thought of")

    monkeypatch.setattr("drag_edge.config.check.check", fault)
    assert main(["check", str(config)]) == 70
    (told,) = caplog.records
    assert told.exc_info is not None
    assert told.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize("command", ["schema", "check"])
def test_a_reader_that_goes_early_is_no_failure(config: Path, command: str) -> None:
    """As `drag-edge schema | head -1`; what is short comes to nobody only at the end."""
    reading, writing = os.pipe()
    os.close(reading)
    arguments = [command, str(config)] if command == "check" else [command]
    with os.fdopen(writing, "wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "drag_edge", *arguments],
            stdout=output,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
            cwd=config.parent,
        )
    assert done.stderr == b""
    assert done.returncode == 0


def test_help_and_version_are_not_errors(drag_edge: Run) -> None:
    assert drag_edge("--help").returncode == 0
    assert drag_edge("--version").stdout.startswith("drag-edge ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_stops_the_log_and_not_the_drive(drag_edge: Run, config: Path) -> None:
    full = config.parent / "full.log"
    full.symlink_to("/dev/full")
    done = drag_edge(
        "run", config, "--headless", "--set", f"vehicle.can.log={full}",
        "--set", "vehicle.can.log_flush_s=0.01",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "log_failed" in done.stdout + done.stderr
    assert "front 5 in" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write")
def test_a_summary_that_cannot_be_written_is_said_after_the_drive(
    drag_edge: Run, config: Path
) -> None:
    done = drag_edge("run", config, "--headless", "--set", "run.summary=/proc/nothing/s.json")
    assert done.returncode == 73
    assert "/proc/nothing/s.json" in done.stderr
    assert "front 5 in" in done.stdout


@pytest.mark.parametrize(("left", "tidied"), [(True, False), (False, True)])
def test_a_thread_that_was_left_alone_cannot_spoil_the_end(left: bool, tidied: bool) -> None:
    """Then the interpreter is not taken down, and what was printed is there all the same."""
    program = f"""
import atexit, threading, time
from drag_edge import cli
def main():
    print("done", end="")
    if {left}:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return 3
cli.main = main
atexit.register(lambda: print(" tidied", end=""))
cli.start()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 3
    assert ended.stdout == ("done tidied" if tidied else "done")
