"""One loaded model: picture in, result out, and how long each step took."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.models import ModelSettings
from drag_edge.inference.engine import Engine
from drag_edge.inference.metadata import ModelMetadata, parse_metadata
from drag_edge.inference.plan import ModelPlan, make_plan
from drag_edge.inference.preprocess import Preprocessor
from drag_edge.inference.results import Result
from drag_edge.inference.runtimes import open_engine

_WARM_UP_GREY = 114


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Seconds of one inference, step by step."""

    preprocess_s: float
    engine_s: float
    decode_s: float


class LoadedModel:
    """An engine with what it needs on both sides."""

    def __init__(self, engine: Engine, plan: ModelPlan, metadata: ModelMetadata) -> None:
        self.engine = engine
        self.plan = plan
        self.metadata = metadata
        self._preprocessor = Preprocessor(plan.recipe, engine.input_buffers[plan.input.name])

    def infer(self, image: NDArray[np.uint8]) -> tuple[Result, StepTimes]:
        """H×W×3 uint8 BGR → result in that picture's pixels.

        Raises ModelError when the engine fails, OutputInvalidError when it says NaN or infinity.
        """
        started_s = time.perf_counter()
        placement = self._preprocessor.fill(image)
        filled_s = time.perf_counter()
        outputs = self.engine.run()
        ran_s = time.perf_counter()
        result = self.plan.decoder.decode(outputs, placement)
        decoded_s = time.perf_counter()
        return result, StepTimes(filled_s - started_s, ran_s - filled_s, decoded_s - ran_s)

    def close(self) -> None:
        """Free the engine; idempotent."""
        self.engine.close()


def load_model(
    settings: ModelSettings, open_: Callable[[ModelSettings], Engine] = open_engine
) -> LoadedModel:
    """Open, run once on grey (the first run is the slow one), plan.

    Raises ModelError; nothing stays open then.
    """
    engine = open_(settings)
    with ExitStack() as undo:
        undo.callback(engine.close)
        metadata = parse_metadata(engine.metadata)
        for buffer in engine.input_buffers.values():
            buffer[...] = _WARM_UP_GREY if buffer.dtype == np.uint8 else _WARM_UP_GREY / 255
        first_run = engine.run()
        plan = make_plan(settings, metadata, engine.inputs, engine.outputs, first_run)
        model = LoadedModel(engine, plan, metadata)
        undo.pop_all()
    return model
