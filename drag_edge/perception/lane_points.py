"""Class map → middles of painted lines on the ground: one point for each run of line pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.lanes import LaneSettings
from drag_edge.config.vocabulary import LANE_LINE_ID
from drag_edge.perception.camera import Floats
from drag_edge.perception.ground import GroundTable


@dataclass(frozen=True, slots=True)
class LanePoints:
    """N points of painted lines: x, y (m, ISO 8855), σ of y (m), and distance from the camera."""

    x_m: Floats
    y_m: Floats
    sigma_m: Floats
    depth_m: Floats

    def __len__(self) -> int:
        return len(self.x_m)

    def where(self, keep: NDArray[np.bool_]) -> LanePoints:
        """The points at which `keep` is true."""
        return LanePoints(self.x_m[keep], self.y_m[keep], self.sigma_m[keep], self.depth_m[keep])


def runs_of(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Row, first column and last column (inclusive) of every horizontal run of true pixels."""
    rows, columns = mask.shape
    framed = np.zeros((rows, columns + 1), dtype=np.bool_)
    framed[:, 1:] = mask
    flat = framed.ravel()
    # Column 0 is empty, so a run never reaches over the end of its row.
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if len(edges) % 2:
        edges = np.append(edges, flat.size)
    starts, ends = edges[0::2], edges[1::2]
    row = starts // (columns + 1)
    before = row * (columns + 1) + 1
    return row, starts - before, ends - 1 - before


def lane_points(
    classes: NDArray[np.uint8], table: GroundTable, pitch_rad: float, settings: LaneSettings
) -> LanePoints:
    """Middles of line runs within reach, in metres.

    Runs wider than a painted line (stop lines, crosswalks, filled areas) are left out; so are runs
    at the map's own edge, whose middle is not the line's.
    """
    first_row = table.first_row(settings.max_range_m, pitch_rad)
    row, first, last = runs_of(classes[first_row:] == LANE_LINE_ID)
    row = row + first_row
    inside = (first > 0) & (last < table.shape[1] - 1)
    row, first, last = row[inside], first[inside], last[inside]
    ends = np.concatenate((first, last))
    x_ends, y_ends = table.ground(np.concatenate((row, row)), ends, pitch_rad)
    (x0, x1), (y0, y1) = x_ends.reshape(2, -1), y_ends.reshape(2, -1)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    depth = np.hypot(x - table.camera.x_m, y - table.camera.y_m)
    pixel_m = depth * table.pixel_rad
    thin = np.abs(y0 - y1) <= settings.max_line_width_m + settings.blur_px * pixel_m
    keep = thin & (x <= settings.max_range_m) & (np.abs(y) <= settings.max_lateral_m)
    sigma = np.hypot(settings.point_sigma_m, settings.point_sigma_px * pixel_m)
    return LanePoints(x, y, sigma, depth).where(keep)
