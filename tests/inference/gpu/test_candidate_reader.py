from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drag_edge.inference.boxes import BOX_DECODERS, BoxLayout, anchor_count
from drag_edge.inference.detector import Detector, DetectorRecipe
from drag_edge.inference.engine import OutputInvalidError
from drag_edge.inference.gpu.candidate_reader import CandidateReader, candidates_fit
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.letterbox import place
from drag_edge.inference.results import Detections
from tests.inference.gpu.engine import WrittenEngine
from tests.inference.gpu.host_gpu import HostGpu

WIDTH, HEIGHT = 96, 64
CELLS = anchor_count(WIDTH, HEIGHT, (8, 16, 32))
PLACED = place(640, 400, WIDTH, HEIGHT, "letterbox")
FORMATS = [form for form in BOX_DECODERS if form != "end2end"]


def detector(form: str, classes: int = 3, **changes: object) -> Detector:
    fields = {
        "format": form,
        "layout": BoxLayout(classes, WIDTH, HEIGHT),
        "boxes_output": "boxes",
        "labels": {class_id: f"kind {class_id % 2}" for class_id in range(classes)},
        "confidence": 0.25,
        "iou": 0.5,
        "max_detections": 300,
    }
    return Detector(DetectorRecipe(**(fields | changes)))  # type: ignore[arg-type]


def output(
    form: str, rng: np.random.Generator, share: float, dtype: str, classes: int = 3, extra: int = 0
) -> NDArray:
    """Rows of which about `share` score enough; scores on a coarse grid, so that some are equal."""
    count = 3 * CELLS if form == "yolov5" else CELLS
    columns = (4 if form == "yolov8" else 5) + classes
    rows = np.zeros((count, columns + extra))
    rows[:, :2] = rng.uniform(0, 60, (count, 2))
    rows[:, 2:4] = rng.uniform(1, 4, (count, 2))
    rows[:, 4:columns] = np.round(rng.uniform(0, 1, (count, columns - 4)), 1)
    rows[rng.random(count) > share, 4:columns] *= 0.2
    rows[:, columns:] = rng.normal(size=(count, extra))
    written = rows.T if form == "yolov8" else rows
    return np.ascontiguousarray(written[None]).astype(dtype)


def reader_of(
    gpu: HostGpu, decoder: Detector, outputs: dict[str, NDArray], capacity: int = 512
) -> tuple[CandidateReader, WrittenEngine]:
    engine, kernels = WrittenEngine(gpu, outputs), Kernels(gpu, b"")
    assert candidates_fit(kernels, decoder, engine.outputs)
    return CandidateReader(gpu, kernels, decoder, engine, capacity), engine


def read(
    gpu: HostGpu, decoder: Detector, outputs: dict[str, NDArray], capacity: int = 512
) -> Detections:
    reader, engine = reader_of(gpu, decoder, outputs, capacity)
    reader.enqueue()
    gpu.synchronise()
    found = reader.read(PLACED)
    gpu.check_guards()
    engine.spoil()
    for memory in gpu.memories:
        memory.array[...] = 0  # nothing of the result may change with it
    return found


