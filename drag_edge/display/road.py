"""What is painted onto the road plane: own lane, its lines, the path, the wanted gap, the lead's
chevron, and stop lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drag_edge.adas.decision import AccState, Decision, LkaState, Side
from drag_edge.config.body import BodySettings
from drag_edge.display.palette import AMBER, BLUE, FAINT, INK, RED, STEEL, TEAL, Colour
from drag_edge.display.sheet import SUBPIXEL, SUBPIXEL_BITS, Picture, blend
from drag_edge.perception.scene import LaneLine, Lanes, Path, Scene

NEAR_M = 2.6
FAR_M = 70.0
NO_LANES_M = 35.0
STATIONS = 26
LINE_WIDTH_M = 0.14
PATH_WIDTH_M = 0.42
OLD_S = 0.5
"""A line that has not been measured for this long is at its faintest."""

ACC_CONTROLS = (AccState.SPEED, AccState.FOLLOW, AccState.STOPPED)


class Projector(Protocol):
    """The part of perception's CameraModel that drawing needs."""

    def project(self, points_m: ArrayLike, pitch_rad: float = 0.0) -> NDArray[np.float64]:
        """N×3 vehicle points to N×2 pixels, NaN where there is no picture of them."""


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
        self._keep: Picture = np.zeros((height_px, width_px, 3), np.uint8)
        self._fades: dict[tuple[int, int], Picture] = {}

    def paint(
        self, frame: Picture, bands: Sequence[Band], camera: Projector, pitch_rad: float
    ) -> None:
        """Paint all bands, the later ones over the earlier, fading towards the horizon."""
        outlines = _project(bands, camera, pitch_rad)
        rows = [row for outline in outlines if len(outline) for row in outline[:, 1]]
        if not rows:
            return
        height = frame.shape[0]
        top = max(0, int(min(rows)) - 2)
        bottom = min(height, int(max(rows)) + 3)
        if top >= bottom:
            return
        ink, keep = self._ink[top:bottom], self._keep[top:bottom]
        ink.fill(0)
        keep.fill(255)
        for band, outline in zip(bands, outlines, strict=True):
            if len(outline) >= 3:
                _fill(ink, keep, outline - (0.0, top), band)
        self._fade(ink, keep, bottom - top)
        blend(frame[top:bottom], ink, keep)

    def _fade(self, ink: Picture, keep: Picture, rows: int) -> None:
        """Let the far fifth of what was painted melt away instead of ending in an edge."""
        far = max(2, round(rows * 0.22))
        fade = self._fades.get((far, ink.shape[1]))
        if fade is None:
            ramp = np.linspace(40, 255, far).astype(np.uint8)[:, None, None]
            fade = np.ascontiguousarray(np.broadcast_to(ramp, (far, ink.shape[1], 3)))
            self._fades = {(far, ink.shape[1]): fade}
        far = min(far, ink.shape[0])
        part, rest = ink[:far], keep[:far]
        cv2.multiply(part, fade[:far], dst=part, scale=1 / 255)
        cv2.bitwise_not(rest, rest)
        cv2.multiply(rest, fade[:far], dst=rest, scale=1 / 255)
        cv2.bitwise_not(rest, rest)


def _fill(ink: Picture, keep: Picture, outline: NDArray[np.float64], band: Band) -> None:
    fixed = [np.round(np.clip(outline, -8000, 8000) * SUBPIXEL).astype(np.int32)]
    b, g, r = band.colour
    o = band.opacity
    rest = 255 * (1 - o)
    cv2.fillPoly(ink, fixed, (b * o, g * o, r * o), cv2.LINE_AA, SUBPIXEL_BITS)
    cv2.fillPoly(keep, fixed, (rest, rest, rest), cv2.LINE_AA, SUBPIXEL_BITS)


def _project(
    bands: Sequence[Band], camera: Projector, pitch_rad: float
) -> list[NDArray[np.float64]]:
    """Outline of each band in pixels, from one call of the camera; empty when out of sight."""
    if not bands:
        return []
    loops = [np.concatenate((band.left_m, band.right_m[::-1])) for band in bands]
    flat = np.concatenate(loops)
    pixels = camera.project(np.column_stack((flat, np.zeros(len(flat)))), pitch_rad)
    visible = np.isfinite(pixels).all(axis=1)
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
    if scene.lead is not None:
        bands.extend(_chevron(scene, lead_colour(scene, decision)))
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
    if lead.ttc_s is not None and lead.ttc_s < 5.0:
        return AMBER
    return TEAL


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
    """Distances whose rows in the picture are evenly spaced."""
    far_m = max(NEAR_M + 1.0, min(FAR_M, range_m))
    return np.asarray(1.0 / np.linspace(1.0 / NEAR_M, 1.0 / far_m, STATIONS))


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
    return (BLUE, 0.7) if controls else (STEEL, 0.4)


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


def _chevron(scene: Scene, colour: Colour) -> list[Band]:
    """An arrow head on the road behind the lead, pointing at it."""
    lead = scene.lead
    if lead is None or lead.x_m < NEAR_M + 3.0:
        return []
    tip = lead.x_m - 0.5
    depth = max(1.2, 0.06 * lead.x_m)
    arm = max(0.45, 0.022 * lead.x_m)
    bands = []
    for side in (-0.85, 0.85):
        inner = np.array([[tip, lead.y_m], [tip - arm * 2.2, lead.y_m]])
        outer = np.array(
            [[tip - depth, lead.y_m + side], [tip - depth - arm * 2.2, lead.y_m + side]]
        )
        bands.append(Band(inner, outer, colour, 0.95))
    return bands
