"""A picture's way through an engine that never leaves the GPU until there is a small answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.cuda import Gpu
from drag_edge.inference.gpu.frames import DeviceFrame, FrameUpload
from drag_edge.inference.gpu.graph import GraphCache
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.gpu.picture import PictureStep
from drag_edge.inference.gpu.readers import make_reader
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.path import StepTimes
from drag_edge.inference.plan import Decoder, ModelPlan
from drag_edge.inference.preprocess import require_picture
from drag_edge.inference.results import Result
from drag_edge.inference.tensorrt import TensorRtEngine


class DevicePath:
    """Upload (shared with the other models), prepare, run, reduce, copy back: one graph launch.

    graphs: whether to capture; on_uncapturable hears the reason once if that fails, and the work
    is then put on the stream piece by piece. Raises ModelError when a kernel for these tensors is
    missing; nothing stays open then.
    """

    def __init__(
        self,
        gpu: Gpu,
        engine: TensorRtEngine,
        plan: ModelPlan,
        uploads: FrameUpload,
        kernels: Kernels,
        graphs: bool,
        on_uncapturable: Callable[[str], None],
    ) -> None:
        self._gpu = gpu
        self._engine = engine
        self._kernels = kernels
        self._plan = plan
        self._uploads = uploads
        with ExitStack() as undo:
            pointer = engine.input_pointers[plan.input.name]
            self._picture = PictureStep(kernels, plan.recipe, plan.input, pointer)
            undo.callback(self._picture.close)
            self._reader = make_reader(gpu, kernels, plan, engine)
            undo.callback(lambda: self._reader.close())
            self._began = gpu.event()
            undo.callback(self._began.free)
            self._ended = gpu.event()
            undo.callback(self._ended.free)
            self._graphs = GraphCache(gpu, on_uncapturable) if graphs else None
            if self._graphs is not None:
                undo.callback(self._graphs.free)
            undo.callback(self._settle)
            self._release = undo.pop_all()
        self._placement: Placement | None = None
        self._start_s = 0.0

    def start(self, image: NDArray[np.uint8]) -> None:
        """Put everything on the stream."""
        started_s = time.perf_counter()
        self._placement = None
        require_picture(image)
        placement = self._picture.place(image.shape[1], image.shape[0])
        frame = self._uploads.put(image, placement.source)
        self._began.record()
        if self._graphs is None:
            self._enqueue(frame)
        else:
            key = (frame, self._engine.generation, self._picture.generation)
            self._graphs.run(key, self._enqueue, frame)
        self._ended.record()
        self._placement = placement
        self._start_s = time.perf_counter() - started_s

    def finish(self) -> tuple[Result, StepTimes]:
        """Wait for this model's work, then read its answer while the GPU does the next one's."""
        placement, self._placement = self._placement, None
        if placement is None:
            raise RuntimeError("finish before start")
        self._ended.wait()
        engine_s = self._ended.ms_since(self._began) / 1e3
        waited_s = time.perf_counter()
        result = self._reader.read(placement)
        return result, StepTimes(self._start_s, engine_s, time.perf_counter() - waited_s)

    def use(self, decoder: Decoder) -> None:
        """Read and decode with this one: its thresholds stand in the kernels' arguments, so that
        captured graphs are of no use any more."""
        plan = replace(self._plan, decoder=decoder)
        self._settle()
        reader = make_reader(self._gpu, self._kernels, plan, self._engine)
        if self._graphs is not None:
            self._graphs.free()
        self._reader.close()
        self._reader, self._plan = reader, plan

    def close(self) -> None:
        """Free graphs, events, reader and picture step; idempotent."""
        self._release.close()

    def _settle(self) -> None:
        """What is to be freed may still be at work, unless the GPU was closed before."""
        if not self._gpu.closed:
            self._gpu.synchronise()

    def _enqueue(self, frame: DeviceFrame) -> None:
        self._picture.enqueue(frame)
        self._engine.enqueue()
        self._reader.enqueue()
