"""A translucent picture that is made once and laid over many frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.display.lettering import Lettering, Weight, ascent_px
from drag_edge.display.palette import Colour

Picture = NDArray[np.uint8]
Point = tuple[float, float]

SUBPIXEL_BITS = 4
SUBPIXEL = 1 << SUBPIXEL_BITS


class Sheet:
    """Ink and what it leaves of the frame below: frame' = frame · keep / 255 + ink.

    Coordinates and sizes are in layout units, 720 of which make the height of a 720p frame; `scale`
    turns them into pixels. Shapes replace what they cover; text is laid over it. Ink is
    premultiplied, so OpenCV's own anti-aliasing against the two arrays gives correct edges.
    """

    def __init__(self, width: float, height: float, scale: float, lettering: Lettering) -> None:
        self.scale = scale
        self.width = width
        self.height = height
        self._lettering = lettering
        shape = (max(1, math.ceil(height * scale)), max(1, math.ceil(width * scale)), 3)
        self.ink: Picture = np.zeros(shape, np.uint8)
        self.keep: Picture = np.full(shape, 255, np.uint8)

    def polygon(self, points: Sequence[Point], colour: Colour, opacity: float = 1.0) -> None:
        """Fill a polygon, convex or not."""
        fixed = [self._fixed(points)]
        ink, keep = _premultiplied(colour, opacity)
        cv2.fillPoly(self.ink, fixed, ink, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.fillPoly(self.keep, fixed, keep, cv2.LINE_AA, SUBPIXEL_BITS)

    def line(
        self,
        points: Sequence[Point],
        colour: Colour,
        width: float,
        closed: bool = False,
        opacity: float = 1.0,
    ) -> None:
        """Draw a line with round ends through the points."""
        fixed = [self._fixed(points)]
        thickness = max(1, round(width * self.scale))
        ink, keep = _premultiplied(colour, opacity)
        cv2.polylines(self.ink, fixed, closed, ink, thickness, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.polylines(self.keep, fixed, closed, keep, thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    def rounded(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        radius: float,
        colour: Colour,
        opacity: float = 1.0,
    ) -> None:
        """Fill a rectangle with round corners."""
        self.polygon(rounded_outline(x, y, width, height, radius), colour, opacity)

    def outline(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        radius: float,
        colour: Colour,
        line_width: float = 1.0,
    ) -> None:
        """Draw the edge of a rectangle with round corners, inside it."""
        inset = line_width / 2
        points = rounded_outline(
            x + inset, y + inset, width - line_width, height - line_width, radius - inset
        )
        self.line(points, colour, line_width, closed=True)

    def disc(self, x: float, y: float, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        """Fill a circle."""
        self.polygon(arc(x, y, radius, 0, 360), colour, opacity)

    def text(
        self,
        text: str,
        x: float,
        base: float,
        capital: float,
        colour: Colour,
        weight: Weight = Weight.REGULAR,
        anchor: float = 0.0,
    ) -> float:
        """Write one line; returns its width. base: y of the base line. anchor: 0 puts x at the left
        end, 0.5 in the middle, 1 at the right end."""
        capital_px = capital_pixels(capital, self.scale)
        mask = self._lettering.mask(text, capital_px, weight)
        left = round(x * self.scale - anchor * mask.shape[1])
        top = round(base * self.scale) - ascent_px(capital_px)
        self._cover(mask, left, top, colour)
        return float(mask.shape[1] / self.scale)

    def text_width(self, text: str, capital: float, weight: Weight = Weight.REGULAR) -> float:
        """How wide `text` would be, in units."""
        capital_px = capital_pixels(capital, self.scale)
        mask = self._lettering.mask(text, capital_px, weight)
        return float(mask.shape[1] / self.scale)

    def lay_over(self, frame: Picture, left_px: int, top_px: int) -> None:
        """Blend onto `frame` in place; what lies outside it is cut."""
        height, width = self.ink.shape[:2]
        x0, y0 = max(0, left_px), max(0, top_px)
        x1, y1 = min(frame.shape[1], left_px + width), min(frame.shape[0], top_px + height)
        if x0 >= x1 or y0 >= y1:
            return
        rows = slice(y0 - top_px, y1 - top_px)
        columns = slice(x0 - left_px, x1 - left_px)
        blend(frame[y0:y1, x0:x1], self.ink[rows, columns], self.keep[rows, columns])

    def _cover(self, mask: Picture, left: int, top: int, colour: Colour) -> None:
        x0, y0 = max(0, left), max(0, top)
        x1 = min(self.ink.shape[1], left + mask.shape[1])
        y1 = min(self.ink.shape[0], top + mask.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        ink = cv2.merge([cv2.convertScaleAbs(part, alpha=channel / 255) for channel in colour])
        inverse = cv2.bitwise_not(part)
        rest = cv2.merge((inverse, inverse, inverse))
        blend(self.ink[y0:y1, x0:x1], ink, rest)
        region = self.keep[y0:y1, x0:x1]
        cv2.multiply(region, rest, dst=region, scale=1 / 255)

    def _fixed(self, points: Sequence[Point]) -> NDArray[np.int32]:
        # OpenCV puts integer coordinates at pixel centres, the layout at pixel corners.
        pixels = np.asarray(points, np.float64) * self.scale - 0.5
        return np.round(pixels * SUBPIXEL).astype(np.int32)


def blend(region: Picture, ink: Picture, keep: Picture) -> None:
    """region · keep / 255 + ink, in place."""
    cv2.multiply(region, keep, dst=region, scale=1 / 255)
    cv2.add(region, ink, dst=region)


def capital_pixels(capital: float, scale: float) -> int:
    """Pixels of a capital of that many units; never less than can be read."""
    return max(6, round(capital * scale))


def arc(x: float, y: float, radius: float, start_deg: float, end_deg: float) -> list[Point]:
    """Points along a circle; 0° is right, 90° down."""
    return [(x + radius * cos, y + radius * sin) for cos, sin in _unit_arc(start_deg, end_deg)]


@lru_cache(maxsize=64)
def _unit_arc(start_deg: float, end_deg: float) -> tuple[Point, ...]:
    steps = max(6, math.ceil(abs(end_deg - start_deg) / 12))
    angles = [math.radians(start_deg + (end_deg - start_deg) * i / steps) for i in range(steps + 1)]
    return tuple((math.cos(angle), math.sin(angle)) for angle in angles)


def rounded_outline(x: float, y: float, width: float, height: float, radius: float) -> list[Point]:
    """Corner points of a rectangle with round corners, clockwise from the top left."""
    r = max(0.0, min(radius, width / 2, height / 2))
    return [
        *arc(x + r, y + r, r, 180, 270),
        *arc(x + width - r, y + r, r, 270, 360),
        *arc(x + width - r, y + height - r, r, 0, 90),
        *arc(x + r, y + height - r, r, 90, 180),
    ]


def _premultiplied(
    colour: Colour, opacity: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    ink = (colour[0] * opacity, colour[1] * opacity, colour[2] * opacity)
    rest = 255.0 * (1.0 - opacity)
    return ink, (rest, rest, rest)
