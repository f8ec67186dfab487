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

    READ_BEYOND bytes behind its last one may be read too; what they are does not matter.
    """

    pointer: int
    width: int
    height: int
    stride_bytes: int


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
        self._image: NDArray[np.uint8] | None = None
        self._frame: DeviceFrame | None = None
        self.uploads = 0

    def put(self, image: NDArray[np.uint8]) -> DeviceFrame:
        """H×W×3 uint8 BGR → the frame on the GPU; the same array again is not copied again.

        Asynchronous: what is put on the stream afterwards sees the picture. Raises ModelError for
        anything that is no such picture.
        """
        if self._frame is not None and image is self._image:
            return self._frame
        require_picture(image)
        if self._image is not None:
            self.next_frame()  # a second picture without a new frame: the first may be in use
        slot = self._slots[self._at]
        height, width, _ = image.shape
        self._frame = DeviceFrame(self._upload(slot, image), width, height, width * 3)
        self._image = image
        self.uploads += 1
        return self._frame

    def next_frame(self) -> None:
        """The work with the last picture is on the stream; the next one goes into the next slot."""
        if self._image is None:
            return
        self._slots[self._at].release()
        self._at = (self._at + 1) % len(self._slots)
        self._image = None
        self._frame = None

    def close(self) -> None:
        """Free everything; idempotent. The stream must be idle."""
        self._image = None
        self._frame = None
        for slot in self._slots:
            slot.free()
        if self._device is not None:
            self._device.free()
            self._device = None

    def _upload(self, slot: _Slot, image: NDArray[np.uint8]) -> int:
        """Put the pixels on their way; the address where the GPU reads them."""
        pixels = slot.hold(image.nbytes).reshape(image.shape)
        if self._mapped:
            np.copyto(pixels, image)
            return slot.device_pointer
        pointer = self._room(image.nbytes)
        stride_bytes = pixels.strides[0]
        rows = max(_CHUNK_BYTES // stride_bytes, 1)
        # The GPU fetches one part while the host writes the next.
        for top in range(0, len(pixels), rows):
            np.copyto(pixels[top : top + rows], image[top : top + rows])
            self._gpu.copy_in(pointer + top * stride_bytes, pixels[top : top + rows])
        return pointer

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
