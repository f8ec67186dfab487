"""Ultralytics' own predictor, for kinds of models that we do not decode.

Imported only when a model asks for it (its licence is AGPL-3.0, and torch costs a gigabyte of
memory). Where torch has CUDA it works in the one context, which is the one that torch takes anyway.
A .pt file is a pickle: loading it runs whatever code it holds.
"""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.models import ModelSettings
from drag_edge.inference.closing import CloseStage, one_line
from drag_edge.inference.cuda import Gpu
from drag_edge.inference.engine import ModelError
from drag_edge.inference.labels import Labels, map_labels
from drag_edge.inference.letterbox import WHOLE, roi_pixels
from drag_edge.inference.model import ModelFacts
from drag_edge.inference.path import StepTimes
from drag_edge.inference.results import Result
from drag_edge.inference.ultralytics_results import READERS, Words


class UltralyticsModel:
    """A model behind `predict`. gpu: the one it works on, None for the CPU."""

    def __init__(self, settings: ModelSettings, model: Any, device: str, gpu: Gpu | None) -> None:
        self._settings = settings
        self._gpu = gpu
        self._model: Any = model
        labels = _labels(settings, model)
        self._read = READERS[model.task]
        self._words = Words(labels.word_of)
        self._device = device
        self._options = self._options_of(settings)
        self._found: Any = None
        self._origin = (0, 0)
        self._inference_s = 0.0
        self.facts = ModelFacts(f"{model.task}, by Ultralytics on {device}", labels.unmapped)
        self._forget: Callable[[], None] | None = None
        if gpu is not None:
            self._forget = gpu.at_close(CloseStage.FOREIGN, self._release)

    def _options_of(self, settings: ModelSettings) -> dict[str, Any]:
        return {
            "device": self._device,
            "conf": settings.confidence,
            "iou": settings.iou,
            "max_det": settings.max_detections,
            "agnostic_nms": settings.agnostic,
            "verbose": False,
        }

    def tune(self, settings: ModelSettings) -> None:
        """Predict with other thresholds."""
        self._options = self._options_of(settings)

    def start(self, image: NDArray[np.uint8]) -> None:
        """Predict: it returns when all is done."""
        height, width = image.shape[:2]
        x0, y0, x1, y1 = roi_pixels(width, height, self._settings.roi or WHOLE)
        part = np.ascontiguousarray(image[y0:y1, x0:x1])
        try:
            (self._found,) = self._model.predict(part, **self._options)
        except Exception as error:  # whatever torch and Ultralytics raise
            if self._gpu is not None:
                self._gpu.raise_if_lost("Ultralytics was to predict")
            raise ModelError(f"Ultralytics failed: {one_line(error)}") from error
        self._origin = (x0, y0)

    def finish(self) -> tuple[Result, StepTimes]:
        """Copy the result into our words and the frame's pixels."""
        found, self._found = self._found, None
        if found is None:
            raise RuntimeError("finish before start")
        preprocess_s, self._inference_s, postprocess_s = (
            (found.speed[step] or 0.0) / 1e3 for step in ("preprocess", "inference", "postprocess")
        )
        result = self._read(found, self._words, self._origin)
        return result, StepTimes(preprocess_s, self._inference_s, postprocess_s)

    def time_bare_s(self) -> float:
        """What Ultralytics itself took for the network the last time; it cannot run it alone."""
        return self._inference_s

    def close(self) -> None:
        """Let go of the model, and of torch's memory on the GPU; idempotent."""
        if self._forget is not None:
            self._forget()
        self._release()

    def _release(self) -> None:
        if self._model is None:
            return
        self._model = None
        self._found = None
        gc.collect()  # its predictor and callbacks hold each other
        if self._gpu is not None:
            importlib.import_module("torch").cuda.empty_cache()


def load_ultralytics(settings: ModelSettings, open_gpu: Callable[[], Gpu]) -> UltralyticsModel:
    """Import, load, predict once on grey.

    open_gpu: called where torch has CUDA. Raises ModelError: not installed, or a file or kind that
    it or we cannot read.
    """
    os.environ["YOLO_AUTOINSTALL"] = "False"  # a vehicle's software does not change itself
    os.environ.setdefault("YOLO_VERBOSE", "False")
    if not settings.file.is_file():
        raise ModelError(f"no such file: {settings.file}")
    try:
        ultralytics = importlib.import_module("ultralytics")
        has_cuda = importlib.import_module("torch").cuda.is_available()
    except ImportError as error:
        raise ModelError(
            f"Ultralytics is not installed ({one_line(error)}): "
            "pip install 'drag-edge[ultralytics]' (AGPL-3.0)"
        ) from error
    gpu = open_gpu() if has_cuda else None
    if gpu is not None:
        gpu.assert_unchanged("importing Ultralytics")
    try:
        raw = ultralytics.YOLO(str(settings.file), task=_TASKS.get(settings.task or ""))
        task = raw.task
    except Exception as error:  # unpickling raises anything
        raise ModelError(
            f"Ultralytics cannot load {settings.file.name}: {one_line(error)}"
        ) from error
    if task not in READERS:
        known = ", ".join(READERS)
        raise ModelError(f"{settings.file.name} is for task {task!r}; we understand {known}")
    with ExitStack() as undo:
        model = UltralyticsModel(settings, raw, "cpu" if gpu is None else "cuda:0", gpu)
        undo.callback(model.close)
        model.start(np.full((64, 64, 3), 114, np.uint8))
        model.finish()
        if gpu is not None:
            gpu.assert_unchanged("Ultralytics' first prediction")
        undo.pop_all()
    return model


# What a file without metadata is taken for; our `segment` means either, a .pt file says which.
_TASKS = {"detect": "detect", "segment": "segment", "pose": "pose", "classify": "classify"}


def _labels(settings: ModelSettings, model: Any) -> Labels:
    labels = map_labels(dict(model.names), settings.classes)
    if labels.unused:
        raise ModelError(f"classes names what the model does not have: {', '.join(labels.unused)}")
    return labels
