"""A segmenter's answer: arg max, table and merging on the GPU; one byte a pixel comes back."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from drag_edge.inference.engine import TensorSpec
from drag_edge.inference.finite import CLASS_SCORES, not_finite
from drag_edge.inference.gpu.kernels import Kernels, kernel_for
from drag_edge.inference.gpu.reading import DeviceEngine, output_named
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.results import ClassMap
from drag_edge.inference.segmenter import Head, Segmenter, surface_table

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu

_TABLE_BYTES = 256
_FLAG_BYTES = 4


def surfaces_fit(kernels: Kernels, segmenter: Segmenter, outputs: tuple[TensorSpec, ...]) -> bool:
    """Whether there are kernels for all heads of this segmenter."""
    heads = [output_named(outputs, head.output) for head in segmenter.heads]
    return all(
        kernels.has(f"{_kind(spec)}_{spec.dtype.name}")
        and (_kind(spec) == "class_ids" or spec.shape[1] <= _TABLE_BYTES)
        for spec in heads
    )


class SurfaceReader:
    """Does on the GPU what Segmenter does on the CPU, with the same map as its result.

    One block of device memory holds the flag for NaN and infinity and, after it, the map: one copy
    brings both. The heads' tables of surface ids lie in another.
    """

    def __init__(
        self, gpu: Gpu, kernels: Kernels, segmenter: Segmenter, engine: DeviceEngine
    ) -> None:
        self._gpu = gpu
        self._kernels = kernels
        self._engine = engine
        specs = [output_named(engine.outputs, head.output) for head in segmenter.heads]
        self._height, self._width = specs[0].shape[-2:]
        pixels = self._height * self._width
        with ExitStack() as undo:
            self._answer = gpu.allocate(_FLAG_BYTES + pixels)
            undo.callback(self._answer.free)
            self._copy = gpu.pinned((_FLAG_BYTES + pixels,), np.uint8)
            undo.callback(self._copy.free)
            # The copy below is asynchronous: its source stays.
            source = gpu.pinned((len(specs), _TABLE_BYTES), np.uint8)
            undo.callback(source.free)
            source.array[...] = [surface_table(head) for head in segmenter.heads]
            self._tables = gpu.allocate(source.array.nbytes)
            undo.callback(self._tables.free)
            gpu.copy_in(self._tables.pointer, source.array)
            self._release = undo.pop_all()
        self._heads = [
            self._prepare(head, spec, at)
            for at, (head, spec) in enumerate(zip(segmenter.heads, specs, strict=True))
        ]

    def enqueue(self) -> None:
        """The flag is cleared, every head painted, flag and map copied."""
        self._gpu.clear(self._answer.pointer, _FLAG_BYTES)
        pointers = self._engine.output_pointers
        pixels = self._height * self._width
        for head in self._heads:
            arguments = (np.uintp(pointers[head.output]), *head.arguments)
            self._kernels.over_items(head.kernel, pixels, arguments)
        self._gpu.copy_out(self._copy.array, self._answer.pointer)

    def read(self, placement: Placement) -> ClassMap:
        """A fresh map. Raises OutputInvalidError where a pixel's best score is NaN or infinite."""
        answer = self._copy.array
        if answer[:_FLAG_BYTES].any():
            raise not_finite(CLASS_SCORES)
        classes = answer[_FLAG_BYTES:].reshape(self._height, self._width).copy()
        return ClassMap(classes, placement.input_region())

    def close(self) -> None:
        """Free everything; idempotent. The stream must be idle."""
        self._release.close()

    def _prepare(self, head: Head, spec: TensorSpec, at: int) -> _PreparedHead:
        """The first head writes the map, those after it are merged into it."""
        flag, painted = self._answer.pointer, self._answer.pointer + _FLAG_BYTES
        pixels = np.int32(self._height * self._width)
        table = np.uintp(self._tables.pointer + at * _TABLE_BYTES)
        merge = np.int32(at > 0)
        arguments: tuple[Any, ...] = (pixels, table, merge, np.uintp(painted))
        if _kind(spec) == "surface":
            arguments = (np.int32(spec.shape[1]), *arguments, np.uintp(flag))
        kernel = kernel_for(self._kernels, _kind(spec), spec.dtype)
        return _PreparedHead(head.output, kernel, arguments)


@dataclass(frozen=True, slots=True)
class _PreparedHead:
    """A kernel's arguments after the output's address."""

    output: str
    kernel: str
    arguments: tuple[Any, ...]


def _kind(spec: TensorSpec) -> str:
    return "class_ids" if np.issubdtype(spec.dtype, np.integer) else "surface"
