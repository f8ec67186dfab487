"""From an engine's outputs on the GPU to a result: reduced there where that pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drag_edge.inference.detector import Detector
from drag_edge.inference.gpu.candidate_reader import (
    CandidateReader,
    candidates_fit,
    candidates_pay,
)
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.gpu.reading import CopyReader, DeviceEngine, Reader
from drag_edge.inference.gpu.surface_reader import SurfaceReader, surfaces_fit
from drag_edge.inference.plan import ModelPlan
from drag_edge.inference.segmenter import Segmenter

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu

__all__ = [
    "CandidateReader",
    "CopyReader",
    "DeviceEngine",
    "Reader",
    "SurfaceReader",
    "make_reader",
]


def make_reader(
    gpu: Gpu,
    kernels: Kernels | None,
    plan: ModelPlan,
    engine: DeviceEngine,
    candidates: bool | None = None,
) -> Reader:
    """The reader for this plan. kernels None: everything is copied and decoded on the CPU.

    candidates: whether a detector's boxes are filtered on the GPU; None: where it pays.
    """
    decoder = plan.decoder
    if kernels is not None and isinstance(decoder, Segmenter):
        if surfaces_fit(kernels, decoder, engine.outputs):
            return SurfaceReader(gpu, kernels, decoder, engine)
    elif kernels is not None and isinstance(decoder, Detector):
        wanted = candidates_pay(decoder, engine.outputs) if candidates is None else candidates
        if wanted and candidates_fit(kernels, decoder, engine.outputs):
            return CandidateReader(gpu, kernels, decoder, engine)
    return CopyReader(gpu, decoder, engine)
