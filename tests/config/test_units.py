from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config import units
from drag_edge.config.load import load
from drag_edge.config.report import Kind
from tests.config.helpers import VALID, only, write


@pytest.mark.parametrize(
    ("key", "spelled", "meant"),
    [
        ("cameras.front.mount.z", "1.4 m", 1.4),
        ("cameras.front.mount.z", "1.4m", 1.4),
        ("cameras.front.mount.z", "1.4", 1.4),
        ("cameras.front.mount.pitch_deg", "2°", 2.0),
        ("cameras.front.mount.pitch_deg", "2 deg", 2.0),
        ("cameras.front.fps", "30 hz", 30.0),
        ("adas.acc.max_speed_mps", "40 m/s", 40.0),
        ("adas.aeb.full_decel_mps2", "8 m/s²", 8.0),
        ("adas.aeb.full_decel_mps2", "8 m/s2", 8.0),
        ("adas.aeb.min_frames", "4", 4),
    ],
)
def test_a_value_may_spell_its_unit(tmp_path: Path, key: str, spelled: str, meant: float) -> None:
    value = load(write(tmp_path), [f'{key}="{spelled}"'])
    for part in key.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    assert value == meant


@pytest.mark.parametrize(
    ("key", "spelled", "said", "hint"),
    [
        ("adas.acc.max_speed_mps", "130 km/h", "m/s, not in km/h", "130 km/h is 36.1111 m/s"),
        ("cameras.front.mount.z", "130 cm", "m, not in cm", "130 cm is 1.3 m"),
        ("cameras.front.mount.pitch_deg", "0.1 rad", "deg, not in rad", "0.1 rad is 5.72958 deg"),
        ("adas.aeb.warn_lead_s", "1200 ms", "s, not in ms", "1200 ms is 1.2 s"),
        ("cameras.front.mount.z", "1.3 s", "m, not in s", ""),
        ("cameras.front.mount.z", "1.3 parsec", "m, not in parsec", "no unit that is known"),
        ("models.road.confidence", "40 %", "a bare number, not in %", "40 % is 0.4"),
        ("adas.aeb.min_frames", "3 s", "a bare number, not in s", ""),
    ],
)
def test_another_unit_is_refused_with_both_named_and_converted(
    tmp_path: Path, key: str, spelled: str, said: str, hint: str
) -> None:
    problem = only(write(tmp_path), [f"{key}={spelled}"])
    assert problem.kind is Kind.UNIT
    assert problem.key == key
    assert said in problem.expected
    assert hint in problem.hint


def test_each_item_of_a_list_may_spell_the_unit(tmp_path: Path) -> None:
    file = write(tmp_path, VALID + "adas: {acc: {time_gaps_s: [1 s, 1.6 s, 2]}}\n")
    assert load(file).adas.acc.time_gaps_s == (1.0, 1.6, 2.0)
    problem = only(write(tmp_path), ["adas.acc.time_gaps_s=[1, 1600 ms, 2]"])
    assert (problem.kind, problem.key) == (Kind.UNIT, "adas.acc.time_gaps_s.1")


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["m", "km/h", "deg"]))
def test_what_is_spelled_is_what_is_read(number: float, unit: str) -> None:
    assert units.parse(f"{number!r} {unit}") == units.Quantity(number, unit)
    assert units.parse(repr(number)) == units.Quantity(number, None)


@given(
    st.floats(-1e6, 1e6),
    st.sampled_from(sorted(units._UNITS)),
    st.sampled_from(sorted(units._UNITS)),
)
def test_a_conversion_there_and_back_gives_the_same(number: float, one: str, other: str) -> None:
    there = units.convert(number, one, other)
    if there is not None:
        back = units.convert(there, other, one)
        assert back is not None
        assert math.isclose(back, number, rel_tol=1e-9, abs_tol=1e-9)


@given(st.text(max_size=30))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    quantity = units.parse(text)
    assert quantity is None or isinstance(quantity.number, float)
