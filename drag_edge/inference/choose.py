"""What `runtime: auto` means for a file on this machine, and why."""

from __future__ import annotations

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
    engine = file.with_suffix(".engine")
    if not engine.is_file():
        return Choice("onnx", file, f"ONNX Runtime: there is no {engine.name} beside it")
    obstacle, here = _obstacle(file, engine, look)
    if obstacle:
        again = f"(run drag-edge model build {file.name})"
        return Choice("onnx", file, f"ONNX Runtime: {engine.name} {obstacle} {again}")
    return _engine(engine, here)


def _demanded_engine(onnx: Path, look: Callable[[], Here]) -> Choice:
    engine = onnx.with_suffix(".engine")
    obstacle = f"is not beside {onnx.name}"
    if engine.is_file():
        obstacle, here = _obstacle(onnx, engine, look)
        if not obstacle:
            return _engine(engine, here)
    raise ModelError(
        f"runtime tensorrt needs an engine, and {engine.name} {obstacle}: "
        f"drag-edge model build {onnx}"
    )


def _engine(engine: Path, here: Here) -> Choice:
    reason = f"{engine.name}: built from this ONNX on this device, TensorRT {here.tensorrt}"
    return Choice("tensorrt", engine, reason)


def _obstacle(onnx: Path, engine: Path, look: Callable[[], Here]) -> tuple[str, Here]:
    """Why the engine beside an ONNX cannot take its place ("" if it can), cheapest check first."""
    nowhere = Here(None, None, None)
    try:
        plan = read_engine_file(engine)
    except ModelError as error:
        return f"cannot be used: {error}", nowhere
    sidecar = read_sidecar(engine)
    if sidecar is None:
        return "does not say which ONNX it was built from", nowhere
    here = look()
    if here.tensorrt is None or here.sm is None:
        return f"cannot run here: {here.missing or 'no TensorRT or no GPU'}", here
    return _unfit(plan, sidecar, here) or _other_onnx(onnx, sidecar), here


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
