"""Which engine runs a model: the one place that knows every runtime."""

from __future__ import annotations

from pathlib import Path

from drag_edge.config.models import ModelSettings, Runtime
from drag_edge.inference.engine import Engine, ModelError
from drag_edge.inference.onnx import OnnxEngine


def open_engine(settings: ModelSettings) -> Engine:
    """Open a model's file in its runtime. Raises ModelError with what to do."""
    runtime = choose_runtime(settings.runtime, settings.file)
    if runtime == "onnx":
        return OnnxEngine(settings.file, settings.threads)
    raise ModelError(
        f"runtime {runtime} is not part of this version: name an ONNX file and leave runtime out"
    )


def choose_runtime(wanted: Runtime, file: Path) -> Runtime:
    """What `auto` means for this file on this machine."""
    if wanted != "auto":
        return wanted
    if file.suffix in (".engine", ".plan", ".trt"):
        return "tensorrt"
    if file.suffix in (".pt", ".pth"):
        return "ultralytics"
    return "onnx"
