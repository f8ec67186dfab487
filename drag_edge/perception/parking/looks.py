"""What was looked at: a place is free only where pictures showed it, with nobody before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.perception.parking.bearings import SideSight, Span
from drag_edge.perception.parking.footprint import Eye, ParkedBody

Floats = NDArray[np.float64]
_APART_M = 0.1
_NEAR_M = 12.0
_EMPTY_SHARE = 0.75
_NOBODY = (np.inf, -np.inf)


@dataclass(frozen=True, slots=True)
class _Look:
    eye: Eye
    travelled_m: float
    spans: tuple[tuple[float, float, ParkedBody], ...]


class Looks:
    """The pictures of one side, as far back as `memory_m` of the way driven."""

    def __init__(self, sight: SideSight, memory_m: float) -> None:
        self._sight, self._memory_m = sight, memory_m
        self._looks: deque[_Look] = deque()

    def add(self, eye: Eye, travelled_m: float, spans: Sequence[tuple[Span, ParkedBody]]) -> None:
        """One picture, with all that stood in it; of a standing ego one is enough."""
        if self._looks and travelled_m - self._looks[-1].travelled_m < _APART_M:
            return
        taken = tuple((span.rear.tangent, span.front.tangent, body) for span, body in spans)
        self._looks.append(_Look(eye, travelled_m, taken))
        while travelled_m - self._looks[0].travelled_m > self._memory_m:
            self._looks.popleft()

    def free(self, points_m: Floats, bodies: Sequence[ParkedBody], least: int) -> NDArray[np.bool_]:
        """Which of the points (N×2, odometry axes) at least so many pictures showed to be empty.

        bodies: what is known to stand there hides what lies behind it. Whatever else is in a
        picture hides its whole direction, and where that happens often, something is there.
        """
        middle = points_m.mean(axis=0)
        near = [
            look
            for look in self._looks
            if abs(look.eye.x_m - middle[0]) + abs(look.eye.y_m - middle[1]) < _NEAR_M
        ]
        if not near:
            return np.zeros(len(points_m), bool)
        eyes = np.array([(look.eye.x_m, look.eye.y_m, look.eye.yaw_rad) for look in near])
        tangents = self._tangents(eyes, points_m)
        shown = (tangents > self._sight.rear_limit) & (tangents < self._sight.front_limit)
        for body in bodies:
            shown &= ~body.hides(eyes, points_m)
        empty = shown.copy()
        strangers = [
            [
                (rear, front)
                for rear, front, body in look.spans
                if body not in bodies or not body.explains(rear, front, look.eye)
            ]
            for look in near
        ]
        for number in range(max(map(len, strangers))):
            taken = np.array(
                [spans[number] if number < len(spans) else _NOBODY for spans in strangers]
            )
            empty &= (tangents < taken[:, :1]) | (tangents > taken[:, 1:])
        looks, seen_empty = np.count_nonzero(shown, axis=0), np.count_nonzero(empty, axis=0)
        return np.asarray((seen_empty >= least) & (seen_empty >= _EMPTY_SHARE * looks))

    def _tangents(self, eyes: Floats, points_m: Floats) -> Floats:
        """Eyes × points: bearings in the ego's axes at each eye."""
        x, y, yaw = (column[:, None] for column in eyes.T)
        cos, sin = np.cos(yaw), np.sin(yaw)
        dx, dy = points_m[None, :, 0] - x, points_m[None, :, 1] - y
        ahead, aside = dx * cos + dy * sin, self._sight.side * (dy * cos - dx * sin)
        return np.asarray(np.where(aside > 0.05, ahead / np.maximum(aside, 0.05), np.inf))
