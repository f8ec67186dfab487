"""TensorRT's runtime: one for the one context."""

from __future__ import annotations

from typing import Any

from drag_edge.inference.closing import CloseStage
from drag_edge.inference.cuda import Gpu
from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import EngineFile, plan_data
from drag_edge.inference.sidecar import read_sidecar
from drag_edge.inference.tensorrt_log import LogLines, shared_logger
from drag_edge.inference.versions import check_version, explain_log, import_tensorrt


class TensorRtRuntime:
    """The deserialiser.

    Raises ModelError when TensorRT is missing, too old, or refuses to start.
    """

    def __init__(self, gpu: Gpu) -> None:
        trt = import_tensorrt()
        self.trt = trt
        self.version = str(trt.__version__)
        self._logger: Any = shared_logger(trt)
        self._lines: LogLines = self._logger.lines
        self._gpu = gpu
        self._plugins = False
        try:
            self._runtime: Any = trt.Runtime(self._logger)
        except TypeError as error:  # what pybind makes of the null pointer that TensorRT returns
            said = self.complaints()
            raise ModelError(f"TensorRT {self.version} does not start: {said}") from error
        gpu.assert_unchanged("TensorRT's start")
        self._forget = gpu.at_close(CloseStage.RUNTIME, self._release)

    def load(self, file: EngineFile) -> Any:
        """Deserialise an engine. Raises ModelError that says what is wrong and what mends it."""
        self._gpu.check()
        check_version(file, self.version, read_sidecar(file.path), self._gpu.device)
        self._choose_dla(file)
        data = plan_data(file)
        self._take()
        engine = self._runtime.deserialize_cuda_engine(data)
        said = self._take()
        if engine is None and not self._plugins and any("lugin" in line for line in said):
            self._register_plugins()
            engine = self._runtime.deserialize_cuda_engine(data)
            said = self._take()
        if engine is None:
            self._gpu.raise_if_lost(f"{file.path.name} was loaded")
            raise ModelError(explain_log(said, file, self.version))
        return engine

    def complaints(self) -> str:
        """What TensorRT complained of since the last look, one line."""
        return " ".join("; ".join(self._take()).split()) or "no reason given"

    def close(self) -> None:
        """Let go; idempotent. Every engine is closed before."""
        self._forget()
        self._release()

    def _choose_dla(self, file: EngineFile) -> None:
        """An engine that was built for a deep learning accelerator says for which."""
        core = file.metadata.get("dla")
        if core is None:
            return
        cores = int(self._runtime.num_DLA_cores)
        if not isinstance(core, int) or not 0 <= core < cores:
            raise ModelError(
                f"{file.path} was built for DLA core {core}, and this device has {cores} of them"
            )
        self._runtime.DLA_core = core

    def _take(self) -> list[str]:
        """Errors; without any, warnings: some releases tell the cause of a failure as one."""
        errors, warnings = self._lines.take_errors(), self._lines.take_warnings()
        return errors or warnings

    def _register_plugins(self) -> None:
        """TensorRT's own plugins: a library of some size that few engines need."""
        self._plugins = True
        self.trt.init_libnvinfer_plugins(self._logger, "")

    def _release(self) -> None:
        self._runtime = None
