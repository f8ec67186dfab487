"""What a person at the wheel relies on: whatever one model does, the others answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drag_edge.clock import VirtualClock
from drag_edge.config.models import ModelSettings
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference.engine import ModelError
from drag_edge.inference.model import LoadedModel, Model, make_model
from drag_edge.inference.onnx import OnnxEngine
from drag_edge.inference.pool import ModelPool
from drag_edge.inference.results import Classification, ClassMap, Detections, Perceived
from tests.inference import tiny_onnx

DARK = np.full((64, 128, 3), 20, np.uint8)
BRIGHT = np.full((64, 128, 3), 220, np.uint8)  # the tiny networks answer NaN to it


class Drive:
    """A pool on a virtual clock, fed frame by frame."""

    def __init__(self, models: dict[str, ModelSettings], **options: Any) -> None:
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.pool = ModelPool(models, self.clock, self.events.append, **options)
        self._index = 0

    def see(self, image: np.ndarray = DARK, camera: str = "front", after_s: float = 0) -> Perceived:
        self.clock.advance_to(self.clock.now_s() + after_s)
        self._index += 1
        return self.pool.infer(Frame(camera, self._index, self.clock.now_s(), image))

    def heard(self) -> list[str]:
        names = [event.name for event in self.events]
        self.events.clear()
        return names


@pytest.fixture
def detector(tmp_path: Path) -> ModelSettings:
    """Always sees one car at the input's 8..24 × 4..12 (input 64×32, frame 128×64: twice that)."""
    cells = 8 * 4 + 4 * 2 + 2 * 1
    boxes = np.zeros((1, 5, cells), np.float32)
    boxes[0, :, 7] = (16, 8, 16, 8, 0.9)
    metadata = {"task": "detect", "names": "{0: 'car'}"}
    file = tiny_onnx.answers(tmp_path / "cars.onnx", {"output0": boxes}, metadata=metadata)
    return ModelSettings(file=file, threads=1)


@pytest.fixture
def segmenter(tmp_path: Path) -> ModelSettings:
    scores = np.zeros((1, 3, 32, 64), np.float32)
    scores[0, 1, 16:] = 1
    metadata = {"task": "segment", "names": "['background', 'drivable', 'lane_line']"}
    file = tiny_onnx.answers(tmp_path / "road.onnx", {"map": scores}, metadata=metadata)
    return ModelSettings(file=file, threads=1)


def test_results_come_in_frame_pixels_under_the_models_names(
    detector: ModelSettings, segmenter: ModelSettings
) -> None:
    drive = Drive({"objects": detector, "road": segmenter})
    perceived = drive.see()
    objects, road = perceived.results["objects"], perceived.results["road"]
    assert isinstance(objects, Detections)
    assert objects.boxes_px.tolist() == [[16, 8, 48, 24]]
    assert objects.labels == ("car",)
    assert objects.vocabulary == ("car",)
    assert objects.region_px == (0, 0, 128, 64)
    assert isinstance(road, ClassMap)
    assert road.classes[:16].max() == 0
    assert road.classes[16:].min() == 1
    assert (perceived.camera, perceived.width_px, perceived.height_px) == ("front", 128, 64)
    assert drive.heard() == ["model_loaded", "model_loaded"]


def test_a_roi_shifts_its_boxes_into_the_frame(detector: ModelSettings) -> None:
    half = detector.model_copy(update={"roi": (0.5, 0.5, 1.0, 1.0)})
    objects = Drive({"objects": half}).see().results["objects"]
    assert isinstance(objects, Detections)
    assert objects.boxes_px.tolist() == [[72, 36, 88, 44]]
    assert objects.region_px == (64, 32, 128, 64)


def test_nothing_is_loaded_before_its_first_frame(detector: ModelSettings) -> None:
    side = detector.model_copy(update={"cameras": ("left",)})
    drive = Drive({"objects": detector, "side": side})
    assert set(drive.see().results) == {"objects"}
    assert not drive.pool.stats()["side"].loaded
    assert set(drive.see(camera="left").results) == {"objects", "side"}
    assert drive.pool.stats()["side"].loaded


def test_each_load_is_announced_before_it_begins(
    detector: ModelSettings, segmenter: ModelSettings
) -> None:
    """Whoever waits for the loop must know that it may take long."""
    loaded_before: list[int] = []

    def before_load() -> None:
        loaded_before.append(len(drive.pool.models()))

    models = {"objects": detector, "road": segmenter}
    drive = Drive(models, before_load=before_load)
    assert loaded_before == []
    drive.see()
    assert loaded_before == [0, 1]
    drive.see()
    assert loaded_before == [0, 1]
    drive.pool.tune({**models, "road": segmenter.model_copy(update={"threads": 2})})
    drive.see()
    assert loaded_before == [0, 1, 1]


