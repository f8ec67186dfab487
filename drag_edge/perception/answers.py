"""What one frame's models answered, sorted by what it tells: surface, road users, lights, marks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from drag_edge.config.vocabulary import ROAD_MARKS, ROAD_USERS, TRAFFIC_LIGHTS
from drag_edge.inference.results import ClassMap, Detections, Perceived, Result


@dataclass(frozen=True, slots=True)
class Answers:
    """Each kind is None when no model that could tell has answered in this frame."""

    class_map: ClassMap | None
    road_users: tuple[Detections, ...] | None
    lights: tuple[Detections, ...] | None
    marks: tuple[Detections, ...] | None
    failed: bool


def sort_answers(perceived: Perceived) -> Answers:
    """Sort by the vocabulary each detector states; one that states none counts as seeing all it
    has said, and road users where it has said nothing."""
    class_map = None
    detections: list[Detections] = []
    for result in perceived.results.values():
        if isinstance(result, ClassMap):
            class_map = result
        elif isinstance(result, Detections):
            detections.append(result)
    return Answers(
        class_map=class_map,
        road_users=_able(detections, ROAD_USERS, silent=True),
        lights=_able(detections, TRAFFIC_LIGHTS, silent=False),
        marks=_able(detections, ROAD_MARKS, silent=False),
        failed=any(result is None for result in perceived.results.values()),
    )


def tells_road_users(result: Result | None) -> bool:
    """Whether this is the answer of a detector that looks for road users."""
    return isinstance(result, Detections) and _can_say(result, ROAD_USERS, silent=True)


def _able(
    detections: list[Detections], words: Collection[str], silent: bool
) -> tuple[Detections, ...] | None:
    able = tuple(item for item in detections if _can_say(item, words, silent))
    return able or None


def _can_say(item: Detections, words: Collection[str], silent: bool) -> bool:
    vocabulary = item.vocabulary if item.vocabulary is not None else item.labels
    if item.vocabulary is None and not item.labels:
        return silent
    return any(word in words for word in vocabulary)
