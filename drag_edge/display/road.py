"""What is painted onto the road plane: own lane, its lines, the path, the wanted gap, and
stop lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drag_edge.adas.decision import AccState, Decision, LkaState, Side
from drag_edge.config.body import BodySettings
from drag_edge.display.palette import AMBER, BLUE, FAINT, INK, RED, STEEL, TEAL, Colour, ttc_colour
from drag_edge.display.sheet import SUBPIXEL, SUBPIXEL_BITS, Picture, blend
from drag_edge.perception.scene import LaneLine, Lanes, Path, Scene

NEAR_M = 2.6
FAR_M = 70.0
NO_LANES_M = 35.0
STATIONS = 26
LINE_WIDTH_M = 0.14
PATH_WIDTH_M = 0.3
FADED_FAR = 0.22
FADED_NEAR = 0.4
FADES_KEPT = 8
SLAB_ROWS = 48
OLD_S = 0.5
"""A line that has not been measured for this long is at its faintest."""

ACC_CONTROLS = (AccState.SPEED, AccState.FOLLOW, AccState.STOPPED)


class Projector(Protocol):
    """The part of perception's CameraModel that drawing needs."""

    def project(self, points_m: ArrayLike, pitch_rad: float = 0.0) -> NDArray[np.float64]:
        """N×3 vehicle points to N×2 pixels, NaN where there is no picture of them."""


