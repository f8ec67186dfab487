"""A CUDA driver for tests of order, never of results: the binding and libcuda, with one journal."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np

from drag_edge.inference.cuda import Gpu
from drag_edge.inference.libcuda import LibCuda

PRIMARY = 0xC0DE
FOREIGN = 0xBAD


class Machine:
    """journal: what was asked of the driver, in order. live: what was made and is not freed yet.

    stack: contexts current to the thread, the newest last. fails: "call name" → CUresult that it
    answers from now on. lost: what every call answers once the GPU is lost. slow: nothing on the
    GPU is done before somebody sleeps until it is.
    """

    def __init__(self, integrated: bool = False) -> None:
        self.journal: list[str] = []
        self.live: dict[int, str] = {}
        self.stack: list[int] = []
        self.fails: dict[str, int] = {}
        self.missing: set[str] = set()
        self.lost = 0
        self.slow = False
        self.capturing = False
        self.capture_broken = False
        self.integrated = integrated
        self._next = 0x1000
        self.driver = FakeDriver(self)
        self.library = FakeLibrary(self)

    def open(self) -> Gpu:
        return Gpu(self.driver, LibCuda(self.library))

    def made(self, kind: str) -> int:
        self._next += 0x1000
        self.live[self._next] = kind
        self.journal.append(f"make {kind}")
        return self._next

    def freed(self, handle: int) -> None:
        self.journal.append(f"free {self.live.pop(handle)}")

    def answer(self, name: str) -> None:
        """Raise what the binding raises if this call is to fail."""
        code = self.lost or self.fails.get(name, 0)
        if code == 2:
            raise self.driver.MemoryError(f"{name} failed: out of memory")
        if code:
            raise self.driver.LogicError(f"{name} failed: error {code}")

    def heard(self) -> list[str]:
        lines = list(self.journal)
        self.journal.clear()
        return lines

    def count(self, kind: str) -> int:
        return sum(name == kind for name in self.live.values())


class _Object:
    """Something that goes when the last reference to it does, as the binding's objects do."""

    handle = 0

    def __init__(self, machine: Machine, kind: str) -> None:
        self._machine = machine
        self.handle = machine.made(kind)

    def __del__(self) -> None:
        if self.handle:
            self._machine.freed(self.handle)


class _Context:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._valid = True

    def push(self) -> None:
        self._machine.answer("cuCtxPushCurrent")
        self._machine.stack.append(PRIMARY)
        self._machine.journal.append("push")

    def pop(self) -> None:
        self._machine.answer("cuCtxPopCurrent")
        self._machine.stack.pop()
        self._machine.journal.append("pop")

    def detach(self) -> None:
        self._valid = False
        self._machine.stack.clear()
        self._machine.journal.append("detach")

    def __del__(self) -> None:
        if not self._valid:
            return
        # The binding pushes the context to release it, and leaves it there.
        self._machine.stack.append(PRIMARY)
        self._machine.journal.append("release")


class _Device:
    machine: Machine

    def __init__(self, ordinal: int) -> None:
        self._machine = self.machine

    @staticmethod
    def count() -> int:
        return 1

    def name(self) -> str:
        return "Fake"

    def compute_capability(self) -> tuple[int, int]:
        return (8, 7)

    def total_memory(self) -> int:
        return 64 << 30

    def get_attribute(self, attribute: str) -> int:
        return int(self._machine.integrated)

    def retain_primary_context(self) -> _Context:
        self._machine.answer("cuDevicePrimaryCtxRetain")
        self._machine.journal.append("retain")
        return _Context(self._machine)


class _Stream(_Object):
    def __init__(self, machine: Machine, flags: int) -> None:
        machine.answer("cuStreamCreate")
        super().__init__(machine, "stream")
        self.flags = flags

    def synchronize(self) -> None:
        self._machine.answer("cuStreamSynchronize")
        self._machine.journal.append("synchronise")


class _Event(_Object):
    def __init__(self, machine: Machine) -> None:
        machine.answer("cuEventCreate")
        super().__init__(machine, "event")

    def record(self, stream: Any) -> None:
        self._machine.answer("cuEventRecord")
        self._machine.journal.append("record")

    def query(self) -> bool:
        self._machine.answer("cuEventQuery")
        if not self._machine.slow:
            self._machine.journal.append("wait")
        return not self._machine.slow

    def synchronize(self) -> None:
        self._machine.answer("cuEventSynchronize")
        self._machine.journal.append("sleep")

    def time_since(self, other: Any) -> float:
        return 1.5


class _Allocation:
    def __init__(self, machine: Machine, kind: str) -> None:
        self._machine = machine
        self._handle = machine.made(kind)

    def __int__(self) -> int:
        return self._handle

    def get_device_pointer(self) -> int:
        return self._handle + 1

    def free(self) -> None:
        self._machine.answer("cuMemFree")
        self._machine.freed(self._handle)


class _Pinned(np.ndarray[Any, Any]):
    """An array whose base is an allocation, which only the binding's own arrays can have."""

    base: Any = None


class _Function:
    def __init__(self, machine: Machine, name: str) -> None:
        self._machine = machine
        self._name = name
        self.prepared: list[Any] = []

    def prepare(self, types: Any) -> None:
        self.prepared.append(types)

    def prepared_async_call(self, grid: Any, block: Any, stream: Any, *args: Any) -> None:
        self._machine.answer("cuLaunchKernel")
        self._machine.journal.append(f"launch {self._name}")


