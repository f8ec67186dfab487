"""Ultralytics' predictor behind our face: a stand-in for the rules, the real one where it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from drag_edge.clock import VirtualClock
from drag_edge.config.models import ModelSettings
from drag_edge.config.vocabulary import SURFACE_IDS
from drag_edge.inference.cuda import CudaMisuseError, Gpu, GpuLostError
from drag_edge.inference.engine import ModelError, OutputInvalidError
from drag_edge.inference.results import Classification, ClassMap, Detections
from drag_edge.inference.runtimes import Runtimes
from drag_edge.inference.ultralytics import UltralyticsModel, load_ultralytics
from tests.inference.fake_driver import FOREIGN, Machine

PICTURE = np.zeros((40, 80, 3), np.uint8)


class Tensor:
    """As much of a torch tensor as we touch; what it holds is the predictor's own."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> np.ndarray:
        return self.values


class Yolo:
    """A stand-in for ultralytics.YOLO; `answer` is what its one result holds."""

    task = "detect"
    names: dict[int, str] = {0: "car", 1: "toaster", 2: "person"}  # noqa: RUF012
    answer: dict[str, Any] = {}  # noqa: RUF012
    fault: Exception | None = None

    def __init__(self, file: str, task: str | None) -> None:
        self.seen: list[tuple[tuple[int, ...], dict[str, Any]]] = []

    def predict(self, picture: np.ndarray, **options: Any) -> list[Any]:
        self.seen.append((picture.shape, options))
        if self.fault is not None:
            raise self.fault
        parts = dict.fromkeys(("boxes", "obb", "masks", "keypoints", "probs", "semantic_mask"))
        speed = {"preprocess": 1.0, "inference": 2.0, "postprocess": 3.0}
        return [
            SimpleNamespace(**{**parts, **self.answer}, speed=speed, orig_shape=picture.shape[:2])
        ]


def boxes(*rows: tuple[float, ...]) -> SimpleNamespace:
    """Rows of x0 y0 x1 y1 score class."""
    table = np.asarray(rows, np.float32).reshape(-1, 6)
    return SimpleNamespace(
        xyxy=Tensor(table[:, :4]), conf=Tensor(table[:, 4]), cls=Tensor(table[:, 5])
    )


@pytest.fixture
def yolo(monkeypatch: pytest.MonkeyPatch) -> type[Yolo]:
    """The stand-in, installed, on a machine without CUDA."""
    kind = type("Yolo", (Yolo,), {"answer": {"boxes": boxes()}})
    cuda = SimpleNamespace(is_available=lambda: False, empty_cache=lambda: None)
    monkeypatch.setitem(sys.modules, "ultralytics", SimpleNamespace(YOLO=kind))
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    monkeypatch.setenv("YOLO_AUTOINSTALL", "True")
    return kind


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    file = tmp_path / "net.pt"
    file.write_bytes(b"weights")
    return ModelSettings(file=file, confidence=0.3, iou=0.6, max_detections=7)


def load(settings: ModelSettings) -> UltralyticsModel:
    def no_gpu() -> Gpu:
        raise AssertionError("no CUDA, no GPU")

    return load_ultralytics(settings, no_gpu)


def test_boxes_come_in_our_words_and_frame_pixels_best_first(
    yolo: type[Yolo], settings: ModelSettings
) -> None:
    half = settings.model_copy(update={"roi": (0.5, 0.5, 1.0, 1.0)})
    model = load(half)
    yolo.answer = {"boxes": boxes((1, 2, 3, 4, 0.5, 2), (5, 6, 7, 8, 0.9, 0), (0, 0, 1, 1, 0.7, 1))}
    model.start(PICTURE)
    found, times = model.finish()
    assert isinstance(found, Detections)
    assert found.labels == ("car", "pedestrian")
    assert found.boxes_px.tolist() == [[45, 26, 47, 28], [41, 22, 43, 24]]
    assert found.scores == pytest.approx([0.9, 0.5])
    assert found.region_px == (40, 20, 80, 40)
    assert found.vocabulary == ("car", "pedestrian")
    assert model.facts.unmapped == ("toaster",)
    assert (times.preprocess_s, times.engine_s, times.decode_s) == (1e-3, 2e-3, 3e-3)
    assert model.time_bare_s() == 2e-3
    raw: Any = model._model
    shape, options = raw.seen[-1]
    assert shape == (20, 40, 3)
    wanted = {"conf": 0.3, "iou": 0.6, "max_det": 7, "agnostic_nms": False, "device": "cpu"}
    assert options.items() >= wanted.items()


def test_nothing_installs_itself(yolo: type[Yolo], settings: ModelSettings) -> None:
    load(settings)
    assert os.environ["YOLO_AUTOINSTALL"] == "False"


def test_results_are_copies(yolo: type[Yolo], settings: ModelSettings) -> None:
    model = load(settings)
    own = boxes((1, 2, 3, 4, 0.5, 0))
    yolo.answer = {"boxes": own}
    model.start(PICTURE)
    found, _ = model.finish()
    own.xyxy.values[:] = 99
    assert isinstance(found, Detections)
    assert found.boxes_px.tolist() == [[1, 2, 3, 4]]


def test_keypoints_and_masks_go_with_their_boxes(yolo: type[Yolo], settings: ModelSettings) -> None:
    yolo.task = "pose"
    model = load(settings.model_copy(update={"roi": (0.5, 0.0, 1.0, 1.0)}))
    points = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    masks = np.zeros((3, 4, 4), np.float32)
    masks[2] = 1
    yolo.answer = {
        "boxes": boxes((0, 0, 1, 1, 0.5, 0), (0, 0, 1, 1, 0.6, 1), (0, 0, 1, 1, 0.7, 2)),
        "keypoints": SimpleNamespace(data=Tensor(points)),
        "masks": SimpleNamespace(data=Tensor(masks)),
    }
    model.start(PICTURE)
    found, _ = model.finish()
    assert isinstance(found, Detections)
    assert found.keypoints_px is not None
    assert found.keypoints_px[0].tolist() == [[48, 9, 1], [50, 11, 1]]
    assert found.masks is not None
    assert found.masks.any(axis=(1, 2)).tolist() == [True, False]


