"""Which runtime runs a model: the one place that knows every runtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drag_edge.clock import Clock
from drag_edge.config.models import ModelSettings
from drag_edge.events import Event
from drag_edge.inference.choose import Here, choose
from drag_edge.inference.cuda import Gpu
from drag_edge.inference.device import Device, GpuSwitches
from drag_edge.inference.engine import ModelError
from drag_edge.inference.model import Model, make_model
from drag_edge.inference.onnx import OnnxEngine

OnEvent = Callable[[Event], None]


class ModelLoader(Protocol):
    """Where a pool gets its models from."""

    def load(self, settings: ModelSettings) -> Model:
        """Open a model. Raises ModelError with what to do; nothing stays open then."""

    def begin_frame(self) -> None:
        """A new frame comes: what was uploaded for the last one is no longer wanted."""

    def close(self) -> None:
        """Free what the models shared; every model is closed before. May be used again."""


class Runtimes:
    """ONNX Runtime, TensorRT and Ultralytics; the GPU is opened by the first model that needs it.

    All calls come from one thread, which the GPU belongs to from then on. The switches, for
    measuring, are those of GpuSwitches.
    """

    def __init__(
        self,
        on_event: OnEvent,
        clock: Clock,
        *,
        gpu_preprocess: bool = True,
        graphs: bool = True,
        shared_scratch: bool = True,
        mapped: bool | None = None,
    ) -> None:
        self._on_event = on_event
        self._clock = clock
        self._switches = GpuSwitches(gpu_preprocess, graphs, shared_scratch, mapped)
        self._device: Device | None = None

    @property
    def gpu(self) -> Gpu | None:
        """The GPU, if a model has needed it."""
        return self._device.gpu if self._device is not None else None

    def load(self, settings: ModelSettings) -> Model:
        """Open a model in the runtime that the settings, the file and this machine ask for."""
        choice = choose(settings, self._look)
        if choice.runtime == "onnx":
            return make_model(settings, OnnxEngine(choice.file, settings.threads), choice.reason)
        if choice.runtime == "tensorrt":
            return self._opened().load(choice.file, settings, choice.reason)
        from drag_edge.inference.ultralytics import load_ultralytics

        return load_ultralytics(settings, lambda: self._opened().gpu)

    def begin_frame(self) -> None:
        """What was uploaded for the last frame is no longer wanted."""
        if self._device is not None:
            self._device.begin_frame()

    def close(self) -> None:
        """Close the GPU; idempotent. The next model that needs it opens it anew."""
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _look(self) -> Here:
        try:
            return self._opened().here()
        except ModelError as error:
            return Here(None, None, None, str(error))

    def _opened(self) -> Device:
        if self._device is None:
            self._device = Device(self._switches, self._say)
        return self._device

    def _say(self, name: str, detail: str) -> None:
        self._on_event(Event(name, "gpu", detail, self._clock.now_s()))
