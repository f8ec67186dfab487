"""Ways of working that no setting offers, for comparison only."""

from __future__ import annotations

from typing import Any


def whole_outputs() -> None:
    """Results are decoded on the CPU from whole outputs: no result kernels from now on."""
    _patch_reader(with_kernels=False, candidates=None)


def candidates_on(*, gpu: bool) -> None:
    """Boxes are filtered on the GPU, or by the CPU, whether it pays or not."""
    _patch_reader(with_kernels=True, candidates=gpu)


def looking(seconds: float) -> None:
    """How long the host looks whether the GPU is done, before it sleeps until it is."""
    from drag_edge.inference.gpu import memory

    if not hasattr(memory, "_LOOKING_S"):
        raise RuntimeError("_LOOKING_S is not where it was: tools/gpu_check_parts/patches.py")
    memory._LOOKING_S = seconds


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
