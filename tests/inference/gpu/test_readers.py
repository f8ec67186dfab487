from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from drag_edge.inference.classifier import Classifier
from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.gpu.readers import (
    CandidateReader,
    CopyReader,
    SurfaceReader,
    make_reader,
)
from drag_edge.inference.labels import Labels
from drag_edge.inference.letterbox import place
from drag_edge.inference.plan import Decoder, ModelPlan
from drag_edge.inference.preprocess import InputRecipe
from drag_edge.inference.segmenter import Head, Segmenter
from tests.inference.gpu.engine import WrittenEngine
from tests.inference.gpu.host_gpu import HostGpu
from tests.inference.gpu.test_candidate_reader import detector

PLACED = place(640, 400, 96, 64, "letterbox")


def plan(decoder: Decoder) -> ModelPlan:
    spec: Any = None
    return ModelPlan("detect", "", spec, InputRecipe("letterbox"), decoder, Labels({}, (), ()))


SEGMENTER = Segmenter((Head("out", {1: 1}),))
MAP = {"out": np.zeros((1, 3, 8, 16), np.float32)}
FEW = {"boxes": np.zeros((1, 7, 100), np.float32)}
MANY = {"boxes": np.zeros((1, 7, 20000), np.float32)}
END2END = {"boxes": np.zeros((1, 20000, 6), np.float32)}


@pytest.mark.parametrize(
    ("decoder", "outputs", "candidates", "expected"),
    [
        (SEGMENTER, MAP, None, SurfaceReader),
        (SEGMENTER, {"out": np.zeros((1, 2, 8, 16))}, None, CopyReader),
        (detector("yolov8"), MANY, None, CandidateReader),
        (detector("yolov8"), MANY, False, CopyReader),
        (detector("yolov8"), FEW, None, CopyReader),
        (detector("yolov8"), FEW, True, CandidateReader),
        (detector("end2end"), END2END, True, CopyReader),
        (Classifier("p", {0: "car"}, 0.1), {"p": np.zeros((1, 9), np.float32)}, None, CopyReader),
    ],
)
def test_each_plan_gets_the_reader_that_fits(
    gpu: HostGpu,
    decoder: Decoder,
    outputs: dict[str, NDArray],
    candidates: bool | None,
    expected: type,
) -> None:
    engine = WrittenEngine(gpu, outputs)
    assert type(make_reader(gpu, Kernels(gpu, b""), plan(decoder), engine, candidates)) is expected
    assert type(make_reader(gpu, None, plan(decoder), engine, candidates)) is CopyReader


def test_an_output_that_is_not_there_is_named(gpu: HostGpu) -> None:
    engine = WrittenEngine(gpu, FEW)
    with pytest.raises(ModelError, match="'out'"):
        make_reader(gpu, Kernels(gpu, b""), plan(SEGMENTER), engine)


@pytest.mark.parametrize("form", ["end2end", "yolov8"])
def test_a_copied_output_is_decoded_and_nothing_of_it_kept(gpu: HostGpu, form: str) -> None:
    rows = np.zeros((10, 6), np.float32)
    rows[:2] = [(4, 4, 12, 12, 0.9, 0), (20, 20, 30, 30, 0.7, 1)]
    if form == "yolov8":
        rows[:2, 4:] = [(0.9, 0), (0, 0.7)]
    outputs = {"boxes": np.ascontiguousarray((rows if form == "end2end" else rows.T)[None])}
    decoder = detector(form, classes=2)
    engine = WrittenEngine(gpu, outputs)
    reader = make_reader(gpu, None, plan(decoder), engine)
    with gpu.capture() as graph:
        reader.enqueue()
    gpu.replay(graph)
    gpu.synchronise()
    found = reader.read(PLACED)
    for memory in gpu.memories:
        memory.array[...] = 0
    expected = decoder.decode(outputs, PLACED)
    np.testing.assert_array_equal(found.boxes_px, expected.boxes_px)
    np.testing.assert_array_equal(found.scores, expected.scores)
    assert found.labels == expected.labels
    reader.close()
    reader.close()
    assert gpu.memories[-1].freed


@pytest.mark.parametrize(
    ("decoder", "outputs"),
    [
        (SEGMENTER, MAP),
        (detector("yolov8", protos_output="protos"), MANY | {"protos": np.zeros((1, 8, 4, 6))}),
        (detector("yolov8"), FEW | {"another": np.zeros((1, 2))}),
    ],
)
def test_without_memory_for_all_of_it_nothing_stays(
    gpu: HostGpu, decoder: Decoder, outputs: dict[str, NDArray]
) -> None:
    engine = WrittenEngine(gpu, outputs)
    before = len(gpu.memories)
    reader = make_reader(gpu, Kernels(gpu, b""), plan(decoder), engine)
    needed = len(gpu.memories) - before
    reader.close()
    for enough_for in range(needed):
        gpu.most_memories = len(gpu.memories) + enough_for
        with pytest.raises(ModelError, match="out of memory"):
            make_reader(gpu, Kernels(gpu, b""), plan(decoder), engine)
        assert all(memory.freed for memory in gpu.memories[before:])
