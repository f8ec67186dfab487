"""What a source of frames is: live ones arrive by themselves, recorded ones have own times."""

from __future__ import annotations

from typing import Protocol

from drag_edge.errors import InputMissingError, UnavailableError
from drag_edge.frames.frame import Frame


class RecordingError(InputMissingError):
    """A recorded source that is not there or cannot be read."""

    def __init__(self, camera: str, source: str, problem: str) -> None:
        super().__init__(f"camera {camera}: {source}: {problem}")


class CameraError(UnavailableError):
    """A live source that does not answer; `problem` says why and what to do."""

    def __init__(self, camera: str, source: str, problem: str) -> None:
        super().__init__(f"camera {camera}: {source}: {problem}")
        self.problem = problem


class LiveSource(Protocol):
    """A camera or stream. Used by one reader thread."""

    @property
    def patience_s(self) -> float:
        """The longest that a call is meant to take, seconds; a driver may hang for longer."""

    @property
    def skipped(self) -> int:
        """Pictures that were not given because they were late or before the first whole one."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures; call after `open`."""

    def open(self) -> None:
        """Open or open again. Raises CameraError within the camera's open time-out."""

    def read(self) -> Frame | None:
        """Wait for the next frame; None when the stream broke or ended. May raise CameraError for
        a stream that goes on and cannot be used."""

    def close(self) -> None:
        """Release the device. Idempotent."""


class RecordedSource(Protocol):
    """A file or simulation: its next frame's time is known before the frame is made."""

    camera: str

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures."""

    @property
    def next_time_s(self) -> float | None:
        """Capture time of the next frame on the daemon's clock; None at the end."""

    def read(self) -> Frame | None:
        """The next frame; None at the end."""

    def close(self) -> None:
        """Release. Idempotent."""