class _Module(_Object):
    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "module")

    def get_function(self, name: str) -> _Function:
        self._machine.answer("cuModuleGetFunction")
        return _Function(self._machine, name)


class FakeDriver:
    """What `pycuda.driver` offers and we use."""

    class Error(Exception):
        pass

    class LogicError(Error):
        pass

    class MemoryError(Error):
        pass

    host_alloc_flags = SimpleNamespace(DEVICEMAP=2)
    event_flags = SimpleNamespace(BLOCKING_SYNC=1)
    device_attribute = SimpleNamespace(INTEGRATED="integrated")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.Device = type("Device", (_Device,), {"machine": machine})

    def init(self) -> None:
        self._machine.answer("cuInit")

    def Stream(self, flags: int) -> _Stream:  # noqa: N802 - the binding's name
        return _Stream(self._machine, flags)

    def Event(self, flags: int) -> _Event:  # noqa: N802 - the binding's name
        return _Event(self._machine)

    def get_driver_version(self) -> int:
        return 12060

    def mem_get_info(self) -> tuple[int, int]:
        return (10 << 30, 64 << 30)

    def mem_alloc(self, nbytes: int) -> _Allocation:
        self._machine.answer("cuMemAlloc")
        return _Allocation(self._machine, "memory")

    def pagelocked_empty(self, shape: Any, dtype: Any, order: str, flags: int) -> Any:
        self._machine.answer("cuMemHostAlloc")
        array = np.zeros(shape, dtype, order=order).view(_Pinned)  # type: ignore[call-overload]
        array.base = _Allocation(self._machine, "pinned")
        return array

    def module_from_buffer(self, image: bytes) -> _Module:
        self._machine.answer("cuModuleLoadData")
        return _Module(self._machine)

    def memcpy_htod_async(self, pointer: int, array: Any, stream: Any) -> None:
        self._machine.answer("cuMemcpyHtoDAsync")
        self._machine.journal.append("copy in")

    def memcpy_dtoh_async(self, array: Any, pointer: int, stream: Any) -> None:
        self._machine.answer("cuMemcpyDtoHAsync")
        self._machine.journal.append("copy out")

    def memset_d8_async(self, pointer: int, value: int, nbytes: int, stream: Any) -> None:
        self._machine.answer("cuMemsetD8Async")
        self._machine.journal.append("clear")


class _Call:
    """A function of a C library: types can be hung on it."""

    def __init__(self, machine: Machine, name: str, effect: Any) -> None:
        self._machine = machine
        self._name = name
        self._effect = effect

    def __call__(self, *arguments: Any) -> int:
        code = self._machine.lost or self._machine.fails.get(self._name, 0)
        if code:
            return code
        return self._effect(*arguments) or 0


class FakeLibrary:
    """libcuda's own functions, with ctypes' arguments."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        for name, effect in {
            "cuCtxGetCurrent": self._current,
            "cuCtxPopCurrent_v2": self._pop,
            "cuDeviceGet": lambda device, ordinal: 0,
            "cuDevicePrimaryCtxSetFlags_v2": self._flags,
            "cuDevicePrimaryCtxSetFlags": self._flags,
            "cuStreamQuery": lambda stream: 0,
            "cuStreamBeginCapture_v2": self._begin,
            "cuStreamEndCapture": self._end,
            "cuGraphInstantiateWithFlags": self._instantiate,
            "cuGraphInstantiate_v2": self._instantiate,
            "cuGraphLaunch": self._launch,
            "cuGraphExecDestroy": lambda handle: machine.freed(handle.value),
            "cuGraphDestroy": lambda handle: machine.freed(handle.value),
        }.items():
            setattr(self, name, _Call(machine, name, effect))

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("cu") and name in object.__getattribute__(self, "_machine").missing:
            raise AttributeError(name)
        return object.__getattribute__(self, name)

    def cuGetErrorString(self, code: ctypes.c_int, text: Any) -> int:  # noqa: N802 - the driver's
        text._obj.value = f"words for {code.value}".encode()
        return 0

    def _current(self, where: Any) -> None:
        where._obj.value = self._machine.stack[-1] if self._machine.stack else None

    def _pop(self, where: Any) -> None:
        self._machine.stack.pop()
        self._machine.journal.append("pop by libcuda")

    def _flags(self, device: Any, flags: Any) -> None:
        self._machine.journal.append(f"flags {flags.value}")

    def _begin(self, stream: Any, mode: ctypes.c_int) -> None:
        assert mode.value == 1, "only this thread's calls belong to the capture"
        self._machine.capturing = True
        self._machine.journal.append("begin capture")

    def _end(self, stream: Any, where: Any) -> int:
        self._machine.capturing = False
        self._machine.journal.append("end capture")
        if self._machine.capture_broken:
            return 901
        where._obj.value = self._machine.made("graph")
        return 0

    def _instantiate(self, where: Any, graph: Any, *options: Any) -> None:
        where._obj.value = self._machine.made("executable")

    def _launch(self, executable: int, stream: int) -> None:
        assert self._machine.live[executable] == "executable"
        self._machine.journal.append("launch graph")
