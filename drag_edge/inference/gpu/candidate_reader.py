"""A detector's answer: only the anchors that score enough come back from the GPU."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.boxes import BOX_DECODERS, BoxFormat, Picked
from drag_edge.inference.detector import Detector
from drag_edge.inference.engine import TensorSpec
from drag_edge.inference.finite import CLASS_SCORES, OBJECTNESS, not_finite
from drag_edge.inference.gpu.kernels import Kernels, kernel_for
from drag_edge.inference.gpu.reading import DeviceEngine, output_named
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.results import Detections

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu
    from drag_edge.inference.gpu.memory import PinnedArray

# More than a crowded street gives (about 300 above 0.1); beyond it the whole output is fetched.
CAPACITY = 512
# Smaller outputs are copied and searched on the CPU in less time than a kernel takes to start.
_PAYS_FROM_BYTES = 256 * 1024
_COUNTS = 2
_WORD_BYTES = 4


def candidates_fit(kernels: Kernels, detector: Detector, outputs: tuple[TensorSpec, ...]) -> bool:
    """Whether a kernel reads this detector's output."""
    spec = output_named(outputs, detector.recipe.boxes_output)
    by_kernel = BOX_DECODERS[detector.recipe.format].picked_by is not None
    return by_kernel and kernels.has(f"candidates_{spec.dtype.name}")


def candidates_pay(detector: Detector, outputs: tuple[TensorSpec, ...]) -> bool:
    """Whether filtering on the GPU is faster than copying everything."""
    spec = output_named(outputs, detector.recipe.boxes_output)
    return int(np.prod(spec.shape)) * spec.dtype.itemsize >= _PAYS_FROM_BYTES


class CandidateReader:
    """Filters on the GPU, then does on the CPU what Detector does, with the same boxes as a result.

    One block of device memory holds the counts, the anchors and their values, as many as
    `capacity`; one copy brings all of it. The order in which the GPU found them is undone by
    sorting. Should there be more than `capacity`, the whole output is fetched and decoded.
    """

    def __init__(
        self,
        gpu: Gpu,
        kernels: Kernels,
        detector: Detector,
        engine: DeviceEngine,
        capacity: int = CAPACITY,
    ) -> None:
        self._gpu = gpu
        self._kernels = kernels
        self._detector = detector
        self._engine = engine
        recipe = detector.recipe
        self._format = BOX_DECODERS[recipe.format]
        self._spec = output_named(engine.outputs, recipe.boxes_output)
        self._kernel = kernel_for(kernels, "candidates", self._spec.dtype)
        self._anchors, self._values = _sizes(self._spec, self._format)
        self._capacity = min(capacity, self._anchors)
        words = _COUNTS + self._capacity * (1 + self._values)
        self._whole: PinnedArray | None = None
        self._protos: PinnedArray | None = None
        with ExitStack() as undo:
            self._answer = gpu.allocate(words * _WORD_BYTES)
            undo.callback(self._answer.free)
            self._copy = gpu.pinned((words,), np.float32)
            undo.callback(self._copy.free)
            if recipe.protos_output is not None:
                protos = output_named(engine.outputs, recipe.protos_output)
                self._protos = gpu.pinned(protos.shape, protos.dtype)
                undo.callback(self._protos.free)
            self._release = undo.pop_all()
        self._arguments = self._prepare()

    def enqueue(self) -> None:
        """The counts are cleared, the output searched, what was found copied."""
        pointers = self._engine.output_pointers
        self._gpu.clear(self._answer.pointer, _COUNTS * _WORD_BYTES)
        arguments = (np.uintp(pointers[self._spec.name]), *self._arguments)
        self._kernels.over_items(self._kernel, self._anchors, arguments)
        self._gpu.copy_out(self._copy.array, self._answer.pointer)
        if self._protos is not None and self._detector.recipe.protos_output is not None:
            protos = pointers[self._detector.recipe.protos_output]
            self._gpu.copy_out(self._protos.array, protos)

    def read(self, placement: Placement) -> Detections:
        """Boxes in frame pixels. Raises OutputInvalidError for NaN or infinity."""
        answer = self._copy.array
        count, bad = answer[:_COUNTS].view(np.int32).tolist()
        if bad:
            raise not_finite(OBJECTNESS if self._format.picked_by == "objectness" else CLASS_SCORES)
        if count > self._capacity:
            return self._detector.decode(self._outputs(self._fetch_whole()), placement)
        first_value = _COUNTS + self._capacity
        anchors = answer[_COUNTS : _COUNTS + count].view(np.int32)
        values = answer[first_value : first_value + count * self._values]
        order = anchors.argsort()
        picked = Picked(
            anchors[order].astype(np.intp),
            values.reshape(count, self._values)[order],
            self._anchors,
        )
        return self._detector.decode_picked(picked, self._outputs(None), placement)

    def close(self) -> None:
        """Free everything; idempotent. The stream must be idle."""
        self._release.close()

    def _prepare(self) -> tuple[Any, ...]:
        """The kernel's arguments after the output's address."""
        recipe = self._detector.recipe
        counts = self._answer.pointer
        anchors = counts + _COUNTS * _WORD_BYTES
        values = anchors + self._capacity * _WORD_BYTES
        steps = (1, self._anchors) if self._format.by_value else (self._values, 1)
        scores = self._format.score_columns(recipe.layout)
        return (
            *map(np.int32, (self._anchors, self._values, *steps, *scores)),
            np.float32(recipe.confidence),
            np.int32(self._capacity),
            *map(np.uintp, (counts, anchors, values)),
        )

    def _fetch_whole(self) -> NDArray[Any]:
        """The engine's output still holds this run's values: it runs again only after `read`."""
        if self._whole is None:
            self._whole = self._gpu.pinned(self._spec.shape, self._spec.dtype)
            self._release.callback(self._whole.free)
        self._gpu.copy_out(self._whole.array, self._engine.output_pointers[self._spec.name])
        self._gpu.synchronise()
        return self._whole.array

    def _outputs(self, boxes: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
        """What Detector reads besides the picked rows."""
        recipe = self._detector.recipe
        outputs = {} if boxes is None else {recipe.boxes_output: boxes}
        if recipe.protos_output is not None and self._protos is not None:
            outputs[recipe.protos_output] = self._protos.array
        return outputs


def _sizes(spec: TensorSpec, form: BoxFormat) -> tuple[int, int]:
    """How many anchors, and values of each."""
    _, middle, last = spec.shape
    return (last, middle) if form.by_value else (middle, last)
