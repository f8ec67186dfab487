"""One loaded model: picture in, result out, and how long each step took."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.models import ModelSettings
from drag_edge.inference.engine import Engine
from drag_edge.inference.metadata import ModelMetadata, parse_metadata
from drag_edge.inference.path import HostPath, Path, StepTimes
from drag_edge.inference.plan import ModelPlan, make_plan
from drag_edge.inference.results import Result
from drag_edge.inference.thresholds import with_thresholds

_WARM_UP_GREY = 114


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is said about a model once, when it was loaded.

    summary: one line for a person. unmapped: its class names that mean nothing to us.
    """

    summary: str
    unmapped: tuple[str, ...]


class Model(Protocol):
    """What a pool runs, whatever is behind it."""

    @property
    def facts(self) -> ModelFacts:
        """For the log."""

    def start(self, image: NDArray[np.uint8]) -> None:
        """H×W×3 uint8 BGR; the picture may not change until `finish`. Raises ModelError."""

    def finish(self) -> tuple[Result, StepTimes]:
        """The result of the picture that was started last, in its pixels.

        Raises ModelError when the engine fails, OutputInvalidError when it says NaN or infinity.
        """

    def tune(self, settings: ModelSettings) -> None:
        """Other thresholds from the next picture on, everything else being as it was loaded with.

        Raises ModelError; the model is of no use then.
        """

    def time_bare_s(self) -> float:
        """Seconds that the network alone takes on the tensors that it ran on last."""

    def close(self) -> None:
        """Free everything; idempotent."""


class LoadedModel:
    """An engine, the plan of how to use it, and the path that pictures take."""

    def __init__(
        self, engine: Engine, plan: ModelPlan, metadata: ModelMetadata, path: Path, reason: str
    ) -> None:
        self.engine = engine
        self.plan = plan
        self.metadata = metadata
        self.path = path
        summary = f"{plan.task}, {plan.form}, input {plan.input}; {reason}"
        self.facts = ModelFacts(summary, plan.labels.unmapped)

    def start(self, image: NDArray[np.uint8]) -> None:
        """Take a picture in."""
        self.path.start(image)

    def finish(self) -> tuple[Result, StepTimes]:
        """Give its result out."""
        return self.path.finish()

    def tune(self, settings: ModelSettings) -> None:
        """Decode with other thresholds."""
        decoder = with_thresholds(self.plan.decoder, settings)
        self.path.use(decoder)
        self.plan = replace(self.plan, decoder=decoder)

    def infer(self, image: NDArray[np.uint8]) -> tuple[Result, StepTimes]:
        """Start and finish in one."""
        self.path.start(image)
        return self.path.finish()

    def time_bare_s(self) -> float:
        """The engine's."""
        return self.engine.time_bare_s()

    def close(self) -> None:
        """Free path and engine; idempotent."""
        with ExitStack() as steps:
            steps.callback(self.engine.close)
            steps.callback(self.path.close)


MakePath = Callable[[Engine, ModelPlan], Path]


def make_model(
    settings: ModelSettings, engine: Engine, reason: str = "", make_path: MakePath = HostPath
) -> LoadedModel:
    """Run once on grey (the first run is the slow one), plan. The engine is the model's from here.

    reason: why it is this engine, for the log. Raises ModelError; nothing stays open then.
    """
    with ExitStack() as undo:
        undo.callback(engine.close)
        metadata = parse_metadata(engine.metadata)
        for buffer in engine.input_buffers.values():
            buffer[...] = _WARM_UP_GREY if buffer.dtype == np.uint8 else _WARM_UP_GREY / 255
        first_run = engine.run()
        plan = make_plan(settings, metadata, engine.inputs, engine.outputs, first_run)
        path = make_path(engine, plan)
        model = LoadedModel(engine, plan, metadata, path, reason)
        undo.pop_all()
    return model
