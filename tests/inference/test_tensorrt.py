"""Engines of every TensorRT, on a driver that only writes down what it is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drag_edge.inference.cuda import CudaMisuseError, Gpu, GpuLostError
from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu.scratch import Scratch
from drag_edge.inference.tensorrt import TensorRtEngine
from drag_edge.inference.tensorrt_runtime import TensorRtRuntime
from tests.inference.fake_driver import FOREIGN, Machine
from tests.inference.fake_runtime import FakeNetwork, fake_runtime
from tests.inference.fake_tensorrt import plan_bytes
from tests.inference.tensorrt_names import VERSIONS


class Bench:
    """A machine with one TensorRT, and engines opened on it."""

    def __init__(self, version: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.machine = Machine()
        self.network = FakeNetwork()
        self.version = version
        self.trt = fake_runtime(version, self.machine, self.network)
        monkeypatch.setitem(sys.modules, "tensorrt", self.trt)
        self.gpu: Gpu = self.machine.open()
        self.runtime = TensorRtRuntime(self.gpu)
        self.scratch = Scratch(self.gpu)
        self.file = folder / "net.engine"
        self.file.write_bytes(plan_bytes(version))
        self.machine.heard()

    def open(self, shared: bool = True, **network: Any) -> TensorRtEngine:
        self.trt._network = FakeNetwork(**network)
        return TensorRtEngine(self.file, self.gpu, self.runtime, self.scratch if shared else None)


@pytest.fixture(params=VERSIONS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(request.param, tmp_path, monkeypatch)


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Where the version does not matter."""
    return Bench("10.3.0", tmp_path, monkeypatch)


def test_an_engine_opens_runs_and_closes_in_order(bench: Bench) -> None:
    engine = bench.open()
    assert [str(spec) for spec in engine.inputs] == ["images 1×3×32×64 float32"]
    assert [str(spec) for spec in engine.outputs] == ["output0 1×6×42 float32"]
    assert bench.machine.heard() == [
        "make engine", "make execution context", "make memory",  # the scratch
        "make memory", "clear", "make memory", "clear", "make event", "make event",
        "bind scratch", "execute", "synchronise",
    ]  # fmt: skip
    outputs = engine.run()
    assert bench.machine.heard() == [
        "make pinned", "copy in", "execute", "make pinned", "copy out", "record", "wait",
    ]  # fmt: skip
    assert outputs["output0"].shape == (1, 6, 42)
    engine.run()
    assert bench.machine.heard() == ["copy in", "execute", "copy out", "record", "wait"]
    assert engine.time_bare_s() == 1.5e-3
    assert bench.machine.heard() == ["record", "execute", "record", "wait"]
    for _ in range(2):
        engine.close()
    assert bench.machine.heard() == [
        "synchronise",
        "free execution context",
        "free engine",
        "synchronise", "free memory",  # nobody needs the scratch any more
        "free memory", "free memory", "free pinned", "free pinned", "free event", "free event",
    ]  # fmt: skip
    assert sorted(bench.machine.live.values()) == ["runtime", "stream"]


def test_an_engine_may_have_memory_of_its_own(bench: Bench) -> None:
    engine = bench.open(shared=False)
    assert "bind scratch" not in bench.machine.journal
    assert engine.generation == 0
    engine.close()


def test_a_forgotten_engine_goes_with_the_gpu_in_order(bench: Bench) -> None:
    engine = bench.open()
    bench.machine.heard()
    assert bench.gpu.close() == ()
    journal = [line for line in bench.machine.heard() if line.startswith("free")]
    assert journal[:3] == ["free execution context", "free engine", "free runtime"]
    assert bench.machine.live == {}
    with pytest.raises(CudaMisuseError, match="closed"):
        engine.enqueue()


def test_scratch_is_one_block_of_the_largest_size_and_who_used_the_old_one_is_told(
    one: Bench,
) -> None:
    small = one.open(scratch_bytes=1000)
    before = small.generation
    same = one.open(scratch_bytes=900)
    assert small.generation == same.generation == before
    assert one.scratch.nbytes == 1000
    large = one.open(scratch_bytes=5000)
    assert one.scratch.nbytes == 5000
    assert small.generation == large.generation != before
    one.machine.heard()
    small.enqueue()
    small.enqueue()
    assert one.machine.heard() == ["bind scratch", "execute", "execute"]
    large.close()
    assert one.scratch.nbytes == 5000  # shrinking would void everybody's graphs for nothing
    small.close()
    same.close()
    assert one.scratch.nbytes == 0
    assert sorted(one.machine.live.values()) == ["runtime", "stream"]


def test_a_scratch_that_cannot_grow_stays_as_it_is(one: Bench) -> None:
    small = one.open(scratch_bytes=1000)
    before = small.generation
    one.machine.fails["cuMemAlloc"] = 2
    with pytest.raises(ModelError, match="out of memory"):
        one.open(scratch_bytes=5000)
    one.machine.fails.clear()
    assert (small.generation, one.scratch.nbytes) == (before, 1000)
    small.enqueue()
    assert one.machine.count("engine") == 1


def test_a_plan_of_another_version_names_both_and_the_line_that_mends_it(bench: Bench) -> None:
    other = "10.3.0" if bench.version != "10.3.0" else "8.5.3"
    bench.file.write_bytes(plan_bytes(other))
    with pytest.raises(ModelError) as caught:
        bench.open()
    text = str(caught.value)
    assert other[:3] in text
    assert bench.version in text
    assert "drag-edge model build" in text
    assert bench.machine.heard() == []


