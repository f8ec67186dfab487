"""Keeps TensorRT (up to 10) from trying certain tactics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drag_edge.inference.building.tactics import unsigned


def make_selector(trt: Any, avoided: frozenset[int]) -> Any:
    """An IAlgorithmSelector that offers all but `avoided`."""

    class Selector(trt.IAlgorithmSelector):  # type: ignore[misc]
        """Called by TensorRT."""

        def __init__(self) -> None:
            trt.IAlgorithmSelector.__init__(self)

        def select_algorithms(self, context: Any, choices: Sequence[Any]) -> list[int]:
            """Indices of what may be tried."""
            return [
                index
                for index, choice in enumerate(choices)
                if unsigned(choice.algorithm_variant.tactic) not in avoided
            ]

        def report_algorithms(self, contexts: Any, choices: Any) -> None:
            """What was taken does not matter."""

    return Selector()
