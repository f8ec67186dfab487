"""Road users in the picture: boxes, and plates with range, speed and time to collision."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.adas.decision import Decision
from drag_edge.config.vocabulary import VULNERABLE_ROAD_USERS
from drag_edge.display.lettering import Weight
from drag_edge.display.moment import Moment
from drag_edge.display.palette import (
    FAINT,
    INK,
    PLATE,
    RED,
    SOFT,
    STEEL,
    VIOLET,
    Colour,
    mixed,
    ttc_colour,
)
from drag_edge.display.panels.kit import Kit
from drag_edge.display.road import lead_colour
from drag_edge.display.sheet import SUBPIXEL, SUBPIXEL_BITS, Picture, Sheet
from drag_edge.perception.scene import Scene, Track

Rectangle = tuple[float, float, float, float]

TTC_SHOWN_S = 6.0
NAMES = {"pedestrian": "PED", "motorcycle": "MOTO", "bicycle": "BIKE"}
PLATES_KEPT = 256
TINT_OPACITY = 0.18
IN_PATH = 0.15
LEGIBLE_PX = 14


@dataclass(frozen=True, slots=True)
class Plate:
    """Text of one plate; `main` large, `extra` after it, `ttc` coloured at the end."""

    main: str
    extra: str
    ttc: str
    colour: Colour
    alarm: Colour
    large: bool


class BoxPainter:
    """Draws tracks; keeps the plates it made, since the same numbers come again."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._plates: OrderedDict[Plate, Sheet] = OrderedDict()

    def draw(
        self,
        frame: Picture,
        scene: Scene,
        moment: Moment,
    ) -> None:
        """All tracks of the front camera, the nearest plates first, none over another."""
        tracks = [t for t in scene.tracks or () if all(map(math.isfinite, t.box_px))]
        if moment.zoom != 1.0:
            tracks = [replace(t, box_px=_scaled(t.box_px, moment.zoom)) for t in tracks]
        colours = track_colours(scene, moment.decision)
        lead_id = scene.lead.id if scene.lead is not None else None
        for track in sorted(tracks, key=lambda t: -t.x_m):
            colour = _dimmed(colours[track.id], track, moment.stale_after_s)
            self._box(frame, track, colour, track.id == lead_id)
        taken: list[Rectangle] = []
        order = sorted(tracks, key=lambda t: (t.id != lead_id, t.x_m))
        for track in order:
            self._label(frame, track, colours[track.id], track.id == lead_id, taken)

    def draw_plain(self, frame: Picture, tracks: Sequence[Track], scale: float) -> None:
        """Thin boxes with a range, on an inset whose picture was shrunk by `scale`."""
        for track in tracks:
            if not all(map(math.isfinite, track.box_px)):
                continue
            colour = VIOLET if track.label in VULNERABLE_ROAD_USERS else INK
            x0, y0, x1, y1 = _scaled(_limited(track.box_px), scale)
            _brackets(frame, (x0, y0, x1, y1), colour, max(1, round(1.4 * self._kit.scale)))
            if x1 - x0 >= LEGIBLE_PX * self._kit.scale and track.gap_m >= 1.0:
                plate = Plate(f"{track.gap_m:.0f} m", "", "", INK, INK, False)
                self._lay(frame, self._plate(plate), x0, y0 - 22 * self._kit.scale, [])

    def _box(self, frame: Picture, track: Track, colour: Colour, lead: bool) -> None:
        unit = self._kit.scale
        box = _limited(track.box_px)
        if track.label in VULNERABLE_ROAD_USERS:
            _tint(frame, box, colour)
            _outline(frame, box, colour, max(1, round(2 * unit)))
        elif lead:
            grown = _grown(box, 4 * unit)
            _brackets(frame, grown, colour, max(2, round(3.4 * unit)))
            _chevron(frame, grown, colour, unit)
        else:
            _brackets(frame, box, colour, max(1, round(1.6 * unit)))

    def _label(
        self, frame: Picture, track: Track, colour: Colour, lead: bool, taken: list[Rectangle]
    ) -> None:
        sheet = self._plate(self._words(track, colour, lead))
        x0, y0, x1, y1 = _limited(track.box_px)
        height, width = sheet.ink.shape[:2]
        pad = (9 if lead else 4) * self._kit.scale
        left = (x0 + x1 - width) / 2
        for top in (y0 - height - pad, y1 + (26 * self._kit.scale if lead else pad)):
            if self._lay(frame, sheet, left, top, taken):
                return
        short = self._plate(Plate(f"{track.gap_m:.0f} m", "", "", colour, colour, False))
        self._lay(frame, short, (x0 + x1 - short.ink.shape[1]) / 2, y0 - height - pad, taken)

    def _words(self, track: Track, colour: Colour, lead: bool) -> Plate:
        kit = self._kit
        speed = kit.speed(track.speed_mps)
        gap = f"{track.gap_m:.0f} m" if track.gap_m >= 9.95 else f"{track.gap_m:.1f} m"
        name = NAMES.get(track.label, track.label.upper())
        ttc_s = track.ttc_s
        # Closing in on somebody beside the path is no news.
        shown = ttc_s is not None and ttc_s < TTC_SHOWN_S and track.path_overlap > IN_PATH
        # Rounded to 2 km/h: a number that flickers by one tells nothing, and plates are reused.
        moving = "" if speed is None else f"{2 * round(speed / 2)} {kit.speed_unit}"
        return Plate(
            main=gap,
            extra=moving if lead else name,
            ttc=f"{ttc_s:.1f} s" if shown and ttc_s is not None else "",
            colour=colour,
            alarm=ttc_colour(ttc_s),
            large=lead,
        )

    def _plate(self, plate: Plate) -> Sheet:
        sheet = self._plates.get(plate)
        if sheet is None:
            sheet = self._plates[plate] = build_plate(plate, self._kit)
            if len(self._plates) > PLATES_KEPT:
                self._plates.popitem(last=False)
        else:
            self._plates.move_to_end(plate)
        return sheet

    def _lay(
        self, frame: Picture, sheet: Sheet, left: float, top: float, taken: list[Rectangle]
    ) -> bool:
        """Lay the plate unless it would cover another one; keep it inside the picture."""
        height, width = sheet.ink.shape[:2]
        x = max(2.0, min(frame.shape[1] - width - 2.0, left))
        y = max(2.0, min(frame.shape[0] - height - 2.0, top))
        area = (x, y, x + width, y + height)
        if any(_overlap(area, other) for other in taken):
            return False
        taken.append(area)
        sheet.lay_over(frame, round(x), round(y))
        return True


