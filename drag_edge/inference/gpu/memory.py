"""What lives on the GPU, one small object for each kind; `Gpu` makes them and sees that they go.

Every object is freed by its own `free` (idempotent) or, if forgotten, when the Gpu closes; never by
the garbage collector at a time and on a thread of its own choosing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.gpu.patience import Patience


class Owner(Protocol):
    """What they need of the `Gpu` that made them."""

    def call(self, what: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the driver."""

    def record(self, raw_event: Any) -> None:
        """Put a mark on the stream."""

    def at_close_memory(self, release: Callable[[], None]) -> Callable[[], None]:
        """Release when the Gpu closes; returns what forgets it again."""


class DeviceMemory:
    """A block of device memory. pointer: its address. nbytes: its size."""

    def __init__(self, gpu: Owner, allocation: Any, nbytes: int) -> None:
        self.pointer = int(allocation)
        self.nbytes = nbytes
        self._gpu = gpu
        self._allocation = allocation
        self._forget = gpu.at_close_memory(self._release)

    def free(self) -> None:
        """Give the memory back; idempotent."""
        self._forget()
        self._release()

    def _release(self) -> None:
        allocation, self._allocation = self._allocation, None
        if allocation is not None:
            self.pointer = 0
            self._gpu.call("memory is freed", allocation.free)


class PinnedArray:
    """Host memory that the GPU reads and writes directly. array: the host's view of it.

    device_pointer: where a mapped array lies for a kernel; None if it is not mapped.
    """

    def __init__(self, gpu: Owner, array: NDArray[Any], device_pointer: int | None) -> None:
        self.array = array
        self.device_pointer = device_pointer
        self._gpu = gpu
        self._allocation: Any = array.base
        self._forget = gpu.at_close_memory(self._release)

    def free(self) -> None:
        """Give the memory back; idempotent. Arrays that were taken from it must not be used."""
        self._forget()
        self._release()

    def _release(self) -> None:
        allocation, self._allocation = self._allocation, None
        if allocation is not None:
            self.array = np.empty(0, self.array.dtype)
            self.device_pointer = None
            self._gpu.call("pinned memory is freed", allocation.free)


class Function:
    """A kernel, ready to be launched by `Gpu.launch`."""

    def __init__(self, name: str, raw: Any) -> None:
        self.name = name
        self.running = f"kernel {name!r} runs"
        self._raw = raw
        self._types: tuple[type, ...] = ()

    def launch(
        self, grid: tuple[int, int, int], block: tuple[int, int, int], stream: Any, args: Any
    ) -> None:
        """Put it on the stream. args: numpy scalars, of the same types at each launch."""
        types = tuple(map(type, args))
        if types != self._types:
            self._raw.prepare(types)
            self._types = types
        self._raw.prepared_async_call(grid, block, stream, *args)


class Module:
    """Compiled kernels."""

    def __init__(self, gpu: Owner, raw: Any) -> None:
        self._gpu = gpu
        self._raw = raw
        self._functions: list[Function] = []
        self._forget = gpu.at_close_memory(self._release)

    def function(self, name: str) -> Function:
        """A kernel by its name. Raises ModelError if the module has none of that name."""
        raw = self._gpu.call(f"kernel {name!r} is looked up", self._raw.get_function, name)
        function = Function(name, raw)
        self._functions.append(function)
        return function

    def free(self) -> None:
        """Unload; idempotent. None of its functions may be launched any more."""
        self._forget()
        self._release()

    def _release(self) -> None:
        for function in self._functions:
            function._raw = None
        self._functions.clear()
        self._raw = None


class GpuEvent:
    """A mark on the stream."""

    def __init__(self, gpu: Owner, raw: Any) -> None:
        self._gpu = gpu
        self._raw = raw
        self._patience = Patience()
        self._forget: Callable[[], None] = gpu.at_close_memory(self._release)

    def record(self) -> None:
        """The mark stands after everything that is on the stream now."""
        self._gpu.record(self._raw)
        self._patience.begin()

    def wait(self) -> None:
        """Until the GPU has passed the mark. Raises what the work before it raised."""
        raw = self._raw
        self._gpu.call("the GPU works", self._patience.wait, raw.query, raw.synchronize)

    def ms_since(self, earlier: GpuEvent) -> float:
        """Milliseconds of the GPU's own time between two marks, both passed."""
        elapsed: float = self._gpu.call("time is taken", self._raw.time_since, earlier._raw)
        return elapsed

    def free(self) -> None:
        """Give it back; idempotent."""
        self._forget()
        self._release()

    def _release(self) -> None:
        self._raw = None
