"""CUDA graphs: a model's whole work on the GPU as one launch."""

from __future__ import annotations

import logging
from collections.abc import Callable

from drag_edge.inference.cuda import CloseStage, Gpu
from drag_edge.inference.engine import ModelError
from drag_edge.inference.libcuda import CudaCallError

_LOG = logging.getLogger(__name__)


class CaptureError(ModelError):
    """The work cannot be captured; it can still be put on the stream piece by piece."""


class Graph:
    """A captured piece of work, ready to be launched again and again; addresses are baked in."""

    def __init__(self, gpu: Gpu, executable: int) -> None:
        self._gpu = gpu
        self._executable = executable
        self._library_launch = gpu.library.launch
        self._forget = gpu.at_close(CloseStage.GRAPHS, self._release)

    def launch(self) -> None:
        """Put it on the stream."""
        self._gpu.call(
            "a graph is launched", self._library_launch, self._executable, self._gpu.stream_handle
        )

    def free(self) -> None:
        """Give it back; idempotent."""
        self._forget()
        self._release()

    def _release(self) -> None:
        executable, self._executable = self._executable, 0
        if executable:
            destroy = self._gpu.library.destroy_executable
            self._gpu.call("a graph is freed", destroy, executable)


def capture(gpu: Gpu, enqueue: Callable[[], None]) -> Graph:
    """Record what `enqueue` puts on the stream, without running it.

    It must have run once before, because first runs allocate. Raises CaptureError when something
    in it cannot be recorded; the stream is usable then as if nothing had been tried.
    """
    library, stream = gpu.library, gpu.stream_handle
    gpu.check()
    try:
        library.begin_capture(stream)
    except CudaCallError as error:
        raise CaptureError(str(error)) from error
    try:
        enqueue()
    except BaseException:
        _abandon(gpu)
        raise
    try:
        graph = library.end_capture(stream)
    except CudaCallError as error:
        raise CaptureError(str(error)) from error
    try:
        executable = library.instantiate(graph)
    except CudaCallError as error:
        raise CaptureError(str(error)) from error
    finally:
        library.destroy_graph(graph)
    return Graph(gpu, executable)


def _abandon(gpu: Gpu) -> None:
    """End a capture that failed in the middle."""
    try:
        graph = gpu.library.end_capture(gpu.stream_handle)
    except CudaCallError:
        return  # it was invalid, and is over
    if graph:
        gpu.library.destroy_graph(graph)
