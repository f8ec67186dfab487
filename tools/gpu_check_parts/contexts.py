"""Line c: what happens when each library makes a context of its own, and when they share one.

The ancestor's recipe: a segmenter on pycuda makes its context with `make_context()`; whoever else
is in the process works through CUDA's runtime, in the primary context. Nobody pushes or pops.
"""

from __future__ import annotations

import ctypes
import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.engine_file import plan_data, read_engine_file
from gpu_check_parts import models
from gpu_check_parts.check import Check
from gpu_check_parts.driver import current_context, open_driver, set_primary
from gpu_check_parts.patches import numpy_bool
from gpu_check_parts.rows import INFO, one_line

_ROUNDS = 10
Step = tuple[str, Callable[[], bool]]
"""Who works, and one piece of its work: whether the result is what it was at first."""


def run(check: Check, shard: str) -> None:
    files = models.demo_engines(check.engines)
    variant = _VARIANTS[shard]
    story = _Story()
    try:
        variant(story, files["road"], files["objects"])
    except ImportError as error:
        check.not_measured(f"contexts, {shard}", error)
        return
    except Exception as error:  # noqa: BLE001 - the conflict is what is looked for
        story.fails(f"{type(error).__name__}: {one_line(error, 250)}")
    text = story.text()
    what = f"contexts, {shard}"
    if shard == ONE_CONTEXT:
        check.judge(what, text, "no conflict", not story.troubles, story.said)
    else:
        check.row(what, text, verdict=INFO, detail=story.said)


class _Story:
    """Who worked, what went wrong first, and what TensorRT said about it."""

    def __init__(self) -> None:
        trt: Any = importlib.import_module("tensorrt")
        story = self

        class Logger(trt.ILogger):  # type: ignore[misc]
            def __init__(self) -> None:
                trt.ILogger.__init__(self)

            def log(self, severity: Any, message: str) -> None:
                if severity <= trt.Logger.ERROR:
                    story.words.append(one_line(message, 160))

        self.trt = trt
        self.logger = Logger()
        self.words: list[str] = []
        self.troubles: list[str] = []
        self.done = 0
        self.contexts: list[int] = []
        self.kept: list[Any] = []

    def alternate(self, steps: list[Step]) -> None:
        """Everyone in turn, until something goes wrong for everyone or the rounds are over."""
        driver = open_driver()
        for number in range(_ROUNDS):
            for who, step in steps:
                context = current_context(driver)
                if context not in self.contexts:
                    self.contexts.append(context)
                before = len(self.words)
                try:
                    good = step()
                except Exception as error:  # noqa: BLE001 - written down
                    self.fails(f"round {number}, {who}: {one_line(error, 200)}")
                    continue
                if len(self.words) > before:
                    self.fails(f"round {number}, {who}: {self.words[before]}")
                elif not good:
                    self.fails(f"round {number}, {who}: another result than before, and no error")
                else:
                    self.done += 1

    def fails(self, text: str) -> None:
        self.troubles.append(text)

    def text(self) -> str:
        if not self.troubles:
            return f"no conflict in {self.done} runs"
        return f"conflict, {len(self.troubles)} of {self.done + len(self.troubles)} runs"

    @property
    def said(self) -> str:
        """The first error of each kind."""
        kinds: dict[str, str] = {}
        for trouble in self.troubles:
            kinds.setdefault(trouble.split(",", 1)[-1], trouble)
        heard = f"; contexts current: {len(self.contexts)}"
        return " | ".join(list(kinds.values())[:3]) + heard


