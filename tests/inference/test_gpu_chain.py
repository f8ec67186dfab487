"""Models on a GPU that only writes down: who is started when, what is captured, what ends what."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drag_edge.clock import VirtualClock
from drag_edge.config.models import ModelSettings
from drag_edge.errors import UNAVAILABLE, UnavailableError
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference import device
from drag_edge.inference.choose import Here
from drag_edge.inference.cuda import CudaUnavailableError, Gpu
from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu.graph import CaptureError, GraphCache, capture
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.pool import ModelPool
from drag_edge.inference.runtimes import Runtimes
from tests.inference import tiny_onnx
from tests.inference.fake_driver import Machine
from tests.inference.fake_runtime import FakeNetwork, fake_runtime
from tests.inference.fake_tensorrt import plan_bytes

IMAGE = np.full((64, 128, 3), 20, np.uint8)
VERSION = "10.3.0"
METADATA = b'{"task": "detect", "names": {"0": "car", "1": "bus"}}'


class Drive:
    """A pool with `count` TensorRT detectors on a fake machine."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, count: int = 2) -> None:
        self.machine = Machine()
        self.trt = fake_runtime(VERSION, self.machine, FakeNetwork())
        monkeypatch.setitem(sys.modules, "tensorrt", self.trt)
        monkeypatch.setattr(device.Gpu, "open", lambda: self.machine.open())
        monkeypatch.setattr(device, "load_kernels", lambda gpu: Kernels(gpu, b"cubin"))
        self.models = {}
        for index in range(count):
            file = folder / f"net{index}.engine"
            header = len(METADATA).to_bytes(4, "little") + METADATA
            file.write_bytes(header + plan_bytes(VERSION))
            self.models[f"net{index}"] = ModelSettings(file=file)
        self.events: list[Event] = []
        self.clock = VirtualClock()
        self.index = 0

    def begin(self, **switches: Any) -> None:
        self.runtimes = Runtimes(self.events.append, self.clock, **switches)
        self.pool = ModelPool(self.models, self.clock, self.events.append, self.runtimes)

    def see(self, image: np.ndarray = IMAGE) -> dict[str, bool]:
        """Model → whether it had a result."""
        self.clock.advance_to(self.clock.now_s() + 0.05)
        self.index += 1
        seen = self.pool.infer(Frame("front", self.index, self.clock.now_s(), image))
        return {name: result is not None for name, result in seen.results.items()}

    def heard(self) -> list[str]:
        names = [event.name for event in self.events]
        self.events.clear()
        return names


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drive:
    return Drive(tmp_path, monkeypatch)


def settle(drive: Drive, frames: int = 6) -> None:
    """Until everything is loaded, captured, and at its usual addresses."""
    for _ in range(frames):
        assert drive.see() == dict.fromkeys(drive.models, True)


def test_a_frame_is_uploaded_once_and_all_models_start_before_any_finishes(drive: Drive) -> None:
    drive.begin(mapped=False)
    settle(drive)
    drive.machine.heard()
    image = IMAGE.copy()
    drive.see(image)
    journal = drive.machine.heard()
    assert journal.count("copy in") == 1
    assert [line for line in journal if line in ("launch graph", "wait")][-4:] == [
        "launch graph", "launch graph", "wait", "wait",
    ]  # fmt: skip
    assert not any(line.startswith(("make", "launch picture", "execute")) for line in journal)
    drive.pool.close()
    drive.runtimes.close()
    assert drive.machine.live == {}


def test_without_graphs_the_same_work_is_put_on_the_stream_piece_by_piece(drive: Drive) -> None:
    drive.begin(mapped=False, graphs=False)
    settle(drive)
    drive.machine.heard()
    drive.see(IMAGE.copy())
    journal = drive.machine.heard()
    assert "launch graph" not in journal
    assert journal.count("launch picture_float32") == 2
    assert journal.count("execute") == 2


