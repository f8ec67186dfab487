"""Answers that no network can mean: no numbers, boxes of negative size or far out of sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from drag_edge.events import Event
from drag_edge.inference.results import Detections, Perceived, Result

_OUTSIDE = 1.0  # picture widths and heights beyond the picture: farther, nothing can be meant


def without_impossible(
    perceived: Mapping[str, Perceived], time_s: float
) -> tuple[Mapping[str, Perceived], tuple[Event, ...]]:
    """The answers with every impossible one set to None: the model that gave it said nothing.

    One event per answer: model_output_impossible, or model_output_missing for one that was None
    already. The mapping itself comes back when all is well.
    """
    events: list[Event] = []
    changed: dict[str, Perceived] = {}
    for camera, seen in perceived.items():
        refused: dict[str, Result | None] = {}
        for model, result in seen.results.items():
            if result is None:
                detail = f"no answer about {camera}"
                events.append(Event("model_output_missing", model, detail, time_s))
            elif (wrong := _wrong(result, seen)) is not None:
                refused[model] = None
                detail = f"{wrong} ({camera})"
                events.append(Event("model_output_impossible", model, detail, time_s))
        if refused:
            changed[camera] = replace(seen, results={**seen.results, **refused})
    return ({**perceived, **changed} if changed else perceived), tuple(events)


def _wrong(result: Result, seen: Perceived) -> str | None:
    if not isinstance(result, Detections) or len(result.boxes_px) == 0:
        return None
    boxes, scores = result.boxes_px, result.scores
    if not len(boxes) == len(scores) == len(result.labels):
        return "boxes, scores and labels differ in number"
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        return "boxes or scores that are no numbers"
    if not (boxes[:, 2:] >= boxes[:, :2]).all():
        return "boxes of negative size"
    size = np.array((seen.width_px, seen.height_px) * 2, np.float32)
    if not ((boxes >= -_OUTSIDE * size) & (boxes <= (1 + _OUTSIDE) * size)).all():
        return "boxes far outside the picture"
    return None