class _PycudaEngine:
    """The ancestor's segmenter: pycuda buffers, execute_v2, in whatever context is current."""

    def __init__(self, story: _Story, file: Path) -> None:
        self._cuda: Any = importlib.import_module("pycuda.driver")
        self._engine, self._context, self._names = _load(story, file)
        self._host: dict[str, NDArray[Any]] = {}
        self._device: dict[str, Any] = {}
        for name, is_input in self._names:
            shape = tuple(self._engine.get_tensor_shape(name))
            self._host[name] = self._cuda.pagelocked_empty(shape, np.float32)
            self._device[name] = self._cuda.mem_alloc(self._host[name].nbytes)
            self._host[name][...] = 0.5 if is_input else 0
        self._stream = self._cuda.Stream()
        self._first: dict[str, NDArray[Any]] | None = None

    def work(self) -> bool:
        for name, is_input in self._names:
            if is_input:
                self._cuda.memcpy_htod_async(self._device[name], self._host[name], self._stream)
        self._stream.synchronize()
        if not self._context.execute_v2([int(self._device[name]) for name, _ in self._names]):
            raise RuntimeError("execute_v2 said no")
        for name, is_input in self._names:
            if not is_input:
                self._cuda.memcpy_dtoh_async(self._host[name], self._device[name], self._stream)
        self._stream.synchronize()
        found = {name: array.copy() for name, array in self._host.items()}
        self._first = self._first or found
        return all(np.array_equal(self._first[name], found[name]) for name in found)


