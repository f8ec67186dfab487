from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu import nvrtc
from drag_edge.inference.gpu.kernels import KERNELS, kernel_source

NVCC = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
GPUS = ("sm_87", "sm_90")


class FakeLibrary:
    """Stands in for a loaded library: which are there, and what they know."""

    def __init__(self, name: str, there: Mapping[str, tuple[tuple[int, int], str]]) -> None:
        if name not in there:
            raise OSError(f"{name}: cannot open shared object file")
        self.name = name
        self.version, self._known = there[name]
        self.version_text = ".".join(map(str, self.version))
        self.compiled = 0

    def architectures(self) -> frozenset[str]:
        return frozenset(self._known.split())

    def compile(self, source: str, sm: str) -> bytes:
        return f"{self.name} {sm}".encode()


def libraries(
    monkeypatch: pytest.MonkeyPatch, there: Mapping[str, tuple[tuple[int, int], str]]
) -> None:
    monkeypatch.setattr(nvrtc, "Nvrtc", lambda name: FakeLibrary(name, there))


def test_a_compiler_that_is_not_newer_than_the_driver_is_taken_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {
        "libnvrtc.so.13": ((13, 2), "sm_87 sm_90"),
        "libnvrtc.so.12": ((12, 6), "sm_62 sm_87"),
    }
    libraries(monkeypatch, known)
    assert nvrtc.find_compiler("sm_87", (13, 0)).version == (13, 2)
    assert nvrtc.find_compiler("sm_87", (12, 2)).version == (12, 6)
    assert nvrtc.find_compiler("sm_62", (13, 0)).version == (12, 6)
    # Better a try that the driver may refuse than none.
    assert nvrtc.find_compiler("sm_90", (12, 2)).version == (13, 2)


def test_without_a_fitting_compiler_the_message_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    libraries(monkeypatch, {})
    with pytest.raises(ModelError, match=r"no NVRTC library.*apt install.*pip install"):
        nvrtc.find_compiler("sm_87")
    libraries(monkeypatch, {"libnvrtc.so.11.2": ((11, 4), "sm_72 sm_87")})
    with pytest.raises(ModelError, match=r"CUDA 11\.4\) does not know sm_90"):
        nvrtc.find_compiler("sm_90")


def test_pips_packages_and_cudas_folders_are_searched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = [
        "site/nvidia/cu13/lib/libnvrtc.so.13",
        "site/nvidia/cuda_nvrtc/lib/libnvrtc.so.12",
        "local/cuda-12.6/lib64/libnvrtc.so",
        "local/cuda-12.6/targets/aarch64-linux/lib/libnvrtc.so.12",
        "site/nvidia/cu13/lib/libnvrtc-builtins.so.13.0",
    ]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(nvrtc.sys, "path", [str(tmp_path / "site"), "/nowhere"])
    monkeypatch.setattr(nvrtc, "_TOOLKITS", tmp_path / "local")
    names = [name for name in nvrtc.library_names() if "/" in name]
    assert names == [str(tmp_path / name) for name in files[:4]]


def test_a_file_that_does_not_load_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "libnvrtc.so.13"
    broken.write_text("no library")
    monkeypatch.setattr(nvrtc, "library_names", lambda: iter([str(broken)]))
    with pytest.raises(ModelError, match=str(broken)):
        nvrtc.find_compiler("sm_87")


def test_a_kept_kernel_is_not_compiled_again_and_a_spoiled_one_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiled = []

    class Counting(FakeLibrary):
        def compile(self, source: str, sm: str) -> bytes:
            compiled.append(sm)
            return super().compile(source, sm)

    there = {"libnvrtc.so.12": ((12, 6), "sm_87 sm_90")}
    monkeypatch.setattr(nvrtc, "Nvrtc", lambda name: Counting(name, there))
    for _ in range(3):
        assert nvrtc.compile_cubin("source", "sm_87", tmp_path) == b"libnvrtc.so.12 sm_87"
    assert compiled == ["sm_87"]
    next(tmp_path.iterdir()).write_bytes(b"spoiled")
    assert nvrtc.compile_cubin("source", "sm_87", tmp_path) == b"libnvrtc.so.12 sm_87"
    nvrtc.compile_cubin("source", "sm_90", tmp_path)
    assert compiled == ["sm_87", "sm_87", "sm_90"]
    nvrtc.compile_cubin("source", "sm_87", None)
    assert len(compiled) == 4


@pytest.mark.parametrize("sm", GPUS)
def test_nvrtc_compiles_every_kernel(sm: str, tmp_path: Path) -> None:
    try:
        compiler = nvrtc.find_compiler(sm)
    except ModelError as error:
        pytest.skip(f"real NVRTC: {error}")
    cubin = compiler.compile(kernel_source(), sm)
    assert cubin.startswith(b"\x7fELF")
    for name in KERNELS:
        assert name.encode() in cubin
    assert nvrtc.compile_cubin(kernel_source(), sm, tmp_path) == cubin
    with pytest.raises(ModelError, match=r"do not compile.*wrong\.cu\(2\).*error"):
        compiler.compile('#line 1 "wrong.cu"\n\n__device__ int f() { return g(); }', sm)


@pytest.mark.parametrize("sm", GPUS)
def test_nvcc_compiles_every_kernel_without_a_warning(sm: str, tmp_path: Path) -> None:
    if not Path(NVCC).exists():
        pytest.skip("nvcc is not installed")
    (tmp_path / "kernels.cu").write_text(kernel_source())
    options = ["-cubin", f"-arch={sm}", "-Werror", "all-warnings", "-o", str(tmp_path / "out")]
    subprocess.run([NVCC, *options, str(tmp_path / "kernels.cu")], check=True)
    assert all(name.encode() in (tmp_path / "out").read_bytes() for name in KERNELS)
