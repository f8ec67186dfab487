"""THE CUDA context: one, explicit, on one thread, closed in one order.

It is the device's primary context, retained and pushed: the one that TensorRT, torch and every
other user of CUDA's runtime take by themselves, so that nobody in this process can ever work in
another. A context of our own beside it is what kills engines with "invalid resource handle".
This is the only file that knows pycuda.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from drag_edge.inference.closing import CloseStage, CloseTable, one_line
from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu.memory import DeviceMemory, Function, GpuEvent, Module, PinnedArray
from drag_edge.inference.libcuda import CudaCallError, LibCuda

_LOG = logging.getLogger(__name__)
_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING: does not wait for the legacy default stream


class CudaUnavailableError(ModelError):
    """No driver, no GPU or no binding: says which and what to do."""


class CudaMisuseError(RuntimeError):
    """Our own bug: another thread, after close, or somebody changed the context."""


class GpuLostError(Exception):
    """The context is dead for good; only a new process can have another."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """compute: capability. driver_cuda: newest CUDA the driver knows. integrated: shares RAM."""

    name: str
    compute: tuple[int, int]
    memory_bytes: int
    integrated: bool
    driver_cuda: tuple[int, int]

    @property
    def sm(self) -> str:
        """The architecture's name, "sm_87"."""
        return f"sm_{self.compute[0]}{self.compute[1]}"


