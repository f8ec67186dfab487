"""The GPU with everything that its models share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from drag_edge.config.models import ModelSettings
from drag_edge.inference.choose import Here
from drag_edge.inference.cuda import Gpu
from drag_edge.inference.engine import Engine, ModelError
from drag_edge.inference.gpu.frames import FrameUpload
from drag_edge.inference.gpu.kernels import Kernels, load_kernels
from drag_edge.inference.gpu.path import DevicePath
from drag_edge.inference.gpu.scratch import Scratch
from drag_edge.inference.model import LoadedModel, make_model
from drag_edge.inference.path import HostPath
from drag_edge.inference.path import Path as PicturePath
from drag_edge.inference.plan import ModelPlan
from drag_edge.inference.tensorrt import TensorRtEngine
from drag_edge.inference.tensorrt_runtime import TensorRtRuntime

Say = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class GpuSwitches:
    """What can be left out, to measure what it is worth.

    preprocess: pictures are prepared and answers reduced by our kernels. graphs: CUDA graphs.
    shared_scratch: engines share activation memory. mapped: camera frames are read where they lie
    in the host's memory; None: where host and GPU share one.
    """

    preprocess: bool = True
    graphs: bool = True
    shared_scratch: bool = True
    mapped: bool | None = None


class Device:
    """One context, one TensorRT runtime, one set of kernels, one upload of each frame.

    say(event name, detail) hears what does not work as fast as it should, once.
    Raises ModelError where there is no GPU that we can use.
    """

    def __init__(self, switches: GpuSwitches, say: Say) -> None:
        self._switches = switches
        self._say = say
        self._kernels: Kernels | None = None
        self._kernels_tried = not switches.preprocess
        self._runtime: TensorRtRuntime | None = None
        with ExitStack() as undo:
            self.gpu = Gpu.open()
            undo.callback(self.gpu.close)
            self._scratch = Scratch(self.gpu) if switches.shared_scratch else None
            self._uploads = FrameUpload(self.gpu, switches.mapped)
            undo.pop_all()

    def here(self) -> Here:
        """What this machine has. Raises ModelError without TensorRT."""
        info = self.gpu.device
        return Here(self._tensorrt().version, info.sm, info.name)

    def load(self, file: Path, settings: ModelSettings, reason: str) -> LoadedModel:
        """A TensorRT engine with the fastest path that works here. Raises ModelError."""
        engine = TensorRtEngine(file, self.gpu, self._tensorrt(), self._scratch)

        def make_path(_: Engine, plan: ModelPlan) -> PicturePath:
            return self._path(engine, plan, file.name)

        return make_model(settings, engine, reason, make_path)

    def begin_frame(self) -> None:
        """The next frame's picture is another one."""
        self._uploads.next_frame()

    def close(self) -> None:
        """Close the GPU, and with it whatever is still open on it."""
        self.gpu.close()

    def _tensorrt(self) -> TensorRtRuntime:
        if self._runtime is None:
            self._runtime = TensorRtRuntime(self.gpu)
        return self._runtime

    def _path(self, engine: TensorRtEngine, plan: ModelPlan, name: str) -> PicturePath:
        kernels = self._loaded_kernels()
        if kernels is None:
            return HostPath(engine, plan)

        def without_graphs(why: str) -> None:
            self._say("cuda_graph_unavailable", f"{name} is put on the GPU piece by piece: {why}")

        try:
            graphs = self._switches.graphs
            path = DevicePath(
                self.gpu, engine, plan, self._uploads, kernels, graphs, without_graphs
            )
        except ModelError as error:
            self._say("gpu_kernels_missing", f"{name} is fed and read by the CPU: {error}")
            return HostPath(engine, plan)
        engine.free_host_buffers()
        return path

    def _loaded_kernels(self) -> Kernels | None:
        """Tried once: a compiler that is missing now will be missing at the next model too."""
        if not self._kernels_tried:
            self._kernels_tried = True
            try:
                self._kernels = load_kernels(self.gpu)
            except ModelError as error:
                self._say("gpu_kernels_missing", f"all models are fed and read by the CPU: {error}")
        return self._kernels
