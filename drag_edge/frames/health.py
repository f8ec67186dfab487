"""How one camera is, for whoever watches the service."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CameraState(str, Enum):
    """What a camera's reader is doing."""

    OPENING = "opening"
    STREAMING = "streaming"
    WAITING = "waiting"  # lost; it is tried again after a while
    REFUSED = "refused"  # sends pictures of a shape that the lens was not calibrated for
    STUCK = "stuck"  # a driver's call does not come back
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """One camera at one moment.

    reason: for a person, without passwords; empty while it streams. since_s: how long in this
    state. age_s: age of the newest picture, None before the first. size_px: width and height that
    perception gets; sent_px: that the camera sends (they differ after it changed). frames: pictures
    since the start. unused: of those, never looked at because a newer one came first. skipped:
    pictures not used because they came late or before the first whole one. losses: how often it was
    lost. tries: openings that failed since it was lost last.
    """

    camera: str
    state: CameraState
    reason: str
    since_s: float
    age_s: float | None
    size_px: tuple[int, int]
    sent_px: tuple[int, int]
    frames: int = 0
    unused: int = 0
    skipped: int = 0
    losses: int = 0
    tries: int = 0

    @property
    def fresh(self) -> bool:
        """Whether it streams."""
        return self.state is CameraState.STREAMING
