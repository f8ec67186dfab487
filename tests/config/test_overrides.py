from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.config.load import load
from drag_edge.config.report import Kind
from tests.config.helpers import only, write


def test_a_value_in_a_mapping_of_names_is_set(tmp_path: Path) -> None:
    settings = load(write(tmp_path), ["models.road.confidence=0.4", "adas.actuation=off"])
    assert settings.models["road"].confidence == 0.4


def test_lists_and_their_items_are_set(tmp_path: Path) -> None:
    overrides = ["models.road.roi=[0, 0.5, 1, 1]", "models.road.roi.1=0.4"]
    assert load(write(tmp_path), overrides).models["road"].roi == (0, 0.4, 1, 1)


def test_whole_sections_are_set_and_made(tmp_path: Path) -> None:
    overrides = ["models.signal={file: road.onnx, hz: 5}", "run.seed=7", "models.signal.hz=6"]
    file = write(tmp_path)
    settings = load(file, overrides, check_files=False)
    assert settings.models["signal"].hz == 6
    assert settings.run.seed == 7


def test_the_last_of_two_wins(tmp_path: Path) -> None:
    assert load(write(tmp_path), ["run.seed=7", "run.seed=8"]).run.seed == 8


def test_an_equals_sign_in_the_value_stays(tmp_path: Path) -> None:
    pipeline = "gst:videotestsrc num-buffers=5 ! appsink"
    settings = load(write(tmp_path), [f"cameras.front.source={pipeline}"])
    assert settings.cameras["front"].source == pipeline


def test_a_relative_path_counts_from_the_persons_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "mine.onnx").touch()
    monkeypatch.chdir(here)
    settings = load(write(tmp_path), ["models.road.file=mine.onnx"])
    assert settings.models["road"].file == here / "mine.onnx"


def test_an_override_mends_what_is_wrong_in_the_file(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_text(file.read_text().replace("z: 1.3", "z: -3"))
    assert load(file, ["cameras.front.mount.z=1.2"]).cameras["front"].mount.z == 1.2


@pytest.mark.parametrize(
    ("override", "kind", "key", "hint"),
    [
        ("modles.road.confidence=0.4", Kind.UNKNOWN_KEY, "modles", "did you mean models?"),
        ("models.road.confidance=0.4", Kind.UNKNOWN_KEY, "models.road.confidance", "confidence?"),
        ("models.raod.confidence=0.4", Kind.MISSING_KEY, "models.raod.file", "models.road?"),
        ("models.road.roi.7=0.4", Kind.VALUE, "models.road.roi", ""),
        ("models.road.cameras.7=front", Kind.UNKNOWN_KEY, "models.road.cameras.7", ""),
        ("models.road.confidence.x=1", Kind.VALUE, "models.road.confidence", ""),
        ("cameras.front.source.x=1", Kind.UNKNOWN_KEY, "cameras.front.source", ""),
        ("run.seed", Kind.SYNTAX, "", ""),
        ("=3", Kind.SYNTAX, "", ""),
        ("run..seed=3", Kind.SYNTAX, "", ""),
        ("run.seed={", Kind.SYNTAX, "", ""),
        ("run.seed=", Kind.VALUE, "run.seed", ""),
        ("run.seed=x", Kind.VALUE, "run.seed", ""),
        ("cameras.front.mount.z=-1", Kind.VALUE, "cameras.front.mount.z", ""),
    ],
)
def test_what_is_wrong_with_an_override_is_told_with_its_text(
    tmp_path: Path, override: str, kind: Kind, key: str, hint: str
) -> None:
    problem = only(write(tmp_path), [override])
    assert problem.kind is kind
    assert hint in problem.hint
    assert problem.place() == f"--set {override}"
    assert problem.line is None
    assert problem.key == key
