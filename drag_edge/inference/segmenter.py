"""From a segmenter's logits to one uint8 class map at the network's own size.

The CPU's counterpart of the segmenter on the GPU, where the arg max runs beside the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.vocabulary import BACKGROUND_ID
from drag_edge.inference.finite import CLASS_SCORES, require_finite
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.results import ClassMap


@dataclass(frozen=True, slots=True)
class Head:
    """One output: 1×c×h×w scores (c ≥ 2), or a map of class ids (integers, 1×h×w or 1×1×h×w).

    surfaces: channel or class id → value of SURFACE_IDS; what is not listed is background.
    """

    output: str
    surfaces: Mapping[int, int]


class Segmenter:
    """Paints the heads' winners into one class map; a lane line lies on top of everything."""

    def __init__(self, heads: tuple[Head, ...]) -> None:
        self.heads = heads
        self._tables = {head.output: surface_table(head) for head in heads}

    def decode(self, outputs: Mapping[str, NDArray[Any]], placement: Placement) -> ClassMap:
        """Outputs of one run → a fresh map; nothing in it belongs to the engine.

        Raises OutputInvalidError where a pixel's best score is NaN or infinite.
        """
        merged: NDArray[np.uint8] | None = None
        for head in self.heads:
            painted = self._paint(head, outputs[head.output])
            merged = painted if merged is None else _merge(merged, painted)
        if merged is None:
            raise ValueError("a segmenter has at least one head")
        return ClassMap(merged, placement.input_region())

    def _paint(self, head: Head, output: NDArray[Any]) -> NDArray[np.uint8]:
        if np.issubdtype(output.dtype, np.integer):
            ids = output.reshape(output.shape[-2:]).astype(np.uint8)
            painted: NDArray[np.uint8] = self._tables[head.output][ids]
            return painted
        return _paint_scores(output[0], head.surfaces)


def _paint_scores(scores: NDArray[Any], surfaces: Mapping[int, int]) -> NDArray[np.uint8]:
    """Arg max over the first axis, channel by channel: an eighth of what numpy's costs.

    Of equal scores the lower channel wins, as in numpy's arg max.
    """
    ids = [surfaces.get(channel, BACKGROUND_ID) for channel in range(len(scores))]
    painted: NDArray[np.uint8] = (scores[1] > scores[0]).view(np.uint8)
    if ids[:2] != [0, 1]:
        painted = np.array(ids[:2], np.uint8)[painted]
    best = np.maximum(scores[0], scores[1])
    for channel in range(2, len(scores)):
        np.putmask(painted, scores[channel] > best, ids[channel])
        np.maximum(best, scores[channel], out=best)
    require_finite(best, CLASS_SCORES)  # a NaN survives the maximum
    return painted


def _merge(below: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A lane line beats drivable beats background: SURFACE_IDS are in that order."""
    return np.maximum(below, above, out=below)


def surface_table(head: Head) -> NDArray[np.uint8]:
    """256 surface ids, by channel or class id."""
    table = np.full(256, BACKGROUND_ID, np.uint8)
    for class_id, surface in head.surfaces.items():
        if 0 <= class_id < 256:
            table[class_id] = surface
    return table