def test_a_model_that_is_not_due_is_absent(detector: ModelSettings) -> None:
    drive = Drive({"objects": detector.model_copy(update={"hz": 5.0})})
    seen = [set(drive.see(after_s=0.05).results) for _ in range(5)]
    assert seen == [{"objects"}, set(), set(), set(), {"objects"}]


@pytest.mark.parametrize("fault", ["missing", "corrupt", "task", "shape", "runtime"])
def test_a_model_that_cannot_load_is_none_and_said_and_the_others_answer(
    fault: str, detector: ModelSettings, tmp_path: Path
) -> None:
    broken = {
        "missing": {"file": tmp_path / "gone.onnx"},
        "corrupt": {"file": tmp_path / "corrupt.onnx"},
        "task": {"task": "segment"},
        "shape": {"file": tmp_path / "shape.onnx"},
        "runtime": {"runtime": "tensorrt"},
    }[fault]
    (tmp_path / "corrupt.onnx").write_bytes(b"no network")
    tiny_onnx.answers(tmp_path / "shape.onnx", {"output0": np.zeros((1, 9, 11), np.float32)})
    drive = Drive({"bad": detector.model_copy(update=broken), "good": detector})
    perceived = drive.see()
    assert perceived.results["bad"] is None
    assert perceived.results["good"] is not None
    assert drive.heard() == ["model_failed", "model_loaded"]
    stats = drive.pool.stats()["bad"]
    assert (stats.loaded, stats.failures, stats.count) == (False, 1, 0)
    assert stats.last_error


def test_retries_back_off_and_a_repaired_file_recovers(
    detector: ModelSettings, tmp_path: Path
) -> None:
    content = detector.file.read_bytes()
    detector.file.unlink()
    drive = Drive({"objects": detector})
    tried_s = []
    for _ in range(200):
        assert drive.see(after_s=0.125).results["objects"] is None
        tried_s += [drive.clock.now_s()] * drive.heard().count("model_failed")
    assert tried_s == [0.125, 1.125, 3.125, 7.125, 15.125]
    detector.file.write_bytes(content)
    while drive.see(after_s=0.125).results["objects"] is None:
        pass
    assert drive.clock.now_s() == 31.125
    assert drive.heard() == ["model_loaded", "model_recovered"]


def test_the_wait_between_retries_is_bounded(detector: ModelSettings) -> None:
    detector.file.unlink()
    drive = Drive({"objects": detector})
    for _ in range(1000):
        drive.see(after_s=1.0)
    assert 15 <= drive.heard().count("model_failed") <= 25


def test_nan_is_no_answer_and_the_next_good_picture_is(detector: ModelSettings) -> None:
    drive = Drive({"objects": detector})
    assert drive.see(DARK).results["objects"] is not None
    assert drive.see(BRIGHT, after_s=0.05).results["objects"] is None
    assert drive.see(BRIGHT, after_s=0.05).results["objects"] is None
    assert drive.see(DARK, after_s=0.05).results["objects"] is not None
    assert drive.heard() == ["model_loaded", "model_output_invalid", "model_recovered"]
    stats = drive.pool.stats()["objects"]
    assert (stats.count, stats.failures) == (2, 2)
    assert "NaN" in stats.last_error


def test_nan_for_long_is_said_again_but_not_every_frame(segmenter: ModelSettings) -> None:
    drive = Drive({"road": segmenter})
    for _ in range(100):
        assert drive.see(BRIGHT, after_s=0.1).results["road"] is None
    assert drive.heard() == ["model_loaded"] + ["model_output_invalid"] * 4


class _Dying(OnnxEngine):
    """An engine whose runtime breaks while it drives, at its third run."""

    def __init__(self, file: Path, fault: Exception | None) -> None:
        super().__init__(file, threads=1)
        self._fault = fault
        self._runs = -1  # the first is the loading's own
        self.closed = 0

    def run(self) -> Any:
        self._runs += 1
        if self._fault is not None and self._runs == 3:
            raise self._fault
        return super().run()

    def close(self) -> None:
        self.closed += 1
        super().close()


class _Loader:
    """A ModelLoader that opens models in its own way."""

    def __init__(self, load: Callable[[ModelSettings], Model]) -> None:
        self.load = load
        self.calls: list[str] = []

    def begin_frame(self) -> None:
        self.calls.append("begin frame")

    def close(self) -> None:
        self.calls.append("close")


