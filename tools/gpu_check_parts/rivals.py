"""Line e: the same engines in other runners, frame by frame in turn with ours, in one process.

Everyone gets the camera's picture and cuts the model's part out of it in its own time. Nobody's
waits for the GPU are made to sleep: the others wait as they do in a process of their own.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.models import ModelSettings
from drag_edge.inference.engine_file import plan_data, read_engine_file
from drag_edge.inference.letterbox import roi_pixels
from drag_edge.inference.metadata import parse_metadata
from drag_edge.inference.onnx import OnnxEngine
from gpu_check_parts import models, pictures
from gpu_check_parts.check import Check
from gpu_check_parts.ours import OursFailedError, require_results, session
from gpu_check_parts.patches import numpy_bool, usual_waits
from gpu_check_parts.prepare import PICTURES
from gpu_check_parts.rows import FAILED, INFO, OK, one_line
from gpu_check_parts.timing import ms, summary

ULTRALYTICS_LIMIT = 2.0
TRTUTILS_LIMIT = 1.0
_WARM_UP = 30

Picture = NDArray[np.uint8]
Runner = Callable[[Picture], int]
"""A part of a picture in, the number of boxes out; -1 for boxes that are not decoded."""


@dataclass(frozen=True)
class Subject:
    """A detector: its engine, how we are told to run it, and its part of the picture."""

    name: str
    engine: Path
    onnx: Path
    settings: ModelSettings
    roi: tuple[float, float, float, float]
    size: tuple[int, int]
    """Width and height of the input."""

    def part(self, image: Picture) -> Picture:
        x0, y0, x1, y1 = roi_pixels(image.shape[1], image.shape[0], self.roi)
        return np.ascontiguousarray(image[y0:y1, x0:x1])


def run(check: Check, shard: str) -> None:
    subjects = _subjects(check)
    if shard == "onnxruntime":
        _onnxruntime(check, subjects)
        return
    maker, limit = _MAKERS[shard]
    for subject in subjects:
        what = f"{shard} over ours, {subject.name}"
        try:
            runner, note = maker(check, subject)
        except Exception as error:  # noqa: BLE001 - becomes the row's reason
            check.not_measured(what, f"{type(error).__name__}: {one_line(error)}")
            continue
        _measure(check, what, subject, runner, limit, note)


def _subjects(check: Check) -> list[Subject]:
    files = models.demo_engines(check.engines)
    settings = models.demo_settings(files)
    found = [
        _subject(name, files[name], models.onnx_file(name), settings[name])
        for name in models.NAMES
        if name != "road"
    ]
    for onnx in check.extra:
        with suppress(FileNotFoundError):  # line 0 says why
            file = models.best_engine(check.engines, onnx)
            found.append(_subject(onnx.stem, file, onnx, ModelSettings(file=file, task="detect")))
    return found


def _subject(name: str, engine: Path, onnx: Path, settings: ModelSettings) -> Subject:
    metadata = parse_metadata(read_engine_file(engine).metadata)
    if metadata.input_size is None:
        raise ValueError(f"{engine.name} does not say its input size")
    roi = settings.roi or metadata.roi or (0.0, 0.0, 1.0, 1.0)
    return Subject(name, engine, onnx, settings, roi, metadata.input_size)


def _measure(
    check: Check, what: str, subject: Subject, runner: Runner, limit: float, note: str
) -> None:
    usual_waits()
    images = pictures.pictures(check.out, PICTURES)
    ours: list[float] = []
    theirs: list[float] = []
    boxes = [0, 0]
    try:
        with session({subject.name: subject.settings}) as running:
            for number in range(_WARM_UP + check.count(300, 40)):
                which = number % len(images)
                started_s = time.perf_counter()
                perceived = running.infer(images[which])
                between_s = time.perf_counter()
                found = runner(subject.part(images[which]))
                ended_s = time.perf_counter()
                require_results(perceived, running)
                if number >= _WARM_UP:
                    ours.append((between_s - started_s) * 1e3)
                    theirs.append((ended_s - between_s) * 1e3)
                    boxes[0] += len(perceived.results[subject.name].labels)  # type: ignore[union-attr]
                    boxes[1] += found
    except OursFailedError as error:
        check.row(what, verdict=FAILED, detail=one_line(error))
        return
    except Exception as error:  # noqa: BLE001 - the rival's own failure
        check.not_measured(what, f"{type(error).__name__}: {one_line(error)}")
        return
    figures = {"ours": summary(ours), "theirs": summary(theirs)}
    ratio = figures["theirs"]["p50_ms"] / figures["ours"]["p50_ms"]
    precision = subject.engine.stem.rpartition(".")[2]
    detail = f"{precision}; ours {ms(figures['ours'])}, theirs {ms(figures['theirs'])}"
    detail += f"; boxes {boxes[0]} ours"
    detail += f", {boxes[1]} theirs" if boxes[1] >= 0 else ", theirs not decoded"
    check.row(what, f"{ratio:.2f} times", f"at least {limit:g}", OK if ratio >= limit else FAILED,
              f"{detail}{'; ' if note else ''}{note}",
              {**figures, "ratio_p50": ratio})  # fmt: skip


def _ultralytics(check: Check, subject: Subject) -> tuple[Runner, str]:
    del check
    numpy_bool()
    importlib.import_module("torch")
    ultralytics: Any = importlib.import_module("ultralytics")
    model = ultralytics.YOLO(str(subject.engine), task="detect")
    width, height = subject.size
    settings = subject.settings

    def predict(part: Picture) -> int:
        results = model.predict(
            part, imgsz=[height, width], conf=settings.confidence, iou=settings.iou,
            agnostic_nms=settings.agnostic, max_det=settings.max_detections, verbose=False,
            device=0,
        )  # fmt: skip
        boxes: NDArray[Any] = results[0].boxes.data.cpu().numpy()
        return len(boxes)

    return predict, f"Ultralytics {ultralytics.__version__}, predict"


def _ultralytics_newer(check: Check, subject: Subject) -> tuple[Runner, str]:
    """What it does from TensorRT 10 on, when it finds no num_bindings: a CUDA graph."""
    trt: Any = importlib.import_module("tensorrt")
    if hasattr(trt.ICudaEngine, "num_bindings"):
        del trt.ICudaEngine.num_bindings
    runner, note = _ultralytics(check, subject)
    return runner, f"{note}, on its path for TensorRT 10 (named tensors, CUDA graph)"


def _trtutils(check: Check, subject: Subject) -> tuple[Runner, str]:
    numpy_bool()
    trtutils: Any = importlib.import_module("trtutils")
    yolo: Any = importlib.import_module("trtutils.impls.yolo")
    plan = check.out / f"{subject.engine.stem}.plan.engine"
    file = read_engine_file(subject.engine)
    plan.write_bytes(plan_data(file))
    model = yolo.YOLO(
        plan, preprocessor="cuda", conf_thres=subject.settings.confidence, warmup=True, no_warn=True
    )
    version = f"trtutils {trtutils.__version__}, CUDA preprocessing; this version has no graphs"
    with ExitStack() as undo:
        undo.callback(plan.unlink)
    if file.metadata.get("end2end") in (True, "True"):
        return lambda part: len(model.end2end(part)), version
    preprocessor, engine = model._preprocessor, model.engine

    def without_decoding(part: Picture) -> int:
        pointer, _, _ = preprocessor.direct_preproc(part, resize="letterbox", no_warn=True)
        engine.direct_exec([pointer], no_warn=True)
        return -1

    return without_decoding, f"{version}; it cannot decode this output: without decoding"


def _onnxruntime(check: Check, subjects: list[Subject]) -> None:
    """For orientation: the bare network on this machine's CPU."""
    images = pictures.pictures(check.out, PICTURES)
    for subject in subjects:
        settings = subject.settings.model_copy(update={"file": subject.onnx, "runtime": "onnx"})
        engine = OnnxEngine(subject.onnx, settings.threads)
        for buffer in engine.input_buffers.values():
            buffer[...] = np.resize(images[0], buffer.shape) / 255
        times = []
        for number in range(check.count(60, 15)):
            started_s = time.perf_counter()
            engine.run()
            if number >= 5:
                times.append((time.perf_counter() - started_s) * 1e3)
        figures = summary(times)
        check.row(f"ONNX Runtime on the CPU, {subject.name}", ms(figures), verdict=INFO,
                  detail="bare network, float32", figures=figures)  # fmt: skip


_MAKERS: dict[str, tuple[Callable[[Check, Subject], tuple[Runner, str]], float]] = {
    "ultralytics": (_ultralytics, ULTRALYTICS_LIMIT),
    "ultralytics, its newer path": (_ultralytics_newer, ULTRALYTICS_LIMIT),
    "trtutils": (_trtutils, TRTUTILS_LIMIT),
}
