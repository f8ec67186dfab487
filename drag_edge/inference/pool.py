"""All models, one after another, on one thread; each fails alone.

A model is loaded at the first frame it is due on. Whatever goes wrong with it becomes an event and
a None result; it is tried again after 1, 2, 4 … 60 s of the clock, and the others never notice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from drag_edge.clock import Clock
from drag_edge.config.models import ModelSettings
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference.engine import Engine, OutputInvalidError
from drag_edge.inference.model import LoadedModel, load_model
from drag_edge.inference.results import Perceived, Result
from drag_edge.inference.schedule import Schedule
from drag_edge.inference.stats import ModelStats, StatsRecorder

OnEvent = Callable[[Event], None]
Load = Callable[[ModelSettings], LoadedModel]

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0


class ModelPool:
    """Runs every model that is due on a frame. One thread calls `infer`."""

    def __init__(
        self,
        models: Mapping[str, ModelSettings],
        clock: Clock,
        on_event: OnEvent,
        load: Load = load_model,
    ) -> None:
        self._slots = {
            name: _Slot(name, settings, clock, on_event, load) for name, settings in models.items()
        }
        self._schedules = {name: Schedule(settings) for name, settings in models.items()}

    def infer(self, frame: Frame) -> Perceived:
        """Everything the due models say about one frame; never raises for a model's sake."""
        results: dict[str, Result | None] = {}
        for name, slot in self._slots.items():
            if self._schedules[name].due(frame):
                results[name] = slot.infer(frame)
        height, width = frame.image.shape[:2]
        return Perceived(
            camera=frame.camera,
            index=frame.index,
            time_s=frame.time_s,
            width_px=width,
            height_px=height,
            results=MappingProxyType(results),
        )

    def stats(self) -> Mapping[str, ModelStats]:
        """By model name."""
        return {name: slot.stats() for name, slot in self._slots.items()}

    def engines(self) -> Mapping[str, Engine]:
        """The loaded models' engines by name.

        Their input buffers hold the last tensors that were run: `engine.run()` is the bare engine
        on exactly those, which is what a benchmark compares with.
        """
        return {
            name: slot.model.engine for name, slot in self._slots.items() if slot.model is not None
        }

    def close(self) -> None:
        """Free every engine; idempotent."""
        for slot in self._slots.values():
            slot.close()


class _Slot:
    """One model's place: empty, loaded, or waiting for its next try."""

    def __init__(
        self, name: str, settings: ModelSettings, clock: Clock, on_event: OnEvent, load: Load
    ) -> None:
        self.model: LoadedModel | None = None
        self._name = name
        self._settings = settings
        self._clock = clock
        self._on_event = on_event
        self._load = load
        self._recorder = StatsRecorder()
        self._classes_said = False
        self._failing = False
        self._wait_s = _FIRST_WAIT_S
        self._try_again_s = float("-inf")

    def infer(self, frame: Frame) -> Result | None:
        """A result, or None and an event."""
        if self._clock.now_s() < self._try_again_s and self.model is None:
            return None
        try:
            if self.model is None:
                self.model = self._load_now()
            result, times = self.model.infer(frame.image)
        except OutputInvalidError as error:
            self._invalid(str(error))
            return None
        except Exception as error:  # noqa: BLE001 - the one place where a model's failure ends
            self._fail(error)
            return None
        self._recorder.record(times)
        self._succeed()
        return result

    def stats(self) -> ModelStats:
        return self._recorder.snapshot(self.model is not None)

    def close(self) -> None:
        if self.model is not None:
            self.model.close()
            self.model = None

    def _load_now(self) -> LoadedModel:
        started_s = time.perf_counter()
        model = self._load(self._settings)
        self._recorder.load_time_s = time.perf_counter() - started_s
        plan = model.plan
        self._say(
            "model_loaded",
            f"{self._settings.file.name}: {plan.task}, {plan.form}, input {plan.input}, "
            f"in {self._recorder.load_time_s * 1e3:.0f} ms",
        )
        self._say_classes(model)
        return model

    def _say_classes(self, model: LoadedModel) -> None:
        unmapped = model.plan.labels.unmapped
        if unmapped and not self._classes_said:
            self._say("model_classes_unmapped", f"mean nothing here: {', '.join(unmapped)}")
        self._classes_said = True

    def _fail(self, error: Exception) -> None:
        """A failure of the engine or the file: start from the file again, later."""
        detail = " ".join(str(error).split()) or type(error).__name__
        self.close()
        self._recorder.record_failure(detail)
        self._say("model_failed", f"{detail}; trying again in {self._wait_s:g} s")
        self._back_off()

    def _invalid(self, detail: str) -> None:
        """A bad answer may be this one picture's: the model stays, the event comes now and then."""
        self._recorder.record_failure(detail)
        if self._clock.now_s() >= self._try_again_s:
            self._say("model_output_invalid", detail)
            self._back_off()

    def _back_off(self) -> None:
        self._failing = True
        self._try_again_s = self._clock.now_s() + self._wait_s
        self._wait_s = min(self._wait_s * 2, _LONGEST_WAIT_S)

    def _succeed(self) -> None:
        if self._failing:
            self._say("model_recovered", "gives results again")
        self._failing = False
        self._wait_s = _FIRST_WAIT_S
        self._try_again_s = float("-inf")

    def _say(self, name: str, detail: str) -> None:
        self._on_event(Event(name, self._name, detail, self._clock.now_s()))
