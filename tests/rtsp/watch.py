"""A loop that looks at a live feed as the daemon does, and keeps what it saw."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from drag_edge.clock import SystemClock
from drag_edge.config.cameras import CameraSettings
from drag_edge.events import Event
from drag_edge.frames.address import parse_address
from drag_edge.frames.backoff import Backoff
from drag_edge.frames.feed import LiveFeed
from drag_edge.frames.live import OpenCvCamera
from drag_edge.frames.reader import CameraReader
from tests.rtsp.camera import burnt_time_s


def camera_settings(source: str, **more: Any) -> CameraSettings:
    return CameraSettings.model_validate(
        {
            "source": source,
            "mount": {"x": 1.0, "z": 1.2},
            "intrinsics": {"width": 640, "height": 360, "fx": 500, "fy": 500, "cx": 320, "cy": 180},
            "open_timeout_s": 3.0,
            "read_timeout_s": 2.0,
            "decode": "software",
            **more,
        }
    )


@dataclass
class Seen:
    """One frame as the loop got it. Seconds; age and honesty are against the burnt time."""

    taken_s: float
    true_age_s: float | None
    told_age_s: float
    size_px: tuple[int, int]


@dataclass
class Watch:
    """Feeds of cameras by name, sampled by `look`."""

    sources: dict[str, str]
    options: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def __enter__(self) -> Watch:
        self.clock = SystemClock()
        self.backoffs: dict[str, Backoff] = {}
        cameras = {
            name: camera_settings(source, **self.options) for name, source in self.sources.items()
        }
        self.feed = LiveFeed(cameras, self._reader, wait_s=0.05)
        return self

    def __exit__(self, *_: Any) -> None:
        self.feed.close()

    def _reader(
        self, name: str, settings: CameraSettings, arrived: threading.Condition
    ) -> CameraReader:
        address = parse_address(settings.source, settings_folder())
        source = OpenCvCamera(name, address, settings, self.clock)
        backoff = Backoff(settings.retry_s, settings.retry_longest_s, np.random.default_rng(7))
        self.backoffs[name] = backoff
        return CameraReader(
            name,
            source,
            self.clock,
            self.events.append,
            arrived,
            expected_px=(640, 360),
            backoff=backoff,
        )

    def look(
        self,
        seconds: float,
        until: Callable[[], bool] = lambda: False,
        busy_s: float = 0.0,
        camera: str = "front",
    ) -> list[Seen]:
        """What the loop gets of a camera; busy_s: how long it works on each sample."""
        seen = []
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not until():
            frame = self.feed.next().frames.get(camera)
            if frame is not None:
                now_s = time.monotonic()
                burnt_s = burnt_time_s(frame.image)
                age_s = None if burnt_s is None else now_s - burnt_s
                size_px = (frame.image.shape[1], frame.image.shape[0])
                seen.append(Seen(now_s, age_s, now_s - frame.time_s, size_px))
            time.sleep(busy_s)
        return seen

    def first(self, within_s: float, camera: str = "front") -> Seen | None:
        """The next frame."""
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            seen = self.look(0.04, camera=camera)
            if seen:
                return seen[0]
        return None


def settings_folder() -> Any:
    from pathlib import Path

    return Path("/")


def resident_kib() -> int:
    """Memory of this process that is in use, KiB."""
    from pathlib import Path

    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


def camera_threads() -> list[str]:
    """Names of the readers' threads that live."""
    return [t.name for t in threading.enumerate() if t.name.startswith("camera-")]
