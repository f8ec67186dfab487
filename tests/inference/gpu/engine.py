"""An engine whose outputs a test writes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.engine import TensorSpec
from tests.inference.gpu.host_gpu import HostGpu


class WrittenEngine:
    """Its outputs lie in device memory, where `write` puts them."""

    def __init__(self, gpu: HostGpu, outputs: Mapping[str, NDArray]) -> None:
        self.outputs = tuple(
            TensorSpec(name, array.shape, array.dtype) for name, array in outputs.items()
        )
        self._memories = {name: gpu.allocate(array.nbytes) for name, array in outputs.items()}
        self.output_pointers = {name: memory.pointer for name, memory in self._memories.items()}
        self.write(outputs)

    def write(self, outputs: Mapping[str, NDArray]) -> None:
        for name, array in outputs.items():
            self._memories[name].array[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)

    def spoil(self) -> None:
        """What the next run does to the outputs of this one."""
        for memory in self._memories.values():
            memory.array[:] = 0xFF
