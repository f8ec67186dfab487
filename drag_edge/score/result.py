"""What came of the scorecard: of one drive, of a row, of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from drag_edge.score.plots import Trace

Driver = Literal["ours", "baseline"]
Level = Literal["object", "pixel"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One check of one drive."""

    check: str
    passed: bool
    figures: Mapping[str, float]
    text: str


@dataclass(frozen=True, slots=True)
class DriveResult:
    """One case driven once.

    false_brakings: emergency brakings in a drive that is not made for any. error: the drive could
    not be judged. trace: what a plot needs, only where one is wanted.
    """

    row_id: int
    case_id: str
    seed: int
    driver: Driver
    judged: tuple[Judged, ...]
    false_brakings: int = 0
    simulated_s: float = 0.0
    wall_s: float = 0.0
    error: str | None = None
    trace: Trace | None = field(default=None, compare=False)

    @property
    def passed(self) -> bool:
        """Every check passed."""
        return self.error is None and all(one.passed for one in self.judged)

    @property
    def why(self) -> str:
        """What went wrong, in one line."""
        if self.error is not None:
            return self.error
        return "; ".join(f"{one.check}: {one.text}" for one in self.judged if not one.passed)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """All seeds of one case."""

    case_id: str
    drives: tuple[DriveResult, ...]

    @property
    def passes(self) -> int:
        """Seeds that passed."""
        return sum(drive.passed for drive in self.drives)

    @property
    def passed(self) -> bool:
        """At least 19 of 20."""
        return self.passes * 20 >= len(self.drives) * 19


def by_case(drives: Sequence[DriveResult]) -> tuple[CaseResult, ...]:
    """Grouped, in the order in which the cases first appear; seeds in order."""
    cases: dict[str, list[DriveResult]] = {}
    for drive in drives:
        cases.setdefault(drive.case_id, []).append(drive)
    return tuple(
        CaseResult(case_id, tuple(sorted(found, key=lambda one: one.seed)))
        for case_id, found in cases.items()
    )