class Gpu:
    """One context, one thread, one stream. Made by `open`, on the thread that will use it."""

    def __init__(self, driver: Any, library: LibCuda, ordinal: int = 0) -> None:
        self._driver = driver
        self._library = library
        self._thread = threading.get_ident()
        self._thread_name = threading.current_thread().name
        self._closed = False
        self._closing = False
        self._handle = 0
        self.stream_handle = 0
        self._at_close = CloseTable()
        device = driver.Device(ordinal)
        self.device = _describe(driver, device)
        library.ask_for_blocking_waits(ordinal)
        with ExitStack() as undo:
            self._context: Any = device.retain_primary_context()
            undo.callback(self._drop)
            self._context.push()
            undo.callback(self._pop)
            self._handle = library.current_context()
            self._stream: Any = driver.Stream(_NON_BLOCKING)
            self.stream_handle = int(self._stream.handle)
            undo.pop_all()

    @classmethod
    def open(cls, ordinal: int = 0) -> Gpu:
        """Raises CudaUnavailableError where there is no GPU that we can use."""
        # Kernels are loaded when first used; the driver reads this when it is initialised.
        os.environ.setdefault("CUDA_MODULE_LOADING", "LAZY")
        driver = _import_driver()
        try:
            driver.init()
            if driver.Device.count() <= ordinal:
                raise CudaUnavailableError(
                    f"the CUDA driver sees {driver.Device.count()} GPUs and not number {ordinal}"
                )
            return cls(driver, LibCuda.load(), ordinal)
        except (driver.Error, CudaCallError, OSError) as error:
            raise CudaUnavailableError(
                f"the GPU cannot be opened: {one_line(error)}; drag-edge doctor tells more"
            ) from error

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def library(self) -> LibCuda:
        """The driver's own calls, for what is not wrapped here."""
        return self._library

    def check(self) -> None:
        """Raises CudaMisuseError on another thread and after close."""
        if threading.get_ident() != self._thread:
            raise CudaMisuseError(
                f"thread {threading.current_thread().name!r} used the GPU, which belongs to "
                f"thread {self._thread_name!r}"
            )
        if self._closed:
            raise CudaMisuseError("the GPU was used after it was closed")

    def assert_unchanged(self, after: str) -> None:
        """The driver's current context is ours. after: what has just happened, for the message."""
        self.check()
        current = self._library.current_context()
        if current != self._handle:
            raise CudaMisuseError(
                f"after {after} the current CUDA context is {current:#x}, ours is "
                f"{self._handle:#x}: somebody made or left behind a context of their own"
            )

    def call(self, what: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the driver. what: a clause for the error, "memory is freed".

        Raises ModelError, or GpuLostError when the context is dead.
        """
        self.check()
        try:
            return function(*arguments)
        except (self._driver.Error, CudaCallError) as error:
            raise self._translated(what, error) from error

    def raise_if_lost(self, what: str) -> None:
        """Raises GpuLostError if an error has killed the context."""
        self.check()
        if self._library.is_lost(self.stream_handle):
            raise GpuLostError(f"the GPU is lost: {what}")

    def allocate(self, nbytes: int) -> DeviceMemory:
        """Device memory, aligned to 256 bytes at least; not cleared."""
        what = f"{nbytes / 1e6:.1f} MB of GPU memory are allocated"
        return DeviceMemory(self, self.call(what, self._driver.mem_alloc, max(nbytes, 1)), nbytes)

    def pinned(
        self, shape: int | tuple[int, ...], dtype: DTypeLike, mapped: bool = False
    ) -> PinnedArray:
        """Pinned host memory, cleared; mapped: kernels can read it where it lies."""
        flags = self._driver.host_alloc_flags.DEVICEMAP if mapped else 0
        what = "pinned memory is allocated"
        array = self.call(what, self._driver.pagelocked_empty, shape, np.dtype(dtype), "C", flags)
        array[...] = 0
        pointer = int(array.base.get_device_pointer()) if mapped else None
        return PinnedArray(self, array, pointer)

    def module(self, image: bytes) -> Module:
        """Load a cubin or PTX."""
        what = "kernels are loaded"
        return Module(self, self.call(what, self._driver.module_from_buffer, image))

    def launch(
        self,
        function: Function,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        *args: np.generic,
    ) -> None:
        """Put a kernel on the stream. args: numpy scalars, pointers as np.uintp."""
        self.call(function.running, function.launch, grid, block, self._stream, args)

    def copy_in(self, pointer: int, array: NDArray[Any]) -> None:
        """Host to device, on the stream; the array is pinned, contiguous, and stays as it is."""
        self.call("a copy to the GPU", self._driver.memcpy_htod_async, pointer, array, self._stream)

    def copy_out(self, array: NDArray[Any], pointer: int) -> None:
        """Device to host, on the stream; the array is pinned and contiguous."""
        self.call(
            "a copy from the GPU", self._driver.memcpy_dtoh_async, array, pointer, self._stream
        )

    def clear(self, pointer: int, nbytes: int) -> None:
        """Zeros, on the stream."""
        clear = self._driver.memset_d8_async
        self.call("memory is cleared", clear, pointer, 0, nbytes, self._stream)

    def event(self) -> GpuEvent:
        """A mark for the stream; a thread that waits for it sleeps."""
        flags = self._driver.event_flags.BLOCKING_SYNC
        return GpuEvent(self, self.call("an event is made", self._driver.Event, flags))

    def record(self, raw_event: Any) -> None:
        """Put a mark on the stream; `GpuEvent.record` is the way to call it."""
        self.call("an event is recorded", raw_event.record, self._stream)

    def synchronise(self) -> None:
        """Wait for everything on the stream."""
        self.call("the GPU works", self._stream.synchronize)

    def memory_used_bytes(self) -> int:
        """Of the whole device, by every process."""
        free, total = self.call("memory is counted", self._driver.mem_get_info)
        return int(total) - int(free)

    def at_close(self, stage: CloseStage, release: Callable[[], None]) -> Callable[[], None]:
        """Call `release` when the Gpu closes, in that stage; returns what forgets it again."""
        self.check()
        return self._at_close.add(stage, release)

    def at_close_memory(self, release: Callable[[], None]) -> Callable[[], None]:
        """`at_close` for what lies in device or pinned memory."""
        return self.at_close(CloseStage.MEMORY, release)

    def close(self) -> tuple[str, ...]:
        """Free everything, in the documented order; idempotent.

        A step that fails does not stop the others; returns what failed, one line each.
        """
        if self._closed or self._closing:
            return ()
        self.check()
        self._closing = True
        table = self._at_close
        table.attempt("synchronise", self.synchronise)
        table.run()
        self._stream = None
        table.attempt("garbage collection", gc.collect)
        table.attempt("pop", self._pop)
        table.attempt("drop", self._drop)
        self._closed = True
        for problem in table.problems:
            _LOG.error("closing the GPU: %s", problem)
        return tuple(table.problems)

    def _pop(self) -> None:
        try:
            self._context.pop()
        except self._driver.Error:
            # The binding's own stack must be empty when the thread ends, or it aborts the process.
            self._context.detach()
            raise

    def _drop(self) -> None:
        """Release the primary context. The binding leaves it on the driver's stack: off with it."""
        try:
            before = self._library.current_context()
        finally:
            self._context = None
        if self._library.current_context() != before:
            self._library.pop_context()

    def _translated(self, what: str, error: Exception) -> Exception:
        text = f"{what}: {one_line(error)}"
        if self._library.is_lost(self.stream_handle):
            return GpuLostError(f"the GPU is lost: {text}")
        return ModelError(text)


def _import_driver() -> Any:
    try:
        return importlib.import_module("pycuda.driver")
    except ImportError as error:
        if "libcuda" in str(error):
            raise CudaUnavailableError(
                "there is no NVIDIA driver on this machine (libcuda.so.1 is missing): "
                "take the ONNX file, or install the driver"
            ) from error
        if isinstance(error, ModuleNotFoundError):
            what = "pycuda is not installed: pip install 'drag-edge[jetson]'"
        else:
            what = (
                f"pycuda is here but does not load ({one_line(error)}): build it for this "
                "machine's CUDA: pip install --force-reinstall --no-cache-dir --no-deps pycuda"
            )
        raise CudaUnavailableError(what) from error


def _describe(driver: Any, device: Any) -> DeviceInfo:
    major, minor = device.compute_capability()
    version = int(driver.get_driver_version())
    integrated = device.get_attribute(driver.device_attribute.INTEGRATED)
    return DeviceInfo(
        name=str(device.name()),
        compute=(int(major), int(minor)),
        memory_bytes=int(device.total_memory()),
        integrated=bool(integrated),
        driver_cuda=(version // 1000, version % 1000 // 10),
    )
