"""Whatever is done to a right configuration: it loads, or every problem has its place."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from drag_edge.config.diff import diff
from drag_edge.config.load import load
from drag_edge.config.loading.tree import Node, Reader
from drag_edge.config.report import ConfigError, Kind
from drag_edge.config.root import Settings
from tests.config.helpers import VALID

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = (ROOT / "configs" / "demo.yaml").read_text(encoding="utf-8")
VEHICLE = (ROOT / "configs" / "vehicle.yaml").read_text(encoding="utf-8")
RICH = (
    VALID
    + """\
    roi: [0.0, 0.4, 1.0, 1.0]
    classes: {1: drivable, 2: lane_line}
adas:
  actuation: off
  acc: {time_gaps_s: [1.0, 1.5, 2.0], standoff_m: 3.5 m}
vehicle:
  can: {interface: virtual, log: can.log}
  ego:
    dbc: car.dbc
    speed: {message: MOTION, signal: SPEED, unit: km/h}
    gap_setting: {message: A, signal: B, values: {short: 1, 2: 2}}
display: {window: off}
"""
)
FAST = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ODD = [
    "", "null", "~", "true", "off", "-1", "0", "1e400", "-.inf", ".nan", "9" * 400, "0123", "12:30",
    "1.3 m", "130 km/h", "1 parsec", "[]", "{}", "[1, 2]", "{a: 1}", "''", '"\\0"', '"\\uD800"',
    "é", "*x", "&x 1", "!!int a", "!x 1", "'", "[", "}", ": ", "- ", "\t", "%", "@", "`", "|", ">",
    "#", "../..", "/", "/proc/self/mem", "~nobody/x", "\\", "<<", "<<: 1", "? ", "---", "...",
]  # fmt: skip


def outcome(folder: Path, text: str) -> Settings | ConfigError:
    """The settings, or the error; anything else that is raised fails the test."""
    file = folder / "mutant.yaml"
    file.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
    try:
        return load(file, check_files=False)
    except ConfigError as caught:
        error = caught
    line_count = len(re.split("\r\n|[\n\r\x85\u2028\u2029]", text))
    assert error.problems
    assert error.exit_code in (66, 78)
    for problem in error.problems:
        assert str(problem).encode("utf-8")
        assert problem.expected
        assert problem.line is not None
        assert problem.column is not None
        assert 1 <= problem.line <= line_count + 1
        assert problem.column >= 1
    return error


@given(data=st.data())
@FAST
def test_cutting_pasting_and_odd_tokens_never_break_the_loader(
    tmp_path: Path, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from([RICH, DEMO, VEHICLE]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(st.sampled_from(ODD) | st.text(max_size=4)) + text[end:]
    outcome(tmp_path, text)


@given(data=st.binary(max_size=200))
@FAST
def test_bytes_never_break_the_loader(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "bytes.yaml"
    file.write_bytes(data)
    with pytest.raises(ConfigError):
        load(file)


@given(
    key=st.sampled_from(
        ["run.seed", "models.road.roi.1", "models", "cameras.front.mount", "a.b", ""]
    )
    | st.text(max_size=6),
    value=st.sampled_from(ODD) | st.text(max_size=6),
)
@FAST
def test_overrides_never_break_the_loader(tmp_path: Path, key: str, value: str) -> None:
    file = tmp_path / "right.yaml"
    file.write_text(RICH, encoding="utf-8")
    try:
        load(file, [f"{key}={value}"], check_files=False)
    except ConfigError as error:
        assert all(problem.place() for problem in error.problems)  # noqa: PT017


def places(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every scalar of a file, with its path."""
    if isinstance(node.value, dict):
        for name, entry in node.value.items():
            yield from places(entry.node, (*path, name))
    elif isinstance(node.value, list):
        for index, item in enumerate(node.value):
            yield from places(item, (*path, str(index)))
    else:
        yield path, node


def scalars(text: str) -> list[tuple[tuple[str, ...], Node]]:
    root = Reader(Path("x"), Path()).read(text)
    assert root is not None
    return list(places(root))


@given(index=st.integers(0, len(scalars(RICH)) - 1), odd=st.sampled_from([*ODD, "[[[]]]"]))
@settings(FAST, max_examples=150)
def test_one_odd_value_is_told_at_its_line_or_taken(tmp_path: Path, index: int, odd: str) -> None:
    path, node = scalars(RICH)[index]
    lines = RICH.split("\n")
    line, column = node.where.line, node.where.column
    assert line is not None
    assert column is not None
    rest = lines[line - 1][column - 1 :]
    end = min((rest.index(mark) for mark in ",}]" if mark in rest), default=len(rest))
    lines[line - 1] = lines[line - 1][: column - 1] + odd + rest[end:]
    found = outcome(tmp_path, "\n".join(lines))
    if isinstance(found, ConfigError):
        told = [(problem.kind, problem.line, problem.key) for problem in found.problems]
        own = ".".join(path)
        assert any(
            kind is Kind.SYNTAX or at == line or (key and own.startswith(key))
            for kind, at, key in told
        ), told


@given(index=st.integers(0, len(scalars(RICH)) - 1), seed=st.integers(0, 1000))
@settings(FAST, max_examples=100)
def test_a_misspelt_key_is_told_at_the_key_with_the_right_one(
    tmp_path: Path, index: int, seed: int
) -> None:
    path, node = scalars(RICH)[index]
    line = node.where.line
    assert line is not None
    key = next(part for part in reversed(path) if not part.isdigit())
    lines = RICH.split("\n")
    if f"{key}:" not in lines[line - 1] or len(key) < 4 or key in ("short", "front"):
        return
    at = random.Random(seed).randrange(len(key))
    wrong = key[:at] + key[at] + key[at:]
    before = lines[line - 1]
    lines[line - 1] = before.replace(f"{key}:", f"{wrong}:", 1)
    found = outcome(tmp_path, "\n".join(lines))
    assert isinstance(found, ConfigError)
    problem = next(one for one in found.problems if one.kind is Kind.UNKNOWN_KEY)
    assert (problem.line, problem.column) == (line, before.index(f"{key}:") + 1)
    assert problem.key.endswith(f".{wrong}")
    assert problem.hint == f"did you mean {key}?" or key in problem.hint


def spelled(value: Any) -> Any:
    """Settings as a person would type them."""
    if isinstance(value, BaseModel):
        return {name: spelled(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {key: spelled(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [spelled(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


@pytest.mark.parametrize("text", [RICH, DEMO, VEHICLE], ids=["rich", "demo", "vehicle"])
def test_settings_written_out_and_read_again_are_the_same(tmp_path: Path, text: str) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(text.replace("calibration/front.yaml", '{width: 640, height: 480, fx: 500, '
                                 'fy: 500, cx: 320, cy: 240}'), encoding="utf-8")  # fmt: skip
    once = load(file, check_files=False)
    file.write_text(yaml.safe_dump(spelled(once), sort_keys=False), encoding="utf-8")
    again = load(file, check_files=False)
    assert diff(once, again) == []
    assert once == again
