"""Our CUDA kernels, compiled for this GPU, each behind a method with types."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu.cubin_cache import cache_folder
from drag_edge.inference.gpu.nvrtc import compile_cubin

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu

# In the order in which they build on each other.
SOURCES = ("half.cu", "values.cu", "picture.cu", "surface.cu", "candidates.cu")
KERNELS = (
    "picture_float32",
    "picture_float16",
    "picture_uint8",
    "surface_float32",
    "surface_float16",
    "class_ids_uint8",
    "class_ids_int8",
    "class_ids_int32",
    "class_ids_int64",
    "candidates_float32",
    "candidates_float16",
)
_LINE = 256
_TILE = (32, 8)

Argument = Any  # a numpy scalar; addresses are np.uintp


def kernel_source(names: Sequence[str] = SOURCES) -> str:
    """All kernels as one program; compiler messages name the file and line."""
    folder = files("drag_edge.inference.gpu")
    return "".join(f'#line 1 "{name}"\n{(folder / name).read_text("utf-8")}' for name in names)


def load_kernels(gpu: Gpu, cache: Path | None = None) -> Kernels:
    """Compile for this GPU, or take what was compiled before.

    cache: a folder; None: `cache_folder()`. Raises ModelError with what to do.
    """
    source = kernel_source()
    device = gpu.device
    folder = cache or cache_folder()
    return Kernels(gpu, compile_cubin(source, device.sm, folder, device.driver_cuda))


class Kernels:
    """The loaded kernels; every call only puts work on the GPU's stream.

    Arguments come as numpy scalars in the order of the .cu files, so that a caller can make them
    once: what changes from frame to frame is at most an address.
    """

    def __init__(self, gpu: Gpu, cubin: bytes) -> None:
        self.gpu = gpu
        self._module = gpu.module(cubin)
        self._functions = {name: self._module.function(name) for name in KERNELS}

    def has(self, name: str) -> bool:
        """Whether there is a kernel of that name (kind_dtype)."""
        return name in self._functions

    def over_pixels(
        self, name: str, width: int, height: int, arguments: Sequence[Argument]
    ) -> None:
        """One thread for each pixel of a width × height grid."""
        columns, rows = _TILE
        grid = (-(-width // columns), -(-height // rows), 1)
        self.gpu.launch(self._functions[name], grid, (columns, rows, 1), *arguments)

    def over_items(self, name: str, count: int, arguments: Sequence[Argument]) -> None:
        """One thread for each of `count` items."""
        self.gpu.launch(
            self._functions[name], (-(-count // _LINE), 1, 1), (_LINE, 1, 1), *arguments
        )


def kernel_for(kernels: Kernels, kind: str, dtype: np.dtype[Any]) -> str:
    """The kernel of that kind for that type. Raises ModelError if there is none."""
    name = f"{kind}_{dtype.name}"
    if not kernels.has(name):
        raise ModelError(f"no GPU kernel reads or writes {dtype.name} as {kind}")
    return name
