"""The CUDA driver asked directly, by ctypes: a judge that shares no code with what it judges."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass


class DriverError(Exception):
    """No driver, no device, or a call that failed."""


@dataclass(frozen=True)
class Card:
    name: str
    compute: tuple[int, int]
    memory_bytes: int
    cuda: tuple[int, int]


def open_driver() -> ctypes.CDLL:
    """libcuda, initialised. Raises DriverError with the reason."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise DriverError(f"no NVIDIA driver: {error}") from error
    _ask(driver, "cuInit", 0)
    count = ctypes.c_int()
    _ask(driver, "cuDeviceGetCount", ctypes.byref(count))
    if count.value < 1:
        raise DriverError("the NVIDIA driver sees no GPU")
    return driver


def card(driver: ctypes.CDLL, ordinal: int = 0) -> Card:
    """What the device says of itself."""
    device = ctypes.c_int()
    _ask(driver, "cuDeviceGet", ctypes.byref(device), ordinal)
    name = ctypes.create_string_buffer(256)
    _ask(driver, "cuDeviceGetName", name, 256, device)
    total = ctypes.c_size_t()
    _ask(driver, "cuDeviceTotalMem_v2", ctypes.byref(total), device)
    version = ctypes.c_int()
    _ask(driver, "cuDriverGetVersion", ctypes.byref(version))
    compute = (_attribute(driver, 75, device), _attribute(driver, 76, device))
    cuda = (version.value // 1000, version.value % 1000 // 10)
    return Card(name.value.decode(), compute, total.value, cuda)


def current_context(driver: ctypes.CDLL) -> int:
    """The handle that the driver has current on this thread; 0 for none."""
    handle = ctypes.c_void_p()
    _ask(driver, "cuCtxGetCurrent", ctypes.byref(handle))
    return handle.value or 0


def set_primary(driver: ctypes.CDLL, ordinal: int = 0) -> int:
    """Make the primary context current, as every call of the runtime API does; its handle."""
    device = ctypes.c_int()
    _ask(driver, "cuDeviceGet", ctypes.byref(device), ordinal)
    handle = ctypes.c_void_p()
    _ask(driver, "cuDevicePrimaryCtxRetain", ctypes.byref(handle), device)
    _ask(driver, "cuCtxSetCurrent", handle)
    return handle.value or 0


def used_bytes(driver: ctypes.CDLL) -> int:
    """Device memory in use, by whomever; needs a current context."""
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    _ask(driver, "cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
    return total.value - free.value


def _attribute(driver: ctypes.CDLL, number: int, device: ctypes.c_int) -> int:
    value = ctypes.c_int()
    _ask(driver, "cuDeviceGetAttribute", ctypes.byref(value), number, device)
    return value.value


def _ask(driver: ctypes.CDLL, name: str, *arguments: object) -> None:
    code = getattr(driver, name)(*arguments)
    if code != 0:
        text = ctypes.c_char_p()
        driver.cuGetErrorString(code, ctypes.byref(text))
        raise DriverError(f"{name}: error {code} ({(text.value or b'unknown').decode()})")