def test_an_exception_in_a_run_closes_the_engine_and_loads_it_anew(
    detector: ModelSettings,
) -> None:
    faults = [ModelError("the runtime broke"), ZeroDivisionError("nobody thought of it"), None]
    engines: list[_Dying] = []

    def load(settings: ModelSettings) -> Model:
        engines.append(_Dying(settings.file, faults[len(engines)]))
        return make_model(settings, engines[-1])

    drive = Drive({"objects": detector}, runtimes=_Loader(load))
    answers = [drive.see(after_s=0.5).results["objects"] is not None for _ in range(10)]
    assert answers == [True, True, False, False, True, True, False, False, True, True]
    assert [engine.closed for engine in engines] == [1, 1, 0]


def test_unknown_classes_are_said_once(detector: ModelSettings, tmp_path: Path) -> None:
    cells = 8 * 4 + 4 * 2 + 2 * 1
    boxes = np.zeros((1, 6, cells), np.float32)
    boxes[0, :, 7] = (16, 8, 16, 8, 0.1, 0.9)
    metadata = {"task": "detect", "names": "{0: 'car', 1: 'toaster'}"}
    file = tiny_onnx.answers(tmp_path / "kitchen.onnx", {"output0": boxes}, metadata=metadata)
    drive = Drive({"kitchen": ModelSettings(file=file)})
    for _ in range(3):
        seen = drive.see().results["kitchen"]
        assert isinstance(seen, Detections)
        assert seen.labels == ()
        assert seen.boxes_px.shape == (0, 4)
        drive.pool.close()  # the next frame loads it anew
    said = [event for event in drive.events if event.name == "model_classes_unmapped"]
    assert len(said) == 1
    assert "toaster" in said[0].detail


def test_a_classifier_answers_labels_best_first(tmp_path: Path) -> None:
    scores = np.array([[0.1, 0.6, 0.3]], np.float32)
    metadata = {"task": "classify", "names": "['traffic_light_red', 'toaster', 'bus']"}
    file = tiny_onnx.answers(tmp_path / "kinds.onnx", {"output0": scores}, metadata=metadata)
    drive = Drive({"kind": ModelSettings(file=file, confidence=0.05)})
    kind = drive.see().results["kind"]
    assert isinstance(kind, Classification)
    assert kind.labels == ("bus", "traffic_light_red")
    assert kind.scores == pytest.approx([0.3, 0.1])


def test_the_bare_engine_reruns_the_last_tensors(detector: ModelSettings) -> None:
    drive = Drive({"objects": detector})
    assert drive.pool.models() == {}
    drive.see()
    model = drive.pool.models()["objects"]
    assert isinstance(model, LoadedModel)
    np.testing.assert_allclose(model.engine.input_buffers["images"], 20 / 255, rtol=1e-6)
    assert model.engine.run()["output0"][0, 4, 7] == pytest.approx(0.9)
    assert 0 < model.time_bare_s() < 1


def test_statistics_tell_each_step(detector: ModelSettings) -> None:
    drive = Drive({"objects": detector})
    assert drive.pool.stats()["objects"].total is None
    for _ in range(20):
        drive.see()
    stats = drive.pool.stats()["objects"]
    assert stats.count == 20
    assert stats.load_time_s is not None
    for step in (stats.total, stats.preprocess, stats.engine, stats.decode):
        assert step is not None
        assert 0 < step.p50_ms <= step.p99_ms


def test_a_closed_pool_holds_nothing(detector: ModelSettings) -> None:
    drive = Drive({"objects": detector})
    drive.see()
    drive.pool.close()
    drive.pool.close()
    assert drive.pool.models() == {}


def test_other_threads_keep_running_while_a_model_loads(shared_data: Path) -> None:
    """The CAN sender's period is 10 ms: a load must not hold the interpreter for long."""
    beats_s: list[float] = []
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(0.002):
            beats_s.append(time.monotonic())

    settings = ModelSettings(
        file=shared_data / "models" / "yolox_nano_coco_416.onnx",
        classes={2: "car"},
        threads=1,
    )
    thread = threading.Thread(target=beat)
    thread.start()
    try:
        make_model(settings, OnnxEngine(settings.file, threads=1)).close()
    finally:
        stop.set()
        thread.join()
    # Generous, for a busy machine: a load that kept the lock would leave one gap of its own length.
    assert len(beats_s) > 10
    assert float(np.diff(beats_s).max()) < 0.2
