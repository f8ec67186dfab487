"""DBC files and mappings that do not fit: said with place, name and the nearest right one."""

from __future__ import annotations

import contextlib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drag_edge.config.report import Kind
from drag_edge.config.vehicle import EgoSettings
from drag_edge.vehicle.foreign_dbc import DbcError, load_dbc
from drag_edge.vehicle.mapping import bind, check_ego_mapping
from tests.vehicle.cars import DBC, MAPPING


def ego(folder: Path, **changes: Any) -> EgoSettings:
    path = folder / "car.dbc"
    path.write_text(DBC)
    return EgoSettings.model_validate({"dbc": path, **changes})


def test_a_mapping_that_fits_has_no_problems(tmp_path: Path) -> None:
    assert check_ego_mapping(ego(tmp_path, **MAPPING)) == []
    assert len(bind(ego(tmp_path, **MAPPING)).signals) == len(MAPPING)


def test_unknown_names_are_told_with_the_nearest(tmp_path: Path) -> None:
    problems = check_ego_mapping(
        ego(
            tmp_path,
            speed={"message": "MOTIONS", "signal": "SPEED"},
            yaw_rate={"message": "MOTION", "signal": "YAWRATE"},
            indicator_left={"message": "CABIN", "signal": "STALK", "on": ["LEFFT"]},
        )
    )
    found = {problem.key: problem for problem in problems}
    assert set(found) == {
        "vehicle.ego.speed.message",
        "vehicle.ego.yaw_rate.signal",
        "vehicle.ego.indicator_left.on",
    }
    assert found["vehicle.ego.speed.message"].hint == "did you mean MOTION?"
    assert found["vehicle.ego.yaw_rate.signal"].hint == "did you mean YAW?"
    assert found["vehicle.ego.indicator_left.on"].hint == "did you mean LEFT?"
    assert "car.dbc" in found["vehicle.ego.speed.message"].expected


def test_a_unit_that_measures_something_else_is_refused(tmp_path: Path) -> None:
    (problem,) = check_ego_mapping(
        ego(tmp_path, speed={"message": "MOTION", "signal": "SPEED", "unit": "deg"})
    )
    assert problem.kind is Kind.UNIT
    assert "m/s" in problem.expected


def test_a_dbc_that_says_no_unit_needs_one_in_the_yaml(tmp_path: Path) -> None:
    stalk = {"message": "CABIN", "signal": "STALK"}
    (problem,) = check_ego_mapping(ego(tmp_path, speed=stalk))
    assert problem.key == "vehicle.ego.speed.unit"
    assert check_ego_mapping(ego(tmp_path, speed={**stalk, "unit": "km/h"})) == []
    assert check_ego_mapping(ego(tmp_path, speed={**stalk, "scale": 0.5})) == []


def test_scale_without_a_unit_gives_si(tmp_path: Path) -> None:
    speed = {"message": "MOTION", "signal": "SPEED", "scale": 0.27778}
    (signal,) = bind(ego(tmp_path, speed=speed)).signals
    assert signal.conversion(36.0) == pytest.approx(10.0, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("hyundai_can_generated.dbc", 1659),
        ("tesla_can.dbc", 783),
        ("toyota_2017_ref_pt.dbc", 387),
    ],
)
def test_real_dbcs_that_cantools_refuses_are_told_by_line(
    shared_data: Path, name: str, line: int
) -> None:
    path = shared_data / "can/dbc" / name
    if name == "tesla_can.dbc" and metadata.version("cantools").startswith("39."):
        pytest.skip("cantools 39 reads this one")
    with pytest.raises(DbcError, match=f"{name}:{line}") as caught:
        load_dbc(path)
    assert caught.value.exit_code == 78
    (problem,) = check_ego_mapping(EgoSettings(dbc=path))
    assert (problem.file, problem.line) == (path, line)
    assert problem.column is not None
    assert "cantools" in problem.expected


def test_the_other_real_dbcs_load(shared_data: Path) -> None:
    refused = {"hyundai_can_generated.dbc", "tesla_can.dbc", "toyota_2017_ref_pt.dbc"}
    for path in sorted((shared_data / "can/dbc").glob("*.dbc")):
        if path.name not in refused:
            assert load_dbc(path).messages


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DbcError, match=r"none\.dbc"):
        load_dbc(tmp_path / "none.dbc")


@given(st.binary(max_size=200), st.integers(0, len(DBC) - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
def test_a_damaged_dbc_loads_or_is_refused_and_nothing_else(
    tmp_path: Path, noise: bytes, place: int
) -> None:
    path = tmp_path / "damaged.dbc"
    whole = DBC.encode()
    path.write_bytes(whole[:place] + noise + whole[place + len(noise) :])
    with contextlib.suppress(DbcError):
        load_dbc(path)
