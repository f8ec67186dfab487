"""Builds one engine, from the ONNX file to the files on disk."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import datetime, timezone
from os.path import relpath
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from drag_edge.errors import (
    CannotCreateError,
    InputMissingError,
    InvalidConfigError,
    UnavailableError,
    UsageError,
)
from drag_edge.inference.building.compile import Hooks, Source, compile_plan
from drag_edge.inference.building.files import check_writable, write_engine
from drag_edge.inference.building.options import BuildOptions, Profile
from drag_edge.inference.building.overwrite import refusal
from drag_edge.inference.choose import Here
from drag_edge.inference.engine import ModelError
from drag_edge.inference.onnx_file import read_onnx_metadata
from drag_edge.inference.onnx_graph import read_onnx_graph
from drag_edge.inference.sidecar import Sidecar, file_sha256
from drag_edge.inference.versions import import_tensorrt

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu

OnProgress = Callable[[str], None]


def build_engine(
    options: BuildOptions, on_progress: OnProgress = lambda line: None, gpu: Gpu | None = None
) -> Sidecar:
    """Build, write engine and sidecar, and return what the sidecar says.

    In a process of its own that is watched, unless options.hang_s is None or `gpu` is given: an
    open one, which stays open. on_progress: gets lines for a person, now and then from another
    thread. Raises DragEdgeError with its exit code: InputMissingError, UsageError, UnavailableError
    (no TensorRT, no GPU, a kernel that hangs), CannotCreateError, InvalidConfigError (not a usable
    model).
    """
    if gpu is not None or options.hang_s is None:
        return build_here(options, on_progress, gpu)
    from drag_edge.inference.building.watch import build_watched

    return build_watched(options, on_progress)


def build_here(
    options: BuildOptions,
    on_progress: OnProgress,
    gpu: Gpu | None = None,
    hooks: Hooks = Hooks(),  # noqa: B008 - frozen
) -> Sidecar:
    """`build_engine` in this process. hooks: for who watches it."""
    source = _read_source(options)
    check_writable(options.engine)
    trt = _tensorrt()
    with ExitStack() as stack:
        if gpu is None:
            gpu = _open_gpu()
            stack.callback(gpu.close)
        here = Here(str(trt.__version__), gpu.device.sm, gpu.device.name)
        kept = refusal(options.engine, options.onnx, source.onnx_sha256, here)
        if kept and not options.force:
            raise CannotCreateError(kept)
        return _build(options, source, trt, gpu, on_progress, hooks)


def _build(
    options: BuildOptions,
    source: Source,
    trt: Any,
    gpu: Gpu,
    on_progress: OnProgress,
    hooks: Hooks,
) -> Sidecar:
    from drag_edge.inference.cuda import GpuLostError

    started_s = time.perf_counter()
    try:
        built = compile_plan(options, source, trt, gpu, on_progress, hooks)
    except GpuLostError as error:
        _let_go(error)
        raise UnavailableError(str(error)) from error
    except ModelError as error:
        _let_go(error)
        raise InvalidConfigError(f"{options.onnx}: {error}") from error
    except BaseException as error:
        _let_go(error)
        raise
    cuda = gpu.device.driver_cuda
    sidecar = Sidecar(
        tensorrt=str(trt.__version__),
        cuda=f"{cuda[0]}.{cuda[1]}",
        sm=gpu.device.sm,
        device=gpu.device.name,
        onnx=_from_folder(options.onnx, options.engine.parent),
        onnx_sha256=source.onnx_sha256,
        precision=built.recipe.precision,
        inputs=built.inputs,
        outputs=built.outputs,
        profile=built.profiles,
        dla=options.dla,
        calibration=built.calibration,
        build_time_s=round(time.perf_counter() - started_s, 1),
        built=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    properties = {**source.properties, **_size(built.profiles)}
    if options.dla is not None:
        properties["dla"] = str(options.dla)  # Ultralytics' key too: who runs it must know
    write_engine(options.engine, properties, built.plan, sidecar)
    return sidecar


def _size(profiles: Mapping[str, Profile]) -> dict[str, str]:
    """What the header says of the input's size, where it was not the ONNX that fixed it."""
    pictures = [best for _, best, _ in profiles.values() if len(best) == 4]
    if len(pictures) != 1:
        return {}
    batch, _, height, width = pictures[0]
    return {"imgsz": str([height, width]), "batch": str(batch)}


def _read_source(options: BuildOptions) -> Source:
    onnx = options.onnx
    if not onnx.is_file():
        raise InputMissingError(f"no such file: {onnx}")
    if options.engine.exists() and options.engine.samefile(onnx):
        raise UsageError(f"--output is missing: the engine would take the place of {onnx} itself")
    if options.calibrate is not None and not options.calibrate.exists():
        raise InputMissingError(f"no such folder or video: {options.calibrate}")
    try:
        return Source(read_onnx_metadata(onnx), read_onnx_graph(onnx), file_sha256(onnx))
    except ModelError as error:
        raise InvalidConfigError(str(error)) from error


def _tensorrt() -> Any:
    try:
        return import_tensorrt()
    except ModelError as error:
        raise UnavailableError(str(error)) from error


def _open_gpu() -> Gpu:
    from drag_edge.inference.cuda import Gpu

    try:
        return Gpu.open()
    except ModelError as error:
        raise UnavailableError(str(error)) from error


def _from_folder(onnx: Path, folder: Path) -> str:
    """Relative where the ONNX lies in or below the engine's folder, so that both may move."""
    onnx, folder = onnx.resolve(), folder.resolve()
    return relpath(onnx, folder) if onnx.is_relative_to(folder) else str(onnx)


def _let_go(error: BaseException | None) -> None:
    """A traceback keeps the locals of its functions and of their callers alive: TensorRT's objects
    among them, which must be gone before the context is.
    """
    while error is not None:
        for found, _ in traceback.walk_tb(error.__traceback__):
            frame: FrameType | None = found
            while frame is not None:
                with suppress(RuntimeError):  # it still runs
                    frame.clear()
                frame = frame.f_back
        error = error.__cause__ or error.__context__
