"""A stand-in for `Gpu` whose kernels are the real .cu files, built for the processor.

Nothing happens when work is put on its stream: it happens when the host waits, in order, so that
memory which is reused or freed too early shows. Device memory starts as garbage between guards.
"""

from __future__ import annotations

import ctypes
import math
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu.kernels import KERNELS, SOURCES, kernel_source

SHIM = Path(__file__).with_name("host_shim.h")
GUARD, GARBAGE, FREED = 64, 0xA5, 0xDD


def build_kernels(folder: Path) -> ctypes.CDLL:
    """Our kernels as a shared library of plain functions; needs g++."""
    launchers = "".join(f"LAUNCHER({name})\n" for name in KERNELS)
    # half.cu is the processor's instructions; the shim has its own.
    kernels = kernel_source([name for name in SOURCES if name != "half.cu"])
    source = folder / "kernels.cpp"
    source.write_text(f'#include "{SHIM}"\n{kernels}\n{launchers}')
    library = folder / "kernels.so"
    options = ["-std=c++14", "-O2", "-ffp-contract=off", "-Wall", "-Werror", "-shared", "-fPIC"]
    # A GPU faults at an address that is not aligned to its type; so does this.
    options += ["-fsanitize=undefined", "-fno-sanitize-recover=all", "-fno-sanitize=vptr"]
    subprocess.run(["g++", *options, "-o", library, source], check=True)
    return ctypes.CDLL(str(library))


class Memory:
    """Device or pinned memory with guards on both sides."""

    def __init__(self, shape: tuple[int, ...], dtype: Any, mapped: bool = True) -> None:
        self.nbytes = math.prod(shape) * np.dtype(dtype).itemsize
        self._all = np.full(self.nbytes + 2 * GUARD, GARBAGE, np.uint8)
        inside = self._all[GUARD : GUARD + self.nbytes]
        self.array: NDArray[Any] = inside.view(dtype).reshape(shape)
        self.pointer = inside.ctypes.data
        self.device_pointer = self.pointer if mapped else None
        self.freed = False

    def free(self) -> None:
        self.check()
        self.freed = True
        self._all[GUARD : GUARD + self.nbytes] = FREED  # who still reads it sees it

    def check(self) -> None:
        outside = np.concatenate((self._all[:GUARD], self._all[-GUARD:]))
        assert (outside == GARBAGE).all(), "written beside its memory"


class Event:
    def __init__(self, gpu: HostGpu) -> None:
        self._gpu = gpu
        self._after = 0

    def record(self) -> None:
        self._gpu.forbid_in_capture("an event")
        self._after = self._gpu.put_count

    def wait(self) -> None:
        self._gpu.forbid_in_capture("waiting")
        self._gpu.work_until(self._after)

    def ms_since(self, earlier: Event) -> float:
        return 0.0

    def free(self) -> None:
        pass


class HostGpu:
    """See above. stride: the order in which the blocks of a launch run."""

    def __init__(self, library: ctypes.CDLL, integrated: bool = False, stride: int = 1) -> None:
        self.device = SimpleNamespace(integrated=integrated, sm="sm_90", driver_cuda=(13, 0))
        self.memories: list[Memory] = []
        self.closed = False
        self.put_count = 0
        self.put_bytes = 0
        self.launches = 0
        self.most_memories = 1000
        self._library = library
        self._stride = stride
        self._queue: list[Callable[[], None]] = []
        self._captured: list[Callable[[], None]] | None = None

    def allocate(self, nbytes: int) -> Memory:
        return self._remember(Memory((nbytes,), np.uint8))

    def pinned(self, shape: tuple[int, ...], dtype: Any, mapped: bool = False) -> Memory:
        return self._remember(Memory(shape, dtype, mapped))

    def module(self, image: bytes) -> SimpleNamespace:
        return SimpleNamespace(function=lambda name: name)

    def launch(
        self,
        name: str,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        *arguments: Any,
    ) -> None:
        sizes = (ctypes.c_int * 64)()
        count = getattr(self._library, f"sizes_{name}")(sizes)
        assert [argument.nbytes for argument in arguments] == sizes[:count], name
        # How the real one makes its arguments: each by its type's letter.
        struct.pack("".join(argument.dtype.char for argument in arguments), *arguments)
        kept = [np.array(argument) for argument in arguments]
        blocks = grid[0] * grid[1]
        stride = next(s for s in range(self._stride, 10**6) if math.gcd(s, blocks) == 1)

        def work() -> None:
            addresses = (ctypes.c_void_p * count)(*(a.ctypes.data for a in kept))
            dims = [(ctypes.c_int * 3)(*size) for size in (grid, block)]
            getattr(self._library, f"launch_{name}")(*dims, stride, addresses)

        self.launches += 1
        self._put(work)

    def copy_in(self, pointer: int, array: NDArray[Any]) -> None:
        assert array.flags.c_contiguous
        self._pinned(array)
        self.put_bytes += array.nbytes
        self._put(lambda: self._move(pointer, array.ctypes.data, array.nbytes))

    def copy_out(self, array: NDArray[Any], pointer: int) -> None:
        assert array.flags.c_contiguous
        self._pinned(array)
        self._put(lambda: self._move(array.ctypes.data, pointer, array.nbytes))

    def clear(self, pointer: int, nbytes: int) -> None:
        self._put(lambda: ctypes.memset(pointer, 0, nbytes) and None)

    def event(self) -> Event:
        return Event(self)

    def synchronise(self) -> None:
        self.forbid_in_capture("waiting")
        self.work_until(self.put_count)

    @contextmanager
    def capture(self) -> Iterator[list[Callable[[], None]]]:
        """What is put on the stream inside is kept for `replay`, and not done."""
        self._captured = []
        yield self._captured
        self._captured = None

    def replay(self, captured: list[Callable[[], None]]) -> None:
        for work in captured:
            self._put(work)

    def work_until(self, count: int) -> None:
        done = self.put_count - len(self._queue)
        for _ in range(max(count - done, 0)):
            self._queue.pop(0)()

    def forbid_in_capture(self, what: str) -> None:
        assert self._captured is None, f"{what} in a capture"

    def check_guards(self) -> None:
        for memory in self.memories:
            memory.check()

    def _remember(self, memory: Memory) -> Memory:
        self.forbid_in_capture("memory")
        if len(self.memories) >= self.most_memories:
            raise ModelError("out of memory")
        self.memories.append(memory)
        return memory

    def _pinned(self, array: NDArray[Any]) -> None:
        start = array.ctypes.data
        assert any(
            memory.pointer <= start and start + array.nbytes <= memory.pointer + memory.nbytes
            for memory in self.memories
            if not memory.freed
        ), "not pinned"

    def _move(self, to: int, source: int, nbytes: int) -> None:
        for memory in self.memories:
            inside = any(
                memory.pointer <= at < memory.pointer + memory.nbytes for at in (to, source)
            )
            assert not (memory.freed and inside), "freed before its work was done"
        ctypes.memmove(to, source, nbytes)

    def _put(self, work: Callable[[], None]) -> None:
        if self._captured is not None:
            self._captured.append(work)
        else:
            self._queue.append(work)
            self.put_count += 1
