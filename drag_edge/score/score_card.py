"""All rows together: passes, points, false brakings; the table and the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drag_edge.score.result import CaseResult, Driver, DriveResult, by_case
from drag_edge.score.row import GROUP_TITLE, GROUP_WEIGHT, Row


@dataclass(frozen=True, slots=True)
class RowScore:
    """A row for one driver. reason: why it is not scored, None when it is."""

    row: Row
    cases: tuple[CaseResult, ...]
    over: tuple[str, ...]
    reason: str | None = None

    @property
    def drives(self) -> int:
        """Drives judged."""
        return sum(len(case.drives) for case in self.cases)

    @property
    def passes(self) -> int:
        """Drives passed."""
        return sum(case.passes for case in self.cases)

    @property
    def passed(self) -> bool:
        """Every case in 19 of 20 seeds, and what counts together within its bound."""
        return (
            self.reason is None
            and bool(self.cases)
            and not self.over
            and all(case.passed for case in self.cases)
        )

    @property
    def share(self) -> float:
        """Of its points: the mean of its cases' shares of passed seeds."""
        if self.reason is not None or not self.cases:
            return 0.0
        return sum(case.passes / len(case.drives) for case in self.cases) / len(self.cases)


@dataclass(frozen=True, slots=True)
class Score:
    """The whole card for one driver."""

    driver: Driver
    rows: tuple[RowScore, ...]

    @property
    def false_brakings(self) -> int:
        """Emergency brakings in drives that are not made for any, all seeds and rows."""
        return sum(
            drive.false_brakings for row in self.rows for case in row.cases for drive in case.drives
        )

    @property
    def total(self) -> float:
        """0–100: each group's weight spread evenly over its rows that were asked for."""
        weights = {group: 0.0 for group in GROUP_WEIGHT}
        points = 0.0
        for group, weight in GROUP_WEIGHT.items():
            rows = [row for row in self.rows if row.row.group == group]
            if rows:
                weights[group] = weight
                points += weight * sum(row.share for row in rows) / len(rows)
        whole = sum(weights.values())
        return 100.0 * points / whole if whole else 0.0

    @property
    def passed(self) -> bool:
        """Every required row passed and nobody was braked for without need."""
        required = [row for row in self.rows if row.row.required]
        return all(row.passed for row in required) and self.false_brakings == 0


def scored(rows: Sequence[Row], drives: Sequence[DriveResult], driver: Driver) -> Score:
    """The card of one driver from its drives."""
    own = [drive for drive in drives if drive.driver == driver]
    found = []
    for row in rows:
        cases = by_case([drive for drive in own if drive.row_id == row.id])
        found.append(RowScore(row, cases, _over(row, cases), row.not_scored))
    return Score(driver, tuple(found))


def _over(row: Row, cases: Sequence[CaseResult]) -> tuple[str, ...]:
    """Figures that, summed over all drives, are above the row's bound."""
    told = []
    for name, most in row.together.items():
        total = sum(
            one.figures.get(name, 0.0)
            for case in cases
            for drive in case.drives
            for one in drive.judged
        )
        if total > most:
            told.append(f"{name} {total:g} > {most:g} together")
    return tuple(told)


def worst_figures(cases: Sequence[CaseResult]) -> dict[str, tuple[float, float]]:
    """Least and greatest of every figure over all drives of a row."""
    found: dict[str, tuple[float, float]] = {}
    for case in cases:
        for drive in case.drives:
            for one in drive.judged:
                for name, value in one.figures.items():
                    low, high = found.get(name, (value, value))
                    found[name] = (min(low, value), max(high, value))
    return found


def table(ours: Score, baseline: Score | None) -> list[str]:
    """The final table, a line a row."""
    lines = [f"{'row':>3}  {'':4} {'ours':>9}  {'baseline':>9}  what; worst figures"]
    beside = {row.row.id: row for row in baseline.rows} if baseline is not None else {}
    for row in ours.rows:
        other = beside.get(row.row.id)
        mark = "pass" if row.passed else ("–" if row.reason else "FAIL")
        base = "" if other is None or not other.drives else f"{other.passes}/{other.drives}"
        own = f"{row.passes}/{row.drives}" if row.drives else "–"
        lines.append(f"{row.row.id:>3}  {mark:4} {own:>9}  {base:>9}  {row.row.title}")
        lines += [f"{'':32}{text}" for text in _beneath(row)]
    lines.append(_sums("ours", ours))
    if baseline is not None:
        lines.append(_sums("baseline", baseline))
    return lines


def _beneath(row: RowScore) -> list[str]:
    if row.reason is not None:
        return [f"not scored: {row.reason}"]
    figures = ", ".join(
        f"{name} {low:.3g}…{high:.3g}" if high - low > 1e-9 else f"{name} {low:.3g}"
        for name, (low, high) in worst_figures(row.cases).items()
    )
    failing = [
        f"{case.case_id} {case.passes}/{len(case.drives)}" for case in row.cases if not case.passed
    ]
    lines = [figures] if figures else []
    if failing:
        lines.append("short: " + ", ".join(failing))
    return [*lines, *row.over]


def _sums(name: str, score: Score) -> str:
    groups = []
    for group, weight in GROUP_WEIGHT.items():
        rows = [row for row in score.rows if row.row.group == group]
        if rows:
            share = sum(row.share for row in rows) / len(rows)
            groups.append(f"{GROUP_TITLE[group]} {weight * share:.1f}/{weight:g}")
    return (
        f"{name}: {score.total:.1f} of 100 ({', '.join(groups)}); "
        f"false emergency brakings: {score.false_brakings}"
    )


def as_json(ours: Score, baseline: Score | None, seeds: Sequence[int]) -> dict[str, Any]:
    """The same for a program."""
    return {
        "seeds": list(seeds),
        "passed": ours.passed,
        "drivers": [_driver_json(score) for score in (ours, baseline) if score is not None],
    }


def _driver_json(score: Score) -> dict[str, Any]:
    return {
        "driver": score.driver,
        "total": round(score.total, 3),
        "false_brakings": score.false_brakings,
        "rows": [_row_json(row) for row in score.rows],
    }


def _row_json(row: RowScore) -> dict[str, Any]:
    return {
        "id": row.row.id,
        "name": row.row.name,
        "title": row.row.title,
        "source": row.row.source,
        "group": row.row.group,
        "required": row.row.required,
        "passed": row.passed,
        "not_scored": row.reason,
        "over": list(row.over),
        "share": round(row.share, 4),
        "figures": {
            name: {"least": low, "most": high}
            for name, (low, high) in worst_figures(row.cases).items()
        },
        "cases": [
            {
                "id": case.case_id,
                "passed": case.passed,
                "passes": case.passes,
                "drives": [_drive_json(drive) for drive in case.drives],
            }
            for case in row.cases
        ],
    }


def _drive_json(drive: DriveResult) -> dict[str, Any]:
    checks = [
        {"check": one.check, "passed": one.passed, "text": one.text, "figures": dict(one.figures)}
        for one in drive.judged
    ]
    return {
        "seed": drive.seed,
        "passed": drive.passed,
        "error": drive.error,
        "false_brakings": drive.false_brakings,
        "simulated_s": round(drive.simulated_s, 3),
        "checks": checks,
    }
