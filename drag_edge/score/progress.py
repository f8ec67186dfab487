"""A line for every finished case: what came of it, how many are left, how long that takes."""

from __future__ import annotations

import time
from collections.abc import Callable

from drag_edge.score.result import DriveResult

Print = Callable[[str], None]


class Progress:
    """Fed with finished drives; a case's line comes when its last drive has finished."""

    def __init__(self, expected: dict[tuple[str, str], int], write: Print) -> None:
        self._left = dict(expected)
        self._write = write
        self._total = sum(expected.values())
        self._done = 0
        self._drives: dict[tuple[str, str], list[DriveResult]] = {}
        self._started_s = time.monotonic()

    def add(self, result: DriveResult) -> None:
        """One more drive is over."""
        key = (result.case_id, result.driver)
        self._done += 1
        self._left[key] -= 1
        self._drives.setdefault(key, []).append(result)
        if self._left[key] == 0:
            self._write(self._line(result, self._drives.pop(key)))

    def _line(self, last: DriveResult, drives: list[DriveResult]) -> str:
        passes = sum(one.passed for one in drives)
        failed = next((one for one in drives if not one.passed), None)
        who = "" if last.driver == "ours" else f" [{last.driver}]"
        told = "" if failed is None or last.driver != "ours" else f"  {failed.why}"
        return (
            f"{self._done:5d}/{self._total}  {_clock(self._remaining_s()):>6} left  "
            f"row {last.row_id:<2} {last.case_id}{who}: {passes}/{len(drives)}{told}"
        )

    def _remaining_s(self) -> float:
        spent_s = time.monotonic() - self._started_s
        return spent_s / self._done * (self._total - self._done)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
