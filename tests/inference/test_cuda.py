"""The one context: how it comes, who may use it, and in which order it goes."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from drag_edge.inference import cuda, libcuda
from drag_edge.inference.closing import CloseStage
from drag_edge.inference.cuda import (
    CudaMisuseError,
    CudaUnavailableError,
    Gpu,
    GpuLostError,
)
from drag_edge.inference.engine import ModelError
from drag_edge.inference.libcuda import LibCuda
from tests.inference.fake_driver import FOREIGN, PRIMARY, Machine


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_the_primary_context_is_retained_and_pushed_and_a_stream_is_made(machine: Machine) -> None:
    gpu = machine.open()
    assert machine.journal == ["flags 4", "retain", "push", "make stream"]
    assert machine.stack == [PRIMARY]
    assert machine.live[gpu.stream_handle] == "stream"
    assert gpu.device.sm == "sm_87"
    assert gpu.device.driver_cuda == (12, 6)
    gpu.close()


def test_everything_goes_in_the_documented_order(machine: Machine) -> None:
    gpu = machine.open()

    def later(name: str) -> Any:
        return lambda: machine.journal.append(name)

    for stage in reversed(CloseStage):
        if stage is not CloseStage.MEMORY:
            gpu.at_close(stage, later(f"{stage.name} old"))
            gpu.at_close(stage, later(f"{stage.name} new"))
    gpu.allocate(10)
    gpu.pinned((3,), np.uint8)
    gpu.event()
    gpu.module(b"cubin")
    machine.heard()
    assert gpu.close() == ()
    assert machine.heard() == [
        "synchronise",
        "GRAPHS new", "GRAPHS old",
        "EXECUTION_CONTEXTS new", "EXECUTION_CONTEXTS old",
        "ENGINES new", "ENGINES old",
        "RUNTIME new", "RUNTIME old",
        "free module", "free event", "free pinned", "free memory",
        "FOREIGN new", "FOREIGN old",
        "free stream", "pop", "release", "pop by libcuda",
    ]  # fmt: skip
    assert machine.stack == []
    assert machine.live == {}


def test_closing_twice_is_closing_once(machine: Machine) -> None:
    gpu = machine.open()
    gpu.close()
    machine.heard()
    assert gpu.close() == ()
    assert machine.heard() == []


def test_what_was_freed_before_is_not_freed_again(machine: Machine) -> None:
    gpu = machine.open()
    memory, pinned, event, module = (
        gpu.allocate(1),
        gpu.pinned((2,), np.float32),
        gpu.event(),
        gpu.module(b""),
    )
    for _ in range(2):
        memory.free()
        pinned.free()
        event.free()
        module.free()
    assert list(machine.live.values()) == ["stream"]
    assert memory.pointer == 0
    assert pinned.array.size == 0
    assert gpu.close() == ()


def test_a_step_that_raises_is_told_and_stops_no_other(machine: Machine) -> None:
    gpu = machine.open()

    def raises() -> None:
        raise ValueError("this one is stuck")

    gpu.at_close(CloseStage.ENGINES, raises)
    gpu.at_close(CloseStage.ENGINES, lambda: machine.journal.append("the other engine"))
    gpu.allocate(1)
    machine.fails["cuMemFree"] = 1
    machine.heard()
    problems = gpu.close()
    assert problems[0] == "engines: this one is stuck"
    assert problems[1].startswith("memory: memory is freed: cuMemFree failed")
    assert "the other engine" in machine.journal
    assert machine.journal[-2:] == ["release", "pop by libcuda"]
    assert gpu.closed


@pytest.mark.parametrize("call", ["cuDevicePrimaryCtxRetain", "cuStreamCreate"])
def test_nothing_stays_after_a_failure_half_way(call: str, machine: Machine) -> None:
    machine.fails[call] = 1
    with pytest.raises(machine.driver.LogicError):
        machine.open()
    assert machine.stack == []
    assert machine.live == {}
    assert machine.journal.count("retain") == machine.journal.count("release")


def test_another_thread_is_refused_by_name(machine: Machine) -> None:
    gpu = machine.open()
    caught: list[Exception] = []

    def use(misuse: Callable[[], Any]) -> None:
        try:
            misuse()
        except CudaMisuseError as error:
            caught.append(error)

    misuses = (gpu.synchronise, gpu.close, lambda: gpu.allocate(1), gpu.event)
    for misuse in misuses:
        thread = threading.Thread(target=use, args=(misuse,), name="camera front")
        thread.start()
        thread.join()
    assert len(caught) == len(misuses)
    assert "'camera front'" in str(caught[0])
    assert "'MainThread'" in str(caught[0])
    assert not gpu.closed
    gpu.close()


def test_use_after_close_is_refused(machine: Machine) -> None:
    gpu = machine.open()
    gpu.close()
    with pytest.raises(CudaMisuseError, match="after it was closed"):
        gpu.allocate(1)
    with pytest.raises(CudaMisuseError, match="after it was closed"):
        gpu.at_close(CloseStage.GRAPHS, lambda: None)


def test_a_changed_context_is_named_with_what_changed_it(machine: Machine) -> None:
    gpu = machine.open()
    gpu.assert_unchanged("nothing")
    machine.stack.append(FOREIGN)
    with pytest.raises(CudaMisuseError, match=r"after importing torch .*0xbad, ours is 0xc0de"):
        gpu.assert_unchanged("importing torch")
    machine.stack.pop()
    machine.stack.clear()
    with pytest.raises(CudaMisuseError, match="0x0"):
        gpu.assert_unchanged("a pop")


def test_a_context_that_was_current_before_stays_current(machine: Machine) -> None:
    machine.stack.append(FOREIGN)
    gpu = machine.open()
    gpu.close()
    assert machine.stack == [FOREIGN]


def test_a_common_error_is_one_line_and_the_gpu_lives(machine: Machine) -> None:
    gpu = machine.open()
    machine.fails["cuMemAlloc"] = 2
    with pytest.raises(ModelError, match=r"^40.0 MB of GPU memory are allocated: .*out of memory$"):
        gpu.allocate(40_000_000)
    machine.fails.clear()
    gpu.allocate(1)


@pytest.mark.parametrize("code", [214, 700, 702, 710, 715, 716, 719, 999])
def test_a_sticky_error_means_that_the_gpu_is_lost(code: int, machine: Machine) -> None:
    gpu = machine.open()
    event = gpu.event()
    gpu.allocate(1)
    machine.lost = code
    with pytest.raises(GpuLostError, match="the GPU is lost: the GPU works: cuEventQuery"):
        event.wait()
    with pytest.raises(GpuLostError):
        gpu.raise_if_lost("looking")
    assert gpu.close() != ()
    assert gpu.closed


def test_a_context_that_cannot_be_popped_leaves_the_bindings_stack(machine: Machine) -> None:
    gpu = machine.open()
    machine.fails["cuCtxPopCurrent"] = 700
    machine.heard()
    assert [problem[:4] for problem in gpu.close()] == ["pop:"]
    assert machine.heard()[-1] == "detach"
    assert machine.stack == []


def test_waiting_is_looking_for_a_moment_and_then_sleeping(machine: Machine) -> None:
    gpu = machine.open()
    event = gpu.event()
    machine.heard()
    event.wait()
    assert machine.heard() == ["wait"]
    machine.slow = True
    event.wait()
    assert machine.heard() == ["sleep"]


def test_a_kernel_is_prepared_once_for_the_same_types(machine: Machine) -> None:
    gpu = machine.open()
    module = gpu.module(b"")
    function = module.function("paint")
    raw = function._raw
    arguments = (np.uintp(5), np.int32(3), np.float32(0.5))
    for _ in range(3):
        gpu.launch(function, (1, 1, 1), (32, 8, 1), *arguments)
    assert raw.prepared == [(np.uintp, np.int32, np.float32)]
    assert machine.journal.count("launch paint") == 3


def test_mapped_memory_has_an_address_on_the_device(machine: Machine) -> None:
    gpu = machine.open()
    assert gpu.pinned((4,), np.uint8, mapped=True).device_pointer is not None
    assert gpu.pinned((4,), np.uint8).device_pointer is None


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (ModuleNotFoundError("No module named 'pycuda'"), r"pip install 'drag-edge\[jetson\]'"),
        (ImportError("libcuda.so.1: cannot open shared object file"), "no NVIDIA driver on this"),
        (ImportError("undefined symbol: cuMemAlloc_v9"), "undefined symbol.*--force-reinstall"),
    ],
)
def test_without_a_driver_or_binding_it_says_what_to_do(
    error: ImportError, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str) -> Any:
        raise error

    monkeypatch.setattr(cuda.importlib, "import_module", fails)
    with pytest.raises(CudaUnavailableError, match=advice):
        Gpu.open()


def test_a_machine_without_a_gpu_says_so(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "_import_driver", lambda: machine.driver)
    machine.fails["cuInit"] = 100
    with pytest.raises(CudaUnavailableError, match=r"cannot be opened: cuInit.*drag-edge doctor"):
        Gpu.open()
    machine.fails.clear()
    with pytest.raises(CudaUnavailableError, match="sees 1 GPUs and not number 3"):
        Gpu.open(3)
    monkeypatch.setattr(cuda.LibCuda, "load", lambda: LibCuda(machine.library))
    Gpu.open().close()
    assert machine.live == {}


def test_libcuda_calls_the_older_names_where_there_are_no_newer(machine: Machine) -> None:
    machine.missing = {"cuDevicePrimaryCtxSetFlags_v2", "cuGraphInstantiateWithFlags"}
    library = libcuda.LibCuda(machine.library)
    assert library.ask_for_blocking_waits(0)
    assert machine.journal == ["flags 4"]
    library.begin_capture(1)
    graph = library.end_capture(1)
    assert machine.live[library.instantiate(graph)] == "executable"


def test_every_call_of_ours_is_in_the_real_library() -> None:
    try:
        real = ctypes.CDLL("libcuda.so.1")
    except OSError:
        pytest.skip("no NVIDIA driver on this machine")
    libcuda.LibCuda(real)
