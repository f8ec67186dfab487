"""Notices a camera that gives no frames any more, by the frames themselves."""

from __future__ import annotations

from collections.abc import Iterable

from drag_edge.events import Event


class FrameWatch:
    """Stepped once a tick with the cameras that had a new frame; says who is lost and who is back.

    timeout_s: a camera without a new frame for longer than this is lost.
    """

    def __init__(self, cameras: Iterable[str], timeout_s: float, start_s: float) -> None:
        self._timeout_s = timeout_s
        self._seen_s = dict.fromkeys(cameras, start_s)
        self._lost: set[str] = set()

    def step(self, arrived: Iterable[str], now_s: float) -> tuple[Event, ...]:
        """Events of this tick: camera_lost once, camera_recovered with the first new frame."""
        events = []
        for camera in arrived:
            self._seen_s[camera] = now_s
            if camera in self._lost:
                self._lost.discard(camera)
                events.append(Event("camera_recovered", camera, "frames again", now_s))
        for camera, seen_s in self._seen_s.items():
            if camera not in self._lost and now_s - seen_s > self._timeout_s:
                self._lost.add(camera)
                detail = f"no new frame for {now_s - seen_s:.1f} s"
                events.append(Event("camera_lost", camera, detail, now_s))
        return tuple(events)
