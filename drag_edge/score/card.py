"""The scorecard: every row's YAML, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from drag_edge.errors import USAGE, DragEdgeError, InputMissingError, InvalidConfigError
from drag_edge.score.row import Case, Row, RowTemplate, expanded
from drag_edge.score.verdicts import thresholds_of

ROWS_FOLDER = Path(__file__).with_name("rows")


class NoSuchIdError(DragEdgeError):
    """A row or case that the scorecard does not have."""

    exit_code = USAGE


def load_card(folder: Path = ROWS_FOLDER) -> tuple[Row, ...]:
    """All rows, by number. Raises InvalidConfigError with file, place and what was expected."""
    rows = sorted((load_row(path) for path in folder.glob("*.yaml")), key=lambda row: row.id)
    ids = [row.id for row in rows]
    for row_id in ids:
        if ids.count(row_id) > 1:
            raise InvalidConfigError(f"{folder}: two rows have the number {row_id}")
    return tuple(rows)


def load_row(path: Path) -> Row:
    """One row. Raises InvalidConfigError or InputMissingError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputMissingError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise InvalidConfigError(f"{path}: {error}") from error
    try:
        row = expanded(RowTemplate.model_validate(content))
        for case in row.cases:
            for check in case.checks:
                thresholds_of(check)
    except ValidationError as error:
        raise InvalidConfigError(f"{path}: {_told(error)}") from error
    except ValueError as error:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            case_name = str(error).split(":")[0]
            raise InvalidConfigError(f"{path}: {case_name}: {_told(cause)}") from error
        raise InvalidConfigError(f"{path}: {error}") from error
    return row


def _told(error: ValidationError) -> str:
    """Every problem pydantic found, one a line: key, what is wrong, the value."""
    lines = []
    for one in error.errors():
        key = ".".join(str(part) for part in one["loc"]) or "the whole"
        lines.append(f"{key}: {one['msg']} (here: {_short(one['input'])})")
    return "\n  ".join(lines)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def chosen(rows: Sequence[Row], only: Iterable[str] = (), case_id: str | None = None) -> list[Row]:
    """The rows asked for, by number or name, cut to one case where one is asked for.

    Raises NoSuchIdError, naming the nearest.
    """
    wanted = list(only)
    by_key = {str(row.id): row for row in rows} | {row.name: row for row in rows}
    for key in wanted:
        if key not in by_key:
            raise NoSuchIdError(f"--only {key}: no such row{_nearest(key, list(by_key))}")
    kept = [row for row in rows if not wanted or row in [by_key[key] for key in wanted]]
    if case_id is None:
        return kept
    cases: dict[str, Case] = {case.id: case for row in kept for case in row.cases}
    if case_id not in cases:
        raise NoSuchIdError(f"--case {case_id}: no such case{_nearest(case_id, list(cases))}")
    return [
        _with_cases(row, tuple(case for case in row.cases if case.id == case_id))
        for row in kept
        if any(case.id == case_id for case in row.cases)
    ]


def _with_cases(row: Row, cases: tuple[Case, ...]) -> Row:
    from dataclasses import replace

    return replace(row, cases=cases)


def _nearest(key: str, known: list[str]) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.3)
    if close:
        return f"; nearest: {close[0]}"
    return f"; there are: {', '.join(known[:40])}"
