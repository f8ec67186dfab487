"""What a part is given: folders, counts, and where its rows go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_check_parts.rows import FAILED, INFO, NOT_MEASURED, OK, Row, append_row, one_line


@dataclass(frozen=True)
class Check:
    """One process of one part.

    out: folder for everything written. engines: folder of built engines. extra: larger ONNX files.
    quick: small counts, to see that all of it runs. seed: of everything random. limit_s: when the
    process will be ended. jobs: engines built at a time. tactics and their limits: as in
    BuildOptions. int8: build those too. build: "name:precision" of what may be built now; ():
    everything that is missing.
    """

    letter: str
    out: Path
    engines: Path
    rows: Path
    extra: tuple[Path, ...] = ()
    quick: bool = False
    seed: int = 20
    limit_s: float = 600.0
    jobs: int = 1
    tactics: str = "default"
    avoid_tactics: tuple[str, ...] = ()
    most_tactics: int | None = None
    int8: bool = False
    build: tuple[str, ...] = ()

    def count(self, full: int, quick: int) -> int:
        """How many, by the run's kind."""
        return quick if self.quick else full

    def row(
        self,
        what: str,
        value: object = "",
        limit: str = "",
        verdict: str = INFO,
        detail: str = "",
        figures: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one row now."""
        row = Row(self.letter, what, str(value), limit, verdict, detail, figures or {})
        append_row(self.rows, row)
        say(row.line())

    def judge(
        self,
        what: str,
        value: object,
        limit: str,
        good: bool,
        detail: str = "",
        figures: Mapping[str, Any] | None = None,
    ) -> None:
        """A row with a limit."""
        self.row(what, value, limit, OK if good else FAILED, detail, figures)

    def not_measured(self, what: str, why: object) -> None:
        """A row that says why there is no number."""
        self.row(what, "", "", NOT_MEASURED, one_line(why))


def say(text: str) -> None:
    """Progress, flushed at once."""
    print(text, flush=True)
