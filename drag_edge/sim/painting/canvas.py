"""The picture under the brush: fills and lines in world metres, faded by distance in haze."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from drag_edge.sim.camera import Projector
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Colour, Palette
from drag_edge.sim.world import Weather

SUBPIXEL_BITS = 4
KOSCHMIEDER = 3.0
"""−ln(0.05): contrast left at the visibility range (meteorological optical range, WMO)."""


class Canvas:
    """A BGR picture (height, width, 3) uint8 and the projector that it is painted through."""

    def __init__(self, projector: Projector, palette: Palette, weather: Weather) -> None:
        camera = projector.camera
        self.image: npt.NDArray[np.uint8] = np.empty((camera.height, camera.width, 3), np.uint8)
        self.projector = projector
        self.palette = palette
        self.weather = weather
        self.extinction_1pm = KOSCHMIEDER / weather.visibility_m

    def haze_at(self, distance_m: float) -> float:
        """Share of the horizon's colour in something this far away, 0–1."""
        return 1.0 - math.exp(-self.extinction_1pm * max(0.0, distance_m))

    def hazed(self, colour: Colour, distance_m: float) -> Colour:
        """A colour as it appears through the air."""
        share = self.haze_at(distance_m)
        blue, green, red = colour
        far = self.palette.horizon
        return (
            blue + share * (far[0] - blue),
            green + share * (far[1] - green),
            red + share * (far[2] - red),
        )

    def lit(self, colour: Colour, gain: float = 1.0) -> Colour:
        """A surface colour under this daylight."""
        factor = self.palette.brightness * gain
        blue, green, red = colour
        return min(255.0, blue * factor), min(255.0, green * factor), min(255.0, red * factor)

    def fill_pixels(self, pixels: FloatArray, colour: Colour, smooth: bool = True) -> None:
        """Fill one polygon given in pixels (N, 2)."""
        points = np.round(pixels * (1 << SUBPIXEL_BITS)).astype(np.int32)
        kind = cv2.LINE_AA if smooth else cv2.LINE_8
        cv2.fillPoly(self.image, [points], colour, kind, SUBPIXEL_BITS)

    def fill_pixels_many(
        self, polygons: Sequence[FloatArray], colour: Colour, smooth: bool = True
    ) -> None:
        """Fill polygons of one colour that do not overlap."""
        if not polygons:
            return
        scale = 1 << SUBPIXEL_BITS
        points = [np.round(polygon * scale).astype(np.int32) for polygon in polygons]
        kind = cv2.LINE_AA if smooth else cv2.LINE_8
        cv2.fillPoly(self.image, points, colour, kind, SUBPIXEL_BITS)

    def fill(self, points_m: npt.ArrayLike, colour: Colour, smooth: bool = True) -> None:
        """Fill one world polygon (N, 3), cut at the near plane."""
        pixels = self.projector.polygon_pixels(points_m)
        if pixels is not None:
            self.fill_pixels(pixels, colour, smooth)

    def stroke(
        self, start_m: FloatArray, end_m: FloatArray, width_m: float, colour: Colour
    ) -> None:
        """A round-ended bar between two world points; skipped when an end is not in front."""
        ends = self.projector.to_optical(np.stack((start_m, end_m)))
        depth = float(ends[:, 2].min())
        if depth < 0.5:
            return
        pixels = np.round(self.projector.to_pixels(ends) * 16).astype(int)
        thickness = max(1, round(width_m * self.projector.camera.fx / depth))
        start, end = tuple(pixels[0].tolist()), tuple(pixels[1].tolist())
        cv2.line(self.image, start, end, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    def disc(self, centre_m: FloatArray, radius_m: float, colour: Colour) -> None:
        """A filled circle that faces the camera."""
        optical = self.projector.to_optical(centre_m)
        depth = float(optical[2])
        if depth < 0.5:
            return
        pixels = np.round(self.projector.to_pixels(optical) * 16).astype(int)
        radius = max(8, round(16 * radius_m * self.projector.camera.fx / depth))
        centre = tuple(pixels.tolist())
        cv2.circle(self.image, centre, radius, colour, -1, cv2.LINE_AA, SUBPIXEL_BITS)

    def glow(self, centre_m: FloatArray, radius_m: float, colour: Colour, strength: float) -> None:
        """Light added around a lamp."""
        optical = self.projector.to_optical(centre_m)
        depth = float(optical[2])
        if depth < 0.8:
            return
        u, v = self.projector.to_pixels(optical)
        radius = max(2.0, radius_m * self.projector.camera.fx / depth)
        size = min(256, math.ceil(radius))
        x0, y0 = round(float(u)) - size, round(float(v)) - size
        height, width = self.image.shape[:2]
        left, top = max(0, x0), max(0, y0)
        right, bottom = min(width, x0 + 2 * size), min(height, y0 + 2 * size)
        if left >= right or top >= bottom:
            return
        axis = (np.arange(2 * size, dtype=np.float32) - size + 0.5) / size
        fall = np.clip(1.0 - np.hypot(axis[None, :], axis[:, None]), 0.0, 1.0) ** 2
        fall = fall[top - y0 : bottom - y0, left - x0 : right - x0, None] * strength
        patch = self.image[top:bottom, left:right]
        added = patch + fall * np.array(colour, np.float32)
        patch[:] = np.minimum(added, 255.0).astype(np.uint8)
