"""Logs: three formats, both directions, disks that are full."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import can
import pytest

from drag_edge.clock import SystemClock, VirtualClock
from drag_edge.config.vehicle import CanSettings
from drag_edge.errors import CannotCreateError, UnavailableError
from drag_edge.events import Event
from drag_edge.vehicle.bus import open_bus
from drag_edge.vehicle.log import FrameLog
from tests.vehicle.drives import drive

CANDUMP = re.compile(r"\(\d+\.\d{6}\) \S+ [0-9A-F]{3}#[0-9A-F]{16} [RT]\n")


@pytest.mark.parametrize("suffix", [".log", ".asc", ".blf"])
def test_every_frame_of_both_directions_is_in_the_log_at_the_daemons_time(
    tmp_path: Path, suffix: str
) -> None:
    path, events = tmp_path / f"drive{suffix}", list[Event]()
    count = drive(path, events)
    frames = list(can.LogReader(path))
    assert len(frames) == count
    assert sum(1 for frame in frames if frame.is_rx) == 41
    times = [frame.timestamp for frame in frames]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(2.0, abs=1e-3)
    assert events == []


def test_a_candump_line_is_whole_and_as_can_utils_write_it(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    drive(path, [])
    lines = path.read_text().splitlines(keepends=True)
    assert all(CANDUMP.fullmatch(line) for line in lines)
    first = lines[: sum(1 for line in lines if line.startswith("(0.000000)"))]
    assert any(" test-log 330#" in line for line in first)  # the heartbeat leaves at once


def test_the_log_reaches_the_disk_while_driving(tmp_path: Path) -> None:
    clock, path = VirtualClock(), tmp_path / "drive.log"
    log = FrameLog(path, "can0", 0.5, clock, lambda event: None)
    message = can.Message(arbitration_id=1, data=bytes(8), is_extended_id=False)
    log.write(message, True, 0.1)
    clock.advance_to(0.6)
    assert path.read_text().count("\n") == 1
    log.close()


@pytest.mark.parametrize("suffix", [".log", ".asc", ".blf"])
def test_a_log_without_a_frame_is_a_whole_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"empty{suffix}"
    log = FrameLog(path, "can0", 0.5, VirtualClock(), lambda event: None)
    log.close()
    log.close()
    assert list(can.LogReader(path)) == []


def test_a_place_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotCreateError, match=r"file/drive\.log") as caught:
        FrameLog(tmp_path / "file/drive.log", "can0", 1.0, VirtualClock(), lambda event: None)
    assert caught.value.exit_code == 73


def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    drive(path, [])
    first = path.read_bytes()
    drive(path, [], until_s=0.5)
    assert (tmp_path / "drive.previous.log").read_bytes() == first
    assert len(path.read_bytes()) < len(first)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_loop_of_crashes_keeps_what_led_to_it_and_its_newest_round(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    path.write_text("(1.000000) can0 123#00 R\n" * 20_000)
    long = path.read_bytes()
    for _ in range(3):
        drive(path, [], until_s=0.2)
    drive(path, [], until_s=0.5)
    newest = path.read_bytes()
    drive(path, [], until_s=0.2)
    assert (tmp_path / "drive.previous.log").read_bytes() == long
    assert (tmp_path / "drive.short.log").read_bytes() == newest
    path.write_bytes(b"x" * 300_000)  # a whole drive, though shorter than the one before
    drive(path, [], until_s=0.2)
    assert (tmp_path / "drive.previous.log").stat().st_size == 300_000
    assert len(list(tmp_path.iterdir())) == 3


def test_a_bus_that_is_not_there_does_not_cost_the_last_log(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    path.write_text("kept")
    settings = CanSettings.model_validate(
        {"interface": "slcan", "channel": "/dev/ttyNONE9", "log": path}
    )
    with pytest.raises(UnavailableError):
        open_bus(settings, VirtualClock(), lambda event: None)
    assert path.read_text() == "kept"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    FrameLog(tmp_path / "a/b.log", "can0", 1.0, VirtualClock(), lambda event: None).close()
    assert (tmp_path / "a/b.log").exists()


@pytest.mark.parametrize("suffix", [".log", ".asc", ".blf"])
def test_a_full_disk_ends_the_log_with_one_event_and_nothing_else(
    tmp_path: Path, suffix: str
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    path, events = tmp_path / f"drive{suffix}", list[Event]()
    path.symlink_to("/dev/full")
    assert drive(path, events) > 700
    assert [event.name for event in events] == ["log_failed"]
    assert "No space left" in events[0].detail
    assert events[0].time_s <= 0.5


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("suffix", [".log", ".asc"])
def test_a_disk_that_fills_leaves_whole_lines_only(tmp_path: Path, suffix: str) -> None:
    path, events = tmp_path / f"drive{suffix}", list[Event]()
    with largest_file(20_000):
        drive(path, events, flush_s=0.2)
    assert [event.name for event in events] == ["log_failed"]
    text = path.read_text()
    assert 10_000 < len(text) <= 20_000
    assert text.endswith("\n")
    assert len(list(can.LogReader(path))) > 150


def test_a_blf_on_a_disk_that_fills_still_reads(tmp_path: Path) -> None:
    path, events = tmp_path / "drive.blf", list[Event]()
    with largest_file(12_000):
        drive(path, events, until_s=20.0, flush_s=0.2)
    assert [event.name for event in events] == ["log_failed"]
    assert len(list(can.LogReader(path))) > 300


def test_a_process_that_is_killed_leaves_whole_lines(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "drive.log"
    program = (
        "import can, os, sys, time\n"
        "from pathlib import Path\n"
        "from drag_edge.clock import SystemClock\n"
        "from drag_edge.vehicle.log import FrameLog\n"
        "clock = SystemClock()\n"
        f"log = FrameLog(Path({str(path)!r}), 'can0', 0.05, clock, print)\n"
        "message = can.Message(arbitration_id=1, data=bytes(8), is_extended_id=False)\n"
        "for _ in range(400):\n"
        "    log.write(message, True, clock.now_s())\n"
        "    time.sleep(0.001)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=repository, check=False)
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) > 100
    assert all(CANDUMP.fullmatch(line) for line in lines)


def test_a_slow_disk_does_not_hold_the_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk hangs, writing a frame to the log returns at once."""
    clock = SystemClock()
    release = os.pipe()
    real_write = os.write

    def hanging(descriptor: int, data: bytes) -> int:
        os.read(release[0], 1)
        return real_write(descriptor, data)

    log = FrameLog(tmp_path / "drive.log", "can0", 0.01, clock, lambda event: None)
    monkeypatch.setattr("drag_edge.vehicle.spool.os.write", hanging)
    message = can.Message(arbitration_id=1, data=bytes(8), is_extended_id=False)
    start_s = clock.now_s()
    for _ in range(100):
        log.write(message, False, clock.now_s())
    assert clock.now_s() - start_s < 0.5
    monkeypatch.undo()
    os.write(release[1], b"xxxx")
    log.close()
    assert len(list(can.LogReader(tmp_path / "drive.log"))) == 100
