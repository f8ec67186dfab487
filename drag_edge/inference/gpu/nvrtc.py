"""NVIDIA's runtime compiler by ctypes: CUDA source → machine code for exactly one kind of GPU.

Machine code (cubin), not PTX: a driver refuses PTX of a newer CUDA than its own.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path

from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu.cubin_cache import CubinCache

# Named as the loader knows them; CUDA 11's file name stayed at .11.2 to its end.
_SONAMES = ("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so")
_PIP_FOLDERS = ("nvidia/cu[0-9]*/lib", "nvidia/cuda_nvrtc/lib")
_TOOLKIT_FOLDERS = ("lib64", "targets/*/lib")
_TOOLKITS = Path("/usr/local")
_ADVICE = (
    "on a Jetson: sudo apt install cuda-nvrtc-12-6 (JetPack 6) or cuda-nvrtc-13-2 (JetPack 7.2); "
    "elsewhere: pip install nvidia-cuda-nvrtc (CUDA 13) or nvidia-cuda-nvrtc-cu12"
)


def compile_cubin(
    source: str, sm: str, cache: Path | None, driver_cuda: tuple[int, int] | None = None
) -> bytes:
    """Machine code for e.g. "sm_87", from the cache if it is there.

    cache: a folder, or None for no cache. driver_cuda: the newest CUDA that the driver knows; a
    compiler of a newer major version is taken only if there is no other.
    Raises ModelError: no compiler (with what to do), or the source's faults (with the log).
    """
    compiler = find_compiler(sm, driver_cuda)
    stored = CubinCache(cache, source, sm, compiler.version)
    cubin = stored.read()
    if cubin is None:
        cubin = compiler.compile(source, sm)
        stored.write(cubin)
    return cubin


def find_compiler(sm: str, driver_cuda: tuple[int, int] | None = None) -> Nvrtc:
    """The first library that knows this GPU and is not newer than the driver.

    Raises ModelError with what to do.
    """
    newer: Nvrtc | None = None
    refused: list[str] = []
    for name in library_names():
        try:
            compiler = Nvrtc(name)
        except (OSError, AttributeError, ModelError) as error:
            if "/" in name:  # a file that is there
                refused.append(f"{name}: {error}")
            continue
        if sm not in compiler.architectures():
            refused.append(f"{name} (CUDA {compiler.version_text}) does not know {sm}")
        elif driver_cuda is not None and compiler.version[0] > driver_cuda[0]:
            newer = newer or compiler
        else:
            return compiler
    if newer is not None:
        return newer
    why = f" ({'; '.join(refused)})" if refused else ""
    raise ModelError(f"no NVRTC library compiles for this GPU{why}: {_ADVICE}")


def library_names() -> Iterator[str]:
    """Where libnvrtc may be: as the loader finds it, in pip's packages, in CUDA's folders."""
    yield from _SONAMES
    for entry in sys.path:
        for pattern in _PIP_FOLDERS:
            yield from _libraries(Path(entry or "."), pattern)
    for toolkit in sorted(_TOOLKITS.glob("cuda*"), reverse=True):
        for pattern in _TOOLKIT_FOLDERS:
            yield from _libraries(toolkit, pattern)


def _libraries(folder: Path, pattern: str) -> Iterator[str]:
    # libnvrtc.so.13, not libnvrtc-builtins.so.13 nor libnvrtc.alt.so.13.
    return (str(found) for found in sorted(folder.glob(f"{pattern}/libnvrtc.so*"), reverse=True))


class Nvrtc:
    """One loaded compiler library. Raises OSError if it does not load.

    version: of its CUDA, major and minor.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._library = ctypes.CDLL(name)
        _declare(self._library)
        major, minor = c_int(), c_int()
        self._check(self._library.nvrtcVersion(byref(major), byref(minor)))
        self.version = (major.value, minor.value)

    @property
    def version_text(self) -> str:
        """As people write it: 12.6."""
        return ".".join(map(str, self.version))

    def architectures(self) -> frozenset[str]:
        """What it compiles for: sm_….  It knows them since CUDA 11.2."""
        count = c_int()
        self._check(self._library.nvrtcGetNumSupportedArchs(byref(count)))
        numbers = (c_int * count.value)()
        self._check(self._library.nvrtcGetSupportedArchs(numbers))
        return frozenset(f"sm_{number}" for number in numbers)

    def compile(self, source: str, sm: str) -> bytes:
        """Raises ModelError with the compiler's log."""
        program = c_void_p()
        text = source.encode()
        create = self._library.nvrtcCreateProgram
        self._check(create(byref(program), text, b"drag_edge.cu", 0, None, None))
        try:
            options = [f"--gpu-architecture={sm}".encode(), b"--std=c++14"]
            listed = (c_char_p * len(options))(*options)
            status = self._library.nvrtcCompileProgram(program, len(options), listed)
            if status != 0:
                raise ModelError(
                    f"the GPU kernels do not compile for {sm} with NVRTC {self.version_text} "
                    f"({self._error(status)}): {' '.join(self._log(program).split())}"
                )
            return self._fetch(program, "CUBIN")
        finally:
            self._library.nvrtcDestroyProgram(byref(program))

    def _log(self, program: c_void_p) -> str:
        return self._fetch(program, "ProgramLog").rstrip(b"\0").decode(errors="replace")

    def _fetch(self, program: c_void_p, what: str) -> bytes:
        """nvrtcGet…Size, then nvrtcGet…."""
        size = c_size_t()
        self._check(getattr(self._library, f"nvrtcGet{what}Size")(program, byref(size)))
        data = ctypes.create_string_buffer(size.value)
        self._check(getattr(self._library, f"nvrtcGet{what}")(program, data))
        return data.raw

    def _check(self, status: int) -> None:
        if status != 0:
            raise ModelError(f"{self.name} says {self._error(status)}")

    def _error(self, status: int) -> str:
        text: bytes = self._library.nvrtcGetErrorString(status)
        return text.decode()


def _declare(library: ctypes.CDLL) -> None:
    """Argument types; without them ctypes would cut pointers to 32 bits."""
    library.nvrtcGetErrorString.restype = c_char_p
    for name, arguments in {
        "nvrtcVersion": (c_void_p, c_void_p),
        "nvrtcGetNumSupportedArchs": (c_void_p,),
        "nvrtcGetSupportedArchs": (c_void_p,),
        "nvrtcCreateProgram": (c_void_p, c_char_p, c_char_p, c_int, c_void_p, c_void_p),
        "nvrtcCompileProgram": (c_void_p, c_int, c_void_p),
        "nvrtcGetProgramLogSize": (c_void_p, c_void_p),
        "nvrtcGetProgramLog": (c_void_p, c_void_p),
        "nvrtcGetCUBINSize": (c_void_p, c_void_p),
        "nvrtcGetCUBIN": (c_void_p, c_void_p),
        "nvrtcDestroyProgram": (c_void_p,),
    }.items():
        getattr(library, name).argtypes = arguments