def test_turned_boxes_come_as_their_outline(yolo: type[Yolo], settings: ModelSettings) -> None:
    yolo.task = "obb"
    yolo.answer = {"boxes": None, "obb": boxes((1, 2, 3, 4, 0.5, 0))}
    model = load(settings)
    model.start(PICTURE)
    found, _ = model.finish()
    assert isinstance(found, Detections)
    assert found.boxes_px.tolist() == [[1, 2, 3, 4]]


def test_a_map_of_classes_becomes_surfaces(yolo: type[Yolo], settings: ModelSettings) -> None:
    yolo.task = "semantic"
    yolo.names = {0: "drivable", 1: "sky"}
    ids = np.ones((64, 64), np.uint8)
    yolo.answer = {"semantic_mask": SimpleNamespace(data=Tensor(ids))}
    table = {"sky": None, "drivable": "drivable"}
    model = load(settings.model_copy(update={"classes": table}))
    ids = np.ones((40, 80), np.uint8)
    ids[20:] = 0
    yolo.answer = {"semantic_mask": SimpleNamespace(data=Tensor(ids))}
    model.start(PICTURE)
    found, _ = model.finish()
    assert isinstance(found, ClassMap)
    assert found.classes[:20].max() == 0
    assert found.classes[20:].min() == SURFACE_IDS["drivable"]
    assert found.region_px == (0, 0, 80, 40)


def test_a_classifier_answers_labels_best_first(yolo: type[Yolo], settings: ModelSettings) -> None:
    yolo.task = "classify"
    yolo.answer = {"probs": SimpleNamespace(data=Tensor([0.5, 0.1, 0.4]))}
    model = load(settings)
    model.start(PICTURE)
    found, _ = model.finish()
    assert isinstance(found, Classification)
    assert found.labels == ("car", "pedestrian")


def test_nan_is_no_answer(yolo: type[Yolo], settings: ModelSettings) -> None:
    model = load(settings)
    yolo.answer = {"boxes": boxes((1, 2, float("nan"), 4, 0.5, 0))}
    model.start(PICTURE)
    with pytest.raises(OutputInvalidError):
        model.finish()


def test_a_failing_prediction_is_a_model_error(yolo: type[Yolo], settings: ModelSettings) -> None:
    model = load(settings)
    yolo.fault = RuntimeError("shape\n mismatch")
    with pytest.raises(ModelError, match=r"^Ultralytics failed: shape mismatch$"):
        model.start(PICTURE)


def test_what_cannot_be_used_is_said_at_load(yolo: type[Yolo], settings: ModelSettings) -> None:
    yolo.task = "depth"
    with pytest.raises(ModelError, match="for task 'depth'; we understand detect"):
        load(settings)
    with pytest.raises(ModelError, match="no such file"):
        load(settings.model_copy(update={"file": settings.file.with_name("gone.pt")}))


def test_without_ultralytics_it_says_what_to_install(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(ModelError, match=r"pip install 'drag-edge\[ultralytics\]' \(AGPL-3\.0\)"):
        load(settings)


# on a GPU


@pytest.fixture
def machine(yolo: type[Yolo]) -> Machine:
    torch: Any = sys.modules["torch"]
    torch.cuda.is_available = lambda: True
    return Machine()


def test_on_a_gpu_it_works_in_the_one_context_and_goes_last(
    machine: Machine, settings: ModelSettings
) -> None:
    gpu = machine.open()
    model = load_ultralytics(settings, lambda: gpu)
    torch: Any = sys.modules["torch"]
    torch.cuda.empty_cache = lambda: machine.journal.append("torch lets go")
    gpu.allocate(1)
    machine.heard()
    assert gpu.close() == ()
    journal = machine.heard()
    assert journal.index("free memory") < journal.index("torch lets go") < journal.index("pop")
    assert model._model is None


def test_a_context_that_torch_changes_is_found_at_once(
    machine: Machine, settings: ModelSettings, yolo: type[Yolo]
) -> None:
    gpu = machine.open()
    machine.stack.append(FOREIGN)
    with pytest.raises(CudaMisuseError, match="after importing Ultralytics"):
        load_ultralytics(settings, lambda: gpu)


def test_a_dead_context_in_torch_is_a_lost_gpu(
    machine: Machine, settings: ModelSettings, yolo: type[Yolo]
) -> None:
    gpu = machine.open()
    model = load_ultralytics(settings, lambda: gpu)
    yolo.fault = RuntimeError("CUDA error: an illegal memory access was encountered")
    machine.lost = 700
    with pytest.raises(GpuLostError):
        model.start(PICTURE)


# the real one, where it is installed


@pytest.mark.parametrize("kind", ["yolo11n", "yolo11n-pose", "yolo11n-cls"])
def test_the_real_predictor_answers(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ultralytics = pytest.importorskip("ultralytics")
    file = tmp_path / f"{kind}.pt"
    ultralytics.YOLO(f"{kind}.yaml").save(str(file))
    runtimes = Runtimes(print, VirtualClock())
    model = runtimes.load(ModelSettings(file=file, confidence=0.0001, classes={0: "car"}))
    model.start(PICTURE)
    found, _ = model.finish()
    assert isinstance(found, Classification if kind.endswith("cls") else Detections)
    model.close()
    runtimes.close()
