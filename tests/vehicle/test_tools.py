"""The tools around the bus: the independent check of a log, and the page of the messages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import can
import pytest

from tests.vehicle.drives import drive


def run(repository: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("suffix", [".log", ".asc", ".blf"])
def test_a_log_of_ours_passes_the_independent_check(
    tmp_path: Path, repository: Path, suffix: str
) -> None:
    pytest.importorskip("e2e.p02")
    path = tmp_path / f"drive{suffix}"
    drive(path, [])
    done = run(repository, "tools/check_can_log.py", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 wrong" in done.stdout
    assert "41 frames of others" in done.stdout


@pytest.mark.parametrize("byte", [0, 1, 5])
def test_one_wrong_bit_in_a_log_is_found(tmp_path: Path, repository: Path, byte: int) -> None:
    pytest.importorskip("e2e.p02")
    path = tmp_path / "drive.log"
    drive(path, [])
    frames = list(can.LogReader(path))
    frames[100].data[byte] ^= 0x10
    with can.Logger(path) as log:
        for frame in frames:
            log(frame)
    done = run(repository, "tools/check_can_log.py", path)
    assert done.returncode == 1
    assert "wrong CRC" in done.stdout


def test_a_lost_frame_in_a_log_is_found(tmp_path: Path, repository: Path) -> None:
    pytest.importorskip("e2e.p02")
    path = tmp_path / "drive.log"
    drive(path, [])
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:100] + lines[101:]))
    done = run(repository, "tools/check_can_log.py", path)
    assert done.returncode == 1
    assert "counter" in done.stdout


def test_a_log_that_is_not_there_is_66(tmp_path: Path, repository: Path) -> None:
    assert run(repository, "tools/check_can_log.py", tmp_path / "none.log").returncode == 66


def test_the_page_of_the_messages_is_up_to_date(repository: Path) -> None:
    done = run(repository, "tools/make_can_docs.py", "--check")
    assert done.returncode == 0, "run tools/make_can_docs.py"
