"""Rows as data: what is refused and how, how cases come from parameters, what the card holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.errors import InputMissingError, InvalidConfigError
from drag_edge.score.card import NoSuchIdError, chosen, load_card, load_row
from drag_edge.score.expressions import ExpressionError, computed, filled_in
from drag_edge.score.row import GROUP_WEIGHT, merged
from drag_edge.score.traffic import MAKERS, with_traffic

ROW = """
id: 1
name: some-row
title: Some row
source: a standard
group: aeb
scenario:
  duration_s: 5
  road: {length_m: 300, lanes: [{width_m: 3.5}]}
  ego: {speed_kmh: "= speed_kmh"}
  driver: {set_speed_kmh: "= speed_kmh"}
checks:
  impact: {most_kmh: "= most_kmh"}
cases:
  - id: case-{speed_kmh}-{gap_m}
    table: {columns: [speed_kmh, most_kmh], lines: [[10, 0], [45, 15]]}
    grid: {gap_m: [12, 40]}
    scenario: {actors: [{name: target, lane: 0, gap_m: "= 3 + gap_m"}]}
"""


def row_file(folder: Path, text: str) -> Path:
    path = folder / "row.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_tables_and_grids_expand_to_cases(tmp_path: Path) -> None:
    row = load_row(row_file(tmp_path, ROW))
    assert [case.id for case in row.cases] == [
        "case-10-12", "case-10-40", "case-45-12", "case-45-40",
    ]  # fmt: skip
    last = row.cases[-1]
    assert last.scenario.ego.speed_kmh == 45
    assert last.scenario.actors[0].gap_m == 43
    assert last.checks[0].thresholds == {"most_kmh": 15}


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("group: aeb", "group: brakes", "group"),
        ("title: Some row", "titel: Some row", "titel"),
        ("[45, 15]", "[45]", "2 values are needed"),
        ("= most_kmh", "= mots_kmh", "no parameter mots_kmh"),
        ("= 3 + gap_m", "= __import__('os')", "not understood"),
        ("impact: {", "impakt: {", "no such verdict"),
        ("most_kmh: ", "least_kmh: ", "checks.impact"),
        ("lane: 0", "lane: 3", "lane 3"),
        ("duration_s: 5", "duration_s: -5", "duration_s"),
        ("case-{speed_kmh}-{gap_m}", "case-{speed_kmh}", "two of this name"),
        ("id: 1", "id: [1", "row.yaml"),
    ],
)
def test_a_wrong_row_is_refused_and_the_place_named(
    tmp_path: Path, was: str, becomes: str, says: str
) -> None:
    assert was in ROW
    path = row_file(tmp_path, ROW.replace(was, becomes, 1))
    with pytest.raises(InvalidConfigError) as refused:
        load_row(path)
    assert says in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_row_without_cases_must_say_why(tmp_path: Path) -> None:
    bare = ROW.split("cases:")[0]
    with pytest.raises(InvalidConfigError, match="not_scored"):
        load_row(row_file(tmp_path, bare))
    row = load_row(row_file(tmp_path, bare + "not_scored: nobody can drive it\n"))
    assert row.not_scored == "nobody can drive it"
    with pytest.raises(InputMissingError):
        load_row(tmp_path / "none.yaml")


def test_the_card_is_whole() -> None:
    rows = load_card()
    assert [row.id for row in rows] == list(range(1, 21))
    assert sum(GROUP_WEIGHT.values()) == 100
    assert {row.group for row in rows} == set(GROUP_WEIGHT)
    assert len({row.name for row in rows}) == 20
    ids = [case.id for row in rows for case in row.cases]
    assert len(set(ids)) == len(ids)
    stationary = rows[0]
    asked = {case.id: dict(case.checks[0].thresholds)["most_kmh"] for case in stationary.cases}
    assert asked["ccrs-42"] == 0
    assert asked["ccrs-60"] == 35  # UN R152, running order
    assert len(asked) == 12
    assert {row.id for row in rows for case in row.cases if case.pixel} == {1, 3, 6, 10, 12, 15, 17}


def test_no_case_that_is_not_made_for_braking_may_brake() -> None:
    for row in load_card():
        for case in row.cases:
            if row.group in ("false_positives", "acc", "faults") and not case.aeb:
                thresholds = {check.name: check.thresholds for check in case.checks}
                assert thresholds["quiet"]["most_brakings"] == 0, case.id


def test_rows_are_chosen_by_number_name_and_case() -> None:
    rows = load_card()
    assert [row.id for row in chosen(rows, ("3", "stationary-car"))] == [1, 3]
    (row,) = chosen(rows, (), "ccrm-50")
    assert (row.id, len(row.cases)) == (3, 1)
    with pytest.raises(NoSuchIdError, match="nearest: stationary-car") as refused:
        chosen(rows, ("stationery-car",))
    assert refused.value.exit_code == 64
    with pytest.raises(NoSuchIdError, match="nearest: ccrm-50"):
        chosen(rows, (), "ccrm-5O")


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0.1, 1e3))
def test_arithmetic_is_pythons(a: float, b: float, c: float) -> None:
    numbers = {"a": a, "b": b, "c": c}
    assert computed("a + 2 * b / c - -a", numbers) == a + 2 * b / c - -a
    assert computed("max(a, b) ** 2 + sqrt(c)", numbers) == max(a, b) ** 2 + c**0.5


@pytest.mark.parametrize("text", ["a", "a.b", "[1]", "1 if 1 else 2", "a()", "1 +", "1 / 0", "'a'"])
def test_nothing_but_arithmetic_is_understood(text: str) -> None:
    with pytest.raises(ExpressionError):
        computed(text, {})


def test_parameters_are_filled_in_at_every_depth() -> None:
    filled = filled_in({"x": ["= 2 * v", "{side} at {v}", 3]}, {"v": 1.5, "side": "left"})
    assert filled == {"x": [3.0, "left at 1.5", 3]}
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_traffic_is_the_same_for_the_same_seed(kind: str) -> None:
    (row,) = chosen(load_card(), ("traffic",))
    case = next(case for case in row.cases if case.traffic == kind)
    first, again, other = (with_traffic(case.scenario, kind, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(first.actors) > 5
