"""When a model is due: by camera, by rate, by every n-th frame."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.config.models import ModelSettings
from drag_edge.frames.frame import Frame

# A frame that comes this share of a period early is taken, so that a camera's jitter does not make
# a model skip every other frame when its rate is the camera's own.
_EARLY = 0.1


@dataclass(slots=True)
class _CameraCount:
    offered: int = 0
    last_run_s: float | None = None


class Schedule:
    """Decides frame by frame, on the frames' own times; one count for each camera."""

    def __init__(self, settings: ModelSettings) -> None:
        self._cameras = settings.cameras
        self._every = settings.every or 1
        self._period_s = 1 / settings.hz if settings.hz is not None else 0.0
        self._counts: dict[str, _CameraCount] = {}

    def due(self, frame: Frame) -> bool:
        """Whether to run on this frame; call once a frame."""
        if self._cameras is not None and frame.camera not in self._cameras:
            return False
        count = self._counts.setdefault(frame.camera, _CameraCount())
        turn = count.offered % self._every == 0
        count.offered += 1
        if not turn or not self._rested(count.last_run_s, frame.time_s):
            return False
        count.last_run_s = frame.time_s
        return True

    def _rested(self, last_run_s: float | None, time_s: float) -> bool:
        if last_run_s is None or time_s < last_run_s:  # a source that started again
            return True
        return time_s - last_run_s >= self._period_s * (1 - _EARLY)
