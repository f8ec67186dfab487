"""Counts pictures: those that a camera sends, and those of them that the loop looks at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from drag_edge.config.monitor import RateSettings
from drag_edge.events import Event
from drag_edge.frames.thumbnail import Sighting

LEAST_FRAMES = 4

Seen = deque[tuple[int, float]]  # index and time of the frames that were looked at


class RateWatch:
    """Stepped once a tick: frame_missing (each gap), frame_dropped and frame_rate_low (while).

    fps: what each camera was asked for, None where nothing was. Its own rate is told by the
    frames' indices and times, whoever took how many of them.
    """

    def __init__(self, fps: Mapping[str, float | None], settings: RateSettings) -> None:
        self._settings = settings
        self._fps = dict(fps)
        self._seen: dict[str, Seen] = {camera: deque() for camera in fps}

    def tune(self, fps: Mapping[str, float | None], settings: RateSettings) -> None:
        """Changed settings of the same cameras."""
        self._settings = settings
        self._fps = dict(fps)

    def step(self, sightings: Mapping[str, Sighting], now_s: float) -> tuple[Event, ...]:
        """Events of this tick."""
        events: list[Event] = []
        for camera, sighting in sightings.items():
            events += self._look(camera, sighting, now_s)
        return tuple(events)

    def _look(self, camera: str, sighting: Sighting, now_s: float) -> Iterator[Event]:
        seen, settings = self._seen[camera], self._settings
        if seen and (sighting.time_s <= seen[-1][1] or sighting.index <= seen[-1][0]):
            seen.clear()  # the clock jumped or the camera was opened again: count anew
        if len(seen) >= LEAST_FRAMES:
            needed_hz = min(_sent_hz(seen), settings.needed_hz)
            gap_s = sighting.time_s - seen[-1][1]
            if gap_s > settings.gap / needed_hz:
                detail = f"nothing for {gap_s:.3f} s, {needed_hz:.1f} Hz are needed"
                yield Event("frame_missing", camera, detail, now_s)
            if gap_s > settings.outage / needed_hz:
                seen.clear()  # named as a lost camera; what comes after is judged by itself
        seen.append((sighting.index, sighting.time_s))
        while seen[-1][1] - seen[0][1] > settings.window_s:
            seen.popleft()
        if len(seen) >= LEAST_FRAMES:
            yield from self._rates(camera, seen, now_s)

    def _rates(self, camera: str, seen: Seen, now_s: float) -> Iterator[Event]:
        settings = self._settings
        span_s, sent_hz = seen[-1][1] - seen[0][1], _sent_hz(seen)
        needed_hz = min(sent_hz, settings.needed_hz)
        if span_s < settings.window_s / 2:
            return
        dropped = 1.0 - (len(seen) - 1) / span_s / needed_hz
        if dropped > settings.dropped_share:
            detail = f"{dropped:.0%} of {needed_hz:.1f} pictures a second are not looked at"
            yield Event("frame_dropped", camera, detail, now_s)
        fps = self._fps[camera]
        if fps is not None and sent_hz < settings.least_share * fps:
            detail = f"{sent_hz:.1f} Hz of {fps:g}"
            yield Event("frame_rate_low", camera, detail, now_s)


def _sent_hz(seen: Seen) -> float:
    """The camera's own rate: the indices count those that nobody looked at, too."""
    return (seen[-1][0] - seen[0][0]) / (seen[-1][1] - seen[0][1])
