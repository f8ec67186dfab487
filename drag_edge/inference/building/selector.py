"""Keeps TensorRT (up to 10) from trying certain tactics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drag_edge.inference.building.tactics import unsigned

# What has a name has a hash for a number; small numbers are variants without one.
_FIRST_HASH = 1 << 32


def allowed(
    numbers: Sequence[int], avoided: frozenset[int], known: frozenset[int] | None
) -> list[int]:
    """Indices of the tactics that may be tried. known: only these, as far as a layer has any."""
    free = [index for index, number in enumerate(numbers) if number not in avoided]
    if known is None:
        return free
    sure = [i for i in free if numbers[i] in known or numbers[i] < _FIRST_HASH]
    return sure or free


def make_selector(trt: Any, avoided: frozenset[int], known: frozenset[int] | None) -> Any:
    """An IAlgorithmSelector that offers what is `allowed`."""

    class Selector(trt.IAlgorithmSelector):  # type: ignore[misc]
        """Called by TensorRT."""

        def __init__(self) -> None:
            trt.IAlgorithmSelector.__init__(self)

        def select_algorithms(self, context: Any, choices: Sequence[Any]) -> list[int]:
            """Indices of what may be tried."""
            numbers = [unsigned(choice.algorithm_variant.tactic) for choice in choices]
            return allowed(numbers, avoided, known)

        def report_algorithms(self, contexts: Any, choices: Any) -> None:
            """What was taken does not matter."""

    return Selector()
