"""Python, and the packages that drag_edge is made of."""

from __future__ import annotations

from collections.abc import Iterator

from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.jetpack import jetson
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject

OLDEST, NEWEST = (3, 10), (3, 13)
# What a library built for numpy 1 says beside numpy 2.
_NUMPY_TRAP = ("compiled using NumPy 1.x", "_ARRAY_API not found", "numpy.core.multiarray failed")
_PIP_NAME = {"yaml": "PyYAML", "can": "python-can", "serial": "pyserial"}


def check_python(subject: Subject) -> Iterator[Finding]:
    """The interpreter, the packages, numpy and who was built for which."""
    yield _interpreter(subject.machine)
    yield _packages(subject.machine)
    yield _numpy(subject.machine, bool(subject.needs.tensorrt))


def numpy_trap(machine: Machine, topic: str) -> bool:
    """Whether a library could not be used because it was built for numpy 1."""
    answer = machine.ask(topic)
    text = f"{answer.said} {answer.error}"
    return any(sign in text for sign in _NUMPY_TRAP)


LOWER_NUMPY = "pip install 'numpy>=1.26,<2'"  # as tools/constraints-jetpack.txt has it


def _interpreter(machine: Machine) -> Finding:
    version = ".".join(map(str, machine.python_version))
    found = f"{version}, {machine.executable}"
    if not OLDEST <= machine.python_version[:2] <= NEWEST:
        wanted = f"use a Python from {_dotted(OLDEST)} to {_dotted(NEWEST)}"
        return Finding("Python", State.BROKEN, found, wanted, needed=True)
    here = jetson(machine)
    combination = here.combination if here else None
    if combination is not None and combination.python != machine.python_version[:2]:
        wanted = f"make the virtual environment with python{_dotted(combination.python)}"
        found += f"; JetPack's packages are for Python {_dotted(combination.python)}"
        return Finding("Python", State.NOTE, found, wanted)
    return Finding("Python", State.OK, found)


def _packages(machine: Machine) -> Finding:
    answer = machine.ask("packages")
    if answer.facts is None:
        advice = "pip install -e . again, and try: python -c 'import onnxruntime'"
        return Finding("packages", State.BROKEN, answer.trouble, advice, needed=True)
    errors = answer.facts["errors"]
    if errors:
        found = "; ".join(f"{name}: {error}" for name, error in errors.items())
        names = " ".join(_PIP_NAME.get(name, name) for name in errors)
        return Finding("packages", State.BROKEN, found, f"pip install {names}", needed=True)
    versions = answer.facts["versions"].items()
    found = ", ".join(f"{name} {version}" for name, version in versions)
    return Finding("packages", State.OK, found)


def _numpy(machine: Machine, needs_tensorrt: bool) -> Finding:
    answer = machine.ask("numpy")
    if answer.error:
        advice = "pip install --force-reinstall 'numpy<3'"
        return Finding("numpy", State.BROKEN, answer.error, advice, needed=True)
    version = str(answer.get("version"))
    trapped = [
        name
        for name, topic in (("OpenCV", "opencv"), ("TensorRT", "tensorrt"), ("PyCUDA", "pycuda"))
        if numpy_trap(machine, topic)
    ]
    if trapped:
        needed = needs_tensorrt or "OpenCV" in trapped
        found = f"{version}, and {' and '.join(trapped)} here was built for numpy 1"
        return Finding("numpy", State.BROKEN, found, LOWER_NUMPY, needed)
    here = jetson(machine)
    combination = here.combination if here else None
    if combination is not None and not version.startswith(f"{combination.numpy}."):
        found = f"{version}; JetPack's own packages were built for numpy {combination.numpy}"
        return Finding("numpy", State.NOTE, found, LOWER_NUMPY)
    return Finding("numpy", State.OK, version)


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
