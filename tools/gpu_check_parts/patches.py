"""Ways of working that no setting offers, for comparison only."""

from __future__ import annotations

from typing import Any


def whole_outputs() -> None:
    """Results are decoded on the CPU from whole outputs: no result kernels from now on."""
    _patch_reader(with_kernels=False, candidates=None)


def candidates_on(*, gpu: bool) -> None:
    """Boxes are filtered on the GPU, or by the CPU, whether it pays or not."""
    _patch_reader(with_kernels=True, candidates=gpu)


def asleep() -> None:
    """The host sleeps in the driver until the GPU is done."""

    def wait(self: Any, done: Any, sleep_until_done: Any) -> None:
        del self, done
        sleep_until_done()

    _patience().wait = wait


def looking() -> None:
    """The host keeps looking whether the GPU is done."""

    def wait(self: Any, done: Any, sleep_until_done: Any) -> None:
        del self, sleep_until_done
        while not done():
            pass

    _patience().wait = wait


def usual_waits() -> None:
    """The context does not ask for sleeping waits: other runners wait as they do by themselves."""
    from drag_edge.inference import libcuda

    if not hasattr(libcuda.LibCuda, "ask_for_blocking_waits"):
        raise RuntimeError("ask_for_blocking_waits is not where it was: patches.py")
    libcuda.LibCuda.ask_for_blocking_waits = lambda self, ordinal: None  # type: ignore[method-assign]


def _patience() -> Any:
    from drag_edge.inference.gpu import patience

    if not hasattr(patience.Patience, "wait"):
        raise RuntimeError("Patience.wait is not where it was: tools/gpu_check_parts/patches.py")
    return patience.Patience


def _patch_reader(with_kernels: bool, candidates: bool | None) -> None:
    from drag_edge.inference.gpu import path, readers

    original = readers.make_reader

    def reader(gpu: Any, kernels: Any, plan: Any, engine: Any, *rest: Any, **more: Any) -> Any:
        del rest, more
        return original(gpu, kernels if with_kernels else None, plan, engine, candidates)

    found = False
    for module in (readers, path):
        if hasattr(module, "make_reader"):
            module.make_reader = reader  # type: ignore[attr-defined]
            found = True
    if not found:
        raise RuntimeError("make_reader is not where it was: tools/gpu_check_parts/patches.py")


def numpy_bool() -> None:
    """TensorRT 8.5's nptype names np.bool, which NumPy 1.24 to 1.26 no longer have."""
    import numpy as np

    if "bool" not in np.__dict__:
        np.bool = np.bool_  # type: ignore[misc]
