"""`drag-edge doctor` as a person types it, on whatever machine this is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doctor.machines import configured


def typed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drag_edge", "doctor", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_demo_can_run_here(repository: Path) -> None:
    done = typed(repository / "configs" / "demo.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "model road" in done.stdout
    assert done.stderr == ""


def test_json_without_a_configuration(tmp_path: Path) -> None:
    done = typed("--json")
    assert done.returncode == 0, done.stdout
    states = {one["what"]: one["state"] for one in json.loads(done.stdout)["findings"]}
    assert states["Python"] == "ok"
    assert states["packages"] == "ok"


def test_what_is_set_on_the_command_line_counts(tmp_path: Path) -> None:
    configured(tmp_path)
    done = typed(tmp_path / "drive.yaml", "--set", "cameras.front.source=/dev/video97")
    assert done.returncode == 69
    assert "/dev/video97 is not there" in done.stdout


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ("cameras.front.mount.pich_deg=1", 78, "pitch_deg"),
        ("models.road={file: x.onnx, cameras: [rear]}", 78, "one of the cameras front"),
    ],
)
def test_a_wrong_configuration_is_78_as_elsewhere(
    tmp_path: Path, change: str, code: int, told: str
) -> None:
    configured(tmp_path)
    done = typed(tmp_path / "drive.yaml", "--set", change)
    assert done.returncode == code
    assert told in done.stderr
    assert done.stdout == ""


def test_a_configuration_that_is_not_there_is_66(tmp_path: Path) -> None:
    assert typed(tmp_path / "missing.yaml").returncode == 66


def test_nothing_is_written(tmp_path: Path) -> None:
    configured(tmp_path, can="{interface: virtual, log: logs/can.log}")
    typed(tmp_path / "drive.yaml")
    assert [file.name for file in tmp_path.iterdir()] == ["drive.yaml"]