@dataclass(frozen=True, slots=True)
class View:
    """From the road to the picture: the camera, the body's pitch (nose down positive), and how
    much the picture was enlarged after the camera made it."""

    camera: Projector
    pitch_rad: float = 0.0
    zoom: float = 1.0

    def project(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """N×3 vehicle points to N×2 pixels of the picture."""
        # Pixel centres are at whole numbers, so enlarging keeps the corner at −0.5 in place.
        return (self.camera.project(points_m, self.pitch_rad) + 0.5) * self.zoom - 0.5


@dataclass(frozen=True, slots=True)
class Band:
    """A strip on the road: its two edges (N×2, x and y in metres), colour and opacity."""

    left_m: NDArray[np.float64]
    right_m: NDArray[np.float64]
    colour: Colour
    opacity: float


class RoadPainter:
    """Paints bands onto frames of one size; holds the buffers for it."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._ink: Picture = np.zeros((height_px, width_px, 3), np.uint8)
        self._cover: Picture = np.zeros((height_px, width_px), np.uint8)
        self._fades: dict[int, tuple[Picture, Picture]] = {}

    def paint(self, frame: Picture, bands: Sequence[Band], view: View) -> None:
        """Paint all bands, the later ones over the earlier, fading towards the horizon."""
        outlines = _project(bands, view)
        extent = _Extent.of(outlines)
        if extent is None:
            return
        # Whole steps of eight rows: a nodding horizon then needs few different fades.
        top = max(0, int(extent.top - 2) // 8 * 8)
        bottom = min(frame.shape[0], int(extent.bottom) + 3)
        if top >= bottom:
            return
        self._ink[top:bottom] = 0
        self._cover[top:bottom] = 0
        for band, outline in zip(bands, outlines, strict=True):
            if len(outline) >= 3:
                _fill(self._ink, self._cover, outline, band)
        for row in range(top, bottom, SLAB_ROWS):
            rows = slice(row, min(bottom, row + SLAB_ROWS))
            columns = extent.columns(rows, frame.shape[1])
            if columns.stop > columns.start:
                self._lay(frame, rows, columns, top, bottom)

    def _lay(self, frame: Picture, rows: slice, columns: slice, top: int, bottom: int) -> None:
        """Blend one slab of what was painted onto the frame."""
        ink, cover = self._ink[rows, columns], self._cover[rows, columns]
        of_ink, of_cover = self._fade(bottom - top)
        part = (slice(rows.start - top, rows.stop - top), columns)
        if of_cover[part].min() < 255:
            cv2.multiply(ink, of_ink[part], dst=ink, scale=1 / 255)
            cv2.multiply(cover, of_cover[part], dst=cover, scale=1 / 255)
        keep = cv2.bitwise_not(cover, cover)
        blend(frame[rows, columns], ink, cv2.merge((keep, keep, keep)))

    def _fade(self, rows: int) -> tuple[Picture, Picture]:
        """The far end melts away instead of ending in an edge, and the near end makes room."""
        fade = self._fades.get(rows)
        if fade is None:
            column = np.interp(
                np.linspace(0, 1, rows), (0.0, FADED_FAR, 1 - FADED_NEAR, 1.0), (0.12, 1, 1, 0.25)
            )
            levels = np.round(255 * column).astype(np.uint8)[:, None]
            of_cover = np.repeat(levels, self._cover.shape[1], axis=1)
            fade = self._fades[rows] = (cv2.merge((of_cover, of_cover, of_cover)), of_cover)
            if len(self._fades) > FADES_KEPT:
                del self._fades[next(iter(self._fades))]
        return fade


@dataclass(frozen=True, slots=True)
class _Extent:
    """Which pixels outlines can touch: bounding box of each of their edges, E×4 (x0 y0 x1 y1)."""

    edges: NDArray[np.float64]
    top: float
    bottom: float

    @classmethod
    def of(cls, outlines: Sequence[NDArray[np.float64]]) -> _Extent | None:
        """None when nothing is in sight."""
        closed = [np.hstack((o, np.roll(o, 1, axis=0))) for o in outlines if len(o) >= 3]
        if not closed:
            return None
        pairs = np.concatenate(closed)
        low, high = np.minimum(pairs[:, :2], pairs[:, 2:]), np.maximum(pairs[:, :2], pairs[:, 2:])
        edges = np.hstack((low, high))
        return cls(edges, float(low[:, 1].min()), float(high[:, 1].max()))

    def columns(self, rows: slice, width: int) -> slice:
        """The columns touched in these rows."""
        inside = (self.edges[:, 3] >= rows.start - 2) & (self.edges[:, 1] <= rows.stop + 2)
        edges = self.edges[inside]
        if not len(edges):
            return slice(0, 0)
        first = min(width, max(0, int(edges[:, 0].min()) - 2))
        return slice(first, max(first, min(width, int(edges[:, 2].max()) + 3)))


def _fill(ink: Picture, cover: Picture, outline: NDArray[np.float64], band: Band) -> None:
    fixed = [np.round(np.clip(outline, -8000, 8000) * SUBPIXEL).astype(np.int32)]
    b, g, r = band.colour
    o = band.opacity
    cv2.fillPoly(ink, fixed, (b * o, g * o, r * o), cv2.LINE_AA, SUBPIXEL_BITS)
    cv2.fillPoly(cover, fixed, 255 * o, cv2.LINE_AA, SUBPIXEL_BITS)


def _project(bands: Sequence[Band], view: View) -> list[NDArray[np.float64]]:
    """Outline of each band in pixels, from one call of the camera; empty when out of sight."""
    if not bands:
        return []
    loops = [np.concatenate((band.left_m, band.right_m[::-1])) for band in bands]
    flat = np.concatenate(loops)
    pixels = view.project(np.column_stack((flat, np.zeros(len(flat)))))
    visible: NDArray[np.bool_] = np.isfinite(pixels[:, 0] + pixels[:, 1])
    outlines = []
    start = 0
    for loop in loops:
        stop = start + len(loop)
        outlines.append(pixels[start:stop][visible[start:stop]])
        start = stop
    return outlines


def road_bands(scene: Scene, decision: Decision | None, body: BodySettings) -> list[Band]:
    """Everything on the road plane, bottom layer first."""
    bands: list[Band] = []
    accent = _accent(decision)
    range_m = _range_m(scene)
    if scene.lanes is not None:
        bands.extend(_surface(scene.lanes, accent))
    bands.append(_along(scene.path, PATH_WIDTH_M, range_m, *_path_look(scene, decision)))
    if scene.lanes is not None:
        bands.extend(_lines(scene.lanes, decision))
    bands.extend(_wanted_gap(scene, decision, body))
    bands.extend(_stop_lines(scene, body))
    return bands


def lead_colour(scene: Scene, decision: Decision | None) -> Colour:
    """The lead's colour: red when AEB acts on it, amber when it warns or time is short."""
    lead = scene.lead
    if lead is None or decision is None:
        return TEAL
    if decision.aeb.target_id == lead.id and decision.aeb.decel_mps2 is not None:
        return RED
    if decision.aeb.warning:
        return RED
    return AMBER if ttc_colour(lead.ttc_s) is not TEAL else TEAL


def _accent(decision: Decision | None) -> Colour:
    if decision is None:
        return STEEL
    if decision.aeb.warning or decision.aeb.decel_mps2 is not None:
        return RED
    controls = decision.lka.state is LkaState.ACTIVE or decision.acc.state in ACC_CONTROLS
    return TEAL if controls else STEEL


def _range_m(scene: Scene) -> float:
    if scene.lanes is None:
        return NO_LANES_M
    seen = [line.view_range_m for line in (scene.lanes.left, scene.lanes.right) if line is not None]
    return max(12.0, min(FAR_M, max(seen, default=NO_LANES_M)))


def _stations(range_m: float) -> NDArray[np.float64]:
    """Distances that lie close where the picture is large, and far enough for bends to be round."""
    return _geometric(round(max(NEAR_M + 1.0, min(FAR_M, range_m))))


@lru_cache(maxsize=128)
def _geometric(far_m: int) -> NDArray[np.float64]:
    stations = np.geomspace(NEAR_M, far_m, STATIONS)
    stations.setflags(write=False)
    return np.asarray(stations)


def _curve_y(curve: LaneLine | Path, x_m: NDArray[np.float64]) -> NDArray[np.float64]:
    rate = curve.curvature_rate_1pm2 if isinstance(curve, LaneLine) else 0.0
    slope = curve.heading_rad + x_m * (curve.curvature_1pm / 2 + x_m * rate / 6)
    return np.asarray(curve.offset_m + x_m * slope)


def _along(
    curve: LaneLine | Path, width_m: float, range_m: float, colour: Colour, opacity: float
) -> Band:
    x_m = _stations(range_m)
    y_m = _curve_y(curve, x_m)
    half = width_m / 2
    return Band(
        np.column_stack((x_m, y_m + half)), np.column_stack((x_m, y_m - half)), colour, opacity
    )


def _freshness(line: LaneLine) -> float:
    """1 for a line measured now with full confidence, down to 0.25."""
    age = max(0.0, 1.0 - line.age_s / OLD_S)
    return max(0.25, min(1.0, line.confidence * 1.2) * age)


def _surface(lanes: Lanes, accent: Colour) -> list[Band]:
    if lanes.left is None or lanes.right is None:
        return []
    x_m = _stations(min(lanes.left.view_range_m, lanes.right.view_range_m))
    left = np.column_stack((x_m, _curve_y(lanes.left, x_m)))
    right = np.column_stack((x_m, _curve_y(lanes.right, x_m)))
    fresh = min(_freshness(lanes.left), _freshness(lanes.right))
    return [Band(left, right, accent, 0.2 * fresh)]


def _lines(lanes: Lanes, decision: Decision | None) -> list[Band]:
    departure = decision.lka.departure if decision is not None else Side.NONE
    active = decision is not None and decision.lka.state is LkaState.ACTIVE
    bands = []
    for side, line in ((Side.LEFT, lanes.left), (Side.RIGHT, lanes.right)):
        if line is None:
            continue
        departing = departure is side
        colour = RED if departing else (TEAL if active else INK)
        width_m = LINE_WIDTH_M * (2.2 if departing else 1.0)
        bands.append(_along(line, width_m, line.view_range_m, colour, 0.9 * _freshness(line)))
    return bands


def _path_look(scene: Scene, decision: Decision | None) -> tuple[Colour, float]:
    if decision is None:
        return FAINT, 0.5
    if decision.aeb.warning or decision.aeb.decel_mps2 is not None:
        return RED, 0.75
    controls = decision.acc.state in ACC_CONTROLS
    return (BLUE, 0.52) if controls else (STEEL, 0.4)


def _across(
    scene: Scene, x_m: float, half_m: float, depth_m: float, colour: Colour, opacity: float
) -> Band:
    """A bar across the path at x_m."""
    y_m = scene.path.y_at(x_m)
    left = np.array([[x_m, y_m + half_m], [x_m + depth_m, y_m + half_m]])
    right = np.array([[x_m, y_m - half_m], [x_m + depth_m, y_m - half_m]])
    return Band(left, right, colour, opacity)


def _wanted_gap(scene: Scene, decision: Decision | None, body: BodySettings) -> list[Band]:
    """A bar at the distance that ACC wants to keep; nothing when the lead is already nearer."""
    if decision is None or scene.lead is None or decision.acc.desired_gap_m is None:
        return []
    x_m = body.front_overhang_m + decision.acc.desired_gap_m
    if decision.acc.state not in ACC_CONTROLS or x_m > scene.lead.x_m - 1.0:
        return []
    return [_across(scene, x_m, 0.95, max(0.25, 0.02 * x_m), INK, 0.6)]


def _stop_lines(scene: Scene, body: BodySettings) -> list[Band]:
    bands = []
    for mark in scene.marks or ():
        if mark.label != "stop_line" or mark.distance_m <= 0.0:
            continue
        x_m = body.front_overhang_m + mark.distance_m
        half = scene.lanes.width_m / 2 if scene.lanes is not None else 1.6
        bands.append(_across(scene, x_m, half, 0.45, AMBER, 0.75))
    return bands
