from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drag_edge.inference.engine import OutputInvalidError
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.gpu.surface_reader import SurfaceReader, surfaces_fit
from drag_edge.inference.letterbox import place
from drag_edge.inference.results import ClassMap
from drag_edge.inference.segmenter import Head, Segmenter
from tests.inference.gpu.engine import WrittenEngine
from tests.inference.gpu.host_gpu import HostGpu

PLACED = place(1280, 720, 16, 8, "stretch", (0.0, 0.5, 1.0, 1.0))
FLOATS = ("float32", "float16")
INTEGERS = ("uint8", "int8", "int32", "int64")


def reader_of(
    gpu: HostGpu, segmenter: Segmenter, outputs: dict[str, NDArray]
) -> tuple[SurfaceReader, WrittenEngine]:
    engine, kernels = WrittenEngine(gpu, outputs), Kernels(gpu, b"")
    assert surfaces_fit(kernels, segmenter, engine.outputs)
    return SurfaceReader(gpu, kernels, segmenter, engine), engine


def read(gpu: HostGpu, segmenter: Segmenter, outputs: dict[str, NDArray]) -> ClassMap:
    reader, engine = reader_of(gpu, segmenter, outputs)
    reader.enqueue()
    gpu.synchronise()
    gpu.check_guards()
    engine.spoil()
    found = reader.read(PLACED)
    assert not np.shares_memory(found.classes, reader._copy.array)
    return found


def output(rng: np.random.Generator, dtype: str, height: int, width: int) -> NDArray:
    if dtype in INTEGERS:
        low, high = (-5, 5) if dtype != "uint8" else (0, 256)
        return rng.integers(low, high, (1, 1, height, width)).astype(dtype)
    scores = rng.normal(size=(1, int(rng.integers(2, 22)), height, width))
    return (np.round(scores) if rng.random() < 0.5 else scores).astype(dtype)  # with ties


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from(FLOATS + INTEGERS), min_size=1, max_size=3),
    st.integers(1, 30),
    st.integers(1, 30),
)
def test_the_map_is_the_cpus(
    host_library: ctypes.CDLL, seed: int, dtypes: list[str], height: int, width: int
) -> None:
    rng = np.random.default_rng(seed)
    outputs = {f"head{at}": output(rng, dtype, height, width) for at, dtype in enumerate(dtypes)}
    keys = [*range(22), 251, 255]
    segmenter = Segmenter(
        tuple(
            Head(name, {int(key): int(rng.integers(0, 3)) for key in rng.choice(keys, 6)})
            for name in outputs
        )
    )
    expected = segmenter.decode(outputs, PLACED)
    found = read(HostGpu(host_library, stride=3), segmenter, outputs)
    np.testing.assert_array_equal(found.classes, expected.classes)
    assert found.classes.dtype == np.uint8
    assert found.region_px == expected.region_px


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("channels", [2, 3, 5])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_in_any_channel_are_refused_in_the_cpus_words(
    gpu: HostGpu, dtype: str, channels: int, bad: float
) -> None:
    segmenter = Segmenter((Head("out", {1: 1}),))
    for channel in range(channels):
        scores = np.zeros((1, channels, 4, 6), dtype)
        scores[0, channel, 2, 3] = bad
        with pytest.raises(OutputInvalidError) as by_cpu:
            segmenter.decode({"out": scores}, PLACED)
        with pytest.raises(OutputInvalidError) as by_gpu:
            read(gpu, segmenter, {"out": scores})
        assert str(by_gpu.value) == str(by_cpu.value)


@pytest.mark.parametrize("dtype", FLOATS)
def test_minus_infinity_counts_only_where_it_wins(gpu: HostGpu, dtype: str) -> None:
    segmenter = Segmenter((Head("out", {1: 1}),))
    scores = np.zeros((1, 3, 4, 6), dtype)
    scores[0, 1] = -np.inf
    assert not read(gpu, segmenter, {"out": scores}).classes.any()
    scores[0, :, 1, 1] = -np.inf
    with pytest.raises(OutputInvalidError):
        read(gpu, segmenter, {"out": scores})


def test_a_captured_reader_forgets_the_nan_of_the_run_before(gpu: HostGpu) -> None:
    segmenter = Segmenter((Head("out", {1: 1}),))
    good = np.zeros((1, 2, 4, 6), np.float32)
    good[0, 1] = 1
    bad = good.copy()
    bad[0, 1, 0, 0] = np.nan
    reader, engine = reader_of(gpu, segmenter, {"out": good})
    with gpu.capture() as graph:
        reader.enqueue()
    for scores in (good, bad, good):
        engine.write({"out": scores})
        gpu.replay(graph)
        gpu.synchronise()
        if scores is bad:
            with pytest.raises(OutputInvalidError):
                reader.read(PLACED)
        else:
            assert reader.read(PLACED).classes.all()
    reader.close()
    reader.close()


def test_types_that_no_kernel_reads_do_not_fit(gpu: HostGpu) -> None:
    segmenter = Segmenter((Head("out", {1: 1}),))
    engine = WrittenEngine(gpu, {"out": np.zeros((1, 2, 4, 6), np.float64)})
    assert not surfaces_fit(Kernels(gpu, b""), segmenter, engine.outputs)
