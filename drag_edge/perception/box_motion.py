"""Where a box will be in the next frame: its motion in the picture."""

from __future__ import annotations

import math

from drag_edge.perception.boxes import Box

_FOLLOW = 0.7
_FOLLOW_RATE = 0.3
_MOST_GROWTH_1PS = 3.0


class BoxMotion:
    """α–β filter over [centre x, centre y, ln width, ln height] of a box, pixels and seconds."""

    def __init__(self, box_px: Box) -> None:
        self._state = _encode(box_px)
        self._rate = [0.0, 0.0, 0.0, 0.0]
        self._measured = 1
        self.box_px = _decode(self._state)

    def predict(self, dt_s: float) -> None:
        """Let dt_s pass."""
        self._state = [
            value + rate * dt_s for value, rate in zip(self._state, self._rate, strict=True)
        ]
        self.box_px = _decode(self._state)

    def measure(self, box_px: Box, dt_s: float) -> None:
        """A box was associated, dt_s after the last one."""
        residual = [seen - value for seen, value in zip(_encode(box_px), self._state, strict=True)]
        # The first step knows no rate yet and takes all of it.
        follow = _FOLLOW if self._measured > 1 else 1.0
        rate = (_FOLLOW_RATE if self._measured > 1 else 0.5) / max(dt_s, 1e-3)
        for axis in range(4):
            self._state[axis] += follow * residual[axis]
            self._rate[axis] += rate * residual[axis]
        for axis in (2, 3):
            self._rate[axis] = min(_MOST_GROWTH_1PS, max(-_MOST_GROWTH_1PS, self._rate[axis]))
        self._measured += 1
        self.box_px = _decode(self._state)

    def rest(self, dt_s: float, time_s: float = 0.3) -> None:
        """Unseen: the motion fades, so that a lost box does not fly away."""
        fade = math.exp(-dt_s / time_s)
        self._rate = [rate * fade for rate in self._rate]


def _encode(box_px: Box) -> list[float]:
    x0, y0, x1, y1 = box_px
    return [(x0 + x1) / 2, (y0 + y1) / 2, math.log(x1 - x0), math.log(y1 - y0)]


def _decode(state: list[float]) -> Box:
    half_width, half_height = math.exp(state[2]) / 2, math.exp(state[3]) / 2
    return (
        state[0] - half_width,
        state[1] - half_height,
        state[0] + half_width,
        state[1] + half_height,
    )
