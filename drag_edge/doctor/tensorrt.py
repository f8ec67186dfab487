"""TensorRT and PyCUDA, each by itself; fit.py looks at them together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.gpu import device, driver_cuda
from drag_edge.doctor.jetpack import jetson
from drag_edge.doctor.machine import Answer, Machine
from drag_edge.doctor.needs import Needs, Subject, who_needs
from drag_edge.doctor.python import LOWER_NUMPY, numpy_trap
from drag_edge.inference.versions import version_numbers

OLDEST = (8, 5)
_FROM_JETPACK = (
    "sudo apt-get install python3-libnvinfer (JetPack's), and make the virtual environment with "
    "python3 -m venv --system-site-packages"
)
_BUILD_PYCUDA = "PATH=/usr/local/cuda/bin:$PATH pip install pycuda"
PYCUDA_AGAIN = f"{_BUILD_PYCUDA} --force-reinstall --no-cache-dir --no-deps"


def tensorrt_version(machine: Machine) -> str | None:
    """Of the TensorRT that can be imported; None if none can."""
    answer = machine.ask("tensorrt")
    return None if answer.error else str(answer.get("version"))


def check_tensorrt(subject: Subject) -> Iterator[Finding]:
    """PyCUDA only where a GPU or a model asks for it."""
    machine, needs = subject.machine, subject.needs
    yield _tensorrt(machine, needs)
    if device(machine) is not None or needs.tensorrt:
        yield _pycuda(machine, needs)


def _tensorrt(machine: Machine, needs: Needs) -> Finding:
    answer = machine.ask("tensorrt")
    needed, usable = bool(needs.tensorrt), device(machine) is not None
    who = f"; {who_needs('model', needs.tensorrt)}" if needed else ""
    if not answer.error:
        return _imported(answer, needed, usable)
    if numpy_trap(machine, "tensorrt"):
        found = f"it was built for numpy 1 and cannot be used beside numpy 2{who}"
        return Finding("TensorRT", State.BROKEN, found, LOWER_NUMPY, needed)
    if str(answer.get("absent") or "").startswith("tensorrt"):
        state = State.MISSING if needed or usable else State.NOTE
        advice = ""
        if state is State.MISSING:
            advice = _FROM_JETPACK if jetson(machine) else "pip install tensorrt (the driver first)"
        return Finding("TensorRT", state, f"not installed for this Python{who}", advice, needed)
    advice = "try: python -c 'import tensorrt'; install it again if that fails too"
    return Finding("TensorRT", State.BROKEN, f"{answer.error}{who}", advice, needed)


def _imported(answer: Answer, needed: bool, usable: bool) -> Finding:
    version = str(answer.get("version"))
    found = f"{version}, {answer.get('file')}"
    if version_numbers(version)[:2] < OLDEST:
        advice = "TensorRT 8.5 or newer is needed: on a Jetson, JetPack 6 or 7"
        return Finding("TensorRT", State.BROKEN, found, advice, needed)
    if not usable:
        return Finding("TensorRT", State.NOTE, f"{version}; without a GPU it cannot run anything")
    if answer.get("runtime_error") and cuda_error(answer) != 35:
        why = (answer.said.strip().splitlines() or [str(answer.get("runtime_error"))])[-1]
        advice = "install TensorRT and CUDA of one release again"
        return Finding("TensorRT", State.BROKEN, f"{version} does not start: {why}", advice, needed)
    return Finding("TensorRT", State.OK, found)


def cuda_error(answer: Answer) -> int | None:
    """The number in "CUDA initialization failure with error: 35"; None if it does not say so."""
    found = re.search(r"CUDA initialization failure with error: (\d+)", answer.said)
    return int(found[1]) if found else None


def _pycuda(machine: Machine, needs: Needs) -> Finding:
    answer = machine.ask("pycuda")
    needed = bool(needs.tensorrt)
    if not answer.error:
        major, minor = answer.get("cuda")
        return Finding(
            "PyCUDA", State.OK, f"{answer.get('version')}, built for CUDA {major}.{minor}"
        )
    if numpy_trap(machine, "pycuda"):
        found = "it was built for numpy 1 and cannot be used beside numpy 2"
        return Finding("PyCUDA", State.BROKEN, found, PYCUDA_AGAIN, needed)
    if answer.get("absent") == "pycuda":
        found = "not installed for this Python: engines cannot run without it"
        return Finding("PyCUDA", State.MISSING, found, _BUILD_PYCUDA, needed)
    if answer.get("absent"):
        advice = f"pip install {answer.get('absent')}"
        return Finding("PyCUDA", State.BROKEN, answer.error, advice, needed)
    if re.search(r"libcuda\.so|undefined symbol: cu[A-Z]", answer.error):
        if driver_cuda(machine) is None:
            return Finding("PyCUDA", State.NOTE, "installed; it waits for the NVIDIA driver")
        found = f"built for a newer CUDA than the driver's ({answer.error})"
        return Finding("PyCUDA", State.BROKEN, found, PYCUDA_AGAIN, needed)
    advice = f"build it again for the CUDA that is here: {PYCUDA_AGAIN}"
    return Finding("PyCUDA", State.BROKEN, answer.error, advice, needed)