def build_plate(plate: Plate, kit: Kit) -> Sheet:
    """A small dark plate with a coloured foot."""
    capital = 12.0 if plate.large else 8.5
    pad, gap = (9.0, 8.0) if plate.large else (6.0, 5.0)
    parts = [(plate.main, capital, Weight.BOLD, INK)]
    if plate.extra:
        parts.append((plate.extra, capital * 0.82, Weight.REGULAR, SOFT))
    if plate.ttc:
        parts.append((plate.ttc, capital, Weight.BOLD, plate.alarm))
    widths = [kit.sheet(1, 1).text_width(text, size, weight) for text, size, weight, _ in parts]
    width = sum(widths) + gap * (len(parts) - 1) + 2 * pad
    height = capital + (13 if plate.large else 10)
    sheet = kit.sheet(width, height)
    sheet.rounded(0, 0, width, height, 5, PLATE, 0.74)
    sheet.rounded(0, height - 2.4, width, 2.4, 1.2, plate.colour)
    x, base = pad, height / 2 + capital / 2 - 1
    for (text, size, weight, colour), part_width in zip(parts, widths, strict=True):
        sheet.text(text, x, base, size, colour, weight)
        x += part_width + gap
    return sheet


def track_colours(scene: Scene, decision: Decision | None) -> dict[int, Colour]:
    """Colour of each track: the lead's, the AEB target's, vulnerable, or plain."""
    lead_id = scene.lead.id if scene.lead is not None else None
    target_id = None
    if decision is not None and (decision.aeb.warning or decision.aeb.decel_mps2 is not None):
        target_id = decision.aeb.target_id
    colours = {}
    for track in (*(scene.tracks or ()), *(scene.side_tracks or ())):
        if track.id == target_id:
            colours[track.id] = RED
        elif track.id == lead_id:
            colours[track.id] = lead_colour(scene, decision)
        else:
            colours[track.id] = VIOLET if track.label in VULNERABLE_ROAD_USERS else STEEL
    return colours


