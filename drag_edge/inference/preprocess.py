"""From a camera's picture to a network's input tensor, without a copy too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.engine import ModelError
from drag_edge.inference.letterbox import WHOLE, Placement, Resize, Roi, place


@dataclass(frozen=True, slots=True)
class InputRecipe:
    """How a network wants its pictures: value = (pixel·scale - mean) / std, channel by channel.

    rgb: red first, else blue first. mean, std: in the input's channel order. pad: grey level
    (0-255) around a letterboxed picture.
    """

    resize: Resize
    roi: Roi = WHOLE
    rgb: bool = True
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pad: int = 114


class Preprocessor:
    """Fills one engine's input buffer (1×3×H×W float32, float16 or uint8) from BGR pictures."""

    def __init__(self, recipe: InputRecipe, buffer: NDArray[Any]) -> None:
        _, _, height, width = buffer.shape
        self._recipe = recipe
        self._buffer = buffer
        self._float = buffer if buffer.dtype == np.float32 else np.empty(buffer.shape, np.float32)
        # OpenCV splits blue, green, red: for an rgb network straight into the reversed planes.
        self._planes = np.empty((3, height, width), np.uint8)
        self._split = [*self._planes[::-1]] if recipe.rgb else [*self._planes]
        self._canvas = np.empty((height, width, 3), np.uint8)
        self._picture = self._canvas  # the part of the canvas that the frame fills
        self._placement: Placement | None = None
        self._frame_size = (0, 0)
        gain, offset = normalisation(recipe)
        self._gain = _by_channel(gain, neutral=1)
        self._offset = _by_channel(offset, neutral=0)

    def fill(self, image: NDArray[np.uint8]) -> Placement:
        """Put an H×W×3 uint8 BGR picture into the buffer; returns where its pixels went.

        Raises ModelError for anything else.
        """
        require_picture(image)
        placement = self._place(image.shape[1], image.shape[0])
        x0, y0, x1, y1 = placement.source
        part = image[y0:y1, x0:x1]
        if part.shape[:2] == self._picture.shape[:2]:
            np.copyto(self._picture, part)
        else:
            # dst has the right size and type, so OpenCV writes into it and allocates nothing.
            size = (placement.width, placement.height)
            cv2.resize(part, size, dst=self._picture, interpolation=cv2.INTER_LINEAR)
        self._normalise()
        return placement

    def _place(self, frame_width: int, frame_height: int) -> Placement:
        """The placement of this frame size; it changes only when the camera or its size does."""
        if self._placement is not None and self._frame_size == (frame_width, frame_height):
            return self._placement
        height, width = self._canvas.shape[:2]
        recipe = self._recipe
        placement = place(frame_width, frame_height, width, height, recipe.resize, recipe.roi)
        self._canvas[:] = recipe.pad
        self._picture = self._canvas[
            placement.top : placement.top + placement.height,
            placement.left : placement.left + placement.width,
        ]
        self._placement = placement
        self._frame_size = (frame_width, frame_height)
        return placement

    def _normalise(self) -> None:
        """Canvas (HWC uint8 BGR) → buffer (CHW, the network's order and numbers)."""
        cv2.split(self._canvas, self._split)
        # Convert, then scale in place: a quarter faster than one pass that does both, and all
        # planes at once saves as much again.
        np.copyto(self._float[0], self._planes)
        if self._gain is not None:
            np.multiply(self._float, self._gain, out=self._float)
        if self._offset is not None:
            np.add(self._float, self._offset, out=self._float)
        if self._float is not self._buffer:
            np.copyto(self._buffer, self._float, casting="unsafe")


def require_picture(image: NDArray[np.uint8]) -> None:
    """Raise ModelError if it is not H×W×3 uint8.

    OpenCV would otherwise write elsewhere and leave the last picture where it was.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ModelError(f"a picture of {image.shape} {image.dtype} is not H×W×3 uint8")


def normalisation(recipe: InputRecipe) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """gain and offset of each channel of the input: value = pixel·gain + offset."""
    deviation = np.asarray(recipe.std, np.float64)
    gain = recipe.scale / deviation
    offset = -np.asarray(recipe.mean, np.float64) / deviation
    return gain.astype(np.float32), offset.astype(np.float32)


def _by_channel(values: NDArray[np.float32], neutral: float) -> NDArray[np.float32] | None:
    """For broadcasting over 1×3×H×W: a scalar if the channels agree, None if it changes nothing."""
    if (values == neutral).all():
        return None
    if (values == values[0]).all():
        return values[0:1].reshape(())
    return values.reshape(3, 1, 1)
