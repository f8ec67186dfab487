"""The daemon's inference as the parts use it: a pool on a GPU, and what lies under it.

Everything that the parts know of how the pool is put together is in this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.clock import SystemClock
from drag_edge.config.models import ModelSettings
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference.pool import ModelPool
from drag_edge.inference.results import Classification, ClassMap, Detections, Perceived, Result
from drag_edge.inference.runtimes import Runtimes

_NO_FAULTS = ("model_loaded", "model_classes_unmapped", "model_recovered")


class OursFailedError(Exception):
    """What is being checked did not work; the text is its own events."""


class Session:
    """One pool, the pictures it is fed, and the events it sends.

    switches: as Runtimes takes them (gpu_preprocess, graphs, shared_scratch, mapped).
    """

    def __init__(self, models: Mapping[str, ModelSettings], **switches: Any) -> None:
        self.events: list[Event] = []
        clock = SystemClock()
        self.runtimes = Runtimes(self.events.append, clock, **switches)
        self.pool = ModelPool(models, clock, self.events.append, self.runtimes)
        self._index = 0

    @property
    def gpu(self) -> Any:
        """The open Gpu. Raises OursFailedError while nothing has needed one."""
        if self.runtimes.gpu is None:
            raise OursFailedError("no engine has opened the GPU; " + self.faults())
        return self.runtimes.gpu

    def infer(self, image: NDArray[np.uint8], camera: str = "front") -> Perceived:
        """One frame through every model that is due."""
        frame = Frame(camera, self._index, self._index / 20, image)
        self._index += 1
        return self.pool.infer(frame)

    def models(self) -> Mapping[str, Any]:
        """The loaded models by name."""
        return self.pool.models()

    def engines(self) -> Mapping[str, Any]:
        """Their engines."""
        return {name: model.engine for name, model in self.models().items()}

    def faults(self) -> str:
        """The events that are not everyday ones, on one line; "" if there were none."""
        return "; ".join(
            f"{event.name} {event.source}: {event.detail}"
            for event in self.events
            if event.name not in _NO_FAULTS
        )

    def close(self) -> None:
        """Everything, in the order that the daemon closes it."""
        self.pool.close()
        self.runtimes.close()


@contextmanager
def session(models: Mapping[str, ModelSettings], **switches: Any) -> Iterator[Session]:
    """Open, and close whatever happens."""
    opened = Session(models, **switches)
    try:
        yield opened
    finally:
        opened.close()


def require_results(perceived: Perceived, opened: Session) -> None:
    """Raises OursFailedError when a model gave nothing."""
    silent = [name for name, result in perceived.results.items() if result is None]
    if silent:
        raise OursFailedError(f"no result of {', '.join(silent)}: {opened.faults() or 'no event'}")


def same(one: Result | None, other: Result | None) -> bool:
    """Whether two results are equal to the bit."""
    if isinstance(one, ClassMap) and isinstance(other, ClassMap):
        return np.array_equal(one.classes, other.classes) and one.region_px == other.region_px
    if isinstance(one, Detections) and isinstance(other, Detections):
        return (
            one.labels == other.labels
            and np.array_equal(one.boxes_px, other.boxes_px)
            and np.array_equal(one.scores, other.scores)
        )
    if isinstance(one, Classification) and isinstance(other, Classification):
        return one.labels == other.labels and np.array_equal(one.scores, other.scores)
    return False


def copied(result: Result | None) -> Result | None:
    """A copy that no later run can change, to compare with."""
    if isinstance(result, ClassMap):
        return ClassMap(result.classes.copy(), result.region_px)
    if isinstance(result, Detections):
        return Detections(result.boxes_px.copy(), result.scores.copy(), result.labels)
    if isinstance(result, Classification):
        return Classification(result.labels, result.scores.copy())
    return None
