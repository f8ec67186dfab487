"""All models, one after another, on one thread; each fails alone.

All that are due are started, then all are finished, in the same order: a GPU works on the next
model while the last one's answer is decoded. A model is loaded at the first frame it is due on.
Whatever goes wrong with it becomes an event and a None result; it is tried again after
1, 2, 4 … 60 s of the clock, and the others never notice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any

from drag_edge.clock import Clock
from drag_edge.config.models import ModelSettings
from drag_edge.errors import UnavailableError
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference.cuda import GpuLostError
from drag_edge.inference.engine import OutputInvalidError
from drag_edge.inference.model import Model
from drag_edge.inference.results import Perceived, Result
from drag_edge.inference.runtimes import ModelLoader, OnEvent, Runtimes
from drag_edge.inference.schedule import Schedule
from drag_edge.inference.stats import ModelStats, StatsRecorder
from drag_edge.inference.thresholds import only_thresholds_differ

_LOG = logging.getLogger(__name__)
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0


class ModelPool:
    """Runs every model that is due on a frame. One thread calls `infer`, and close.

    runtimes: where models come from, and whose `close` is the caller's; None: a `Runtimes` of its
    own, closed with the pool. before_load: called before each model is loaded, by the thread that
    then loads it, which may hold that frame for a minute.
    """

    def __init__(
        self,
        models: Mapping[str, ModelSettings],
        clock: Clock,
        on_event: OnEvent,
        runtimes: ModelLoader | None = None,
        before_load: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._on_event = on_event
        self._before_load = before_load
        self.runtimes = runtimes or Runtimes(on_event, clock)
        self._owns_runtimes = runtimes is None
        self._slots = {name: self._slot(name, settings) for name, settings in models.items()}
        self._schedules = {name: Schedule(settings) for name, settings in models.items()}

    def infer(self, frame: Frame) -> Perceived:
        """Everything the due models say about one frame; never raises for one model's sake.

        Raises UnavailableError when the GPU is lost: everything is closed then, and only a new
        process can open it again.
        """
        due = {name: slot for name, slot in self._slots.items() if self._schedules[name].due(frame)}
        results: dict[str, Result | None] = {}
        try:
            self.runtimes.begin_frame()
            for slot in due.values():
                slot.start(frame)
            for name, slot in due.items():
                results[name] = slot.finish()
        except GpuLostError as error:
            raise self._gone(error) from error
        height, width = frame.image.shape[:2]
        return Perceived(
            camera=frame.camera,
            index=frame.index,
            time_s=frame.time_s,
            width_px=width,
            height_px=height,
            results=MappingProxyType(results),
        )

    def tune(self, models: Mapping[str, ModelSettings]) -> None:
        """Changed settings: a model that must be loaded anew is, at the next frame it is due on;
        of the others only the schedule changes. They run in the new order.
        """
        slots: dict[str, _Slot] = {}
        before = dict(self._slots)
        for name, settings in models.items():
            slot = before.pop(name, None)
            if slot is None or not slot.fits(settings):
                fresh = self._slot(name, settings)
                if slot is not None:
                    fresh.succeed_to(slot)
                slot = fresh
                self._schedules[name] = Schedule(settings)
            else:
                if _schedule(slot.settings) != _schedule(settings):
                    self._schedules[name] = Schedule(settings)
                slot.tune(settings)
            slots[name] = slot
        for name, slot in before.items():
            slot.retire()
            del self._schedules[name]
        self._slots = slots

    def _slot(self, name: str, settings: ModelSettings) -> _Slot:
        return _Slot(name, settings, self._clock, self._on_event, self.runtimes, self._before_load)

    @property
    def gpu_name(self) -> str | None:
        """The GPU that models run on, None while none does."""
        gpu = self.runtimes.gpu if isinstance(self.runtimes, Runtimes) else None
        return None if gpu is None else gpu.device.name

    def stats(self) -> Mapping[str, ModelStats]:
        """By model name."""
        return {name: slot.stats() for name, slot in self._slots.items()}

    def models(self) -> Mapping[str, Model]:
        """The models that are loaded now, by name.

        Each has run on the last frame it was due on: `time_bare_s` times its network alone on
        exactly those tensors, which is what a benchmark compares with.
        """
        return {name: slot.model for name, slot in self._slots.items() if slot.model is not None}

    def close(self) -> None:
        """Free every model; idempotent. The next frame would load them anew."""
        with ExitStack() as steps:
            if self._owns_runtimes:
                steps.callback(self.runtimes.close)
            for slot in self._slots.values():
                steps.callback(slot.close)

    def _gone(self, error: GpuLostError) -> UnavailableError:
        text = f"{error}; only a new process can use it again"
        try:
            with ExitStack() as steps:
                steps.callback(self.runtimes.close)
                for slot in self._slots.values():
                    steps.callback(slot.close)
        except Exception as another:  # noqa: BLE001 - on a dead context nearly every step fails
            _LOG.debug("while closing on a lost GPU: %s", another)
        return UnavailableError(text)


class _Slot:
    """One model's place: empty, loaded, or waiting for its next try."""

    def __init__(
        self,
        name: str,
        settings: ModelSettings,
        clock: Clock,
        on_event: OnEvent,
        runtimes: ModelLoader,
        before_load: Callable[[], None],
    ) -> None:
        self.model: Model | None = None
        self.settings = settings
        self._name = name
        self._clock = clock
        self._on_event = on_event
        self._runtimes = runtimes
        self._before_load = before_load
        self._recorder = StatsRecorder()
        self._started = False
        self._classes_said = False
        self._failing = False
        self._wait_s = _FIRST_WAIT_S
        self._try_again_s = float("-inf")

    def start(self, frame: Frame) -> None:
        """Take the picture in; a failure becomes an event, and `finish` has nothing."""
        self._started = False
        if self.model is None and self._clock.now_s() < self._try_again_s:
            return
        try:
            if self.model is None:
                self.model = self._load_now()
            self.model.start(frame.image)
            self._started = True
        except GpuLostError:
            raise
        except Exception as error:  # noqa: BLE001 - one of the two places where a failure ends
            self._fail(error)

    def finish(self) -> Result | None:
        """The result of what was started, or None and an event."""
        if not self._started or self.model is None:
            return None
        self._started = False
        try:
            result, times = self.model.finish()
        except GpuLostError:
            raise
        except OutputInvalidError as error:
            self._invalid(str(error))
            return None
        except Exception as error:  # noqa: BLE001 - one of the two places where a failure ends
            self._fail(error)
            return None
        self._recorder.record(times)
        self._succeed()
        return result

    def stats(self) -> ModelStats:
        return self._recorder.snapshot(self.model is not None)

    def fits(self, settings: ModelSettings) -> bool:
        """Whether the model that is loaded is the one that these settings ask for."""
        schedule = dict(zip(_SCHEDULE, _schedule(settings), strict=True))
        return only_thresholds_differ(self.settings.model_copy(update=schedule), settings)

    def tune(self, settings: ModelSettings) -> None:
        """Settings that the loaded model fits."""
        before, self.settings = self.settings, settings
        if self.model is None or before == settings:
            return
        try:
            self.model.tune(settings)
        except GpuLostError:
            raise
        except Exception as error:  # noqa: BLE001 - as when it runs: it ends here
            self._fail(error)

    def succeed_to(self, before: _Slot) -> None:
        """Take the place of the same model with other settings; a fault of its is ours to end."""
        self._failing = before._failing
        before._close_after("its settings have changed")

    def retire(self) -> None:
        """The model is no longer wanted; no fault of its may outlive it."""
        self._close_after("it is no longer wanted")
        if self._failing:
            self._say("model_recovered", "is no longer wanted")

    def close(self) -> None:
        model, self.model = self.model, None
        if model is not None:
            model.close()

    def _load_now(self) -> Model:
        self._before_load()
        started_s = time.perf_counter()
        model = self._runtimes.load(self.settings)
        self._recorder.load_time_s = time.perf_counter() - started_s
        self._say(
            "model_loaded",
            f"{self.settings.file.name}: {model.facts.summary}, "
            f"in {self._recorder.load_time_s * 1e3:.0f} ms",
        )
        self._say_classes(model)
        return model

    def _say_classes(self, model: Model) -> None:
        unmapped = model.facts.unmapped
        if unmapped and not self._classes_said:
            self._say("model_classes_unmapped", f"mean nothing here: {', '.join(unmapped)}")
        self._classes_said = True

    def _fail(self, error: Exception) -> None:
        """A failure of the engine or the file: start from the file again, later."""
        detail = " ".join(str(error).split()) or type(error).__name__
        self._close_after(detail)
        self._recorder.record_failure(detail)
        self._say("model_failed", f"{detail}; trying again in {self._wait_s:g} s")
        self._back_off()

    def _close_after(self, detail: str) -> None:
        try:
            self.close()
        except GpuLostError:
            raise
        except Exception as error:  # noqa: BLE001 - what it failed with first is what counts
            _LOG.warning("%s: closing after %s: %s", self._name, detail, error)

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


_SCHEDULE = ("cameras", "hz", "every")


def _schedule(settings: ModelSettings) -> tuple[Any, ...]:
    """What only says when the model runs."""
    return tuple(getattr(settings, name) for name in _SCHEDULE)
