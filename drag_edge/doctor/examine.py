"""Every check in its order, none of which can hold up or end the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

from drag_edge.config.root import Settings
from drag_edge.doctor.board import check_board
from drag_edge.doctor.bus import check_bus
from drag_edge.doctor.cameras import check_cameras
from drag_edge.doctor.configured import check_configuration
from drag_edge.doctor.disk import check_disk
from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.fit import check_fit
from drag_edge.doctor.gpu import check_gpu
from drag_edge.doctor.jetpack import check_jetpack
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.models import check_models
from drag_edge.doctor.needs import Subject, needs_of
from drag_edge.doctor.opencv import check_opencv
from drag_edge.doctor.python import check_python
from drag_edge.doctor.service import check_service
from drag_edge.doctor.tensorrt import check_tensorrt

LIMIT_S = 180.0  # of one check; each of its looks has a shorter one
Check = Callable[[Subject], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "configuration": check_configuration,
    "Jetson": check_jetpack,
    "board": check_board,
    "Python": check_python,
    "OpenCV": check_opencv,
    "GPU": check_gpu,
    "TensorRT": check_tensorrt,
    "versions": check_fit,
    "models": check_models,
    "cameras": check_cameras,
    "bus": check_bus,
    "files": check_disk,
    "systemd": check_service,
}


def examine(
    machine: Machine,
    settings: Settings | None,
    checks: Mapping[str, Check] = CHECKS,
    limit_s: float = LIMIT_S,
) -> list[Finding]:
    """All findings, always in the same order. Never raises for what is wrong with the machine."""
    subject = Subject(machine, settings, needs_of(settings))
    return [
        finding
        for name, check in checks.items()
        for finding in _within(limit_s, name, check, subject)
    ]


def _within(limit_s: float, name: str, check: Check, subject: Subject) -> list[Finding]:
    """What a check finds, or one finding that says why it came to no end.

    On a thread that is left behind when it hangs (a dead network disk, a stuck driver): the
    process can end without it.
    """
    found: list[Finding] = []
    trouble = [f"not finished after {limit_s:g} s"]

    def work() -> None:
        try:
            found.extend(check(subject))
            trouble.clear()
        except Exception as error:  # noqa: BLE001 - one check's bug must not cost the others
            trouble[0] = f"the doctor's own mistake: {type(error).__name__}: {error}"

    thread = threading.Thread(target=work, name=f"doctor {name}", daemon=True)
    thread.start()
    thread.join(limit_s)
    if not trouble:
        return found
    advice = "look at it by hand, and please report this"
    unknown = subject.settings is not None
    return [*found, Finding(name, State.BROKEN, trouble[0], advice, needed=unknown)]