def require_same(found: Detections, expected: Detections) -> None:
    """To the bit."""
    assert found.labels == expected.labels
    assert found.vocabulary == expected.vocabulary
    assert found.region_px == expected.region_px
    for name in ("boxes_px", "scores", "masks", "keypoints_px"):
        mine, theirs = getattr(found, name), getattr(expected, name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            assert mine.dtype == theirs.dtype
            np.testing.assert_array_equal(mine, theirs)


@settings(deadline=None)
@given(
    form=st.sampled_from(FORMATS),
    dtype=st.sampled_from(("float32", "float16")),
    seed=st.integers(0, 2**32 - 1),
    share=st.sampled_from((0.0, 0.05, 0.3, 1.0)),
    capacity=st.sampled_from((1, 8, 512)),
    classes=st.sampled_from((1, 3, 20)),
    stride=st.sampled_from((1, 2, 5)),
)
def test_the_boxes_are_the_cpus_to_the_bit(
    host_library: ctypes.CDLL,
    form: str,
    dtype: str,
    seed: int,
    share: float,
    capacity: int,
    classes: int,
    stride: int,
) -> None:
    rng = np.random.default_rng(seed)
    outputs = {"boxes": output(form, rng, share, dtype, classes)}
    decoder = detector(form, classes)
    expected = decoder.decode(outputs, PLACED)
    gpu = HostGpu(host_library, stride=stride)
    require_same(read(gpu, decoder, outputs, capacity), expected)


def test_another_order_of_the_machine_changes_nothing(host_library: ctypes.CDLL) -> None:
    # More blocks than one, so that there is an order to change.
    rows = np.zeros((1, 8, 3000), np.float32)
    rng = np.random.default_rng(0)
    rows[0, :4] = rng.uniform(5, 40, (4, 3000))
    rows[0, 4:] = np.round(rng.uniform(0, 0.3, (4, 3000)), 2)
    decoder = detector("yolov8", classes=4)
    expected = decoder.decode({"boxes": rows}, PLACED)
    assert len(expected.scores) > 20
    for stride in (1, 5, 7, 11):
        gpu = HostGpu(host_library, stride=stride)
        require_same(read(gpu, decoder, {"boxes": rows}, capacity=3000), expected)


def test_masks_and_keypoints_come_along(gpu: HostGpu) -> None:
    rng = np.random.default_rng(1)
    protos = rng.normal(size=(1, 8, 16, 24)).astype(np.float32)
    instances = detector("yolov8", protos_output="protos")
    outputs = {"boxes": output("yolov8", rng, 0.1, "float32", extra=8), "protos": protos}
    require_same(read(gpu, instances, outputs), instances.decode(outputs, PLACED))
    # And when the whole output has to be fetched.
    require_same(read(gpu, instances, outputs, capacity=2), instances.decode(outputs, PLACED))
    pose = detector("yolov8", classes=1, keypoints=(4, 3))
    outputs = {"boxes": output("yolov8", rng, 0.1, "float16", classes=1, extra=12)}
    require_same(read(gpu, pose, outputs), pose.decode(outputs, PLACED))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("spoiled", ["score", "box"])
@pytest.mark.parametrize("capacity", [2, 512])
def test_nan_and_infinity_are_refused_in_the_cpus_words(
    gpu: HostGpu, form: str, dtype: str, bad: float, spoiled: str, capacity: int
) -> None:
    array = output(form, np.random.default_rng(2), 0.5, dtype)
    rows = array[0].T if form == "yolov8" else array[0]
    if spoiled == "score":
        rows[7, 4 : 7 if form == "yolov8" else 5] = bad
    else:
        rows[7, 4:] = 0.9
        rows[7, 1] = bad
    decoder = detector(form)
    with pytest.raises(OutputInvalidError) as by_cpu:
        decoder.decode({"boxes": array}, PLACED)
    with pytest.raises(OutputInvalidError) as by_gpu:
        read(gpu, decoder, {"boxes": array}, capacity)
    assert str(by_gpu.value) == str(by_cpu.value)


@pytest.mark.parametrize("class_id", [0, 1, 2])
def test_nan_in_one_class_alone_is_refused(gpu: HostGpu, class_id: int) -> None:
    rows = np.full((1, 7, CELLS), 0.5, np.float32)
    rows[0, 4 + class_id, 7] = np.nan
    for array in (rows, rows.astype(np.float16)):
        with pytest.raises(OutputInvalidError, match="class scores"):
            read(gpu, detector("yolov8"), {"boxes": array})


def test_a_captured_reader_starts_anew_each_time(gpu: HostGpu) -> None:
    rng = np.random.default_rng(3)
    decoder = detector("yolov8")
    shares = (1.0, 0.0, 0.1, 1.0, 0.05)
    arrays = [output("yolov8", rng, share, "float32") for share in shares]
    reader, engine = reader_of(gpu, decoder, {"boxes": arrays[0]}, capacity=30)
    with gpu.capture() as graph:
        reader.enqueue()
    for array in arrays:
        engine.write({"boxes": array})
        gpu.replay(graph)
        gpu.synchronise()
        require_same(reader.read(PLACED), decoder.decode({"boxes": array}, PLACED))
    # The whole output was fetched twice, into one and the same memory.
    assert sum(memory.nbytes == arrays[0].nbytes for memory in gpu.memories) == 2
    reader.close()
    reader.close()


def test_a_threshold_is_compared_as_the_cpu_does(gpu: HostGpu) -> None:
    # 0.1 as a float32 is above 0.1: a comparison in double precision would keep it.
    rows = np.zeros((1, 7, CELLS), np.float32)
    rows[0, 4] = np.float32(0.1)
    decoder = detector("yolov8", confidence=0.1)
    assert len(decoder.decode({"boxes": rows}, PLACED).scores) == 0
    assert len(read(gpu, decoder, {"boxes": rows}).scores) == 0
