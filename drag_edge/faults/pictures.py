"""Faults of cameras: wrappers of recorded and of live sources."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from drag_edge.clock import Clock
from drag_edge.faults.fault import Fault
from drag_edge.frames.frame import Frame
from drag_edge.frames.source import LiveSource, RecordedSource


class PictureFaults:
    """What happens to one camera's pictures; faults are judged by the pictures' own times."""

    def __init__(self, camera: str, faults: Sequence[Fault], rng: np.random.Generator) -> None:
        self._faults = [fault for fault in faults if fault.hits(camera)]
        self._rng = rng
        self._last: Frame | None = None

    def spoil(self, frame: Frame) -> Frame | None:
        """The picture as the loop gets it, None when it does not."""
        here = [fault for fault in self._faults if fault.at(frame.time_s)]
        if self._last is None or not any(fault.kind == "freeze" for fault in here):
            self._last = frame
        image, time_s = self._last.image, frame.time_s
        for fault in here:
            if fault.kind == "drop" and self._rng.random() < fault.parameter("share"):
                return None
            if fault.kind == "black":
                image = np.full_like(image, int(fault.parameter("level")))
            if fault.kind == "clock_jump":
                time_s += fault.parameter("by_s")
        return replace(frame, image=image, time_s=time_s)

    def delay_s(self, time_s: float) -> float:
        """How much later a picture of time_s arrives."""
        return sum(
            fault.parameter("by_s")
            for fault in self._faults
            if fault.kind == "delay" and fault.at(time_s)
        )


class FaultyRecording:
    """A recorded source with faults; delayed pictures arrive later, in order."""

    def __init__(self, source: RecordedSource, faults: PictureFaults) -> None:
        self.camera = source.camera
        self._source = source
        self._faults = faults
        self._late: deque[tuple[float, Frame]] = deque()

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return self._source.size_px

    @property
    def next_time_s(self) -> float | None:
        """When the next picture is taken or arrives."""
        times = [time_s for time_s, _ in self._late]
        if self._source.next_time_s is not None:
            times.append(self._source.next_time_s)
        return min(times, default=None)

    def read(self) -> Frame | None:
        """The picture that is due; None when it was dropped or is on its way."""
        taken_s = self._source.next_time_s
        if self._late and (taken_s is None or self._late[0][0] <= taken_s):
            return self._late.popleft()[1]
        frame = self._source.read()
        if frame is None:
            return None
        delay_s = self._faults.delay_s(frame.time_s)
        spoilt = self._faults.spoil(frame)
        if spoilt is None or delay_s == 0.0:
            # A picture that arrives overtakes those that are late: nobody wants them any more.
            self._late.clear()
            return spoilt
        self._late.append((frame.time_s + delay_s, spoilt))
        return None

    def close(self) -> None:
        """Close the source."""
        self._source.close()


class FaultyCamera:
    """A live source with faults."""

    def __init__(self, source: LiveSource, faults: PictureFaults, clock: Clock) -> None:
        self._source = source
        self._faults = faults
        self._clock = clock
        self._late: deque[tuple[float, Frame]] = deque()

    @property
    def patience_s(self) -> float:
        """The source's."""
        return self._source.patience_s

    @property
    def skipped(self) -> int:
        """The source's."""
        return self._source.skipped

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return self._source.size_px

    def open(self) -> None:
        """Open the source."""
        self._source.open()

    def read(self) -> Frame | None:
        """The next picture that arrives; None when the source itself has broken."""
        while (frame := self._source.read()) is not None:
            delay_s = self._faults.delay_s(frame.time_s)
            spoilt = self._faults.spoil(frame)
            if spoilt is not None and delay_s == 0.0:
                self._late.clear()
                return spoilt
            if spoilt is not None:
                self._late.append((frame.time_s + delay_s, spoilt))
            if self._late and self._late[0][0] <= self._clock.now_s():
                return self._late.popleft()[1]
        return None

    def close(self) -> None:
        """Close the source."""
        self._source.close()
