"""From a frame on the GPU to one network's input tensor, by one kernel."""

from __future__ import annotations

from drag_edge.inference.engine import TensorSpec
from drag_edge.inference.gpu.frames import DeviceFrame
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.preprocess import InputRecipe


class PictureStep:
    """Fills one engine's input (1×3×H×W float32, float16 or uint8) from frames on the GPU.

    generation changes when captured graphs with this step hold addresses that are no longer right.
    """

    def __init__(
        self, kernels: Kernels, recipe: InputRecipe, spec: TensorSpec, pointer: int
    ) -> None:
        self.generation = 0
        raise NotImplementedError

    def place(self, frame: DeviceFrame) -> Placement:
        """Where this frame's pixels go; the first call for a size prepares it (not capturable)."""
        raise NotImplementedError

    def enqueue(self, frame: DeviceFrame) -> None:
        """Put the work on the stream; `place` was called for this frame's size before."""
        raise NotImplementedError

    def close(self) -> None:
        """Free everything; idempotent. The stream must be idle."""
