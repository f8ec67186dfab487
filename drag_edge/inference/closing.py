"""What goes at the end, in which order, and what happens when a step of it fails."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any


class CloseStage(IntEnum):
    """The order at the end; within a stage the newest goes first."""

    GRAPHS = 1
    EXECUTION_CONTEXTS = 2
    ENGINES = 3
    RUNTIME = 4
    MEMORY = 5  # and events and modules
    FOREIGN = 6  # whoever else has taken the context: torch


class CloseTable:
    """Who is to be released, stage by stage. problems: what failed on the way, one line each."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._entries: dict[int, tuple[CloseStage, Callable[[], None]]] = {}
        self._number = 0

    def add(self, stage: CloseStage, release: Callable[[], None]) -> Callable[[], None]:
        """Returns what takes the entry out again; idempotent."""
        self._number += 1
        number = self._number
        self._entries[number] = (stage, release)

        def forget() -> None:
            self._entries.pop(number, None)

        return forget

    def run(self) -> None:
        """Release everything; a release that raises does not stop the others."""
        for stage in CloseStage:
            # A release may take others out or add some: the table is read anew each time.
            while numbers := [n for n, (of, _) in self._entries.items() if of is stage]:
                _, release = self._entries.pop(max(numbers))
                self.attempt(stage.name.lower().replace("_", " "), release)

    def attempt(self, what: str, step: Callable[[], Any]) -> None:
        """Do one step; what it raises is a problem more."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the other steps must still run
            self.problems.append(f"{what}: {one_line(error)}")


def one_line(error: BaseException) -> str:
    """An error as part of a line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
