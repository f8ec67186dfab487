"""What runs in a process of its own: importing libraries that may crash, abort or hang.

`main(topic)` writes one line with the answer as JSON. Only imports of the standard library here:
whatever fails must fail inside a topic.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

ANSWER = "drag-edge doctor: "
_ATTRIBUTE_INTEGRATED, _ATTRIBUTE_MAJOR, _ATTRIBUTE_MINOR = 18, 75, 76  # CUdevice_attribute
_NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
PACKAGES = ("pydantic", "yaml", "onnxruntime", "scipy", "cantools", "can", "serial")


def main(topic: str) -> None:
    """Look at one topic and print what was found; an exception becomes the fact `error`."""
    try:
        facts = TOPICS[topic]()
    except Exception as error:  # noqa: BLE001 - whatever a library raises is the finding
        text = " ".join(str(error).split())
        facts = {"error": f"{type(error).__name__}: {text}"}
        if isinstance(error, ModuleNotFoundError):
            facts["absent"] = error.name
    print(f"\n{ANSWER}{json.dumps(facts)}", flush=True)


def driver() -> dict[str, Any]:
    """The NVIDIA driver through libcuda: version and devices."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return {"error": str(error), "absent": "libcuda.so.1"}
    version, count = ctypes.c_int(), ctypes.c_int()
    cuda.cuDriverGetVersion(ctypes.byref(version))
    facts: dict[str, Any] = {"cuda": [version.value // 1000, version.value % 1000 // 10]}
    code = cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count))
    if code:
        return {**facts, "code": code, "error": f"cuInit: {_cuda_error(cuda, code)}"}
    if count.value == 0:
        return {**facts, "code": _NO_DEVICE, "error": "no device"}
    return {**facts, "devices": [_device(cuda, ordinal) for ordinal in range(count.value)]}


def _device(cuda: ctypes.CDLL, ordinal: int) -> dict[str, Any]:
    handle, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    cuda.cuDeviceGet(ctypes.byref(handle), ordinal)
    cuda.cuDeviceGetName(name, len(name), handle)
    memory = ctypes.c_size_t()
    cuda.cuDeviceTotalMem_v2(ctypes.byref(memory), handle)

    def attribute(number: int) -> int:
        value = ctypes.c_int()
        cuda.cuDeviceGetAttribute(ctypes.byref(value), number, handle)
        return value.value

    return {
        "name": name.value.decode("utf-8", "replace"),
        "compute": [attribute(_ATTRIBUTE_MAJOR), attribute(_ATTRIBUTE_MINOR)],
        "integrated": bool(attribute(_ATTRIBUTE_INTEGRATED)),
        "memory_bytes": memory.value,
    }


def _cuda_error(cuda: ctypes.CDLL, code: int) -> str:
    name = ctypes.c_char_p()
    cuda.cuGetErrorName(code, ctypes.byref(name))
    return f"{name.value.decode() if name.value else 'error'} ({code})"


def tensorrt() -> dict[str, Any]:
    """TensorRT's Python package, and whether its runtime starts."""
    trt = importlib.import_module("tensorrt")
    facts: dict[str, Any] = {"version": str(trt.__version__), "file": trt.__file__}
    try:
        trt.Runtime(trt.Logger(trt.Logger.WARNING))
    except Exception as error:  # noqa: BLE001 - as above
        facts["runtime_error"] = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return facts


def pycuda() -> dict[str, Any]:
    """PyCUDA and the CUDA that it was compiled for."""
    package = importlib.import_module("pycuda")
    library = importlib.import_module("pycuda.driver")
    return {
        "version": str(package.VERSION_TEXT),
        "cuda": [int(part) for part in library.get_version()[:2]],
        "file": package.__file__,
    }


def opencv() -> dict[str, Any]:
    """OpenCV and what it can open."""
    cv2 = importlib.import_module("cv2")
    facts = {"version": str(cv2.__version__), "file": cv2.__file__}
    for line in cv2.getBuildInformation().splitlines():
        name, colon, value = line.strip().partition(":")
        if colon and name in ("GStreamer", "FFMPEG", "v4l/v4l2"):
            facts[name.lower()] = value.strip()
    return facts


def numpy() -> dict[str, Any]:
    """Numpy's version and place."""
    module = importlib.import_module("numpy")
    return {"version": str(module.__version__), "file": module.__file__}


def packages() -> dict[str, Any]:
    """The Python packages that drag_edge is made of: version, or why one cannot be imported."""
    versions, errors = {}, {}
    for name in PACKAGES:
        version, error = _imported(name)
        if error:
            errors[name] = error
        else:
            versions[name] = version
    return {"versions": versions, "errors": errors}


def _imported(name: str) -> tuple[str, str]:
    """A module's version, or why it cannot be imported."""
    try:
        module = importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - as above
        return "", f"{type(error).__name__}: {' '.join(str(error).split())}"
    return str(getattr(module, "__version__", "?")), ""


def nvrtc() -> dict[str, Any]:
    """NVRTC, which compiles the GPU preprocessing: the library that would be used for this GPU."""
    here = driver()
    if not here.get("devices"):
        return {"error": here.get("error", "no GPU")}
    major, minor = here["devices"][0]["compute"]
    finder = importlib.import_module("drag_edge.inference.gpu.nvrtc")
    compiler = finder.find_compiler(f"sm_{major}{minor}", tuple(here["cuda"]))
    return {"file": str(compiler.name), "cuda": list(compiler.version)}


TOPICS: dict[str, Callable[[], dict[str, Any]]] = {
    "driver": driver,
    "nvrtc": nvrtc,
    "numpy": numpy,
    "opencv": opencv,
    "packages": packages,
    "pycuda": pycuda,
    "tensorrt": tensorrt,
}

if __name__ == "__main__":
    main(sys.argv[1])
