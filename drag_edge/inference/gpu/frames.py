"""A camera's picture onto the GPU, once for all models."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class DeviceFrame:
    """A picture where the GPU reads it: uint8 BGR, rows of `stride_bytes`.

    READ_BEYOND bytes behind a row that was asked for may be read too; what they are does not
    matter.
    """

    pointer: int
    width: int
    height: int
    stride_bytes: int


@dataclass(slots=True)
class _Picture:
    """The present picture, its pinned copy, and which rows of it are on their way."""

    image: NDArray[np.uint8]
    pixels: NDArray[np.uint8]
    frame: DeviceFrame
    top: int = 0
    end: int = 0


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

    def put(self, image: NDArray[np.uint8], rows: tuple[int, int] | None = None) -> DeviceFrame:
        """H×W×3 uint8 BGR → the frame on the GPU; of the same array only new rows are copied.

        rows: first and end of those that will be read, at least one; None: all. Asynchronous: what
        is put on the stream afterwards sees the picture. Raises ModelError for anything that is no
        such picture.
        """
        current = self._current
        if current is None or image is not current.image:
            current = self._begin(image)
        top, end = rows or (0, current.frame.height)
        if current.top == current.end:
            self._upload(current, top, end)
            current.top, current.end = top, end
        if top < current.top:
            self._upload(current, top, current.top)
            current.top = top
        if end > current.end:
            self._upload(current, current.end, end)
            current.end = end
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

    def _upload(self, picture: _Picture, top: int, end: int) -> None:
        """Put these rows on their way."""
        frame = picture.frame
        rows = end - top if self._mapped else max(_CHUNK_BYTES // frame.stride_bytes, 1)
        # The GPU fetches one part while the host writes the next.
        for first in range(top, end, rows):
            part = slice(first, min(first + rows, end))
            np.copyto(picture.pixels[part], picture.image[part])
            if not self._mapped:
                pointer = frame.pointer + first * frame.stride_bytes
                self._gpu.copy_in(pointer, picture.pixels[part])

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
