"""Where a part of a frame lands in a network's input, and the way back to frame pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Resize = Literal["letterbox", "letterbox_corner", "stretch", "crop"]
Roi = tuple[float, float, float, float]
WHOLE: Roi = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """How one frame size maps to one input size.

    source: x0, y0, x1, y1 of the frame, whole pixels (edges). left, top, width, height: where it
    lies in the input, pixels. input_width, input_height: the input's size.
    Edges map as input = left + (frame - x0)·width/(x1 - x0), and likewise in y.
    """

    source: tuple[int, int, int, int]
    left: int
    top: int
    width: int
    height: int
    input_width: int
    input_height: int
    _way_back: tuple[NDArray[np.float32], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Numbers that every frame needs, as x, y pairs."""
        x0, y0, x1, y1 = self.source
        pairs = ((self.left, self.top), (self.gain_x, self.gain_y), (x0, y0), (x1, y1))
        object.__setattr__(self, "_way_back", tuple(np.array(p, np.float32) for p in pairs))

    @property
    def gain_x(self) -> float:
        """Input pixels per frame pixel."""
        return self.width / (self.source[2] - self.source[0])

    @property
    def gain_y(self) -> float:
        """Input pixels per frame pixel."""
        return self.height / (self.source[3] - self.source[1])

    def points_to_frame(self, points: NDArray[np.float32]) -> None:
        """…×2 input coordinates (edges) → frame coordinates, in place, clipped to `source`."""
        start, gain, low, high = self._way_back
        points -= start
        points /= gain
        points += low
        np.maximum(points, low, out=points)
        np.minimum(points, high, out=points)

    def boxes_to_frame(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """N×4 x0 y0 x1 y1 in the input → in the frame, clipped to `source`."""
        boxes = np.array(boxes, np.float32)
        self.points_to_frame(boxes.reshape(-1, 2, 2))
        return boxes

    def input_region(self) -> tuple[float, float, float, float]:
        """What the whole input covers, padding included: x0, y0, x1, y1 in frame pixels (edges)."""
        x0 = self.source[0] - self.left / self.gain_x
        y0 = self.source[1] - self.top / self.gain_y
        return (x0, y0, x0 + self.input_width / self.gain_x, y0 + self.input_height / self.gain_y)


def place(
    frame_width: int,
    frame_height: int,
    input_width: int,
    input_height: int,
    resize: Resize,
    roi: Roi = WHOLE,
) -> Placement:
    """Place the roi (fractions left, top, right, bottom) of a frame into an input; sizes in pixels.

    letterbox rounds exactly as Ultralytics' LetterBox (8.4, not `auto`) does: scaled size by
    Python's round, and the odd pixel of padding at the right and bottom. letterbox_corner cuts the
    scaled size down to whole pixels, as YOLOX's preproc does.
    """
    source = roi_pixels(frame_width, frame_height, roi)
    if resize == "crop":
        source = _middle(source, input_width / input_height)
    source_width, source_height = source[2] - source[0], source[3] - source[1]
    if resize in ("stretch", "crop"):
        return Placement(source, 0, 0, input_width, input_height, input_width, input_height)
    gain = min(input_height / source_height, input_width / source_width)
    whole = round if resize == "letterbox" else int
    width = max(whole(source_width * gain), 1)
    height = max(whole(source_height * gain), 1)
    left = top = 0
    if resize == "letterbox":
        left = round((input_width - width) / 2 - 0.1)
        top = round((input_height - height) / 2 - 0.1)
    return Placement(source, left, top, width, height, input_width, input_height)


def roi_pixels(frame_width: int, frame_height: int, roi: Roi) -> tuple[int, int, int, int]:
    """The roi in whole pixels, at least one each way."""
    x0 = min(round(roi[0] * frame_width), frame_width - 1)
    y0 = min(round(roi[1] * frame_height), frame_height - 1)
    x1 = max(round(roi[2] * frame_width), x0 + 1)
    y1 = max(round(roi[3] * frame_height), y0 + 1)
    return x0, y0, x1, y1


def _middle(source: tuple[int, int, int, int], aspect: float) -> tuple[int, int, int, int]:
    """The largest part of `source` of that aspect (width over height), from its middle."""
    x0, y0, x1, y1 = source
    width = min(x1 - x0, max(1, round((y1 - y0) * aspect)))
    height = min(y1 - y0, max(1, round((x1 - x0) / aspect)))
    x0 += (x1 - x0 - width) // 2
    y0 += (y1 - y0 - height) // 2
    return x0, y0, x0 + width, y0 + height
