"""Texts that are not the YAML a person meant; and YAML 1.1's surprises that must not happen."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from drag_edge.config.load import load
from drag_edge.config.loading.tree import Reader
from drag_edge.config.report import Kind
from tests.config.helpers import VALID, only, problems, write


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "the file is empty"),
        ("# only a comment\n", 1, 1, "the file is empty"),
        ("- a\n- b\n", 1, 1, "no mapping"),
        ("just words\n", 1, 1, "no mapping"),
        ("cameras: {\n", 2, 1, "YAML"),
        ("cameras:\n\tfront: 1\n", 2, 1, "YAML"),
        ("a: b: c\n", 1, 5, "mapping values are not allowed"),
        ("cameras: *nothing\n", 1, 10, "undefined alias"),
        ("cameras: &a\n  front: *a\n", 1, 10, "does not contain itself"),
        ("a: 1\n---\nb: 2\n", 2, 1, "single document"),
        ("cameras: !!python/object:os.system {}\n", 1, 10, "without a !tag"),
        ("cameras: !!int word\n", 1, 10, "fits its tag"),
        ("? [a, b]\n: 1\n", 1, 3, "a key that is one word"),
        ("a: \x07\n", 1, 4, "control characters"),
        ("[" * 1000 + "]" * 1000, 1, None, "nested"),
    ],
)
def test_a_text_that_is_no_configuration_is_refused_at_its_place(
    tmp_path: Path, text: str, line: int, column: int | None, said: str
) -> None:
    found = problems(write(tmp_path, text))
    problem = next(problem for problem in found if problem.kind is Kind.SYNTAX)
    assert problem.line == line
    assert column is None or problem.column == column
    assert said in problem.expected


def test_a_tab_is_called_a_tab(tmp_path: Path) -> None:
    assert "this is a tab" in only(write(tmp_path, "cameras:\n\tfront: 1\n")).hint


def test_a_line_that_is_shifted_is_called_that(tmp_path: Path) -> None:
    text = "models:\n  road:\n    file: a.onnx\n   confidence: 0.3\n"
    problem = only(write(tmp_path, text))
    assert (problem.line, problem.column) == (4, 4)
    assert "is this line indented as its neighbours are?" in problem.hint


def test_from_the_root_a_file_has_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "cameras:\n\tfront: 1\n")
    monkeypatch.chdir("/")
    assert only(file).place() == f"{file}:2:1"


def test_bytes_that_are_not_utf8_are_refused_at_their_place(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes("cameras:\n  # für\n".encode("latin-1"))
    problem = only(file)
    assert (problem.line, problem.column, problem.expected) == (2, 6, "UTF-8 text")


def test_a_video_given_by_mistake_is_refused_without_reading_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "drive.mp4"
    with file.open("wb") as stream:
        stream.truncate(10**10)  # sparse: takes no room on the disk
    assert only(file).expected == "YAML, at most 1 MB of it"


def test_a_folder_given_by_mistake_is_refused(tmp_path: Path) -> None:
    assert "Is a directory" in only(tmp_path).expected


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load(file).models["road"].cameras == ("front",)


def test_duplicate_keys_are_all_told_with_the_line_of_the_first(tmp_path: Path) -> None:
    text = VALID + "    cameras: [front]\nmodels: {}\n"
    told = [(p.kind, p.key, p.line, p.expected) for p in problems(write(tmp_path, text))]
    assert told == [
        (
            Kind.DUPLICATE_KEY,
            "models.road.cameras",
            10,
            "each key once; it is first given in line 9",
        ),
        (Kind.DUPLICATE_KEY, "models", 11, "each key once; it is first given in line 6"),
    ]


def test_aliases_that_multiply_without_end_are_refused(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{c}: &{c} [{', '.join([f'*{p}'] * 9)}]" for p, c in pairwise("abcdefghi")]
    found = problems(write(tmp_path, "\n".join(lines)))
    assert any("values" in problem.expected for problem in found)


def test_a_merge_key_brings_in_what_is_not_written_there(tmp_path: Path) -> None:
    text = VALID.replace("front:\n    source", "front: &front\n    source").replace(
        "models:", "  left: {<<: *front, role: left}\nmodels:"
    )
    settings = load(write(tmp_path, text))
    assert settings.cameras["left"].role.value == "left"
    assert settings.cameras["left"].mount == settings.cameras["front"].mount


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ("on", True),
        ("off", False),
        ("yes", True),
        ("No", False),
        ("OFF", False),
        ("true", True),
        ("False", False),
    ],
)
def test_a_switch_means_what_it_says(tmp_path: Path, spelled: str, meant: bool) -> None:
    file = write(tmp_path, VALID + f"display: {{window: {spelled}}}\n")
    assert load(file).display.window is meant


@pytest.mark.parametrize("spelled", ["1", "0", "maybe", "o", "y", "null", "[]", "{}"])
def test_nothing_else_is_a_switch(tmp_path: Path, spelled: str) -> None:
    problem = only(write(tmp_path, VALID + f"display: {{window: {spelled}}}\n"))
    assert problem.key == "display.window"
    assert "true or false (on/off" in problem.expected


@pytest.mark.parametrize(
    "spelled",
    ["12:30", "1_000", "0123", "true", "off", "2024-01-01", ".nan", ".inf", "-.inf", "1e999", "one",
     "''", "[1]", "{a: 1}", "null", "9" * 400],
)  # fmt: skip
def test_a_number_is_only_what_looks_like_one(tmp_path: Path, spelled: str) -> None:
    problem = only(write(tmp_path, VALID + f"run: {{pace: {spelled}}}\n"))
    assert problem.key == "run.pace"
    assert (problem.line, problem.column) == (10, 13)
    assert "a number" in problem.expected


def test_a_leading_zero_is_explained(tmp_path: Path) -> None:
    assert "without the leading zero" in only(write(tmp_path, VALID + "run: {seed: 010}\n")).hint


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [("16", 16), ("0x10", 16), ("0o20", 16), ("+16", 16), ('"16"', 16), ("16.0", 16)],
)
def test_a_whole_number_is_read_as_spelled(tmp_path: Path, spelled: str, meant: int) -> None:
    assert load(write(tmp_path, VALID + f"run: {{seed: {spelled}}}\n")).run.seed == meant


def test_words_of_yaml_1_1_stay_words() -> None:
    words = ["on", "off", "yes", "no", "y", "n", "12:30:00", "0123", "1_000", "2024-01-01", "0b1"]
    node = Reader(None, Path()).read(f"[{', '.join(words)}, =, nUll, ~]")
    assert node is not None
    assert node.plain() == [*words, "=", "nUll", None]


def test_an_empty_section_has_its_defaults(tmp_path: Path) -> None:
    settings = load(write(tmp_path, VALID + "adas:\n  acc:\n  # enabled: off\n"))
    assert settings.adas.acc.enabled is True


def test_a_number_where_a_word_belongs_is_to_be_quoted(tmp_path: Path) -> None:
    problem = only(write(tmp_path, VALID + "vehicle: {can: {channel: 0}}\n"))
    assert problem.hint == "put it in quotes"
