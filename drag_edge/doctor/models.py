"""Each configured model: is the file whole, what would run it here, was it built for here."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from drag_edge.config.models import ModelSettings
from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.gpu import device
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject
from drag_edge.doctor.tensorrt import tensorrt_version
from drag_edge.inference.choose import ENGINE_SUFFIXES, Choice, Here, choose
from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import plan_data, read_engine_file
from drag_edge.inference.onnx_file import read_onnx_metadata
from drag_edge.inference.sidecar import Sidecar, file_sha256, onnx_of, read_sidecar
from drag_edge.inference.versions import check_version, mending_line


def check_models(subject: Subject) -> Iterator[Finding]:
    """In the configuration's order."""
    if subject.settings is None:
        return
    for name, model in subject.settings.models.items():
        yield _model(subject.machine, f"model {name}", model)


def here_of(machine: Machine) -> Here:
    """What the choice of a runtime depends on."""
    gpu, version = device(machine), tensorrt_version(machine)
    missing = "" if gpu and version else "no TensorRT" if gpu else "no GPU"
    if gpu is None:
        return Here(version, None, None, missing)
    return Here(version, gpu.sm, gpu.name, missing)


def _model(machine: Machine, what: str, model: ModelSettings) -> Finding:
    if not model.file.exists():
        return _missing(what, model.file)
    try:
        choice = choose(model, lambda: here_of(machine))
        if choice.runtime == "tensorrt":
            return _engine(machine, what, choice)
        if choice.runtime == "onnx":
            return _onnx(machine, what, choice)
    except ModelError as error:
        return Finding(what, State.BROKEN, str(error), _advice(model.file), needed=True)
    return _ultralytics(what, choice)


def _missing(what: str, file: Path) -> Finding:
    advice = "put the file there, or name another one"
    if file.suffix in ENGINE_SUFFIXES:
        advice = mending_line(file)
    return Finding(what, State.MISSING, f"no such file: {file}", advice, needed=True)


def _advice(file: Path) -> str:
    return mending_line(file) if file.suffix in ENGINE_SUFFIXES else "export the model again"


def _onnx(machine: Machine, what: str, choice: Choice) -> Finding:
    read_onnx_metadata(choice.file)  # raises where it is no whole ONNX
    if tensorrt_version(machine) is None or device(machine) is None:
        return Finding(what, State.OK, f"{choice.file.name}: {choice.reason}")
    advice = f"drag-edge model build {choice.file}"
    found = f"{choice.file.name}: {choice.reason}, though TensorRT is here"
    return Finding(what, State.NOTE, found, advice)


def _engine(machine: Machine, what: str, choice: Choice) -> Finding:
    file = read_engine_file(choice.file)
    version, gpu = tensorrt_version(machine), device(machine)
    if version is None or gpu is None:
        built = f" (built by TensorRT {file.version})" if file.version else ""
        found = f"{choice.file.name}{built} cannot run: {here_of(machine).missing} here"
        advice = "see the lines above; or name the ONNX file, which also runs on ONNX Runtime"
        return Finding(what, State.MISSING, found, advice, needed=True)
    sidecar = read_sidecar(choice.file)
    check_version(file, version, sidecar, gpu)
    plan_data(file)
    older = _onnx_changed(choice.file, sidecar)
    if older:
        return Finding(what, State.NOTE, f"{choice.file.name}: {older}", mending_line(file))
    if file.version is None or sidecar is None:
        found = f"{choice.file.name}: TensorRT will tell whether it was built on this device"
        return Finding(what, State.NOTE, found)
    return Finding(what, State.OK, choice.reason)


def _onnx_changed(engine: Path, sidecar: Sidecar | None) -> str:
    """What to say when the ONNX that an engine was built from is another one now."""
    if sidecar is None:
        return ""
    onnx = onnx_of(engine, sidecar)
    if not onnx.is_file() or file_sha256(onnx) == sidecar.onnx_sha256:
        return ""
    return f"{onnx.name} was changed since this engine was built from it"


def _ultralytics(what: str, choice: Choice) -> Finding:
    if importlib.util.find_spec("ultralytics") is None:
        found = f"{choice.file.name} needs the package ultralytics, which is not installed"
        advice = "pip install 'ultralytics>=8.3', or export the model: yolo export format=onnx"
        return Finding(what, State.MISSING, found, advice, needed=True)
    return Finding(what, State.OK, f"{choice.file.name}: {choice.reason}")
