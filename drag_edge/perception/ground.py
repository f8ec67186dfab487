"""From a class map's pixels to the ground, by a table made once per camera, region and size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drag_edge.perception.camera import CameraModel, Floats

Region = tuple[float, float, float, float]


class GroundTable:
    """Viewing directions of every pixel of a class map, so that no picture is ever resized.

    Made for one camera and one map geometry; the pitch of the moment is applied to the few pixels
    that are asked for.
    """

    def __init__(self, camera: CameraModel, region_px: Region, shape: tuple[int, int]) -> None:
        self.camera = camera
        self.region_px = region_px
        self.shape = shape
        rows, columns = shape
        x0, y0, x1, y1 = region_px
        u = x0 + (np.arange(columns) + 0.5) * (x1 - x0) / columns - 0.5
        v = y0 + (np.arange(rows) + 0.5) * (y1 - y0) / rows - 0.5
        grid = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
        rays = camera.rays(grid).reshape(rows, columns, 3)
        # Beyond the lens' valid circle there is no ray: such pixels look up and are never used.
        rays[np.isnan(rays).any(axis=2)] = (1.0, 0.0, 1.0)
        self._forward = np.ascontiguousarray(rays[:, :, 0])
        self._left = np.ascontiguousarray(rays[:, :, 1])
        self._up = np.ascontiguousarray(rays[:, :, 2])
        middle = columns // 2
        self._middle_forward = self._forward[:, middle].copy()
        self._middle_up = self._up[:, middle].copy()
        self._middle_reach = camera.z_m * np.hypot(self._middle_forward, self._left[:, middle])
        self.pixel_rad = abs(x1 - x0) / columns / camera.fx

    def first_row(self, range_m: float, pitch_rad: float) -> int:
        """First row whose middle sees ground nearer than range_m (in the rows beneath, too)."""
        sin, cos = math.sin(pitch_rad) * range_m, math.cos(pitch_rad) * range_m
        near = sin * self._middle_forward - cos * self._middle_up > self._middle_reach
        row = int(near.argmax())
        return row if near[row] else self.shape[0]

    def ground(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], pitch_rad: float
    ) -> tuple[Floats, Floats]:
        """x and y on the flat ground of map pixels, metres; NaN at or above the horizon."""
        sin, cos = math.sin(pitch_rad), math.cos(pitch_rad)
        flat = rows * self.shape[1] + columns
        forward, left, up = self._forward.take(flat), self._left.take(flat), self._up.take(flat)
        fall = sin * forward - cos * up
        fall[fall <= 1e-6] = np.nan
        scale = self.camera.z_m / fall
        x = self.camera.x_m + (cos * forward + sin * up) * scale
        return x, self.camera.y_m + left * scale
