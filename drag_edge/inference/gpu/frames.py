"""A camera's picture onto the GPU, once for all models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.preprocess import require_picture

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu
    from drag_edge.inference.gpu.memory import DeviceMemory, GpuEvent, PinnedArray

READ_BEYOND = 8
_SLOTS = 2
_CHUNK_BYTES = 1_000_000

Part = tuple[int, int, int, int]
"""Of a picture, whole pixels (edges): x0, y0, x1, y1."""


@dataclass(frozen=True, slots=True)
class DeviceFrame:
    """A picture where the GPU reads it: uint8 BGR, rows of `stride_bytes`.

    READ_BEYOND bytes behind a row of what was asked for may be read too; what they are does not
    matter.
    """

    pointer: int
    width: int
    height: int
    stride_bytes: int


@dataclass(slots=True)
class _Picture:
    """The present picture, its pinned copy, and which part of it is on its way."""

    image: NDArray[np.uint8]
    pixels: NDArray[np.uint8]
    frame: DeviceFrame
    sent: Part | None = None


class FrameUpload:
    """Puts each frame where the GPU can read it, once for all models.

    mapped: the GPU reads the pinned host memory itself, which is right where both share one memory;
    None: as the GPU is. Otherwise the picture is copied into the GPU's own memory. Frames go
    through two slots in turn, so that their addresses stay few and captured graphs stay true.
    """

    def __init__(self, gpu: Gpu, mapped: bool | None = None) -> None:
        self._gpu = gpu
        self._mapped = gpu.device.integrated if mapped is None else mapped
        self._slots = [_Slot(gpu, self._mapped) for _ in range(_SLOTS)]
        self._at = 0
        self._device: DeviceMemory | None = None
        self._current: _Picture | None = None
        self.uploads = 0

    def put(self, image: NDArray[np.uint8], part: Part | None = None) -> DeviceFrame:
        """H×W×3 uint8 BGR → the frame on the GPU; of the same array only what is new is copied.

        part: what will be read, at least one pixel; None: all. Asynchronous: what is put on the
        stream afterwards sees the picture. Raises ModelError for anything that is no such picture.
        """
        current = self._current
        if current is None or image is not current.image:
            current = self._begin(image)
        wanted = part or (0, 0, current.frame.width, current.frame.height)
        if current.sent is None:
            self._upload(current, wanted)
            current.sent = wanted
        else:
            for missing in _around(current.sent, wanted):
                self._upload(current, missing)
            current.sent = _union(current.sent, wanted)
        return current.frame

    def next_frame(self) -> None:
        """The work with the last picture is on the stream; the next one goes into the next slot."""
        if self._current is None:
            return
        self._slots[self._at].release()
        self._at = (self._at + 1) % len(self._slots)
        self._current = None

    def close(self) -> None:
        """Free everything; idempotent. The stream must be idle."""
        self._current = None
        for slot in self._slots:
            slot.free()
        if self._device is not None:
            self._device.free()
            self._device = None

    def _begin(self, image: NDArray[np.uint8]) -> _Picture:
        """Room for a new picture, on both sides."""
        require_picture(image)
        self.next_frame()  # a second picture without a new frame: the first may be in use
        slot = self._slots[self._at]
        pixels = slot.hold(image.nbytes).reshape(image.shape)
        pointer = slot.device_pointer if self._mapped else self._room(image.nbytes)
        height, width, _ = image.shape
        frame = DeviceFrame(pointer, width, height, width * 3)
        self._current = _Picture(image, pixels, frame)
        self.uploads += 1
        return self._current

    def _upload(self, picture: _Picture, part: Part) -> None:
        """Put this part on its way; the copy onto the GPU takes whole rows."""
        x0, y0, x1, y1 = part
        frame = picture.frame
        rows = y1 - y0 if self._mapped else max(_CHUNK_BYTES // frame.stride_bytes, 1)
        # The GPU fetches one piece while the host writes the next.
        for top in range(y0, y1, rows):
            piece = slice(top, min(top + rows, y1))
            np.copyto(picture.pixels[piece, x0:x1], picture.image[piece, x0:x1])
            if not self._mapped:
                pointer = frame.pointer + top * frame.stride_bytes
                self._gpu.copy_in(pointer, picture.pixels[piece])

    def _room(self, nbytes: int) -> int:
        """Where the GPU keeps a picture of that size: one place for all, grown when needed."""
        room = nbytes + READ_BEYOND
        if self._device is None or self._device.nbytes < room:
            if self._device is not None:
                self._gpu.synchronise()
                self._device.free()
                self._device = None
            self._device = self._gpu.allocate(room)
        return self._device.pointer


def _union(one: Part, other: Part) -> Part:
    """The smallest part that holds both."""
    x0, y0 = map(min, one[:2], other[:2])
    x1, y1 = map(max, one[2:], other[2:])
    return x0, y0, x1, y1


def _around(sent: Part, wanted: Part) -> Iterator[Part]:
    """What the union of both has beside `sent`: above, below, left, right."""
    x0, y0, x1, y1 = _union(sent, wanted)
    left, top, right, bottom = sent
    bands = (
        (x0, y0, x1, top),
        (x0, bottom, x1, y1),
        (x0, top, left, bottom),
        (right, top, x1, bottom),
    )
    return (band for band in bands if band[0] < band[2] and band[1] < band[3])


class _Slot:
    """Pinned memory of one frame, and the moment when the GPU needs it no longer."""

    def __init__(self, gpu: Gpu, mapped: bool) -> None:
        self._gpu = gpu
        self._mapped = mapped
        self._pinned: PinnedArray | None = None
        self._done: GpuEvent | None = None
        self._busy = False

    @property
    def device_pointer(self) -> int:
        """Where the GPU sees this memory (mapped slots that hold something only)."""
        if self._pinned is None or self._pinned.device_pointer is None:
            raise ValueError("this slot holds nothing that the GPU sees")
        return self._pinned.device_pointer

    def hold(self, nbytes: int) -> NDArray[np.uint8]:
        """nbytes of pinned memory that nothing on the GPU reads any more."""
        if self._busy and self._done is not None:
            self._done.wait()
        self._busy = False
        room = nbytes + READ_BEYOND
        if self._pinned is None or self._pinned.array.nbytes < room:
            if self._pinned is not None:
                self._pinned.free()
                self._pinned = None
            self._pinned = self._gpu.pinned((room,), np.uint8, mapped=self._mapped)
        pixels: NDArray[np.uint8] = self._pinned.array[:nbytes]
        return pixels

    def release(self) -> None:
        """Everything that reads this slot is on the stream by now."""
        if self._done is None:
            self._done = self._gpu.event()
        self._done.record()
        self._busy = True

    def free(self) -> None:
        if self._pinned is not None:
            self._pinned.free()
            self._pinned = None
        if self._done is not None:
            self._done.free()
            self._done = None
        self._busy = False
