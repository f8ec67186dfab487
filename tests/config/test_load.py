from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from drag_edge.config.load import load
from drag_edge.config.report import ConfigError, Kind, Problem
from drag_edge.config.root import Settings
from tests.config.helpers import VALID, only, problems, write


def test_a_valid_file_becomes_frozen_settings_with_defaults(tmp_path: Path) -> None:
    settings = load(write(tmp_path))
    assert settings.cameras["front"].mount.z == 1.3
    assert settings.cameras["front"].mount.y == 0.0
    assert settings.adas.actuation is False
    with pytest.raises(ValidationError):
        settings.run.seed = 2


def test_relative_paths_count_from_the_yaml_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    file = write(folder, VALID + "vehicle: {can: {log: ../out/can.log}}\n")
    monkeypatch.chdir(tmp_path)
    settings = load(file.relative_to(tmp_path))
    assert settings.models["road"].file == folder / "road.onnx"
    assert settings.vehicle.can.log == tmp_path / "out" / "can.log"


def test_a_recording_is_found_beside_the_yaml_and_urls_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "drive.mp4").touch()
    file = write(tmp_path, VALID.replace("sim://highway", "drive.mp4"))
    assert load(file).cameras["front"].source == str(tmp_path / "drive.mp4")
    for source in ("rtsp://cam/1", "/dev/video0", "csi://0", "gst:videotestsrc ! appsink"):
        file = write(tmp_path, VALID.replace("sim://highway", f'"{source}"'))
        assert load(file).cameras["front"].source == source
    file = write(tmp_path, VALID.replace("sim://highway", "0"))
    assert load(file).cameras["front"].source == "0"


def test_a_section_in_a_file_of_its_own_is_read_in_its_place(tmp_path: Path) -> None:
    text = VALID.replace(
        "{width: 1280, height: 720, fx: 1000, fy: 1000, cx: 640, cy: 360}", "cal/f.yaml"
    )
    (tmp_path / "cal").mkdir()
    lens = tmp_path / "cal" / "f.yaml"
    lens.write_text("width: 640\nheight: 360\nfx: 500\nfy: 500\ncx: 320\ncy: 180 px\n")
    file = write(tmp_path, text)
    assert load(file).cameras["front"].intrinsics.cy == 180
    overridden = load(file, ["cameras.front.intrinsics.fx=510"])
    assert overridden.cameras["front"].intrinsics.fx == 510
    assert overridden.cameras["front"].intrinsics.fy == 500

    lens.write_text("width: 640\nheight: 360\nfx: 500\nfy: -1\ncx: 320\ncy: 180\n")
    problem = only(file)
    assert (problem.file, problem.line, problem.column) == (lens, 4, 5)
    assert problem.key == "cameras.front.intrinsics.fy"


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """\
        cameras:
          front:
            source: nowhere.mp4
            mount: {x: 1.6 km, z: -1}
            intrinsics: cal.yaml
            widht: 100
        models:
          road: {file: rod.onnx, cameras: [frnt], roi: [0.4, 0.2]}
        adas: {aeb: {policy: brake_nwo}}
        modles: 3
        """,
    )
    told = [(p.line, p.column, p.kind, p.key) for p in problems(file)]
    assert told == [
        (3, 13, Kind.MISSING_INPUT, "cameras.front.source"),
        (4, 16, Kind.UNIT, "cameras.front.mount.x"),
        (4, 27, Kind.VALUE, "cameras.front.mount.z"),
        (5, 17, Kind.MISSING_FILE, "cameras.front.intrinsics"),
        (6, 5, Kind.UNKNOWN_KEY, "cameras.front.widht"),
        (8, 16, Kind.MISSING_FILE, "models.road.file"),
        (8, 48, Kind.VALUE, "models.road.roi"),
        (9, 22, Kind.VALUE, "adas.aeb.policy"),
        (10, 1, Kind.UNKNOWN_KEY, "modles"),
    ]


def test_a_message_has_place_key_value_expectation_and_the_nearest_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    problem = only(write(tmp_path, VALID + "    confidance: 0.4\n"))
    assert str(problem).startswith(
        "car.yaml:10:5: unknown key: models.road.confidance = 0.4: expected one of file, task,"
    )
    assert str(problem).endswith("(did you mean confidence?)")


def test_a_key_with_the_wrong_unit_names_the_right_one(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID.replace("z: 1.3", "z: 1.3, pitch_rad: 0.02")))
    assert problem.kind is Kind.UNKNOWN_KEY
    assert problem.hint == "did you mean pitch_deg? It is in deg, not rad"


def test_a_missing_key_is_told_at_its_section(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID.replace("x: 1.9, ", "")))
    assert (problem.kind, problem.key) == (Kind.MISSING_KEY, "cameras.front.mount.x")
    assert (problem.line, problem.column) == (4, 5)


def test_what_a_sections_own_check_says_stands_at_the_section(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID.replace("mount:", "width: 640\n    mount:")))
    assert "width and height" in problem.expected
    assert (problem.line, problem.column) == (2, 3)


