"""Text as anti-aliased masks, made once for each string and size."""

from __future__ import annotations

import math
from collections import OrderedDict
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.display.alphabet import GLYPHS, MISSING_GLYPH

Mask = NDArray[np.uint8]

CAPITAL_UNITS = 10.0
ABOVE_UNITS = 1.5
BELOW_UNITS = 4.0
SUPERSAMPLING = 8


class Weight(Enum):
    """Stroke width and letter gap, as shares of the capital height."""

    REGULAR = (0.125, 0.2)
    BOLD = (0.17, 0.19)


class Lettering:
    """Renders strings; keeps the newest `capacity` of them and every glyph it ever drew."""

    def __init__(self, capacity: int = 1024) -> None:
        self._capacity = capacity
        self._glyphs: dict[tuple[str, int, Weight], Mask] = {}
        self._strings: OrderedDict[tuple[str, int, Weight], Mask] = OrderedDict()

    def mask(self, text: str, capital_px: int, weight: Weight) -> Mask:
        """The text's coverage, 0–255; rows from `ascent_px` above the base line to the descenders.

        capital_px: height of the capitals. Treat the result as read-only: it is shared.
        """
        key = (text, capital_px, weight)
        mask = self._strings.get(key)
        if mask is None:
            mask = self._set(text, capital_px, weight)
            self._strings[key] = mask
            if len(self._strings) > self._capacity:
                self._strings.popitem(last=False)
        else:
            self._strings.move_to_end(key)
        return mask

    def _set(self, text: str, capital_px: int, weight: Weight) -> Mask:
        gap_px = max(0.8, weight.value[1] * capital_px)
        places, pen_px = [], 0.0
        for character in text:
            glyph = self._glyph(character, capital_px, weight)
            drawn_px = drawn_width_px(character, capital_px, weight)
            # Glyphs stand in the middle of their mask; the pen walks on in fractions.
            places.append((round(pen_px - (glyph.shape[1] - drawn_px) / 2), glyph))
            pen_px += drawn_px + gap_px
        width = max((left + glyph.shape[1] for left, glyph in places), default=1)
        mask = np.zeros((ascent_px(capital_px) + descent_px(capital_px), width), np.uint8)
        for left, glyph in places:
            start = max(0, left)
            region = mask[:, start : start + glyph.shape[1]]
            np.maximum(region, glyph[:, : region.shape[1]], out=region)
        return mask

    def _glyph(self, character: str, capital_px: int, weight: Weight) -> Mask:
        key = (character, capital_px, weight)
        glyph = self._glyphs.get(key)
        if glyph is None:
            glyph = self._glyphs[key] = draw_glyph(character, capital_px, weight)
        return glyph


def ascent_px(capital_px: int) -> int:
    """Rows of a mask above the base line."""
    return capital_px + math.ceil(capital_px * ABOVE_UNITS / CAPITAL_UNITS)


def descent_px(capital_px: int) -> int:
    """Rows of a mask from the base line down."""
    return math.ceil(capital_px * BELOW_UNITS / CAPITAL_UNITS)


def stroke_px(capital_px: int, weight: Weight) -> float:
    """Width of the strokes; thinner ones than 1.25 pixels would look grey."""
    return max(1.25, weight.value[0] * capital_px)


def drawn_width_px(character: str, capital_px: int, weight: Weight) -> float:
    """Width of a glyph from the outer edge of its leftmost stroke to that of its rightmost."""
    advance, _ = GLYPHS.get(character, MISSING_GLYPH)
    stroke = stroke_px(capital_px, weight)
    return advance * (capital_px - stroke) / CAPITAL_UNITS + stroke


def draw_glyph(character: str, capital_px: int, weight: Weight) -> Mask:
    """One glyph at its size: drawn eight times larger, then averaged."""
    advance, path = GLYPHS.get(character, MISSING_GLYPH)
    stroke = stroke_px(capital_px, weight)
    # The outer edges of the strokes, not their centres, span the capital height.
    unit_px = (capital_px - stroke) / CAPITAL_UNITS
    top_px = ascent_px(capital_px) - capital_px + stroke / 2
    width = max(1, math.ceil(advance * unit_px + stroke))
    height = ascent_px(capital_px) + descent_px(capital_px)
    large = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING), np.uint8)
    thickness = max(1, round(stroke * SUPERSAMPLING))
    left_px = (width - advance * unit_px) / 2
    for line in strokes(path):
        points = (line * unit_px + (left_px, top_px)) * SUPERSAMPLING
        fixed = np.round(points * 16).astype(np.int32)
        cv2.polylines(large, [fixed], False, 255, thickness, cv2.LINE_8, 4)
    small = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def strokes(path: str) -> list[NDArray[np.float64]]:
    """The polylines (N×2, alphabet units) of a path of `alphabet`'s little language."""
    lines: list[list[tuple[float, float]]] = []
    current: list[tuple[float, float]] = []
    for command, numbers in _commands(path):
        if command in "MD":
            current = [(numbers[0], numbers[1])]
            lines.append(current)
        if command == "D" or command == "L":
            current.append((numbers[0], numbers[1]))
        elif command == "A":
            if not lines:
                lines.append(current)
            current.extend(_arc(*numbers))
    return [np.array(line) for line in lines]


def _commands(path: str) -> list[tuple[str, list[float]]]:
    commands: list[tuple[str, list[float]]] = []
    for token in path.split():
        if token[0].isalpha():
            commands.append((token[0], [float(token[1:])]))
        else:
            commands[-1][1].append(float(token))
    return commands


def _arc(
    cx: float, cy: float, rx: float, ry: float, start_deg: float, end_deg: float
) -> list[tuple[float, float]]:
    steps = max(4, math.ceil(abs(end_deg - start_deg) / 7.5))
    angles = np.radians(np.linspace(start_deg, end_deg, steps + 1))
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]
