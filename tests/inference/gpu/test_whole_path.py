"""Picture → upload → kernels around a real network → result, as on a GPU, against the CPU's way.

The demo networks run in ONNX Runtime on the stand-in's stream, between our real kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drag_edge.config.load import load
from drag_edge.config.models import ModelSettings
from drag_edge.inference.engine import OutputInvalidError
from drag_edge.inference.gpu import graph, path
from drag_edge.inference.gpu.frames import FrameUpload
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.gpu.path import DevicePath
from drag_edge.inference.gpu.readers import make_reader
from drag_edge.inference.metadata import parse_metadata
from drag_edge.inference.onnx import OnnxEngine
from drag_edge.inference.path import HostPath
from drag_edge.inference.plan import ModelPlan, make_plan
from drag_edge.inference.thresholds import with_thresholds
from tests.inference.gpu.host_gpu import HostGpu


class OnnxOnStream(OnnxEngine):
    """An ONNX network as an engine whose tensors lie on the stand-in GPU."""

    def __init__(self, file: Path, gpu: HostGpu) -> None:
        super().__init__(file, threads=1)
        self._gpu = gpu
        self._inside = {s.name: gpu.pinned(s.shape, s.dtype) for s in self.inputs}
        self._outside = {s.name: gpu.pinned(s.shape, s.dtype) for s in self.outputs}
        self.input_pointers = {name: memory.pointer for name, memory in self._inside.items()}
        self.output_pointers = {name: memory.pointer for name, memory in self._outside.items()}
        self.generation = 0
        self.spoil: Callable[[dict[str, Any]], None] = lambda outputs: None

    def enqueue(self) -> None:
        self._gpu._put(self._run_there)

    def _run_there(self) -> None:
        for name, memory in self._inside.items():
            self.input_buffers[name][...] = memory.array
        for name, array in self.run().items():
            self._outside[name].array[...] = array
        self.spoil({name: memory.array for name, memory in self._outside.items()})


class HostGraph:
    def __init__(self, gpu: HostGpu, enqueue: Callable[[], None]) -> None:
        self._gpu = gpu
        with gpu.capture() as self._captured:
            enqueue()

    def launch(self) -> None:
        self._gpu.replay(self._captured)

    def free(self) -> None:
        self._captured = []


def models(repository: Path) -> dict[str, ModelSettings]:
    return dict(load(repository / "configs" / "demo.yaml").models)


def frames(repository: Path) -> list[NDArray[np.uint8]]:
    golden = repository / "tests" / "inference" / "golden"
    images = [cv2.imread(str(golden / name)) for name in ("junction.jpg", "rain.jpg")]
    return [*images, cv2.resize(images[0], (640, 360)), images[1], images[0]]


def opened(
    gpu: HostGpu, settings: ModelSettings, uploads: FrameUpload, graphs: bool
) -> tuple[DevicePath, HostPath, OnnxOnStream, ModelPlan]:
    engine = OnnxOnStream(settings.file, gpu)
    metadata = parse_metadata(engine.metadata)
    plan = make_plan(settings, metadata, engine.inputs, engine.outputs, engine.run())
    unsaid: Callable[[str], None] = pytest.fail
    on_gpu: Any = engine
    device_path = DevicePath(
        gpu,  # type: ignore[arg-type]
        on_gpu,
        plan,
        uploads,
        Kernels(gpu, b""),  # type: ignore[arg-type]
        graphs,
        unsaid,
    )
    return device_path, HostPath(OnnxEngine(settings.file, 1), plan), engine, plan


def require_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    for name in type(expected).__slots__:
        mine, theirs = getattr(found, name), getattr(expected, name)
        if isinstance(theirs, np.ndarray):
            np.testing.assert_array_equal(mine, theirs)
        else:
            assert mine == theirs


@pytest.mark.parametrize("graphs", [False, True])
@pytest.mark.parametrize("integrated", [False, True])
def test_the_demo_networks_say_the_same_to_the_bit(
    host_library: Any,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    graphs: bool,
    integrated: bool,
) -> None:
    monkeypatch.setattr(graph, "capture", HostGraph)
    # Also where it would not pay.
    monkeypatch.setattr(path, "make_reader", lambda *a: make_reader(*a, candidates=True))
    gpu = HostGpu(host_library, integrated, stride=3)
    uploads = FrameUpload(gpu)  # type: ignore[arg-type]
    paths = [opened(gpu, settings, uploads, graphs)[:2] for settings in models(repository).values()]
    seen = 0
    images = frames(repository)
    for image in images:
        uploads.next_frame()
        for device_path, _ in paths:
            device_path.start(image)
        for device_path, host_path in paths:
            host_path.start(image)
            found, expected = device_path.finish()[0], host_path.finish()[0]
            require_same(found, expected)
            seen += len(getattr(expected, "labels", ()))
    assert seen > 10
    assert uploads.uploads == len(images)
    gpu.check_guards()
    for device_path, _ in paths:
        device_path.close()


def test_a_bad_answer_is_one_frames(gpu: HostGpu, repository: Path) -> None:
    uploads = FrameUpload(gpu)  # type: ignore[arg-type]
    settings = models(repository)["road"]
    device_path, _, engine, _ = opened(gpu, settings, uploads, graphs=False)
    image = frames(repository)[0]
    device_path.start(image)
    first = device_path.finish()[0]

    def spoil(outputs: dict[str, Any]) -> None:
        for array in outputs.values():
            array[0, 0, 3, 5] = np.nan

    engine.spoil = spoil
    device_path.start(image)
    with pytest.raises(OutputInvalidError, match="class scores hold NaN or infinity"):
        device_path.finish()
    engine.spoil = lambda outputs: None
    device_path.start(image)
    require_same(device_path.finish()[0], first)


@pytest.mark.parametrize("candidates", [False, True])
def test_other_thresholds_hold_from_the_next_picture_on_also_in_captured_graphs(
    host_library: Any, repository: Path, monkeypatch: pytest.MonkeyPatch, candidates: bool
) -> None:
    monkeypatch.setattr(graph, "capture", HostGraph)
    monkeypatch.setattr(path, "make_reader", lambda *a: make_reader(*a, candidates=candidates))
    gpu = HostGpu(host_library, False, stride=3)
    uploads = FrameUpload(gpu)  # type: ignore[arg-type]
    settings = models(repository)["objects"]
    device_path, host_path, _, plan = opened(gpu, settings, uploads, True)
    image = frames(repository)[0]

    def both() -> Any:
        found = []
        for _ in range(3):  # the third is a captured graph
            uploads.next_frame()
            device_path.start(image)
            host_path.start(image)
            found = [one.finish()[0] for one in (device_path, host_path)]
            require_same(*found)
        return found[0]

    assert min(both().scores) < 0.6
    stricter = with_thresholds(plan.decoder, settings.model_copy(update={"confidence": 0.6}))
    for one in (device_path, host_path):
        one.use(stricter)
    found = both()
    assert len(found.scores) > 0
    assert min(found.scores) >= 0.6
    gpu.check_guards()
    device_path.close()