def test_a_sections_check_that_names_a_key_stands_at_that_key(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID + "vehicle:\n  can:\n    log: drive.txt\n"))
    assert (problem.key, problem.line, problem.column) == ("vehicle.can.log", 12, 10)
    assert ".asc" in problem.expected


def test_a_wrong_list_item_is_told_at_the_item(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID + "    roi: [0.1, 0.2, 1.5, 0.9]\n"))
    assert (problem.key, problem.line, problem.column) == ("models.road.roi.2", 10, 21)
    assert "at most 1" in problem.expected


def test_a_file_that_is_not_there_ends_with_66_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml")
    assert caught.value.exit_code == 66
    assert "No such file" in str(caught.value)


def test_only_a_missing_recording_is_66_anything_else_78(tmp_path: Path) -> None:
    file = write(tmp_path, VALID.replace("sim://highway", "gone.mp4"))
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.exit_code == 66
    with pytest.raises(ConfigError) as caught:
        load(file, ["run.pace=-1"])
    assert caught.value.exit_code == 78


def test_files_are_not_looked_for_when_told_so(tmp_path: Path) -> None:
    text = VALID.replace("sim://highway", "gone.mp4").replace("road.onnx", "gone.onnx")
    settings = load(write(tmp_path, text), check_files=False)
    assert settings.models["road"].file == tmp_path / "gone.onnx"


def test_a_missing_file_names_the_path_tried_and_the_one_beside_it(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID.replace("file: road.onnx", "file: rod.onnx")))
    assert str(tmp_path / "rod.onnx") in problem.hint
    assert "beside it is road.onnx" in problem.hint


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID + "vehicle: {can: {log: .}}\n"))
    assert problem.key == "vehicle.can.log"
    assert "is a folder" in problem.hint


def test_passwords_in_addresses_are_not_printed(tmp_path: Path) -> None:
    file = write(tmp_path, VALID.replace("mount:", "sauce: rtsp://me:secret@cam/1\n    mount:"))
    assert "secret" not in str(only(file))
    assert "secret" not in str(only(write(tmp_path), ["cameras.front.sauce=rtsp://me:secret@cam"]))


def test_what_a_room_finds_stands_at_its_key_beside_missing_files(tmp_path: Path) -> None:
    def room(settings: Settings) -> list[Problem]:
        about = Problem(
            Kind.VALUE, None, None, None, "models.road.cameras.0", "front", "a rear one"
        )
        of_default = replace(about, key="models.road.hz")
        in_a_dbc = replace(about, key="models.road.file", file=Path("a.dbc"), line=7, column=2)
        return [about, of_default, in_a_dbc]

    file = write(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(file, room_checks=[room])
    default, at_key, in_dbc = caught.value.problems
    assert (in_dbc.file, in_dbc.line) == (Path("a.dbc"), 7)
    assert in_dbc.hint.endswith("car.yaml:8:11")
    assert (default.line, default.column) == (7, 3)
    assert (at_key.line, at_key.column) == (9, 15)
    assert load(file, room_checks=[room], check_files=False)

    missing = write(tmp_path, VALID.replace("sim://highway", "gone.mp4"))
    with pytest.raises(ConfigError) as caught:
        load(missing, room_checks=[room])
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    ("changed", "to", "key", "hint"),
    [
        ("x: 1.9", "x: 1,9", "cameras.front.mount.9", "with a point"),
        ("[front]", "[front]\n    classes: {1: drivabel}", "models.road.classes.1", "drivable?"),
        ("models:\n  road:", "adas: {aeb: off}\nmodels:\n  road:", "adas.aeb", "enabled: off"),
        ("{width: 1280, height: 720, fx: 1000, fy: 1000, cx: 640, cy: 360}", "[1, 2]",
         "cameras.front.intrinsics", "without '-'"),
    ],
)  # fmt: skip
def test_common_slips_are_recognised(
    tmp_path: Path, changed: str, to: str, key: str, hint: str
) -> None:
    problem = only(write(tmp_path, VALID.replace(changed, to)))
    assert problem.key == key
    assert hint in problem.hint


def test_a_folder_to_write_into_may_be_there_already_and_may_not_be_a_file(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "kept").mkdir()
    for folder in ("kept", "to-come"):
        settings = load(path, [f"perception.calibration.folder={tmp_path / folder}"])
        assert settings.perception.calibration.folder == tmp_path / folder
    with pytest.raises(ConfigError, match="a folder to write into"):
        load(path, [f"perception.calibration.folder={path}"])


@pytest.mark.parametrize("name", ["front", "road"])
def test_a_name_has_no_dot(tmp_path: Path, name: str) -> None:
    text = VALID.replace(f"  {name}:", f"  {name}.left:").replace("[front]", "null")
    problem = only(write(tmp_path, text))
    assert (problem.value, problem.expected) == (f"{name}.left", "a name without a dot")