class _RuntimeEngine:
    """A user of CUDA's runtime, as torch and Ultralytics are: the primary context, asked for once.

    Made of the driver's calls, which is all that cudaSetDevice and cudaMalloc do here.
    """

    def __init__(self, story: _Story, file: Path) -> None:
        self._driver = open_driver()
        set_primary(self._driver)
        self._engine, self._context, self._names = _load(story, file)
        self._pointers: dict[str, ctypes.c_void_p] = {}
        self._bytes: dict[str, int] = {}
        for name, is_input in self._names:
            size = 4 * int(np.prod(tuple(self._engine.get_tensor_shape(name))))
            pointer = ctypes.c_void_p()
            self._ask("cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(size))
            self._pointers[name], self._bytes[name] = pointer, size
            half = np.float32(0.5 if is_input else 0).view(np.uint32)
            self._ask(
                "cuMemsetD32_v2", pointer, ctypes.c_uint(int(half)), ctypes.c_size_t(size // 4)
            )
        self._first: bytes | None = None

    def work(self) -> bool:
        pointers = [int(self._pointers[name].value or 0) for name, _ in self._names]
        if not self._context.execute_v2(pointers):
            raise RuntimeError("execute_v2 said no")
        found = b""
        for name, is_input in self._names:
            if not is_input:
                host = ctypes.create_string_buffer(self._bytes[name])
                size = ctypes.c_size_t(self._bytes[name])
                self._ask("cuMemcpyDtoH_v2", host, self._pointers[name], size)
                found += host.raw
        self._first = self._first or found
        return found == self._first

    def _ask(self, name: str, *arguments: object) -> None:
        code = getattr(self._driver, name)(*arguments)
        if code != 0:
            raise RuntimeError(f"{name}: CUDA error {code}")


def _load(story: _Story, file: Path) -> tuple[Any, Any, list[tuple[str, bool]]]:
    runtime = story.trt.Runtime(story.logger)
    story.kept.append(runtime)  # it has to outlive its engine
    engine = runtime.deserialize_cuda_engine(plan_data(read_engine_file(file)))
    if engine is None:
        raise RuntimeError("; ".join(story.words[-2:]) or "TensorRT refused the engine")
    inputs = story.trt.TensorIOMode.INPUT
    tensors = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    named = [(name, engine.get_tensor_mode(name) == inputs) for name in tensors]
    return engine, engine.create_execution_context(), named


def _own_context() -> Any:
    cuda: Any = importlib.import_module("pycuda.driver")
    cuda.init()
    return cuda.Device(0).make_context()


def _segmenter_first(story: _Story, road: Path, objects: Path) -> None:
    _own_context()
    segmenter = _PycudaEngine(story, road)
    segmenter.work()
    detector = _RuntimeEngine(story, objects)
    story.alternate([("segmenter", segmenter.work), ("detector", detector.work)])


def _segmenter_last(story: _Story, road: Path, objects: Path) -> None:
    detector = _RuntimeEngine(story, objects)
    detector.work()
    _own_context()
    segmenter = _PycudaEngine(story, road)
    story.alternate([("detector", detector.work), ("segmenter", segmenter.work)])


def _popped(story: _Story, road: Path, objects: Path) -> None:
    own = _own_context()
    segmenter = _PycudaEngine(story, road)
    segmenter.work()
    own.pop()
    detector = _RuntimeEngine(story, objects)
    story.alternate([("segmenter", segmenter.work), ("detector", detector.work)])


def _worker_thread(story: _Story, road: Path, objects: Path) -> None:
    """Loaded on the main thread, used on a callback's."""
    _own_context()
    segmenter = _PycudaEngine(story, road)
    segmenter.work()

    def callback() -> None:
        try:
            detector = _RuntimeEngine(story, objects)
            story.alternate([("segmenter", segmenter.work), ("detector", detector.work)])
        except Exception as error:  # noqa: BLE001 - written down
            story.fails(f"worker thread: {one_line(error, 200)}")

    thread = threading.Thread(target=callback)
    thread.start()
    thread.join()


def _with_torch(story: _Story, road: Path, objects: Path) -> None:
    del objects
    torch: Any = importlib.import_module("torch")
    _own_context()
    segmenter = _PycudaEngine(story, road)
    segmenter.work()
    matrix = torch.ones(64, 64, device="cuda")

    def work() -> bool:
        return bool(float((matrix * 2).sum()) == 8192.0)

    threads = threading.Thread(target=work)  # a loader thread of torch's lands in the primary one
    threads.start()
    threads.join()
    torch.cuda.set_device(0)
    story.alternate([("torch", work), ("segmenter", segmenter.work)])


def _with_ultralytics(story: _Story, road: Path, objects: Path) -> None:
    numpy_bool()
    importlib.import_module("torch")
    ultralytics: Any = importlib.import_module("ultralytics")
    _own_context()
    segmenter = _PycudaEngine(story, road)
    segmenter.work()
    model = ultralytics.YOLO(str(objects), task="detect")
    picture = np.full((256, 512, 3), 114, np.uint8)

    def work() -> bool:
        model.predict(picture, imgsz=[256, 512], verbose=False, device=0)
        return True

    story.alternate([("ultralytics", work), ("segmenter", segmenter.work)])


def _one_context(story: _Story, road: Path, objects: Path) -> None:
    """The remedy, with the same two users and torch where it is: one primary context, pushed."""
    cuda: Any = importlib.import_module("pycuda.driver")
    cuda.init()
    context = cuda.Device(0).retain_primary_context()
    context.push()
    segmenter = _PycudaEngine(story, road)
    segmenter.work()
    detector = _RuntimeEngine(story, objects)
    steps: list[Step] = [("segmenter", segmenter.work), ("detector", detector.work)]
    try:
        torch: Any = importlib.import_module("torch")
        matrix = torch.ones(64, 64, device="cuda")
        steps.append(("torch", lambda: bool(float((matrix * 2).sum()) == 8192.0)))
    except Exception as error:  # noqa: BLE001 - torch is a guest here
        story.words.clear()
        del error
    story.alternate(steps)
    context.synchronize()
    del segmenter, detector, steps
    story.kept.clear()
    context.pop()


ONE_CONTEXT = "one primary context"
_VARIANTS: dict[str, Callable[[_Story, Path, Path], None]] = {
    "segmenter first": _segmenter_first,
    "segmenter last": _segmenter_last,
    "popped after loading": _popped,
    "worker thread": _worker_thread,
    "torch": _with_torch,
    "ultralytics": _with_ultralytics,
    ONE_CONTEXT: _one_context,
}