def _dimmed(colour: Colour, track: Track, stale_after_s: float) -> Colour:
    """Towards grey for a track that has not been measured for a while."""
    return mixed(colour, FAINT, max(0.0, min(1.0, track.coasted_s / stale_after_s)))


def _fixed(points: Sequence[tuple[float, float]]) -> NDArray[np.int32]:
    return (np.array(points) * SUBPIXEL).astype(np.int32)


def _limited(box: Rectangle) -> Rectangle:
    """The box within what OpenCV's fixed-point coordinates can hold."""
    x0, y0, x1, y1 = (max(-8000.0, min(8000.0, value)) for value in box)
    return x0, y0, x1, y1


def _scaled(box: Rectangle, zoom: float) -> Rectangle:
    return box[0] * zoom, box[1] * zoom, box[2] * zoom, box[3] * zoom


def _grown(box: Rectangle, margin: float) -> Rectangle:
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def _brackets(frame: Picture, box: Rectangle, colour: Colour, thickness: int) -> None:
    """The four corners of a box, edged dark so that they stand out from a bright sky."""
    x0, y0, x1, y1 = box
    arm = max(4.0, min(26.0, 0.24 * min(x1 - x0, y1 - y0)))
    corners = [
        [(x + sx * arm, y), (x, y), (x, y + sy * arm)]
        for x, sx in ((x0, 1), (x1, -1))
        for y, sy in ((y0, 1), (y1, -1))
    ]
    lines = (np.array(corners) * SUBPIXEL).astype(np.int32)
    _edged(frame, list(lines), colour, thickness)


def _edged(frame: Picture, lines: list[NDArray[np.int32]], colour: Colour, thickness: int) -> None:
    cv2.polylines(frame, lines, False, PLATE, thickness + 2, cv2.LINE_8, SUBPIXEL_BITS)
    cv2.polylines(frame, lines, False, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)


def _chevron(frame: Picture, box: Rectangle, colour: Colour, unit: float) -> None:
    """An arrow head under the box, pointing at it."""
    x0, _, x1, y1 = box
    half = max(10 * unit, min(30 * unit, 0.22 * (x1 - x0)))
    middle, top = (x0 + x1) / 2, y1 + 5 * unit
    foot = top + 0.55 * half
    line = _fixed([(middle - half, foot), (middle, top), (middle + half, foot)])
    _edged(frame, [line], colour, max(2, round(4.2 * unit)))


def _outline(frame: Picture, box: Rectangle, colour: Colour, thickness: int) -> None:
    x0, y0, x1, y1 = box
    points = _fixed([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    cv2.polylines(frame, [points], True, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)


def _tint(frame: Picture, box: Rectangle, colour: Colour) -> None:
    x0, x1 = (int(max(0, min(frame.shape[1], v))) for v in (box[0], box[2]))
    y0, y1 = (int(max(0, min(frame.shape[0], v))) for v in (box[1], box[3]))
    if x0 < x1 and y0 < y1:
        region = frame[y0:y1, x0:x1]
        cv2.LUT(region, _tint_table(colour), dst=region)


@lru_cache(maxsize=16)
def _tint_table(colour: Colour) -> Picture:
    levels = np.arange(256)[:, None] * (1 - TINT_OPACITY) + np.array(colour) * TINT_OPACITY
    return np.round(levels).astype(np.uint8)[:, None, :]


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
