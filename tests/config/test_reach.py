"""Every value of the YAML has a row that says how far its change reaches."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from drag_edge.config.base import Section
from drag_edge.config.diff import diff, merged
from drag_edge.config.load import load
from drag_edge.config.reach import REACHES, Reach, entry_of, reach_of
from drag_edge.config.root import Settings
from tests.drive.drives import CONFIGS


def keys_below(section: type[BaseModel], above: str = "") -> list[str]:
    """Every leaf of the schema as a dotted key; names of a person's choice are 'name'."""
    keys: list[str] = []
    for name, field in section.model_fields.items():
        found = list(sections_of(field.annotation))
        for below, named in found:
            middle = f"{above}{name}.name." if named else f"{above}{name}."
            keys += keys_below(below, middle)
        if not found:
            keys.append(f"{above}{name}")
    return keys


def sections_of(kind: Any, named: bool = False) -> list[tuple[type[Section], bool]]:
    """Sections that a field's type mentions, and whether by a name of a person's choice."""
    if isinstance(kind, type) and issubclass(kind, Section):
        return [(kind, named)]
    inside = get_origin(kind) is dict
    return [one for part in get_args(kind) for one in sections_of(part, named or inside)]


KEYS = keys_below(Settings)


def test_the_schema_was_walked() -> None:
    assert {"adas.acc.time_gaps_s", "cameras.name.mount.z", "perception.tracks.new_score"} <= {
        *KEYS
    }
    assert len(KEYS) > 250


def test_every_value_has_a_row() -> None:
    assert {key for key in KEYS if not has_row(key)} == set()


def has_row(key: str) -> bool:
    try:
        reach_of(key)
    except KeyError:
        return False
    return True


def test_every_row_is_of_a_value_that_there_is() -> None:
    used = {entry_of(key) for key in KEYS}
    whole_entries = {"cameras.*", "models.*"}
    assert set(REACHES) - used - whole_entries == set()


def test_what_a_camera_is_opened_with_is_named_one_by_one() -> None:
    """A new key of a camera must be thought about: none falls under `cameras.*` by default."""
    of_cameras = {key for key in KEYS if key.startswith("cameras.")}
    assert {key for key in of_cameras if entry_of(key) == "cameras.*"} == set()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("adas.acc.time_gaps_s", Reach.LIVE),
        ("adas.actuation", Reach.OFF_LIVE),
        ("perception.blind_spot.zone.outer_m", Reach.LIVE),
        ("models.road.hz", Reach.LIVE),
        ("models.road.file", Reach.MODEL),
        ("models.road.classes.2", Reach.MODEL),
        ("models.signal", Reach.MODEL),  # one that came or went
        ("cameras.left", Reach.PROCESS),
        ("cameras.left.source", Reach.CAMERA),
        ("cameras.left.mount.pitch_deg", Reach.VIEW),
        ("vehicle.ego", Reach.PROCESS),
        ("display.units", Reach.LIVE),
        ("display.recording.every", Reach.LIVE),
        ("display.recording.codec", Reach.PROCESS),
        ("service.log.level", Reach.LIVE),
    ],
)
def test_rows_that_people_count_on(key: str, expected: Reach) -> None:
    assert reach_of(key) is expected


def test_a_key_without_a_row_is_loud() -> None:
    with pytest.raises(KeyError, match="weather"):
        reach_of("weather.rain")


OLD = load(CONFIGS / "demo.yaml")
NEW = load(
    CONFIGS / "demo.yaml",
    [
        "adas.acc.time_gaps_s=[1.2, 1.5, 2.0]",
        "models.road.hz=5",
        f"models.extra={{file: {CONFIGS.parent}/engines/demo/split.onnx}}",
        "vehicle.can.channel=other",
        "cameras.front.mount.z=1.4",
        "run.seed=2",
    ],
)


def test_a_merge_takes_what_is_wanted_and_leaves_the_rest_as_it_was() -> None:
    both = merged(OLD, NEW, lambda key: not key.startswith(("vehicle.", "run.")))
    assert set(diff(OLD, NEW)) == {
        "adas.acc.time_gaps_s", "models.road.hz", "models.extra", "vehicle.can.channel",
        "cameras.front.mount.z", "run.seed",
    }  # fmt: skip
    assert diff(both, NEW) == ["vehicle.can.channel", "run.seed"]
    assert both.adas == NEW.adas
    assert both.vehicle == OLD.vehicle
    assert list(both.models) == list(NEW.models)


def test_a_merge_of_nothing_or_everything_is_the_one_or_the_other() -> None:
    assert merged(OLD, NEW, lambda _: False) == OLD
    assert merged(OLD, NEW, lambda _: True) == NEW
    gone = merged(NEW, OLD, lambda _: True)
    assert "extra" not in gone.models
    assert "extra" in merged(NEW, OLD, lambda _: False).models


LEAVES = diff(OLD, NEW)


@given(st.sets(st.sampled_from(LEAVES)))
def test_a_merge_of_any_choice_differs_by_exactly_the_rest(chosen: set[str]) -> None:
    both = merged(OLD, NEW, chosen.__contains__)
    assert set(diff(OLD, both)) == chosen
    assert set(diff(both, NEW)) == set(LEAVES) - chosen
