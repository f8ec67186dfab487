"""What the daemon writes: may it, and is there room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from drag_edge.config.root import Settings
from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject

# An hour of overlay at 720p is about 2 GB; a busy bus's log 0.3 GB.
ROOM_BYTES = 2 << 30


def check_disk(subject: Subject) -> Iterator[Finding]:
    """Each file that the configuration says to write; and the window."""
    settings = subject.settings
    if settings is None:
        return
    for key, file in _outputs(settings):
        yield _output(subject.machine, key, file, settings.display.recording.min_free_mb)
    if settings.display.window:
        yield _window(subject.machine)


def _outputs(settings: Settings) -> Iterator[tuple[str, Path]]:
    outputs = (
        ("vehicle.can.log", settings.vehicle.can.log),
        ("display.video", settings.display.video),
        ("run.summary", settings.run.summary),
    )
    yield from ((key, file) for key, file in outputs if file is not None)


def _output(machine: Machine, key: str, file: Path, min_free_mb: float) -> Finding:
    folder = next(parent for parent in file.parents if parent.exists())
    if not os.access(folder, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        advice = f"sudo mkdir -p {file.parent} && sudo chown $USER {file.parent}, or another place"
        return Finding(key, State.BROKEN, f"{file} may not be written", advice, needed=True)
    free = machine.free_bytes(folder)
    if free is None:
        return Finding(key, State.NOTE, f"{file}: free space unknown")
    told = f"{file}, {free / 1e9:.1f} GB free"
    if key == "display.video" and free < min_free_mb * 1e6:
        return Finding(key, State.BROKEN, told, "make room: recording stops at once", needed=True)
    if free < ROOM_BYTES and key != "run.summary":
        return Finding(key, State.NOTE, told, "make room: an hour of driving may need more")
    return Finding(key, State.OK, told)


def _window(machine: Machine) -> Finding:
    if machine.variable("DISPLAY") or machine.variable("WAYLAND_DISPLAY"):
        return Finding("display.window", State.OK, "a screen is there")
    advice = "display.window: off, or run --headless; over ssh: export DISPLAY=:0"
    return Finding("display.window", State.NOTE, "no screen: nothing will be shown", advice)
