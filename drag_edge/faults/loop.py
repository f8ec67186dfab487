"""A main loop that stands still: it asks for pictures late, while the world goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drag_edge.clock import Clock
from drag_edge.config.cameras import CameraSettings
from drag_edge.faults.fault import Fault
from drag_edge.frames.feed import Feed, Sample
from drag_edge.frames.health import CameraHealth


class StallingFeed:
    """A feed that hands nothing out while a stall lasts, and then only the newest."""

    def __init__(self, feed: Feed, faults: Sequence[Fault], clock: Clock) -> None:
        self._feed = feed
        self._faults = [fault for fault in faults if fault.kind == "stall"]
        self._clock = clock

    def sizes_px(self) -> Mapping[str, tuple[int, int]]:
        """Width and height of each camera's pictures."""
        return self._feed.sizes_px()

    def health(self, now_s: float) -> Mapping[str, CameraHealth]:
        """The feed's."""
        return self._feed.health(now_s)

    def reopen(self, camera: str, settings: CameraSettings) -> bool:
        """The feed's."""
        return self._feed.reopen(camera, settings)

    def next(self) -> Sample:
        """The newest sample once no stall holds."""
        sample = self._feed.next()
        while not sample.ended and self._stalled():
            newer = self._feed.next()
            sample = Sample({**sample.frames, **newer.frames}, newer.ended)
        return sample

    def _stalled(self) -> bool:
        now_s = self._clock.now_s()
        return any(fault.at(now_s) for fault in self._faults)

    def close(self) -> None:
        """Close the feed."""
        self._feed.close()
