"""Calibrations on disk: a file per camera, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drag_edge.config.cameras import MountSettings
from drag_edge.events import Event
from drag_edge.perception.calibration import Calibration

VERSION = 1
_BELIEVED_RAD = 0.3


class CalibrationStore:
    """The files of one folder. mounts: of the cameras of the YAML; a calibration that was learned
    against another mount is refused. on_event: calibration_loaded, calibration_refused."""

    def __init__(
        self,
        folder: Path,
        mounts: Mapping[str, MountSettings],
        now_s: Callable[[], float],
        on_event: Callable[[Event], None],
    ) -> None:
        self._folder = folder
        self._mounts = mounts
        self._now_s = now_s
        self._on_event = on_event
        self._written: dict[str, tuple[MountSettings, Calibration]] = {}

    def tune(self, mounts: Mapping[str, MountSettings]) -> None:
        """Cameras that are mounted in another way from now on. What was learned of them before has
        to be forgotten by then."""
        self._mounts = mounts

    def load(self) -> dict[str, Calibration]:
        """What can be believed of what is there; anything else is refused by name and ignored."""
        found = {}
        for camera, mount in self._mounts.items():
            file = self._file(camera)
            try:
                text = file.read_text()
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                self._tell("calibration_refused", camera, f"{file}: {error}")
                continue
            calibration, problem = _parse(text, mount)
            if calibration is None:
                self._tell("calibration_refused", camera, f"{file}: {problem}")
                continue
            found[camera] = calibration
            self._written[camera] = (mount, calibration)
            self._tell("calibration_loaded", camera, str(calibration))
        return found

    def save(self, learned: Callable[[], Mapping[str, Calibration]]) -> None:
        """Write what changed of `learned`. A folder that cannot be written is an event.

        Any thread may call it. The mounts are looked at before what was learned: so a change of
        both, which begins with forgetting, can come in between and nothing old gets the new mount.
        """
        mounts = self._mounts
        for camera, calibration in learned().items():
            known = (mounts[camera], calibration)
            if self._written.get(camera) == known:
                continue
            try:
                self._write(camera, *known)
            except OSError as error:
                self._tell("calibration_refused", camera, f"cannot be written: {error}")
                continue
            self._written[camera] = known

    def _write(self, camera: str, mount: MountSettings, calibration: Calibration) -> None:
        content = {"version": VERSION, "mount": mount.model_dump(), **asdict(calibration)}
        file = self._file(camera)
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with unfinished.open("w") as stream:
                stream.write(json.dumps(content, indent=2) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(unfinished, file)
        finally:
            unfinished.unlink(missing_ok=True)
        # The name reaches the disk with its folder: without this a power cut leaves an empty file.
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _file(self, camera: str) -> Path:
        return self._folder / f"{camera}.json"

    def _tell(self, name: str, camera: str, detail: str) -> None:
        self._on_event(Event(name, camera, detail, self._now_s()))


def _parse(text: str, mount: MountSettings) -> tuple[Calibration | None, str]:
    """A calibration, or None and why not."""
    if not text.strip():
        return None, "the file is empty"
    try:
        content: Any = json.loads(text)
    except ValueError as error:
        return None, f"not JSON: {error}"
    if not isinstance(content, dict) or content.get("version") != VERSION:
        return None, f"not a calibration of version {VERSION}"
    if content.get("mount") != mount.model_dump():
        return None, "it was learned with another mount"
    angles: list[Any] = [content.get(key) for key in ("pitch_rad", "yaw_rad")]
    blocks = content.get("blocks")
    for angle in angles:
        if not isinstance(angle, (int, float)) or not abs(angle) <= _BELIEVED_RAD:
            return None, f"an angle of {angle!r} rad"
    if not isinstance(blocks, int) or blocks < 1:
        return None, f"blocks: {blocks!r}"
    return Calibration(float(angles[0]), float(angles[1]), blocks), ""
