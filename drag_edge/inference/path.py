"""A picture's way through an engine, in two halves; and the plain way: all but it on the CPU.

In two halves, because a GPU works by itself: all models are started, then all are finished, so
that one model's answer is decoded while the next one still runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.engine import Engine
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.plan import Decoder, ModelPlan
from drag_edge.inference.preprocess import Preprocessor
from drag_edge.inference.results import Result


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Seconds of one inference, step by step.

    On the GPU `preprocess_s` is the host's time to put everything on the stream, and `engine_s` the
    GPU's own for all of it: preparing the picture, the network, reducing its answer.
    """

    preprocess_s: float
    engine_s: float
    decode_s: float


class Path(Protocol):
    """One picture at a time: `start`, then `finish`."""

    def start(self, image: NDArray[np.uint8]) -> None:
        """H×W×3 uint8 BGR; the picture may not change until `finish`. Raises ModelError."""

    def finish(self) -> tuple[Result, StepTimes]:
        """The result of the picture that was started last, in its pixels; nothing in it belongs to
        the engine. Raises ModelError, OutputInvalidError for NaN or infinity.
        """

    def use(self, decoder: Decoder) -> None:
        """Decode with this one from the next picture on. Raises ModelError."""

    def close(self) -> None:
        """Free what is this path's own, not the engine; idempotent."""


class HostPath:
    """Everything but the engine on the CPU: right for ONNX Runtime, possible for TensorRT."""

    def __init__(self, engine: Engine, plan: ModelPlan) -> None:
        self._engine = engine
        self.decoder = plan.decoder
        self._preprocessor = Preprocessor(plan.recipe, engine.input_buffers[plan.input.name])
        self._started: tuple[Mapping[str, NDArray[Any]], Placement] | None = None
        self._preprocess_s = 0.0
        self._engine_s = 0.0

    def start(self, image: NDArray[np.uint8]) -> None:
        """Prepare and run."""
        self._started = None
        started_s = time.perf_counter()
        placement = self._preprocessor.fill(image)
        filled_s = time.perf_counter()
        outputs = self._engine.run()
        self._preprocess_s = filled_s - started_s
        self._engine_s = time.perf_counter() - filled_s
        self._started = outputs, placement

    def finish(self) -> tuple[Result, StepTimes]:
        """Decode."""
        if self._started is None:
            raise RuntimeError("finish before start")
        started_s = time.perf_counter()
        result = self.decoder.decode(*self._started)
        decode_s = time.perf_counter() - started_s
        self._started = None
        return result, StepTimes(self._preprocess_s, self._engine_s, decode_s)

    def use(self, decoder: Decoder) -> None:
        """Decode with this one from the next picture on."""
        self.decoder = decoder

    def close(self) -> None:
        """Nothing here is more than memory."""
        self._started = None
