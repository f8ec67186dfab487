"""Faults at object level: on what sensors without pictures tell, with marks that stand for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from drag_edge.faults.answers import AnswerFaults, spoilt_result
from drag_edge.faults.fault import Fault, Part
from drag_edge.frames.thumbnail import SIZE, Sighting
from drag_edge.inference.results import Perceived

_EMPTY = frozenset({"empty"})
_IN_TURN = 8
"""Without faults of cameras so many made-up thumbnails take turns: each differs from the next."""


class SightFaults:
    """One drive's cameras and networks with faults, frame by frame.

    Thumbnails are made up: noise that differs from frame to frame, as a sensor's does; so the
    watch over pictures is the real one. Times count as the frames' do.
    """

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self._cameras = [fault for fault in faults if fault.part is Part.CAMERA]
        answers = [fault for fault in faults if fault.part is Part.MODEL]
        self._stalls = [fault for fault in faults if fault.part is Part.LOOP]
        self._rng = np.random.default_rng([seed, 4])
        self._answers = AnswerFaults(answers, np.random.default_rng([seed, 5]))
        self._frozen: dict[str, tuple[Perceived, Sighting]] = {}
        self._late: deque[tuple[float, Perceived, Sighting]] = deque()
        self._in_turn = [] if self._cameras else [self._noise() for _ in range(_IN_TURN)]

    def stalled(self, now_s: float) -> bool:
        """Whether the main loop stands still at now_s: it neither looks nor publishes."""
        return any(fault.at(now_s) for fault in self._stalls)

    def see(
        self, perceived: Mapping[str, Perceived], now_s: float
    ) -> tuple[dict[str, Perceived], dict[str, Sighting]]:
        """What arrives at now_s of what was perceived, and what the watch over pictures sees."""
        arrived: dict[str, Perceived] = {}
        sightings: dict[str, Sighting] = {}
        while self._late and self._late[0][0] <= now_s:
            _, late, sighting = self._late.popleft()
            arrived[late.camera], sightings[late.camera] = late, sighting
        for camera, seen in perceived.items():
            spoilt = self._spoil(self._answers.spoil(seen))
            if spoilt is None:
                continue
            due_s = now_s + self._delay_s(camera, seen.time_s)
            if due_s > now_s:
                self._late.append((due_s, *spoilt))
            else:
                arrived[camera], sightings[camera] = spoilt
        return arrived, sightings

    def _spoil(self, seen: Perceived) -> tuple[Perceived, Sighting] | None:
        camera, time_s = seen.camera, seen.time_s
        if self._in_turn:
            return seen, Sighting(seen.index, time_s, self._in_turn[seen.index % _IN_TURN])
        here = [fault for fault in self._cameras if fault.hits(camera) and fault.at(time_s)]
        kinds = {fault.kind for fault in here}
        shares = [fault.parameter("share") for fault in here if fault.kind == "drop"]
        draw, noise = self._rng.random(), self._noise()
        if any(draw < share for share in shares):
            return None
        sighting = Sighting(seen.index, time_s, noise)
        if "freeze" in kinds and camera in self._frozen:
            before, looked = self._frozen[camera]
            seen = replace(before, index=seen.index, time_s=time_s)
            sighting = replace(looked, index=seen.index, time_s=time_s)
        else:
            self._frozen[camera] = (seen, sighting)
        if "black" in kinds:
            results = {name: spoilt_result(one, _EMPTY) for name, one in seen.results.items()}
            seen = replace(seen, results=results)
            sighting = replace(sighting, thumbnail=np.zeros_like(noise))
        jump_s = sum(fault.parameter("by_s") for fault in here if fault.kind == "clock_jump")
        return replace(seen, time_s=time_s + jump_s), replace(sighting, time_s=time_s + jump_s)

    def _delay_s(self, camera: str, time_s: float) -> float:
        late = (f for f in self._cameras if f.kind == "delay" and f.hits(camera) and f.at(time_s))
        return sum(fault.parameter("by_s") for fault in late)

    def _noise(self) -> np.ndarray:
        width, height = SIZE
        return self._rng.integers(40, 200, (height, width), dtype=np.uint8)
