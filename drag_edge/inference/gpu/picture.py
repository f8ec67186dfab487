"""From a frame on the GPU to one network's input tensor, by one kernel.

The host computes the weights of the scaling once for each frame size, the kernel does the rest.
Both follow OpenCV's INTER_LINEAR for uint8 (imgproc/src/resize.cpp): the tensor is the CPU's.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.gpu.frames import DeviceFrame
from drag_edge.inference.gpu.kernels import Kernels, kernel_for
from drag_edge.inference.letterbox import Placement, place
from drag_edge.inference.preprocess import InputRecipe, normalisation

_WEIGHT_ONE = 2048
_TAP_BYTES = 8
_MOST_SIZES = 16
_LARGEST_SIDE = 65535


class PictureStep:
    """Fills one engine's input (1×3×H×W float32, float16 or uint8) from frames on the GPU.

    generation changes when captured graphs with this step hold addresses that are no longer right.
    """

    def __init__(
        self, kernels: Kernels, recipe: InputRecipe, spec: TensorSpec, pointer: int
    ) -> None:
        self.generation = 0
        self._kernels = kernels
        self._kernel = kernel_for(kernels, "picture", spec.dtype)
        self._recipe = recipe
        _, _, self._height, self._width = spec.shape
        self._pointer = pointer
        self._prepared: dict[tuple[int, int], _Prepared] = {}

    def place(self, width: int, height: int) -> Placement:
        """Where such a frame's pixels go; the first call for a size prepares it (not capturable).

        Raises ModelError for one that is too large.
        """
        return self._prepare(width, height).placement

    def enqueue(self, frame: DeviceFrame) -> None:
        """Put the work on the stream; `place` was called for this frame's size before."""
        prepared = self._prepared[frame.width, frame.height]
        x0, y0, _, _ = prepared.placement.source
        part = np.uintp(frame.pointer + y0 * frame.stride_bytes + 3 * x0)
        arguments = (part, np.int32(frame.stride_bytes), *prepared.arguments)
        self._kernels.over_pixels(self._kernel, self._width, self._height, arguments)

    def close(self) -> None:
        """Free everything; idempotent. The stream must be idle."""
        for prepared in self._prepared.values():
            prepared.release.close()
        self._prepared.clear()

    def _prepare(self, frame_width: int, frame_height: int) -> _Prepared:
        prepared = self._prepared.get((frame_width, frame_height))
        if prepared is not None:
            return prepared
        if max(frame_width, frame_height) > _LARGEST_SIDE:
            raise ModelError(f"a picture of {frame_width}×{frame_height} is too large for the GPU")
        if len(self._prepared) >= _MOST_SIZES:
            self._kernels.gpu.synchronise()
            self.close()
            self.generation += 1
        recipe = self._recipe
        placement = place(
            frame_width, frame_height, self._width, self._height, recipe.resize, recipe.roi
        )
        prepared = self._upload(placement)
        self._prepared[frame_width, frame_height] = prepared
        return prepared

    def _upload(self, placement: Placement) -> _Prepared:
        """The weights of every column and row go onto the stream, ahead of the first picture."""
        x0, y0, x1, y1 = placement.source
        taps = np.concatenate(
            (column_taps(x1 - x0, placement.width), row_taps(y1 - y0, placement.height))
        )
        gpu = self._kernels.gpu
        with ExitStack() as undo:
            # The copy is asynchronous: its source stays.
            pinned = gpu.pinned(taps.shape, taps.dtype)
            undo.callback(pinned.free)
            pinned.array[...] = taps
            memory = gpu.allocate(taps.nbytes)
            undo.callback(memory.free)
            gpu.copy_in(memory.pointer, pinned.array)
            return _Prepared(placement, self._arguments(placement, memory.pointer), undo.pop_all())

    def _arguments(self, placement: Placement, taps: int) -> tuple[Any, ...]:
        """The kernel's arguments after the frame's own."""
        rgb = self._recipe.rgb
        gain, offset = (n[::-1] if rgb else n for n in normalisation(self._recipe))
        rows = taps + placement.width * _TAP_BYTES
        numbers = (
            *(placement.left, placement.top, placement.width, placement.height),
            *(placement.input_width, placement.input_height, self._recipe.pad),
            *((2, -1) if rgb else (0, 1)),
        )
        return (
            np.uintp(taps),
            np.uintp(rows),
            *map(np.int32, numbers),
            *gain,
            *offset,
            np.uintp(self._pointer),
        )


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What one frame size needs; `release` holds its memory."""

    placement: Placement
    arguments: tuple[Any, ...]
    release: ExitStack


def column_taps(source: int, target: int) -> NDArray[np.uint16]:
    """target×4: left and right source column, their weights in 1/2048; beyond an edge, the edge."""
    first, fraction = _positions(source, target)
    fraction[(first < 0) | (first >= source - 1)] = 0
    return _taps(first, fraction, source)


def row_taps(source: int, target: int) -> NDArray[np.uint16]:
    """target×4: upper and lower source row and weights; beyond an edge both rows are the edge.

    The weights stay there as they are, unlike with columns: OpenCV's sums are cut, not rounded, so
    it makes a difference.
    """
    first, fraction = _positions(source, target)
    return _taps(first, fraction, source)


def _positions(source: int, target: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Where each target pixel's centre lies between source pixels: whole and fractional part."""
    scale = 1 / (target / source)
    position = ((np.arange(target) + 0.5) * scale - 0.5).astype(np.float32)
    whole = np.floor(position)
    return whole.astype(np.int64), position - whole


def _taps(
    first: NDArray[np.int64], fraction: NDArray[np.float32], source: int
) -> NDArray[np.uint16]:
    one = np.float32(1)
    weights = np.rint(np.stack((one - fraction, fraction)) * np.float32(_WEIGHT_ONE))
    pixels = np.stack((first, first + 1)).clip(0, source - 1)
    return np.ascontiguousarray(np.concatenate((pixels, weights)).T.astype(np.uint16))
