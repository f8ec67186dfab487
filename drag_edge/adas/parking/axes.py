"""A gap's own axes against odometry's and the vehicle's."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drag_edge.adas.parking.geometry import Placed
from drag_edge.perception.scene import ParkingGap, Pose


@dataclass(frozen=True, slots=True)
class GapAxes:
    """x along the row, y towards the road. mirrored: 1 for a gap on the right, −1 on the left."""

    corner: Pose
    mirrored: float

    @classmethod
    def of(cls, gap: ParkingGap) -> GapAxes:
        """Of a gap."""
        return cls(gap.corner, -float(gap.side))

    def place(self, pose: Pose) -> Placed:
        """An odometry pose in the gap's axes."""
        cos, sin = math.cos(self.corner.yaw_rad), math.sin(self.corner.yaw_rad)
        dx, dy = pose.x_m - self.corner.x_m, pose.y_m - self.corner.y_m
        turned = math.remainder(pose.yaw_rad - self.corner.yaw_rad, math.tau)
        return Placed(
            dx * cos + dy * sin, self.mirrored * (dy * cos - dx * sin), self.mirrored * turned
        )

    def to_vehicle(self, x_m: float, y_m: float, pose: Pose) -> tuple[float, float]:
        """A point of the gap's axes in the axes of a vehicle at an odometry pose."""
        own = self.place(pose)
        dx, dy = x_m - own.x_m, y_m - own.y_m
        cos, sin = math.cos(own.heading_rad), math.sin(own.heading_rad)
        return dx * cos + dy * sin, self.mirrored * (dy * cos - dx * sin)
