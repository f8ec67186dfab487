"""What a TensorRT engine says about itself: by its bytes and sidecar anywhere, by running here."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import MARKS_KEY, EngineFile, plan_data, read_engine_file
from drag_edge.inference.sidecar import Sidecar, file_sha256, onnx_of, read_sidecar, sidecar_path

if TYPE_CHECKING:
    from drag_edge.inference.tensorrt import TensorRtEngine


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """file: by its bytes. sidecar: None without one, or with one that is another engine's; then
    `remark` says which. properties: the JSON header without our own marks.
    """

    file: EngineFile
    sidecar: Sidecar | None
    remark: str
    properties: Mapping[str, Any]

    def lines(self, tensors: bool) -> list[str]:
        """For a person. tensors: with the shapes that the sidecar says."""
        header = "Ultralytics' header" if self.file.kind == "ultralytics" else "raw"
        version = self.file.version or "(its bytes do not say which)"
        lines = [f"plan of TensorRT {version}, {self.file.plan_bytes / 1e6:.1f} MB, {header}"]
        if self.sidecar is not None:
            lines += _sidecar_lines(self.sidecar, tensors)
        return [*lines, self.remark] if self.remark else lines

    def as_document(self) -> dict[str, Any]:
        """For a program."""
        return {
            "kind": self.file.kind,
            "tensorrt": self.file.version,
            "plan_offset": self.file.plan_offset,
            "plan_bytes": self.file.plan_bytes,
            "sidecar": None if self.sidecar is None else dataclasses.asdict(self.sidecar),
            "remark": self.remark or None,
        }


def engine_facts(path: Path) -> EngineFacts:
    """Read header, plan and sidecar. Raises ModelError when it is no engine, or a damaged one."""
    file = read_engine_file(path)
    plan_data(file)  # its hash, where the file has one
    sidecar = read_sidecar(path)
    properties = {key: value for key, value in file.metadata.items() if key != MARKS_KEY}
    return EngineFacts(file, sidecar, _remark(path, sidecar), properties)


@contextmanager
def opened_here(path: Path) -> Iterator[TensorRtEngine]:
    """The engine, ready to run. Raises ModelError where there is no GPU, or it does not fit it."""
    from drag_edge.inference.cuda import Gpu
    from drag_edge.inference.tensorrt import TensorRtEngine
    from drag_edge.inference.tensorrt_runtime import TensorRtRuntime

    gpu = Gpu.open()
    try:
        engine = TensorRtEngine(path, gpu, TensorRtRuntime(gpu), None)
        try:
            yield engine
        finally:
            engine.close()
    finally:
        gpu.close()


def _remark(path: Path, sidecar: Sidecar | None) -> str:
    if sidecar is None:
        if sidecar_path(path).is_file():
            return f"{sidecar_path(path).name} is not this engine's: it is not believed"
        return "no sidecar: its device and the ONNX that it comes from are unknown"
    onnx = onnx_of(path, sidecar)
    try:
        if file_sha256(onnx) != sidecar.onnx_sha256:
            return f"{onnx.name} has changed since: build it again"
    except ModelError:
        return f"{onnx} is no longer there"
    return ""


def _sidecar_lines(sidecar: Sidecar, tensors: bool) -> list[str]:
    lines = [
        f"built from {sidecar.onnx} (SHA-256 {sidecar.onnx_sha256[:12]}…), {sidecar.built}, "
        f"in {sidecar.build_time_s:.0f} s",
        f"for {sidecar.device} ({sidecar.sm}), TensorRT {sidecar.tensorrt}, CUDA {sidecar.cuda}, "
        f"{sidecar.precision}{'' if sidecar.dla is None else f', DLA {sidecar.dla}'}",
    ]
    if sidecar.calibration is not None:
        lines.append(f"calibrated on {sidecar.calibration}")
    for name, shapes in sidecar.profile.items():
        lines.append(f"sizes   {name} {' … '.join(map(_shape, (shapes[0], shapes[2])))}")
    if tensors:
        lines += [f"input   {name} {_shape(shape)}" for name, shape in sidecar.inputs.items()]
        lines += [f"output  {name} {_shape(shape)}" for name, shape in sidecar.outputs.items()]
    return lines


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join("?" if size == -1 else str(size) for size in shape)
