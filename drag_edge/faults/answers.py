"""Faults of networks: in what they answer, before perception sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.vocabulary import BACKGROUND_ID
from drag_edge.faults.fault import Fault
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import ClassMap, Detections, Perceived, Result

if TYPE_CHECKING:
    from drag_edge.inference.pool import ModelPool


class AnswerFaults:
    """What happens to the models' answers; one draw of chance per answer and fault."""

    def __init__(self, faults: Sequence[Fault], rng: np.random.Generator) -> None:
        self._faults = list(faults)
        self._rng = rng

    def kinds(self, model: str, time_s: float) -> frozenset[str]:
        """The faults of this answer."""
        return frozenset(
            fault.kind
            for fault in self._faults
            if fault.hits(model)
            and fault.at(time_s)
            and self._rng.random() < fault.parameter("share")
        )

    def spoil(self, perceived: Perceived) -> Perceived:
        """The answers about one picture as perception gets them."""
        results = {
            name: spoilt_result(result, self.kinds(name, perceived.time_s))
            for name, result in perceived.results.items()
        }
        return replace(perceived, results=results)


_OF_BOXES = frozenset({"empty", "nan", "inf", "negative"})


def spoilt_result(result: Result | None, kinds: frozenset[str]) -> Result | None:
    """One answer with these faults. A class map cannot hold NaN: such an answer is none."""
    if result is None or "missing" in kinds:
        return None
    if isinstance(result, Detections) and kinds & _OF_BOXES:
        return _spoilt_boxes(result, kinds)
    if isinstance(result, ClassMap):
        if kinds & {"nan", "inf"}:
            return None
        if "empty" in kinds:
            return replace(result, classes=np.full_like(result.classes, BACKGROUND_ID))
    return result


def _spoilt_boxes(found: Detections, kinds: frozenset[str]) -> Detections:
    if "empty" in kinds:
        return replace(found, boxes_px=found.boxes_px[:0], scores=found.scores[:0], labels=())
    boxes: NDArray[np.float32] = found.boxes_px.copy()
    if "nan" in kinds:
        boxes[:, :] = np.nan
    if "inf" in kinds:
        boxes[:, 2:] = np.inf
    if "negative" in kinds:
        boxes = boxes[:, [2, 3, 0, 1]]
    return replace(found, boxes_px=boxes)


class FaultyPool:
    """A model pool whose answers have faults; everything else of it is the pool's own."""

    def __init__(self, pool: ModelPool, faults: AnswerFaults) -> None:
        self._pool = pool
        self._faults = faults

    def infer(self, frame: Frame) -> Perceived:
        """What the models say about one frame, spoilt."""
        return self._faults.spoil(self._pool.infer(frame))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)
