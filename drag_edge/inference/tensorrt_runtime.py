"""TensorRT's logger and runtime: one of each for the one context."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from drag_edge.inference.cuda import CloseStage, Gpu
from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import EngineFile, plan_data
from drag_edge.inference.sidecar import read_sidecar
from drag_edge.inference.versions import check_version, explain_log, import_tensorrt

_LOG = logging.getLogger("tensorrt")
_KEPT_LINES = 8


class TensorRtLog:
    """What TensorRT says, in our log; its last complaints are kept for the error they belong to.

    logger: what TensorRT's own calls take.
    """

    def __init__(self, trt: Any) -> None:
        self._complaints: deque[str] = deque(maxlen=_KEPT_LINES)
        # A release's errors and warnings end up in a ModelError and an event, so none is an error
        # of the log.
        self._levels = {
            trt.ILogger.Severity.INTERNAL_ERROR: logging.WARNING,
            trt.ILogger.Severity.ERROR: logging.WARNING,
            trt.ILogger.Severity.WARNING: logging.INFO,
            trt.ILogger.Severity.INFO: logging.DEBUG,
        }
        self.logger = _bridge(trt, self)

    def hear(self, severity: Any, message: str) -> None:
        """One line of TensorRT's, from whichever thread."""
        level = self._levels.get(severity)
        if level is None:
            return  # verbose: thousands of lines at each load
        _LOG.log(level, "%s", message)
        if level >= logging.INFO:
            self._complaints.append(message)

    def take(self) -> list[str]:
        """The last errors and warnings since the last call."""
        lines = list(self._complaints)
        self._complaints.clear()
        return lines


class TensorRtRuntime:
    """The deserialiser.

    Raises ModelError when TensorRT is missing, too old, or refuses to start.
    """

    def __init__(self, gpu: Gpu) -> None:
        trt = import_tensorrt()
        self.trt = trt
        self.version = str(trt.__version__)
        self.log = TensorRtLog(trt)
        self._gpu = gpu
        self._plugins = False
        try:
            self._runtime: Any = trt.Runtime(self.log.logger)
        except TypeError as error:  # what pybind makes of the null pointer that TensorRT returns
            said = "; ".join(self.log.take()) or str(error)
            raise ModelError(f"TensorRT {self.version} does not start: {said}") from error
        gpu.assert_unchanged("TensorRT's start")
        self._forget = gpu.at_close(CloseStage.RUNTIME, self._release)

    def load(self, file: EngineFile) -> Any:
        """Deserialise an engine. Raises ModelError that says what is wrong and what mends it."""
        self._gpu.check()
        check_version(file, self.version, read_sidecar(file.path), self._gpu.device)
        data = plan_data(file)
        self.log.take()
        engine = self._runtime.deserialize_cuda_engine(data)
        said = self.log.take()
        if engine is None and not self._plugins and any("lugin" in line for line in said):
            self._register_plugins()
            engine = self._runtime.deserialize_cuda_engine(data)
            said = self.log.take()
        if engine is None:
            self._gpu.raise_if_lost(f"{file.path.name} was loaded")
            raise ModelError(explain_log(said, file, self.version))
        return engine

    def complaints(self) -> str:
        """What TensorRT complained of since the last look, one line."""
        return "; ".join(" ".join(line.split()) for line in self.log.take()) or "no reason given"

    def close(self) -> None:
        """Let go; idempotent. Every engine is closed before."""
        self._forget()
        self._release()

    def _register_plugins(self) -> None:
        """TensorRT's own plugins: a library of some size that few engines need."""
        self._plugins = True
        self.trt.init_libnvinfer_plugins(self.log.logger, "")

    def _release(self) -> None:
        self._runtime = None


def _bridge(trt: Any, log: TensorRtLog) -> Any:
    base: Any = trt.ILogger

    class Logger(base):  # type: ignore[misc]
        def __init__(self) -> None:
            base.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            log.hear(severity, message)

    return Logger()