@pytest.mark.parametrize("content", [b"", b"ptrt", b"no plan at all, but some bytes that are long"])
def test_a_damaged_file_is_one_clear_error_and_nothing_is_opened(
    content: bytes, one: Bench
) -> None:
    one.file.write_bytes(content)
    with pytest.raises(ModelError, match=r"net\.engine"):
        one.open()
    assert one.machine.heard() == []


def test_what_tensorrt_says_about_a_refused_plan_is_passed_on(bench: Bench) -> None:
    said = "generated on an incompatible device, expecting compute 8.6 got compute 7.5"
    with pytest.raises(ModelError, match=r"another GPU.*drag-edge model build"):
        bench.open(refuses=(said,))
    assert sorted(bench.machine.live.values()) == ["runtime", "stream"]
    bench.open().close()


def test_plugins_are_registered_only_when_an_engine_asks_for_them(one: Bench) -> None:
    one.open().close()
    assert not one.trt._plugins
    one.open(refuses=("getPluginCreator could not find plugin: EfficientNMS_TRT",)).close()
    assert one.trt._plugins


DYNAMIC = {
    "inputs": {"images": ("FLOAT", (-1, 3, -1, -1))},
    "profile": {"images": ((1, 3, 32, 32), (2, 3, 64, 96), (4, 3, 128, 128))},
}


def test_a_dynamic_input_takes_the_profiles_best_shape(bench: Bench) -> None:
    engine = bench.open(**DYNAMIC)
    assert engine.inputs[0].shape == (1, 3, 64, 96)
    engine.close()


def test_a_dynamic_input_takes_the_size_of_the_metadata(one: Bench) -> None:
    with_metadata(one.file, b'{"imgsz": [32, 128]}', one.version)
    assert one.open(**DYNAMIC).inputs[0].shape == (1, 3, 32, 128)


def test_a_size_outside_of_the_profile_is_told(one: Bench) -> None:
    with_metadata(one.file, b'{"imgsz": [32, 640]}', one.version)
    with pytest.raises(ModelError, match=r"1×3×32×32 to 4×3×128×128.*1×3×32×640"):
        one.open(**DYNAMIC)


def test_an_engine_for_a_dla_gets_its_core(one: Bench) -> None:
    with_metadata(one.file, b'{"dla": 1}', one.version)
    with pytest.raises(ModelError, match="DLA core 1, and this device has 0"):
        one.open()
    one.runtime._runtime.num_DLA_cores = 2
    one.open()
    assert one.runtime._runtime.DLA_core == 1


def with_metadata(file: Path, text: bytes, version: str) -> None:
    file.write_bytes(len(text).to_bytes(4, "little") + text + plan_bytes(version))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"outputs": {"n": ("INT32", (-1, 6))}}, "depends on the picture"),
        ({"on_host": ("images",)}, "read on the host"),
        ({"layouts": {"images": "CHW4"}}, "layout CHW4"),
        ({"inputs": {"images": ("BF16", (1, 3, 2, 2))}}, "type BF16"),
    ],
)
def test_tensors_that_we_cannot_exchange_are_refused(
    network: dict[str, Any], words: str, bench: Bench
) -> None:
    with pytest.raises(ModelError, match=words):
        bench.open(**network)
    assert sorted(bench.machine.live.values()) == ["runtime", "stream"]


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("HALF", np.float16), ("UINT8", np.uint8), ("INT32", np.int32), ("BOOL", np.bool_)],
)
def test_types_are_numpys(kind: str, dtype: Any, bench: Bench) -> None:
    engine = bench.open(inputs={"images": (kind, (1, 3, 2, 2))})
    assert engine.input_buffers["images"].dtype == dtype
    engine.close()


CALLS = ("cuMemAlloc", "cuMemsetD8Async", "cuEventCreate", "cuStreamSynchronize")


@pytest.mark.parametrize("call", CALLS)
def test_nothing_stays_after_a_failure_half_way(call: str, one: Bench) -> None:
    one.machine.fails[call] = 2
    with pytest.raises(ModelError):
        one.open()
    one.machine.fails.clear()
    assert sorted(one.machine.live.values()) == ["runtime", "stream"]


def test_an_execution_that_is_refused_is_an_error_with_tensorrts_words(one: Bench) -> None:
    engine = one.open()
    engine._runtime._lines.add("ERROR", "Cask (invalid resource handle)")
    one.trt._network.executes = False
    with pytest.raises(ModelError, match=r"did not run: Cask \(invalid resource handle\)"):
        engine.run()


def test_an_execution_on_a_dead_context_means_that_the_gpu_is_lost(one: Bench) -> None:
    engine = one.open()
    one.machine.lost = 700
    with pytest.raises(GpuLostError):
        engine.enqueue()


def test_a_context_that_tensorrt_changes_is_found_at_once(
    one: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    start: Callable[[Any], Any] = one.trt.Runtime

    def with_its_own_context(logger: Any) -> Any:
        one.machine.stack.append(FOREIGN)
        return start(logger)

    one.trt.Runtime = with_its_own_context
    with pytest.raises(CudaMisuseError, match="after TensorRT's start"):
        TensorRtRuntime(one.gpu)
