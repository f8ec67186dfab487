"""CUDA graphs: a model's whole work on the GPU as one launch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from typing import TypeVar

from drag_edge.inference.closing import CloseStage
from drag_edge.inference.cuda import Gpu
from drag_edge.inference.engine import ModelError
from drag_edge.inference.libcuda import CudaCallError

_MOST_GRAPHS = 8
Work = TypeVar("Work")


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
    with ExitStack() as undo:
        undo.callback(_abandon, gpu)
        try:
            enqueue()
        except ModelError as error:
            raise CaptureError(str(error)) from error
        undo.pop_all()
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


class GraphCache:
    """Work of one kind for a few different addresses, each captured when it comes again.

    Not when it comes first: the first run may allocate, and what never comes again is not worth
    it. If capturing fails, on_failure hears why, once, and all work goes on the stream piece by
    piece from then on.
    """

    def __init__(self, gpu: Gpu, on_failure: Callable[[str], None]) -> None:
        self._gpu = gpu
        self._on_failure = on_failure
        self._graphs: OrderedDict[Hashable, Graph | None] = OrderedDict()
        self._capturing = True

    def run(self, key: Hashable, enqueue: Callable[[Work], None], work: Work) -> None:
        """Put `enqueue(work)` on the stream; equal keys promise equal work at equal addresses."""
        graph = self._graphs.get(key)
        if graph is not None:
            self._graphs.move_to_end(key)
            graph.launch()
        elif self._capturing and key in self._graphs:
            self._capture(key, enqueue, work)
        else:
            self._note(key)
            enqueue(work)

    def free(self) -> None:
        """Give all graphs back; idempotent. The stream must be idle."""
        with ExitStack() as steps:
            for graph in self._graphs.values():
                if graph is not None:
                    steps.callback(graph.free)
            self._graphs.clear()

    def _note(self, key: Hashable) -> None:
        self._graphs[key] = None
        while len(self._graphs) > _MOST_GRAPHS:
            _, oldest = self._graphs.popitem(last=False)
            if oldest is not None:
                self._gpu.synchronise()  # it may still be running
                oldest.free()

    def _capture(self, key: Hashable, enqueue: Callable[[Work], None], work: Work) -> None:
        try:
            graph = capture(self._gpu, lambda: enqueue(work))
        except CaptureError as error:
            self._capturing = False
            self._on_failure(str(error))
            enqueue(work)
            return
        self._graphs[key] = graph
        graph.launch()
