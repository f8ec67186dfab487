"""Keeps TensorRT (up to 10) from trying certain tactics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drag_edge.inference.building.tactics import unsigned

# What has a name has a hash for a number; small numbers are variants without one.
_FIRST_HASH = 1 << 32


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be tried of the tactics of a layer.

    avoided: none of these. known: only these, as far as a layer has any; None: all. most: no more
    than so many of a layer, the first that TensorRT names.
    """

    avoided: frozenset[int] = frozenset()
    known: frozenset[int] | None = None
    most: int | None = None

    def of(self, numbers: Sequence[int]) -> list[int]:
        """Indices of the tactics that may be tried."""
        free = [index for index, number in enumerate(numbers) if number not in self.avoided]
        if self.known is not None:
            known = self.known
            sure = [i for i in free if numbers[i] in known or numbers[i] < _FIRST_HASH]
            free = sure or free
        return free[: self.most]


def make_selector(trt: Any, limits: Choice) -> Any:
    """An IAlgorithmSelector that offers what `limits` allow."""

    class Selector(trt.IAlgorithmSelector):  # type: ignore[misc]
        """Called by TensorRT."""

        def __init__(self) -> None:
            trt.IAlgorithmSelector.__init__(self)

        def select_algorithms(self, context: Any, choices: Sequence[Any]) -> list[int]:
            """Indices of what may be tried."""
            return limits.of([unsigned(choice.algorithm_variant.tactic) for choice in choices])

        def report_algorithms(self, contexts: Any, choices: Any) -> None:
            """What was taken does not matter."""

    return Selector()