def test_an_engine_that_cannot_be_captured_runs_all_the_same_and_says_so_once(
    drive: Drive,
) -> None:
    drive.trt._network = FakeNetwork(capturable=False)
    drive.begin()
    settle(drive, frames=12)
    heard = drive.heard()
    assert heard.count("cuda_graph_unavailable") == 2  # once for each model
    assert "model_failed" not in heard
    assert "launch graph" not in drive.machine.journal
    assert not drive.machine.capturing


def test_a_larger_engine_voids_the_graphs_of_those_before_it(drive: Drive) -> None:
    drive.models = dict(list(drive.models.items())[:1])
    drive.begin(mapped=False)
    settle(drive)
    runtimes = drive.runtimes
    drive.trt._network = FakeNetwork(scratch_bytes=1_000_000)
    file = next(iter(drive.models.values())).file
    large = runtimes.load(ModelSettings(file=file))
    drive.machine.heard()
    drive.see(IMAGE.copy())
    journal = drive.machine.heard()
    assert "launch graph" not in journal
    assert "bind scratch" in journal
    settle(drive)
    drive.machine.heard()
    drive.see(IMAGE.copy())
    assert "launch graph" in drive.machine.heard()
    large.close()


def test_without_kernels_the_cpu_prepares_and_reads_and_says_so_once(
    drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_compiler(gpu: Gpu) -> Kernels:
        raise ModelError("no NVRTC library here: pip install it")

    monkeypatch.setattr(device, "load_kernels", no_compiler)
    drive.begin()
    settle(drive)
    assert drive.heard().count("gpu_kernels_missing") == 1
    drive.pool.close()
    drive.runtimes.close()
    assert drive.machine.live == {}


def test_preprocessing_on_the_cpu_can_be_asked_for(drive: Drive) -> None:
    drive.begin(gpu_preprocess=False)
    settle(drive)
    assert drive.heard() == ["model_loaded", "model_loaded"]
    assert "launch picture_float32" not in drive.machine.journal


def test_a_model_that_fails_to_start_is_none_and_the_others_answer(drive: Drive) -> None:
    drive.begin(mapped=False)
    settle(drive)
    drive.heard()
    model: Any = drive.pool.models()["net0"]

    def fails() -> None:
        raise ModelError("cuEventRecord failed")

    model.path._ended.record = fails
    assert drive.see(IMAGE.copy()) == {"net0": False, "net1": True}
    assert drive.heard() == ["model_failed"]
    assert drive.machine.count("engine") == 1  # the failed one is closed


def test_a_model_that_fails_to_finish_is_none_and_the_others_answer(drive: Drive) -> None:
    drive.begin(mapped=False)
    settle(drive)
    drive.heard()
    model: Any = drive.pool.models()["net0"]

    def fails(placement: Any) -> Any:
        raise ZeroDivisionError("nobody thought of it")

    model.path._reader.read = fails
    assert drive.see(IMAGE.copy()) == {"net0": False, "net1": True}
    assert drive.heard() == ["model_failed"]


def test_a_lost_gpu_ends_everything_with_exit_code_69(drive: Drive) -> None:
    drive.begin()
    settle(drive)
    drive.machine.lost = 719
    with pytest.raises(UnavailableError, match="the GPU is lost") as caught:
        drive.see(IMAGE.copy())
    assert caught.value.exit_code == UNAVAILABLE
    assert drive.pool.models() == {}
    assert drive.runtimes.gpu is None
    drive.pool.close()
    drive.runtimes.close()


def test_two_hundred_loads_leave_nothing(drive: Drive) -> None:
    drive.begin()
    settle(drive, frames=4)
    drive.pool.close()
    before = sorted(drive.machine.live.values())
    for _ in range(200):
        drive.see()
        drive.see()
        drive.pool.close()
    assert sorted(drive.machine.live.values()) == before


def test_onnx_and_tensorrt_models_run_side_by_side(drive: Drive, tmp_path: Path) -> None:
    boxes = np.zeros((1, 5, 42), np.float32)
    boxes[0, :, 7] = (16, 8, 16, 8, 0.9)
    metadata = {"task": "detect", "names": "{0: 'car'}"}
    file = tiny_onnx.answers(tmp_path / "cars.onnx", {"output0": boxes}, metadata=metadata)
    drive.models = {"cars": ModelSettings(file=file, threads=1), **drive.models}
    drive.begin()
    settle(drive)
    assert drive.heard() == ["model_loaded"] * 3


def test_without_a_gpu_an_engine_fails_alone_and_says_what_to_do(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_gpu() -> Gpu:
        raise CudaUnavailableError("there is no NVIDIA driver on this machine")

    monkeypatch.setattr(device.Gpu, "open", no_gpu)
    drive.begin()
    assert drive.see() == {"net0": False, "net1": False}
    assert {event.name for event in drive.events} == {"model_failed"}
    assert "no NVIDIA driver" in drive.events[0].detail


def test_auto_is_told_what_is_here(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    drive.begin()
    assert drive.runtimes._look() == Here(VERSION, "sm_87", "Fake")
    drive.runtimes.close()

    def no_gpu() -> Gpu:
        raise CudaUnavailableError("there is no NVIDIA driver on this machine")

    monkeypatch.setattr(device.Gpu, "open", no_gpu)
    assert drive.runtimes._look().missing == "there is no NVIDIA driver on this machine"


def test_the_pool_can_be_closed_and_the_gpu_opened_again(drive: Drive) -> None:
    drive.begin()
    settle(drive, frames=2)
    drive.pool.close()
    drive.runtimes.close()
    assert drive.machine.live == {}
    settle(drive, frames=2)
    assert drive.runtimes.gpu is not None


# graphs by themselves


def test_a_capture_records_and_a_launch_repeats() -> None:
    machine = Machine()
    gpu = machine.open()
    machine.heard()
    graph = capture(gpu, lambda: machine.journal.append("work"))
    assert machine.heard() == [
        "begin capture", "work", "end capture", "make graph", "make executable", "free graph",
    ]  # fmt: skip
    graph.launch()
    graph.launch()
    assert machine.heard() == ["launch graph"] * 2
    graph.free()
    graph.free()
    assert machine.heard() == ["free executable"]


@pytest.mark.parametrize(
    "call", ["cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags"]
)
def test_a_capture_that_fails_leaves_nothing(call: str) -> None:
    machine = Machine()
    gpu = machine.open()
    machine.fails[call] = 901
    with pytest.raises(CaptureError, match=f"{call} failed: words for 901"):
        capture(gpu, lambda: None)
    assert list(machine.live.values()) == ["stream"]


@pytest.mark.parametrize("fault", [ModelError("no"), ZeroDivisionError("a bug")])
def test_a_capture_whose_work_raises_is_ended(fault: Exception) -> None:
    machine = Machine()
    gpu = machine.open()

    def work() -> None:
        raise fault

    expected = CaptureError if isinstance(fault, ModelError) else ZeroDivisionError
    with pytest.raises(expected, match=str(fault)):
        capture(gpu, work)
    assert not machine.capturing
    assert list(machine.live.values()) == ["stream"]


def test_a_key_is_captured_when_it_comes_again_and_only_a_few_are_kept() -> None:
    machine = Machine()
    gpu = machine.open()
    cache = GraphCache(gpu, print)
    for key in range(20):  # every one once: nothing is worth a capture
        cache.run(key, machine.journal.append, "plain")
    assert machine.count("executable") == 0
    for _ in range(2):
        for key in range(8):
            cache.run(key, machine.journal.append, "plain")
    assert machine.count("executable") == 8
    cache.run(100, machine.journal.append, "plain")
    assert machine.count("executable") == 7
    cache.free()
    assert machine.count("executable") == 0
