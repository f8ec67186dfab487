"""Whether driver, CUDA, TensorRT, PyCUDA and JetPack belong together."""

from __future__ import annotations

from collections.abc import Iterator

from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.gpu import driver_cuda
from drag_edge.doctor.jetpack import jetson
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject
from drag_edge.doctor.tensorrt import PYCUDA_AGAIN, cuda_error, tensorrt_version
from drag_edge.inference.versions import version_numbers

Version = tuple[int, ...]


def check_fit(subject: Subject) -> Iterator[Finding]:
    """One line, where there is a driver and a TensorRT to compare."""
    machine = subject.machine
    driver, tensorrt = driver_cuda(machine), tensorrt_version(machine)
    if driver is None or tensorrt is None:
        return
    pycuda = machine.ask("pycuda").get("cuda")
    told = f"driver CUDA {_dotted(driver)}, TensorRT {tensorrt}"
    if pycuda:
        told += f", PyCUDA for CUDA {_dotted(pycuda)}"
    needed = bool(subject.needs.tensorrt)
    if cuda_error(machine.ask("tensorrt")) == 35:
        yield _driver_too_old(machine, told, needed)
    elif pycuda and pycuda[0] > driver[0]:
        found, advice = f"{told}: too new for it", f"build it for the driver's CUDA: {PYCUDA_AGAIN}"
        yield Finding("versions", State.BROKEN, found, advice, needed)
    else:
        yield _of_one_release(machine, told, driver, version_numbers(tensorrt))


def _driver_too_old(machine: Machine, told: str, needed: bool) -> Finding:
    found = (
        f"{told}: the driver is older than the CUDA that this TensorRT was built for "
        '(TensorRT says "CUDA initialization failure with error: 35")'
    )
    advice = "update the NVIDIA driver, or install the TensorRT of the driver's CUDA"
    if jetson(machine) is not None:
        advice = "on a Jetson use JetPack's own TensorRT: pip uninstall tensorrt"
    return Finding("versions", State.BROKEN, found, advice, needed)


def _of_one_release(machine: Machine, told: str, driver: Version, tensorrt: Version) -> Finding:
    """On a Jetson also against what its JetPack brings."""
    here = jetson(machine)
    expected = here.combination if here else None
    if here is None or expected is None:
        return Finding("versions", State.OK, f"{told}: they fit")
    if driver < expected.cuda:
        found = f"{told}; JetPack {here.jetpack} brings CUDA {_dotted(expected.cuda)}"
        advice = "parts of two releases are installed: sudo apt-get update && sudo apt-get upgrade"
        return Finding("versions", State.NOTE, found, advice)
    if tensorrt[:2] != expected.tensorrt:
        found = f"{told}; JetPack {here.jetpack} brings TensorRT {_dotted(expected.tensorrt)}"
        advice = "unless you meant it: pip uninstall tensorrt, and JetPack's is found again"
        return Finding("versions", State.NOTE, found, advice)
    return Finding("versions", State.OK, f"{told}: they fit, as JetPack {here.jetpack} has them")


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
