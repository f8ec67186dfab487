"""TensorRT 8.5 to 11: an engine with named tensors, static addresses, and one enqueue.

What differs between the releases is found out by looking whether an attribute exists, once, when
an engine is opened; nothing is looked up while it runs.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.closing import CloseStage
from drag_edge.inference.cuda import CudaMisuseError, Gpu
from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.engine_file import read_engine_file
from drag_edge.inference.gpu.memory import DeviceMemory, GpuEvent, PinnedArray
from drag_edge.inference.gpu.scratch import Scratch
from drag_edge.inference.metadata import parse_metadata
from drag_edge.inference.tensorrt_io import fix_inputs, read_outputs, tensor_names
from drag_edge.inference.tensorrt_runtime import TensorRtRuntime
from drag_edge.inference.tensorrt_sharing import Sharing, sharing


class TensorRtEngine:
    """A network in TensorRT, on the one context and the one stream.

    scratch: the activation memory it shares with others; None: it has its own.
    Raises ModelError when the file is no plan for this device, or has tensors that we cannot
    exchange; nothing stays open then.
    """

    def __init__(
        self, file: Path, gpu: Gpu, runtime: TensorRtRuntime, scratch: Scratch | None
    ) -> None:
        gpu.check()
        self._gpu = gpu
        self._runtime = runtime
        self._stream = gpu.stream_handle
        self._scratch: Scratch | None = None
        self._bind: Callable[[], None] = _nothing
        self._bound = -1
        self._leave_scratch: Callable[[], None] = _nothing
        self._metadata: Mapping[str, Any] = {}
        self._engine: Any = None
        self._context: Any = None
        self._execute: Callable[[int], bool] = _closed
        self._inputs: tuple[TensorSpec, ...] = ()
        self._outputs: tuple[TensorSpec, ...] = ()
        self._device: dict[str, DeviceMemory] = {}
        self._host: dict[str, PinnedArray] = {}
        self._events: list[GpuEvent] = []
        self._forget = [
            gpu.at_close(CloseStage.EXECUTION_CONTEXTS, self._drop_context),
            gpu.at_close(CloseStage.ENGINES, self._drop_engine),
        ]
        try:
            self._open(file, scratch)
        except BaseException as error:
            # The calls that it came through still hold engine and context by their local names.
            traceback.clear_frames(error.__traceback__)
            self.close()
            raise

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The inputs, in the network's order."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs, in the network's order."""
        return self._outputs

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The JSON header; {} for a raw plan."""
        return self._metadata

    @property
    def input_buffers(self) -> Mapping[str, NDArray[Any]]:
        """Pinned arrays that `run` copies to the GPU."""
        return self._host_arrays(self._inputs)

    @property
    def output_buffers(self) -> Mapping[str, NDArray[Any]]:
        """Pinned arrays that `copy_outputs` fills."""
        return self._host_arrays(self._outputs)

    @property
    def input_pointers(self) -> Mapping[str, int]:
        """Device addresses, the same for the engine's life."""
        return {spec.name: self._device[spec.name].pointer for spec in self._inputs}

    @property
    def output_pointers(self) -> Mapping[str, int]:
        """Device addresses, the same for the engine's life."""
        return {spec.name: self._device[spec.name].pointer for spec in self._outputs}

    @property
    def generation(self) -> int:
        """Another number when an address inside has changed: captured graphs are void then."""
        return self._scratch.generation if self._scratch is not None else 0

    def enqueue(self) -> None:
        """Put the network on the stream, on the device buffers as they are; can be captured.

        Raises ModelError when TensorRT refuses, GpuLostError when the context is dead.
        """
        if self._scratch is not None and self._bound != self._scratch.generation:
            self._bind()
        if not self._execute(self._stream):
            self._gpu.raise_if_lost("a network was to run")
            raise ModelError(f"TensorRT did not run: {self._runtime.complaints()}")

    def copy_outputs(self) -> None:
        """Put the copies of all outputs to `output_buffers` on the stream; can be captured."""
        for name, array in self.output_buffers.items():
            self._gpu.copy_out(array, self._device[name].pointer)

    def run(self) -> Mapping[str, NDArray[Any]]:
        """Run on what the input buffers hold; the arrays are overwritten by the next run."""
        for name, array in self.input_buffers.items():
            self._gpu.copy_in(self._device[name].pointer, array)
        self.enqueue()
        self.copy_outputs()
        self._events[1].record()
        self._events[1].wait()
        return self.output_buffers

    def free_host_buffers(self) -> None:
        """Give the pinned memory back; it is made anew when somebody asks for it."""
        while self._host:
            self._host.popitem()[1].free()

    def time_bare_s(self) -> float:
        """Seconds of the GPU for one execution on the tensors that it ran on last."""
        began, ended = self._events
        began.record()
        self.enqueue()
        ended.record()
        ended.wait()
        return ended.ms_since(began) / 1e3

    def close(self) -> None:
        """Free everything; idempotent, and a step that fails does not stop the others."""
        with ExitStack() as steps:  # the last one named here goes first
            for event in self._events:
                steps.callback(event.free)
            for pinned in self._host.values():
                steps.callback(pinned.free)
            for memory in self._device.values():
                steps.callback(memory.free)
            steps.callback(self._leave_scratch)
            steps.callback(self._drop_engine)
            steps.callback(self._drop_context)
            for forget in self._forget:
                forget()
            if self._context is not None:
                self._gpu.synchronise()  # the GPU may still be at it

    def _open(self, file: Path, scratch: Scratch | None) -> None:
        described = read_engine_file(file)
        self._metadata = described.metadata
        self._engine = self._runtime.load(described)
        self._make_context(scratch)
        self._fix_shapes()
        self._allocate()
        self.enqueue()  # the first execution loads kernels and may allocate
        self._gpu.synchronise()
        self._gpu.assert_unchanged(f"TensorRT ran {file.name}")

    def _drop_context(self) -> None:
        self._execute = _closed
        self._context = None

    def _drop_engine(self) -> None:
        self._bind = _nothing
        self._engine = None

    def _make_context(self, scratch: Scratch | None) -> None:
        shared = None if scratch is None else sharing(self._runtime.trt, self._engine)
        if scratch is None or shared is None:
            self._context = self._engine.create_execution_context()
        else:
            self._context = shared.create()
            self._share(scratch, shared)
        if self._context is None:
            raise ModelError(f"no execution context: {self._runtime.complaints()}")
        self._execute = self._context.execute_async_v3

    def _share(self, scratch: Scratch, shared: Sharing) -> None:
        give = shared.bind

        def bind() -> None:
            give(self._context, scratch.pointer, scratch.nbytes)
            self._bound = scratch.generation

        self._leave_scratch = scratch.join(shared.nbytes)
        self._scratch = scratch
        self._bind = bind

    def _fix_shapes(self) -> None:
        input_names, output_names = tensor_names(self._runtime.trt, self._engine)
        input_size = parse_metadata(self._metadata).input_size
        self._inputs = fix_inputs(self._engine, self._context, input_names, input_size)
        self._outputs = read_outputs(self._engine, self._context, output_names)

    def _allocate(self) -> None:
        for spec in (*self._inputs, *self._outputs):
            memory = self._gpu.allocate(int(np.prod(spec.shape)) * spec.dtype.itemsize)
            self._device[spec.name] = memory
            self._gpu.clear(memory.pointer, memory.nbytes)
            if not self._context.set_tensor_address(spec.name, memory.pointer):
                raise ModelError(f"tensor {spec} cannot be bound: {self._runtime.complaints()}")
        self._events += [self._gpu.event(), self._gpu.event()]

    def _host_arrays(self, specs: tuple[TensorSpec, ...]) -> Mapping[str, NDArray[Any]]:
        for spec in specs:
            if spec.name not in self._host:
                self._host[spec.name] = self._gpu.pinned(spec.shape, spec.dtype)
        return {spec.name: self._host[spec.name].array for spec in specs}


def _nothing() -> None:
    pass


def _closed(_stream: int) -> bool:
    raise CudaMisuseError("an engine was used after it was closed")
