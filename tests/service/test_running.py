"""The real process as systemd runs it: readiness, progress, reload, stacks, stop."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import can
import pytest

from drag_edge.vehicle.dbc import decode
from tests.service.ears import Ears, ears_at

CONFIG = """\
cameras:
  front:
    source: sim://highway
    mount: {x: 1.9, z: 1.3}
    intrinsics: {width: 64, height: 36, fx: 50, fy: 50, cx: 32, cy: 18}
vehicle: {can: {interface: virtual, channel: service, log: drive.log}}
adas: {acc: {time_gaps_s: [1.0, 1.5, 2.0]}}
run: {pace: 1, summary: summary.json}
service:
  http: {port: 0}
  log: {level: info}
  reload: {watch: off, period_s: 0.1, settle_s: 0.1}
"""
WATCHDOG_S = 0.9
# The program, with something that happens while cameras and bus open.
DURING_THE_START = """
import os, pathlib, signal
from contextlib import contextmanager
from drag_edge import cli, run
assembled = run.assembled

@contextmanager
def meanwhile(*arguments, **options):
    with assembled(*arguments, **options) as parts:
        file = pathlib.Path("drive.yaml")
        file.write_text(file.read_text().replace("[1.0, 1.5, 2.0]", "[1.25, 1.5, 2.0]"))
        ACT
        yield parts

