from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.inference.gpu import kernels
from drag_edge.inference.gpu.kernels import KERNELS, SOURCES, Kernels, kernel_source, load_kernels
from tests.inference.gpu.host_gpu import HostGpu


def test_the_program_is_all_our_files_and_every_kernel_is_in_it(repository: Path) -> None:
    folder = repository / "drag_edge" / "inference" / "gpu"
    assert sorted(SOURCES) == sorted(file.name for file in folder.glob("*.cu"))
    source = kernel_source()
    for name in KERNELS:
        assert f"({name}, " in source
    for name in SOURCES:
        assert f'#line 1 "{name}"' in source


def test_the_kernels_are_compiled_for_the_gpu_that_is_there(
    gpu: HostGpu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def compile_cubin(source: str, sm: str, cache: Path | None, driver: tuple[int, int]) -> bytes:
        asked.append((source, sm, cache, driver))
        return b"cubin"

    monkeypatch.setattr(kernels, "compile_cubin", compile_cubin)
    assert isinstance(load_kernels(gpu, tmp_path), Kernels)  # type: ignore[arg-type]
    assert asked == [(kernel_source(), "sm_90", tmp_path, (13, 0))]
