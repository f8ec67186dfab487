"""The kernels built for the processor, once."""

from __future__ import annotations

import ctypes
import shutil

import pytest

from tests.inference.gpu.host_gpu import HostGpu, build_kernels


@pytest.fixture(scope="session")
def host_library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed: it builds the CUDA kernels for the processor")
    return build_kernels(tmp_path_factory.mktemp("kernels"))


@pytest.fixture
def gpu(host_library: ctypes.CDLL) -> HostGpu:
    return HostGpu(host_library)
