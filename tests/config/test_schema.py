from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from drag_edge.config import units
from drag_edge.config.loading.shape import Shape, fields_of
from drag_edge.config.root import Settings
from drag_edge.config.schema import schema_text


def every_field(
    section: type[BaseModel] = Settings, above: str = ""
) -> Iterator[tuple[str, Shape]]:
    """Every field of the schema by its dotted key; '*' stands for a name of one's own."""
    for name, shape in fields_of(section).items():
        key = f"{above}{name}"
        yield key, shape
        nested = (*shape.sections, *(shape.values.sections if shape.values else ()))
        for part in nested:
            yield from every_field(part, key + (".*." if shape.values else "."))


FIELDS = dict(every_field())


def numbers_in(shape: Shape) -> Iterator[Shape]:
    """The shapes inside a field, keys left out, that take a number."""
    if shape.numeric:
        yield shape
    for part in (shape.items, shape.values, *shape.fixed):
        if part is not None:
            yield from numbers_in(part)


def test_every_field_says_what_it_is() -> None:
    assert [key for key, shape in FIELDS.items() if len(shape.description) < 6] == []


def test_every_number_has_a_unit_that_is_known() -> None:
    found = {(key, n.unit) for key, shape in FIELDS.items() for n in numbers_in(shape)}
    unknown = [
        (key, unit)
        for key, unit in sorted(found, key=str)
        if unit is None or not units.is_known(units.canonical(unit))
    ]
    assert unknown == [], "use quantity(), with unit '1' for a plain number"


def test_a_unit_in_the_keys_name_is_the_fields_unit() -> None:
    spelled = {key: units.of_key(key.rpartition(".")[2]) for key in FIELDS}
    wrong = [
        (key, FIELDS[key].unit)
        for key, named in spelled.items()
        if named is not None
        and FIELDS[key].unit is not None
        and units.canonical(str(FIELDS[key].unit)) != named[1]
    ]
    assert wrong == []


def test_every_path_says_whether_it_is_read_or_written() -> None:
    unmarked = [key for key, shape in FIELDS.items() if shape.path == ""]
    assert unmarked == [], "use input_file() or output_file()"


def test_the_schema_in_the_repository_is_the_generated_one(repository: Path) -> None:
    file = repository / "configs" / "drag-edge.schema.json"
    renew = "renew it: drag-edge schema > configs/drag-edge.schema.json"
    assert file.read_text(encoding="utf-8") == schema_text(), renew


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    schema = json.loads(schema_text())
    for name in re.findall(r'"#/definitions/(\w+)"', schema_text()):
        assert schema["definitions"][name]["properties"]


def test_the_schema_knows_units_limits_switches_and_strangers() -> None:
    schema = json.loads(schema_text())
    mount = schema["definitions"]["MountSettings"]
    z = mount["properties"]["z"]
    assert z["description"].endswith("[m]")
    number, spelled = z["anyOf"]
    assert number == {"type": "number", "exclusiveMinimum": 0.1, "maximum": 5}
    assert re.search(spelled["pattern"], "1.3 m")
    assert not re.search(spelled["pattern"], "1.3 km")
    assert mount["additionalProperties"] is False
    assert mount["required"] == ["x", "z"]
    window = schema["definitions"]["DisplaySettings"]["properties"]["window"]
    assert {"enum": ["on", "off", "yes", "no"]} in window["anyOf"]
    role: Any = schema["definitions"]["CameraSettings"]["properties"]["role"]
    assert role["enum"] == [
        "front", "left", "right", "rear", "parking_left", "parking_right",
    ]  # fmt: skip
    assert role["default"] == "front"
