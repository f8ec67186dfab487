"""NVIDIA's runtime compiler by ctypes: CUDA source → machine code for exactly one GPU."""

from __future__ import annotations

from pathlib import Path


def cache_folder() -> Path:
    """Where compiled kernels are kept between runs."""
    raise NotImplementedError


def compile_cubin(source: str, sm: str, cache: Path | None) -> bytes:
    """Compile for e.g. "sm_87". Raises ModelError with what to do."""
    raise NotImplementedError
