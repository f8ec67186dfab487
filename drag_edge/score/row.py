"""A row of the scorecard: what its YAML may say, and the cases it expands to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from pydantic import Field, model_validator

from drag_edge.config.base import Section, quantity
from drag_edge.faults.fault import Fault, FaultError, parse_fault
from drag_edge.score.expressions import Parameters, filled_in, written
from drag_edge.sim.scenario import CameraName, Scenario

Group = Literal["aeb", "false_positives", "faults", "acc", "lane", "sides"]
EndsOn = Literal["contact", "standstill", "warning"]

GROUP_WEIGHT: Mapping[Group, float] = {
    "aeb": 40.0,
    "false_positives": 20.0,
    "faults": 15.0,
    "acc": 10.0,
    "lane": 10.0,
    "sides": 5.0,
}
GROUP_TITLE: Mapping[Group, str] = {
    "aeb": "AEB",
    "false_positives": "false positives",
    "faults": "faults",
    "acc": "ACC",
    "lane": "LKA/LDW",
    "sides": "BSD/APA",
}


class Table(Section):
    """Parameters that belong together: one case a line."""

    columns: tuple[str, ...] = Field(..., description="Names", min_length=1)
    lines: tuple[tuple[float | str, ...], ...] = Field(..., description="Values", min_length=1)

    @model_validator(mode="after")
    def _lines_are_whole(self) -> Table:
        for line in self.lines:
            if len(line) != len(self.columns):
                raise ValueError(f"{list(line)}: {len(self.columns)} values are needed in a line")
        return self


class CaseTemplate(Section):
    """One or many drives: `{name}` and `= arithmetic` use the parameters of table and grid."""

    id: str = Field(..., description="Names the case; with parameters: {speed_kmh}", min_length=1)
    table: Table | None = Field(None, description="Parameters that belong together")
    grid: dict[str, tuple[float | str, ...]] = Field({}, description="Every value with every other")
    scenario: dict[str, Any] = Field({}, description="Laid over the row's scenario")
    checks: dict[str, dict[str, Any] | None] = Field(
        {}, description="Beside the row's; same name wins, null takes it away"
    )
    settings: tuple[str, ...] = Field((), description="Changes of the configuration, as --set")
    ends_on: tuple[EndsOn, ...] = Field((), description="Ends the drive before its time")
    aeb: bool | None = Field(None, description="Emergency braking is what the case is made for")
    cars: int = quantity(1, "1", "A string: each car follows the motion of the one before", ge=1)
    traffic: str | None = Field(None, description="Made-up traffic of this kind around the ego")
    faults: tuple[str, ...] = Field((), description="As drag-edge run --fault")


class RowTemplate(Section):
    """A row as it is written."""

    id: int = quantity(..., "1", "Its number", ge=1)
    name: str = Field(..., description="A word or two, for --only", pattern=r"^[a-z0-9-]+$")
    title: str = Field(..., description="For a person", min_length=1)
    source: str = Field(..., description="The standard the thresholds come from", min_length=1)
    group: Group = Field(..., description="Whose weight it shares")
    required: bool = Field(True, description="Counts for the exit code")
    aeb: bool = Field(False, description="Emergency braking is what the row is made for")
    ends_on: tuple[EndsOn, ...] = Field((), description="Ends every drive before its time")
    settings: tuple[str, ...] = Field((), description="Changes of the configuration, as --set")
    pixel: tuple[str, ...] = Field((), description="Cases that are driven at pixel level")
    scenario: dict[str, Any] = Field({}, description="What all its cases have in common")
    checks: dict[str, dict[str, Any]] = Field({}, description="What all its cases must keep")
    together: dict[str, float] = Field(
        {}, description="Most of a figure, summed over all seeds and cases"
    )
    not_scored: str | None = Field(None, description="Why nobody can drive it yet")
    cases: tuple[CaseTemplate, ...] = Field((), description="The drives")

    @model_validator(mode="after")
    def _has_cases_or_says_why(self) -> RowTemplate:
        if not self.cases and self.not_scored is None:
            raise ValueError("cases: at least one is needed, or not_scored with the reason")
        return self


@dataclass(frozen=True, slots=True)
class Check:
    """A verdict's name and its thresholds as the YAML has them."""

    name: str
    thresholds: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One drive to be judged."""

    row_id: int
    id: str
    scenario: Scenario
    checks: tuple[Check, ...]
    settings: tuple[str, ...] = ()
    ends_on: tuple[EndsOn, ...] = ()
    aeb: bool = False
    pixel: bool = False
    cars: int = 1
    traffic: str | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def cameras(self) -> tuple[CameraName, ...]:
        """Cameras the drive needs."""
        return self.scenario.cameras


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the scorecard."""

    id: int
    name: str
    title: str
    source: str
    group: Group
    required: bool
    together: Mapping[str, float]
    not_scored: str | None
    cases: tuple[Case, ...]


def expanded(template: RowTemplate) -> Row:
    """A row with every case written out. Raises ValueError, naming the case."""
    cases = tuple(
        _case(template, case, parameters)
        for case in template.cases
        for parameters in _parameter_sets(case)
    )
    ids = [case.id for case in cases]
    unknown = sorted(set(template.pixel) - set(ids))
    if unknown:
        raise ValueError(f"pixel: no case {unknown[0]}")
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"case {twice[0]}: there are two of this name")
    return Row(
        id=template.id,
        name=template.name,
        title=template.title,
        source=template.source,
        group=template.group,
        required=template.required,
        together=template.together,
        not_scored=template.not_scored,
        cases=cases,
    )


def _parameter_sets(case: CaseTemplate) -> list[dict[str, float | str]]:
    lines: list[dict[str, float | str]] = [{}]
    if case.table is not None:
        columns = case.table.columns
        lines = [dict(zip(columns, line, strict=True)) for line in case.table.lines]
    grids = [dict(zip(case.grid, values, strict=True)) for values in product(*case.grid.values())]
    return [{**line, **grid} for line in lines for grid in grids]


def _case(row: RowTemplate, case: CaseTemplate, parameters: Parameters) -> Case:
    case_id = written(case.id, parameters)
    try:
        scenario = filled_in(merged(row.scenario, case.scenario), parameters)
        scenario.setdefault("title", f"{row.title}: {case_id}")
        checks = filled_in({**row.checks, **case.checks}, parameters)
        return Case(
            row_id=row.id,
            id=case_id,
            scenario=Scenario.model_validate(scenario),
            checks=tuple(
                Check(name, thresholds)
                for name, thresholds in checks.items()
                if thresholds is not None
            ),
            settings=tuple(filled_in([*row.settings, *case.settings], parameters)),
            ends_on=tuple({*row.ends_on, *case.ends_on}),
            aeb=row.aeb if case.aeb is None else case.aeb,
            pixel=case_id in row.pixel,
            cars=case.cars,
            traffic=case.traffic,
            faults=tuple(parse_fault(spec) for spec in filled_in(case.faults, parameters)),
        )
    except (ValueError, FaultError) as error:
        raise ValueError(f"case {case_id}: {error}") from error


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two mappings, laid over each other at every depth; lists are replaced whole."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result
