"""The few calls of the CUDA driver that our Python binding does not have, by ctypes.

Thin: each method is one driver call. Failures raise CudaCallError with the driver's own words.
"""

from __future__ import annotations

import ctypes
from typing import Any

_SUCCESS = 0
_BLOCKING_SYNC = 0x04  # CU_CTX_SCHED_BLOCKING_SYNC
_CAPTURE_THREAD_LOCAL = 1  # CU_STREAM_CAPTURE_MODE_THREAD_LOCAL

# After these every call of the process fails: the context is dead and cannot be made anew.
STICKY_CODES = frozenset(
    {
        4,  # CUDA_ERROR_DEINITIALIZED
        214,  # ECC_UNCORRECTABLE
        220,  # NVLINK_UNCORRECTABLE
        700,  # ILLEGAL_ADDRESS
        702,  # LAUNCH_TIMEOUT
        709,  # CONTEXT_IS_DESTROYED
        710,  # ASSERT
        714,  # HARDWARE_STACK_ERROR
        715,  # ILLEGAL_INSTRUCTION
        716,  # MISALIGNED_ADDRESS
        717,  # INVALID_ADDRESS_SPACE
        718,  # INVALID_PC
        719,  # LAUNCH_FAILED
        721,  # CONTAINED, and its kind in newer drivers
        999,  # UNKNOWN
    }
)


class CudaCallError(Exception):
    """A driver call that failed. code: the CUresult."""

    def __init__(self, call: str, code: int, words: str) -> None:
        super().__init__(f"{call} failed: {words} ({code})")
        self.code = code


class LibCuda:
    """libcuda.so.1 of this process; the very library that everybody else here uses."""

    def __init__(self, library: Any) -> None:
        self._library = library
        # Looked up once: the hot one must not search for its symbol every frame.
        self._launch = _typed(library.cuGraphLaunch, ctypes.c_void_p, ctypes.c_void_p)

    @classmethod
    def load(cls) -> LibCuda:
        """Raises OSError where there is no driver."""
        return cls(ctypes.CDLL("libcuda.so.1"))

    def current_context(self) -> int:
        """The handle of the context that is current to this thread, 0 if none is."""
        context = ctypes.c_void_p()
        self._call("cuCtxGetCurrent", ctypes.byref(context))
        return context.value or 0

    def pop_context(self) -> None:
        """Take the current context off this thread."""
        self._call("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))

    def ask_for_blocking_waits(self, ordinal: int) -> bool:
        """A thread that waits for the GPU sleeps, if nobody uses the primary context yet."""
        device = ctypes.c_int()
        self._call("cuDeviceGet", ctypes.byref(device), ctypes.c_int(ordinal))
        name = "cuDevicePrimaryCtxSetFlags_v2"
        if not hasattr(self._library, name):
            name = "cuDevicePrimaryCtxSetFlags"
        return int(getattr(self._library, name)(device, ctypes.c_uint(_BLOCKING_SYNC))) == _SUCCESS

    def is_lost(self, stream: int) -> bool:
        """Whether an error has killed the context for good."""
        code = int(self._library.cuStreamQuery(ctypes.c_void_p(stream)))
        return code in STICKY_CODES

    def begin_capture(self, stream: int) -> None:
        """From now on what this thread puts on the stream is recorded, not run."""
        name = "cuStreamBeginCapture_v2"
        self._call(name, ctypes.c_void_p(stream), ctypes.c_int(_CAPTURE_THREAD_LOCAL))

    def end_capture(self, stream: int) -> int:
        """The recorded graph. Raises CudaCallError if the capture was broken; it is over anyway."""
        graph = ctypes.c_void_p()
        self._call("cuStreamEndCapture", ctypes.c_void_p(stream), ctypes.byref(graph))
        return graph.value or 0

    def instantiate(self, graph: int) -> int:
        """A graph that can be launched. The call has had several forms over the years."""
        executable = ctypes.c_void_p()
        where, what = ctypes.byref(executable), ctypes.c_void_p(graph)
        if hasattr(self._library, "cuGraphInstantiateWithFlags"):  # CUDA 11.4
            self._call("cuGraphInstantiateWithFlags", where, what, ctypes.c_ulonglong(0))
        else:
            nothing = (ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t(0))
            self._call("cuGraphInstantiate_v2", where, what, *nothing)
        return executable.value or 0

    def launch(self, executable: int, stream: int) -> None:
        """Put the whole graph on the stream."""
        code = self._launch(executable, stream)
        if code != _SUCCESS:
            raise self._error("cuGraphLaunch", code)

    def destroy_executable(self, executable: int) -> None:
        """Free what `instantiate` made."""
        self._call("cuGraphExecDestroy", ctypes.c_void_p(executable))

    def destroy_graph(self, graph: int) -> None:
        """Free what `end_capture` made."""
        self._call("cuGraphDestroy", ctypes.c_void_p(graph))

    def _call(self, name: str, *arguments: Any) -> None:
        code = int(getattr(self._library, name)(*arguments))
        if code != _SUCCESS:
            raise self._error(name, code)

    def _error(self, name: str, code: int) -> CudaCallError:
        words = ctypes.c_char_p()
        self._library.cuGetErrorString(ctypes.c_int(code), ctypes.byref(words))
        text = words.value.decode(errors="replace") if words.value else "unknown error"
        return CudaCallError(name, code, text)


def _typed(function: Any, *types: Any) -> Any:
    function.argtypes = types
    function.restype = ctypes.c_int
    return function
