from __future__ import annotations

import json
from pathlib import Path

import pytest

from drag_edge.cli import main
from drag_edge.config.check import UNMAPPED_COSTS, check, notes
from drag_edge.config.load import load
from drag_edge.config.report import ConfigError
from tests.config.helpers import VALID, write


def test_a_right_configuration_ends_with_0_and_says_what_will_not_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(write(tmp_path)) == 0
    said = capsys.readouterr()
    assert "car.yaml: ok" in said.out
    assert "own speed is unknown" in said.out
    assert "actuation is off" in said.out
    assert said.err == ""


def test_a_wrong_one_ends_with_78_and_a_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, VALID.replace("z: 1.3", "z: -1, w: 2"))
    assert check(file) == 78
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1:3] for line in lines[:2]] == [["4", "24"], ["4", "28"]]
    assert lines[-1].endswith("2 problems")


def test_a_missing_one_ends_with_66(tmp_path: Path) -> None:
    assert check(tmp_path / "none.yaml") == 66


def test_files_can_be_left_out(tmp_path: Path) -> None:
    file = write(tmp_path, VALID.replace("road.onnx", "only-on-the-vehicle.engine"))
    assert check(file) == 78
    assert check(file, check_files=False) == 0


def test_the_command_line_checks_sets_and_prints_the_schema(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = str(write(tmp_path))
    assert main(["check", file, "--set", "run.seed=3", "--set", "models={}"]) == 0
    assert main(["check", file, "--set", "run.sed=3"]) == 78
    assert "did you mean seed?" in capfd.readouterr().err
    assert main(["check", file, "--set", "models.road.file=gone.onnx", "--skip-files"]) == 0
    assert main(["check", str(tmp_path / "none.yaml")]) == 66
    capfd.readouterr()
    assert main(["schema"]) == 0
    assert json.loads(capfd.readouterr().out)["title"] == "drag_edge configuration"


def test_the_rooms_checks_are_made_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, VALID.replace("sim://highway", "sim://hihgway"))
    assert main(["check", str(file)]) == 78
    said = capfd.readouterr().err
    assert ":3:13: " in said
    assert "did you mean sim://highway?" in said


def test_signals_that_are_not_mapped_are_named_with_what_that_costs(tmp_path: Path) -> None:
    ego = "vehicle: {ego: {dbc: road.onnx, speed: {message: A, signal: B}}}\n"
    file = write(tmp_path, VALID + ego)
    said = notes(load(file))
    assert "vehicle.ego.set_speed is not mapped: ACC stays off" in said
    assert not any("own speed" in note for note in said)
    mapped = load(
        file, [f"vehicle.ego.{name}={{message: A, signal: B}}" for name in UNMAPPED_COSTS]
    )
    assert not any("not mapped" in note for note in notes(mapped))


@pytest.mark.parametrize(("listen", "told"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_health_page_for_everybody_is_told(tmp_path: Path, listen: str, told: bool) -> None:
    settings = load(write(tmp_path), [f"service.http.listen={listen}"])
    assert any("without a password" in note for note in notes(settings)) is told


@pytest.mark.parametrize(
    "source",
    [
        "sorce: rtsp://a:SECRET@b",
        "source: [rtsp://a:SECRET@b]",
        "source: {url: rtsp://a:SECRET@b}",
        "source: rtsp://b\n    width: rtsp://a:SECRET@b",
        "source: rtsp://b\n    rtsp://a:SECRET@b: 1",
        'source: "rtsp://a:SECRET@b',
        "source: rtsp://a:SECRET@b: c",
    ],
)
def test_a_password_in_a_broken_file_is_not_shown(
    tmp_path: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(write(tmp_path, VALID.replace("source: sim://highway", source))) == 78
    assert "SECRET" not in capsys.readouterr().err


def test_a_password_on_the_command_line_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(write(tmp_path), ["cameras.front.width=rtsp://a:SECRET@b"]) == 78
    assert "SECRET" not in capsys.readouterr().err


@pytest.mark.parametrize("listen", ["a..b", "localhost", "", "127.0.0.1:80"])
def test_a_health_page_listens_at_an_ip_address(tmp_path: Path, listen: str) -> None:
    with pytest.raises(ConfigError, match=r"service\.http\.listen"):
        load(write(tmp_path), [f"service.http.listen='{listen}'"])
