"""The NVIDIA driver, the GPU, the CUDA toolkit and NVRTC."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.jetpack import jetson
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Needs, Subject, who_needs
from drag_edge.inference.cuda import DeviceInfo

# What cuInit says, in words (CUDA driver API, CUresult).
_ERRORS = {
    3: "the driver was not initialised or is being unloaded",
    34: "only the stub of the driver is here (libcuda.so of the toolkit): LD_LIBRARY_PATH is wrong",
    35: "the driver is older than the CUDA of this program",
    46: "the devices are busy or not available",
    100: "it sees no GPU",
    101: "it knows no such device",
    802: "the system is not ready yet (NVSwitch fabric manager)",
    803: "the kernel's driver and libcuda.so.1 are of different versions: restart the machine",
    804: "forward compatibility was tried on a GPU that does not have it",
    999: "unknown error: often the device files are not readable, or the machine was suspended",
}


def driver_cuda(machine: Machine) -> tuple[int, int] | None:
    """The newest CUDA that the driver knows; None without a driver."""
    version = machine.ask("driver").get("cuda")
    return (int(version[0]), int(version[1])) if version else None


def device(machine: Machine) -> DeviceInfo | None:
    """The first GPU; None if there is none that can be used."""
    answer = machine.ask("driver")
    devices = answer.get("devices")
    if answer.error or not devices:
        return None
    first = devices[0]
    return DeviceInfo(
        name=str(first["name"]),
        compute=(int(first["compute"][0]), int(first["compute"][1])),
        memory_bytes=int(first["memory_bytes"]),
        integrated=bool(first["integrated"]),
        driver_cuda=driver_cuda(machine) or (0, 0),
    )


def check_gpu(subject: Subject) -> Iterator[Finding]:
    """Driver and device; then what compiles for it, where there is a device."""
    machine, needs = subject.machine, subject.needs
    yield _driver(machine, needs)
    here = device(machine)
    if here is not None:
        memory = f"{here.memory_bytes / 2**30:.1f} GiB{' shared' if here.integrated else ''}"
        yield Finding("GPU", State.OK, f"{here.name}, {here.sm}, {memory}")
    yield _toolkit(machine)
    if here is not None:
        yield _nvrtc(machine)


def _driver(machine: Machine, needs: Needs) -> Finding:
    answer = machine.ask("driver")
    needed = bool(needs.tensorrt)
    who = f"; {who_needs('model', needs.tensorrt)}" if needed else ""
    if answer.get("absent"):
        on_jetson = jetson(machine) is not None
        state = State.MISSING if needed or on_jetson else State.NOTE
        advice = ""
        if on_jetson:
            advice = "libcuda.so.1 comes with Jetson Linux: sudo apt-get install nvidia-l4t-cuda"
            advice += "; a container is started with --runtime nvidia"
        elif needed:
            advice = "install NVIDIA's driver, or name ONNX files and leave models.*.runtime out"
        return Finding("NVIDIA driver", state, f"none (libcuda.so.1){who}", advice, needed)
    if answer.error:
        code = answer.get("code")
        words = _ERRORS.get(code, "") if isinstance(code, int) else ""
        found = f"{answer.error}{f': {words}' if words else ''}{who}"
        return Finding("NVIDIA driver", State.BROKEN, found, _driver_advice(machine, code), needed)
    major, minor = driver_cuda(machine) or (0, 0)
    release = _driver_release(machine)
    return Finding("NVIDIA driver", State.OK, f"{release}knows CUDA up to {major}.{minor}")


def _driver_advice(machine: Machine, code: object) -> str:
    if code == 100 and not machine.exists("/dev/nvidiactl") and jetson(machine) is None:
        return "is the GPU plugged in, and is this container started with --gpus all?"
    if jetson(machine) is not None:
        return (
            "be in the groups video and render (sudo usermod -aG video,render $USER), log in anew"
        )
    return "try nvidia-smi; if it fails too, install the driver again and restart the machine"


def _driver_release(machine: Machine) -> str:
    text = machine.text("/proc/driver/nvidia/version") or ""
    found = re.search(r"\s(\d+\.\d+(?:\.\d+)?)\s", text)
    return f"{found[1]}, " if found else ""


def _toolkit(machine: Machine) -> Finding:
    version = toolkit_version(machine)
    if version:
        return Finding("CUDA toolkit", State.OK, f"{version}, /usr/local/cuda")
    found = "none in /usr/local/cuda: only PyCUDA's installation from source needs one"
    return Finding("CUDA toolkit", State.NOTE, found)


def toolkit_version(machine: Machine) -> str:
    """Of /usr/local/cuda, "12.6.68"; "" if there is none."""
    try:
        said = json.loads(machine.text("/usr/local/cuda/version.json") or "")
        return str(said["cuda"]["version"])
    except (ValueError, KeyError, TypeError):
        return _compilers_version(machine)


def _compilers_version(machine: Machine) -> str:
    ran = machine.run(str(machine.path("/usr/local/cuda/bin/nvcc")), "--version")
    found = re.search(r"release [\d.]+, V([\d.]+)", ran.output if ran else "")
    return found[1] if found else ""


def _nvrtc(machine: Machine) -> Finding:
    answer = machine.ask("nvrtc")
    if answer.error:
        text = answer.error.removeprefix("ModelError: ")
        found, _, advice = text.partition(": ")
        return Finding("NVRTC", State.NOTE, f"{found}; pictures are prepared on the CPU", advice)
    major, minor = answer.get("cuda")
    return Finding("NVRTC", State.OK, f"{major}.{minor}, {answer.get('file')}")
