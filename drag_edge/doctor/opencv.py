"""OpenCV: whose it is, and whether it can open what the cameras ask for."""

from __future__ import annotations

from collections.abc import Iterator

from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.jetpack import jetson
from drag_edge.doctor.machine import Answer, Machine
from drag_edge.doctor.needs import Subject, who_needs
from drag_edge.doctor.python import LOWER_NUMPY, numpy_trap

OLDEST = (4, 8)
_FROM_PIP = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


def check_opencv(subject: Subject) -> Iterator[Finding]:
    """The package, then GStreamer and FFmpeg where a camera needs them."""
    machine, answer = subject.machine, subject.machine.ask("opencv")
    if answer.error:
        yield _not_there(machine, answer)
        return
    yield _package(machine, answer)
    yield _backend("GStreamer", answer, subject.needs.gstreamer, _gstreamer_advice(machine))
    wanted = "write the source as a GStreamer pipeline (gst:…), or use an OpenCV with FFmpeg"
    yield _backend("FFmpeg", answer, subject.needs.ffmpeg, wanted)


def shadowing(machine: Machine) -> list[str]:
    """Packages of pip's that hide JetPack's OpenCV."""
    if jetson(machine) is None:
        return []
    installed = machine.distributions()
    return [name for name in _FROM_PIP if name in installed]


def _not_there(machine: Machine, answer: Answer) -> Finding:
    if numpy_trap(machine, "opencv"):
        found = "it was built for numpy 1 and cannot be used beside numpy 2"
        return Finding("OpenCV", State.BROKEN, found, LOWER_NUMPY, needed=True)
    if answer.get("absent") == "cv2":
        found, advice = "no module cv2", "pip install opencv-python"
        if jetson(machine) is not None:
            advice = (
                "sudo apt-get install libopencv-python (JetPack's, with GStreamer), and make the "
                "virtual environment with --system-site-packages"
            )
        return Finding("OpenCV", State.MISSING, found, advice, needed=True)
    advice = "try: python -c 'import cv2'"
    if ".so" in answer.error:
        advice = "sudo apt-get install libgl1 libglib2.0-0 (the system libraries it links to)"
    return Finding("OpenCV", State.BROKEN, answer.error, advice, needed=True)


def _package(machine: Machine, answer: Answer) -> Finding:
    version, file = str(answer.get("version")), str(answer.get("file"))
    found = f"{version}, {file}"
    if _numbers(version) < OLDEST:
        advice = "4.8 or newer is needed: JetPack's libopencv-python, or pip's opencv-python"
        return Finding("OpenCV", State.BROKEN, found, advice, needed=True)
    hiding = shadowing(machine)
    if hiding:
        advice = f"pip uninstall {' '.join(hiding)}"
        return Finding("OpenCV", State.NOTE, f"{found}: pip's hides JetPack's, if there", advice)
    return Finding("OpenCV", State.OK, found)


def _gstreamer_advice(machine: Machine) -> str:
    hiding = shadowing(machine)
    if hiding:
        return f"pip uninstall {' '.join(hiding)}: JetPack's own OpenCV has GStreamer"
    return (
        "use JetPack's OpenCV (sudo apt-get install libopencv-python) in a virtual environment "
        "made with --system-site-packages; pip's is built without GStreamer"
    )


def _backend(name: str, answer: Answer, cameras: tuple[str, ...], advice: str) -> Finding:
    built_in = str(answer.get(name.lower()) or "").upper().startswith("YES")
    what = f"OpenCV's {name}"
    if built_in:
        return Finding(what, State.OK, str(answer.get(name.lower())))
    if cameras:
        found = f"not built in; {who_needs('camera', cameras)}"
        return Finding(what, State.MISSING, found, advice, needed=True)
    return Finding(what, State.NOTE, "not built in; no camera of this configuration needs it")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
