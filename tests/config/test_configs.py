"""The configurations that come with the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.checks import ROOM_CHECKS
from drag_edge.config.load import load
from drag_edge.config.report import ConfigError, Kind

NAMES = ("demo", "video", "jetson", "vehicle")


@pytest.mark.parametrize("name", NAMES)
def test_each_is_right_but_for_the_files_of_its_owner(repository: Path, name: str) -> None:
    assert load(repository / "configs" / f"{name}.yaml", check_files=False)


@pytest.mark.parametrize("name", NAMES)
def test_each_tells_editors_its_schema(repository: Path, name: str) -> None:
    first = (repository / "configs" / f"{name}.yaml").read_text(encoding="utf-8").split("\n")[0]
    assert first == "# yaml-language-server: $schema=drag-edge.schema.json"


def test_the_vehicles_files_are_missed_line_by_line_elsewhere(repository: Path) -> None:
    file = repository / "configs" / "vehicle.yaml"
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.exit_code == 78
    text = file.read_text(encoding="utf-8").split("\n")
    for problem in caught.value.problems:
        assert problem.kind is Kind.MISSING_FILE
        assert problem.line is not None
        assert problem.column is not None
        assert text[problem.line - 1][problem.column - 1 :].startswith(str(problem.value))
    missed = {problem.key for problem in caught.value.problems}
    assert {"models.road.file", "vehicle.ego.dbc", "cameras.front.intrinsics"} <= missed


def test_only_the_simulated_car_is_acted_upon(repository: Path) -> None:
    acting = {
        name: load(repository / "configs" / f"{name}.yaml", check_files=False).adas.actuation
        for name in NAMES
    }
    assert acting == {"demo": True, "video": False, "jetson": False, "vehicle": False}


@pytest.mark.parametrize("name", ["demo", "jetson"])
def test_some_need_no_file_beyond_the_repository(repository: Path, name: str) -> None:
    assert load(repository / "configs" / f"{name}.yaml", room_checks=ROOM_CHECKS)


def test_the_jetson_takes_engines_where_they_were_built_from_its_onnx(repository: Path) -> None:
    settings = load(repository / "configs" / "jetson.yaml")
    assert {model.runtime for model in settings.models.values()} == {"auto"}
    assert {model.file.suffix for model in settings.models.values()} == {".onnx"}