run.assembled = meanwhile
cli.start()
"""


class Running:
    """A daemon, what it tells systemd, and its log."""

    def __init__(self, folder: Path, ears: Ears, *options: str, program: str = "") -> None:
        self.folder = folder
        self.config = folder / "drive.yaml"
        self.config.write_text(CONFIG)
        self.ears = ears
        self._log = (folder / "stderr").open("w")
        python = [sys.executable, *(["-c", program] if program else ["-m", "drag_edge"])]
        self.process = subprocess.Popen(
            [*python, "run", str(self.config), "--headless", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=folder,
            env={
                "PATH": "/usr/bin:/bin",
                "NOTIFY_SOCKET": ears.address,
                "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6)),
                "PYTHONPATH": ":".join(path for path in sys.path if path),
            },
        )

    @property
    def log(self) -> str:
        return (self.folder / "stderr").read_text()

    def until_ready(self) -> None:
        self.ears.wait_for(lambda text: "READY=1" in text, 40.0)

    def change(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def metrics(self) -> str:
        found = re.search(r"health page at (\S+)", self.log)
        assert found is not None, self.log
        with urllib.request.urlopen(found[1] + "/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        self._log.close()
        return code


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with ears_at(tmp_path) as ears:
        one = Running(tmp_path, ears)
        yield one
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_a_whole_life_as_systemd_sees_it(running: Running) -> None:
    """Start, progress, a good reload, a refused one, stacks on demand, stop."""
    running.until_ready()
    states = [text.decode() for text in running.ears.heard]
    assert states[0].startswith("EXTEND_TIMEOUT_USEC=")
    running.ears.wait_for(lambda text: text == "WATCHDOG=1")
    running.ears.wait_for(lambda text: bool(re.search(r"STATUS=1 camera, 0 models, \d+ fps", text)))

    running.change("[1.0, 1.5, 2.0]", "[1.2, 1.5, 2.0]")
    running.process.send_signal(signal.SIGHUP)
    started = running.ears.wait_for(lambda text: "RELOADING=1" in text)
    assert "MONOTONIC_USEC=" in started
    assert "New settings" in running.ears.wait_for(lambda text: "READY=1" in text)

    running.change("[1.2, 1.5, 2.0]", "[1.2, fast, 2.0]")
    running.process.send_signal(signal.SIGHUP)
    running.ears.wait_for(lambda text: "RELOADING=1" in text)
    refused = running.ears.wait_for(lambda text: "READY=1" in text)
    assert "drive.yaml:7 adas.acc.time_gaps_s.1 refused" in refused
    assert "the old settings hold" in refused
    page = running.metrics()
    assert 'drag_edge_reloads_total{result="taken"} 1' in page
    assert 'drag_edge_reloads_total{result="refused"} 1' in page

    running.process.send_signal(signal.SIGQUIT)
    time.sleep(0.5)
    assert running.process.poll() is None
    assert running.end() == 0
    running.ears.wait_for(lambda text: "STOPPING=1" in text)
    assert "settings_changed: drive.yaml: now: adas.acc.time_gaps_s" in running.log
    assert re.search(
        r"WARNING .* settings_refused: .*drive\.yaml:7:\d+: .*time_gaps_s\.1 = fast", running.log
    )
    assert "in _keep_pace" in running.log or "in run" in running.log  # the stacks of SIGQUIT
    assert running.log.count("most recent call first") >= 3


def test_stopped_it_leaves_a_neutral_last_set_and_whole_files(running: Running) -> None:
    """A second signal while it ends changes nothing."""
    running.until_ready()
    time.sleep(0.5)
    running.process.send_signal(signal.SIGTERM)
    assert running.end(signal.SIGTERM) == 0
    summary = json.loads((running.folder / "summary.json").read_text())
    assert summary["decisions"] > 0
    last: dict[int, can.Message] = {}
    with can.LogReader(str(running.folder / "drive.log")) as reader:
        for message in reader:
            if not message.is_rx:
                last[message.arbitration_id] = message
    told = [decode(one.arbitration_id, bytes(one.data)) for one in last.values()]
    (mode,) = (signals["StatusMode"] for signals in told if "StatusMode" in signals)
    assert mode == "STANDBY"
    assert not list(running.folder.glob(".*.[0-9]*"))  # nothing half-written


def test_a_loop_that_stalls_is_silent_and_aborting_shows_every_thread(tmp_path: Path) -> None:
    """The other threads go on, and none of them speaks for the loop."""
    with ears_at(tmp_path) as ears:
        running = Running(tmp_path, ears, "--fault", "stall@2+600")
        try:
            running.until_ready()
            ears.wait_for(lambda text: text == "WATCHDOG=1")
            time.sleep(2.5)
            ears.listen(0.0)
            assert ears.listen(2 * WATCHDOG_S) == []
            assert "drag_edge_round_age_seconds" in running.metrics()
            running.process.send_signal(signal.SIGABRT)  # what systemd does then
            assert running.process.wait(10) == -signal.SIGABRT
        finally:
            running.process.kill()
            running.process.wait()
    log = running.log
    assert "Fatal Python error: Aborted" in log
    assert log.count("most recent call first") >= 3  # loop, settings file, health page
    assert "faults/loop.py" in log  # where it stood


def test_a_model_is_given_its_time_before_it_loads(tmp_path: Path) -> None:
    model = Path(__file__).resolve().parents[2] / "engines" / "demo" / "road.onnx"
    with ears_at(tmp_path) as ears:
        running = Running(tmp_path, ears, "--set", f"models.road={{file: {model}}}")
        try:
            ears.wait_for(lambda text: text.startswith("EXTEND_TIMEOUT_USEC="), 40.0)  # the start's
            ears.wait_for(lambda text: text == "WATCHDOG=1", 40.0)
            ears.wait_for(lambda text: text.startswith("EXTEND_TIMEOUT_USEC="))
            ears.wait_for(lambda text: text == "WATCHDOG=1")  # and the usual time again
        finally:
            running.process.kill()
            running.process.wait()


def test_a_file_that_was_saved_is_taken_without_being_asked(tmp_path: Path) -> None:
    with ears_at(tmp_path) as ears:
        running = Running(tmp_path, ears, "--set", "service.reload.watch=on")
        try:
            running.until_ready()
            running.change("time_gaps_s", "default_gap_setting: 3, time_gaps_s")
            assert "New settings" in ears.wait_for(lambda text: "READY=1" in text)
        finally:
            running.process.kill()
            running.process.wait()


@pytest.mark.parametrize(
    ("watch", "act"), [("on", "pass"), ("off", "os.kill(os.getpid(), signal.SIGHUP)")]
)
def test_a_change_during_the_start_is_taken_after_it(tmp_path: Path, watch: str, act: str) -> None:
    """Saved, or saved and asked for, while cameras and bus still open."""
    program = DURING_THE_START.replace("ACT", act)
    with ears_at(tmp_path) as ears:
        running = Running(tmp_path, ears, "--set", f"service.reload.watch={watch}", program=program)
        try:
            ears.wait_for(lambda text: "New settings" in text)
        finally:
            running.process.kill()
            running.process.wait()
