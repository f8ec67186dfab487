"""Dead reckoning: where the ego was when a picture was taken, from its own speed and yaw rate."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass

from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Pose

_KEPT_S = 2.0
_LONGEST_STEP_S = 0.5
_FURTHEST_AHEAD_S = 0.2


@dataclass(frozen=True, slots=True)
class _Sample:
    time_s: float
    pose: Pose
    speed_mps: float
    yaw_rate_radps: float


class Odometry:
    """Poses in axes that begin where the odometry did, at the time `start_s`.

    Backwards is only known from the gear: a vehicle that does not tell it is taken to go forward.
    """

    def __init__(self) -> None:
        self.start_s = -math.inf
        self._samples: deque[_Sample] = deque()

    def step(self, ego: EgoState) -> None:
        """One more state of the vehicle. Speed or yaw rate unknown, or a jump in time: anew."""
        speed, turning = ego.speed_mps, ego.yaw_rate_radps
        if speed is None or turning is None or not math.isfinite(speed + turning):
            self._samples.clear()
            return
        speed_mps = -speed if ego.reverse else speed
        if not self._samples:
            pose, self.start_s = Pose(0.0, 0.0, 0.0), ego.time_s
            self._samples.append(_Sample(ego.time_s, pose, speed_mps, turning))
            return
        last = self._samples[-1]
        dt_s = ego.time_s - last.time_s
        if dt_s == 0.0:
            return
        if not 0.0 < dt_s <= _LONGEST_STEP_S:
            self._samples.clear()
            return
        way_m = (last.speed_mps + speed_mps) / 2 * dt_s
        turned_rad = (last.yaw_rate_radps + turning) / 2 * dt_s
        pose = moved(last.pose, way_m, turned_rad)
        self._samples.append(_Sample(ego.time_s, pose, speed_mps, turning))
        while ego.time_s - self._samples[0].time_s > _KEPT_S:
            self._samples.popleft()

    def at(self, time_s: float) -> Pose | None:
        """The pose at a time of the last seconds; None before, or much after what is known."""
        if not self._samples:
            return None
        last = self._samples[-1]
        if time_s >= last.time_s:
            dt_s = time_s - last.time_s
            if dt_s > _FURTHEST_AHEAD_S:
                return None
            return moved(last.pose, last.speed_mps * dt_s, last.yaw_rate_radps * dt_s)
        index = bisect_left([sample.time_s for sample in self._samples], time_s)
        if index == 0:
            first = self._samples[0]
            return first.pose if first.time_s == time_s else None
        before, after = self._samples[index - 1], self._samples[index]
        share = (time_s - before.time_s) / (after.time_s - before.time_s)
        one, other = before.pose, after.pose
        return Pose(
            one.x_m + share * (other.x_m - one.x_m),
            one.y_m + share * (other.y_m - one.y_m),
            one.yaw_rad + share * (other.yaw_rad - one.yaw_rad),
        )


def moved(pose: Pose, way_m: float, turn_rad: float) -> Pose:
    """A pose after an arc: way along it, positive forward, and change of heading."""
    yaw = pose.yaw_rad + turn_rad / 2
    chord = way_m
    if turn_rad:
        chord *= math.sin(turn_rad / 2) / (turn_rad / 2)
    return Pose(
        pose.x_m + chord * math.cos(yaw), pose.y_m + chord * math.sin(yaw), pose.yaw_rad + turn_rad
    )
