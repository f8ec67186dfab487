"""From drives to points: 19 of 20, weights, false brakings, what is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drag_edge.cli import main
from drag_edge.score.progress import Progress
from drag_edge.score.result import Driver, DriveResult, Judged
from drag_edge.score.row import Row
from drag_edge.score.score_card import as_json, scored, table


def row(number: int, group: str = "aeb", **changes: object) -> Row:
    values = {
        "id": number, "name": f"row-{number}", "title": f"Row {number}", "source": "a standard",
        "group": group, "required": True, "together": {}, "not_scored": None, "cases": (),
    }  # fmt: skip
    return Row(**{**values, **changes})  # type: ignore[arg-type]


def drive(
    number: int,
    seed: int,
    passed: bool = True,
    case: str = "case",
    driver: Driver = "ours",
    false_brakings: int = 0,
    **figures: float,
) -> DriveResult:
    judged = (Judged("impact", passed, figures, "contact" if not passed else "no contact"),)
    return DriveResult(number, case, seed, driver, judged, false_brakings=false_brakings)


def seeds(number: int, failing: int, count: int = 20, **more: float) -> list[DriveResult]:
    return [drive(number, seed, seed > failing, **more) for seed in range(1, count + 1)]


@pytest.mark.parametrize(
    ("failing", "count", "passes"),
    [(0, 20, True), (1, 20, True), (2, 20, False), (0, 3, True), (1, 3, False), (1, 1, False)],
)
def test_a_case_passes_with_19_of_20_seeds(failing: int, count: int, passes: bool) -> None:
    score = scored([row(1)], seeds(1, failing, count), "ours")
    assert score.rows[0].passed is passes
    assert score.passed is passes


def test_every_case_of_a_row_must_pass() -> None:
    drives = [drive(1, 1, True, "good"), drive(1, 1, False, "bad")]
    score = scored([row(1)], drives, "ours")
    assert not score.rows[0].passed
    assert score.rows[0].share == 0.5


def test_a_groups_weight_is_shared_by_its_rows() -> None:
    rows = [row(1), row(2), row(8, "false_positives")]
    drives = [drive(1, 1), drive(2, 1, False), drive(8, 1)]
    # AEB 40 · 1/2 + false positives 20 of 60 points.
    assert scored(rows, drives, "ours").total == pytest.approx(100 * 40 / 60)


def test_one_false_braking_anywhere_fails_the_card() -> None:
    good = seeds(1, 0)
    assert scored([row(1)], good, "ours").passed
    braked = [*good[:-1], drive(1, 20, false_brakings=1)]
    score = scored([row(1)], braked, "ours")
    assert score.rows[0].passed
    assert score.false_brakings == 1
    assert not score.passed


def test_a_row_that_cannot_be_driven_is_no_pass() -> None:
    absent = row(18, "sides", not_scored="no parking yet")
    score = scored([absent], [], "ours")
    assert not score.rows[0].passed
    assert not score.passed
    assert any("not scored: no parking yet" in line for line in table(score, None))
    optional = row(18, "sides", not_scored="no parking yet", required=False)
    assert scored([optional], [], "ours").passed


def test_a_row_without_any_drive_is_no_pass() -> None:
    assert not scored([row(1)], [], "ours").passed


def test_figures_are_summed_over_all_drives_where_the_row_says_so() -> None:
    hour = row(9, "false_positives", together={"warnings": 1})
    drives = [drive(9, seed, warnings=1.0 if seed < 2 else 0.0) for seed in range(1, 21)]
    assert scored([hour], drives, "ours").rows[0].passed
    twice = [drive(9, seed, warnings=1.0 if seed < 3 else 0.0) for seed in range(1, 21)]
    score = scored([hour], twice, "ours")
    assert not score.rows[0].passed
    assert score.rows[0].over == ("warnings 2 > 1 together",)


def test_ours_and_baseline_are_told_apart() -> None:
    drives = [drive(1, 1, True, impact_kmh=0.0), drive(1, 1, False, driver="baseline")]
    ours, baseline = (scored([row(1)], drives, driver) for driver in ("ours", "baseline"))
    assert (ours.total, baseline.total) == (100.0, 0.0)
    text = "\n".join(table(ours, baseline))
    assert "1/1" in text
    assert "0/1" in text
    content = json.loads(json.dumps(as_json(ours, baseline, [1])))
    assert [one["driver"] for one in content["drivers"]] == ["ours", "baseline"]
    assert content["drivers"][0]["rows"][0]["cases"][0]["drives"][0]["seed"] == 1


def test_a_line_is_told_when_the_last_drive_of_a_case_is_over() -> None:
    lines: list[str] = []
    progress = Progress({("case", "ours"): 2}, lines.append)
    progress.add(drive(1, 1))
    assert lines == []
    progress.add(drive(1, 2, False))
    assert len(lines) == 1
    assert "case: 1/2" in lines[0]
    assert "contact" in lines[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "99"], "no such row"),
        (["--only", "stationery-car"], "nearest: stationary-car"),
        (["--case", "ccrs-41"], "nearest: ccrs-4"),
        (["--seeds", "0"], "above 0"),
        (["--seeds", "2", "--seed", "3"], "not allowed"),
        (["--level", "voxel"], "invalid choice"),
    ],
)
def test_wrong_arguments_exit_with_64(
    arguments: list[str], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", *arguments]) == 64
    assert says in capfd.readouterr().err


def test_a_missing_configuration_exits_with_66(tmp_path: Path) -> None:
    code = main(
        ["score", "--case", "ccrs-10", "--config", str(tmp_path / "none.yaml"), "--jobs", "1"]
    )
    assert code == 66
