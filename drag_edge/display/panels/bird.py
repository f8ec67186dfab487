"""The road from above: lanes, path and road users in metres."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.config.vocabulary import VULNERABLE_ROAD_USERS
from drag_edge.display.palette import (
    BLUE,
    FAINT,
    INK,
    STEEL,
    TEAL,
    VIOLET,
    Colour,
)
from drag_edge.display.panels.kit import Kit
from drag_edge.display.sheet import SUBPIXEL, SUBPIXEL_BITS, Picture, Sheet
from drag_edge.perception.scene import LaneLine, Path, Scene, Track

WIDTH = 150.0
HEIGHT = 200.0
AHEAD_M = 70.0
BEHIND_M = 16.0
ASIDE_M = 10.5
RINGS_M = (20, 40, 60)
LENGTHS_M = {"truck": 10.0, "bus": 11.0, "pedestrian": 0.8, "bicycle": 1.8, "motorcycle": 2.2}
CAR_LENGTH_M = 4.5


class BirdView:
    """Draws into a plate whose top left corner is at (left_px, top_px)."""

    def __init__(self, left_px: int, top_px: int, scale: float) -> None:
        self._left = left_px
        self._top = top_px
        self._across = WIDTH * scale / (2 * ASIDE_M)
        self._along = (HEIGHT - 8) * scale / (AHEAD_M + BEHIND_M)
        self._scale = scale

    def pixel(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Vehicle metres to frame pixels."""
        return (
            self._left + WIDTH * self._scale / 2 - y_m * self._across,
            self._top + 4 * self._scale + (AHEAD_M - x_m) * self._along,
        )

    def draw(self, frame: Picture, scene: Scene, targets: dict[int, Colour]) -> None:
        """Lanes, path and tracks, clipped to the plate. targets: colours of tracks that matter."""
        right = min(frame.shape[1], self._left + round(WIDTH * self._scale))
        bottom = min(frame.shape[0], self._top + round(HEIGHT * self._scale))
        window = frame[max(0, self._top) : bottom, max(0, self._left) : right]
        if window.size == 0:
            return
        if scene.lanes is not None:
            for line in (scene.lanes.left, scene.lanes.right):
                if line is not None:
                    self._curve(window, line, line.view_range_m, TEAL, 2)
        self._curve(window, scene.path, 40.0, BLUE, 1)
        tracks = (*(scene.tracks or ()), *(scene.side_tracks or ()))
        for track in tracks:
            self._track(window, track, targets.get(track.id))

    def _curve(
        self, window: Picture, curve: LaneLine | Path, range_m: float, colour: Colour, width: int
    ) -> None:
        stations = np.linspace(0.0, min(range_m, AHEAD_M), 12)
        points = [self.pixel(float(x), curve.y_at(float(x))) for x in stations]
        fixed = self._fixed(points)
        thickness = max(1, round(width * self._scale))
        cv2.polylines(window, [fixed], False, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    def _track(self, window: Picture, track: Track, target: Colour | None) -> None:
        vulnerable = track.label in VULNERABLE_ROAD_USERS
        colour = target or (VIOLET if vulnerable else STEEL)
        length_m = LENGTHS_M.get(track.label, CAR_LENGTH_M)
        # x_m is the face nearest to the ego: the rear of one ahead, the front of one behind.
        near_m, far_m = track.x_m, track.x_m + (length_m if track.x_m > 0 else -length_m)
        half_m = max(0.4, track.width_m / 2)
        if not all(map(math.isfinite, (near_m, far_m, half_m, track.y_m))):
            return
        x0, y0 = self._inside(max(near_m, far_m), track.y_m + half_m)
        x1, y1 = self._inside(min(near_m, far_m), track.y_m - half_m)
        cv2.rectangle(window, (x0, y0), (max(x0, x1 - 1), max(y0, y1 - 1)), colour, cv2.FILLED)

    def _inside(self, x_m: float, y_m: float) -> tuple[int, int]:
        """Vehicle metres to whole pixels of the plate, limited to what OpenCV can hold."""
        x, y = self.pixel(max(-500.0, min(500.0, x_m)), max(-100.0, min(100.0, y_m)))
        return round(x - max(0, self._left)), round(y - max(0, self._top))

    def _fixed(self, points: list[tuple[float, float]]) -> NDArray[np.int32]:
        local = np.array(points) - (max(0, self._left), max(0, self._top))
        return (np.clip(local, -2000, 4000) * SUBPIXEL).astype(np.int32)


def build_ground(values: None, kit: Kit) -> Sheet:
    """The plate, its range lines, and the ego."""
    sheet = kit.plate(WIDTH, HEIGHT)
    along = (HEIGHT - 8) / (AHEAD_M + BEHIND_M)
    for ring_m in RINGS_M:
        y = 4 + (AHEAD_M - ring_m) * along
        sheet.line([(8, y), (WIDTH - 26, y)], (66, 58, 52), 1)
        sheet.text(str(ring_m), WIDTH - 8, y + 3.5, 7, FAINT, anchor=1)
    sheet.text("m", WIDTH - 8, 14, 7, FAINT, anchor=1)
    _ego(sheet, along)
    return sheet


def _ego(sheet: Sheet, along: float) -> None:
    across = WIDTH / (2 * ASIDE_M)
    half, front, rear = 0.95 * across, 3.65, -0.95
    top = 4 + (AHEAD_M - front) * along
    bottom = 4 + (AHEAD_M - rear) * along
    sheet.rounded(WIDTH / 2 - half, top, 2 * half, bottom - top, 3.5, INK)
    sheet.rounded(WIDTH / 2 - half + 2.5, top + 3, 2 * half - 5, 3, 1.2, (60, 52, 46))
