"""What `runtime: auto` means for a file on this machine, and why."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drag_edge.config.models import ModelSettings, Runtime
from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import EngineFile, read_engine_file
from drag_edge.inference.sidecar import Sidecar, file_sha256, read_sidecar
from drag_edge.inference.versions import same_version

ENGINE_SUFFIXES = (".engine", ".plan", ".trt")
TORCH_SUFFIXES = (".pt", ".pth")


@dataclass(frozen=True, slots=True)
class Here:
    """What this machine has; None: there is none, or it cannot be used.

    missing: why not, one line, "" when everything is here.
    """

    tensorrt: str | None
    sm: str | None
    device: str | None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """runtime: never auto. file: what to open. reason: one line for a person."""

    runtime: Runtime
    file: Path
    reason: str


def choose(settings: ModelSettings, look: Callable[[], Here]) -> Choice:
    """Decide. `look` opens the GPU, and is called only when an engine could be taken.

    Raises ModelError when `runtime: tensorrt` is asked for an ONNX file without a fitting engine.
    """
    file = settings.file
    if settings.runtime == "tensorrt" and file.suffix == ".onnx":
        return _demanded_engine(file, look)
    if settings.runtime != "auto":
        return Choice(settings.runtime, file, f"runtime {settings.runtime}, as configured")
    if file.suffix in ENGINE_SUFFIXES:
        return Choice("tensorrt", file, f"{file.name} is a TensorRT engine")
    if file.suffix in TORCH_SUFFIXES:
        return Choice("ultralytics", file, f"{file.name} is a PyTorch file")
    beside = file.with_suffix(".engine")
    if not beside.is_file():  # as on every machine without a GPU: nothing that needs mending
        return Choice("onnx", file, f"ONNX Runtime: there is no {beside.name} beside it")
    engine = _engine_of(file, look)
    if isinstance(engine, Choice):
        return engine
    return Choice("onnx", file, f"ONNX Runtime: {engine}")


def _demanded_engine(onnx: Path, look: Callable[[], Here]) -> Choice:
    engine = _engine_of(onnx, look)
    if isinstance(engine, Choice):
        return engine
    raise ModelError(f"runtime tensorrt needs an engine of {onnx.name}: {engine}")


def _engine_of(onnx: Path, look: Callable[[], Here]) -> Choice | str:
    """The engine beside an ONNX, or why it cannot take its place; the cheapest check first."""
    engine = onnx.with_suffix(".engine")
    build = f"(run drag-edge model build {shlex.quote(str(onnx))})"
    if not engine.is_file():
        return f"there is no {engine.name} beside it {build}"
    try:
        plan = read_engine_file(engine)
    except ModelError as error:
        return f"{engine.name} cannot be used: {error}"
    sidecar = read_sidecar(engine)
    if sidecar is None:
        return f"{engine.name} does not say which ONNX it was built from {build}"
    here = look()
    if here.tensorrt is None or here.sm is None:
        return f"{engine.name} cannot run here: {here.missing or 'no TensorRT or no GPU'}"
    obstacle = _unfit(plan, sidecar, here) or _other_onnx(onnx, sidecar)
    if obstacle:
        return f"{engine.name} {obstacle} {build}"
    reason = f"{engine.name}: {sidecar.precision}, built from this ONNX on this device"
    return Choice("tensorrt", engine, f"{reason}, TensorRT {here.tensorrt}")


def _unfit(plan: EngineFile, sidecar: Sidecar, here: Here) -> str:
    tensorrt = here.tensorrt or ""
    for built in (plan.version, sidecar.tensorrt):
        if built is not None and not same_version(built, tensorrt):
            return f"was built by TensorRT {built}, and {tensorrt} is here"
    if (sidecar.sm, sidecar.device) != (here.sm, here.device):
        return (
            f"was built on {sidecar.device} ({sidecar.sm}), and this is {here.device} ({here.sm})"
        )
    return ""


def _other_onnx(onnx: Path, sidecar: Sidecar) -> str:
    return "" if file_sha256(onnx) == sidecar.onnx_sha256 else "was built from another ONNX"
