"""The blind-spot icon of one mirror."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import BsdLevel, Decision, Side
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, FAINT, GREEN, INK, PLATE, RED, SOFT, Colour
from drag_edge.display.panels.kit import PLATE_OPACITY, Kit
from drag_edge.display.sheet import Sheet
from drag_edge.perception.scene import Scene

WIDTH = 84.0
HEIGHT = 62.0
LEVEL_COLOURS: dict[BsdLevel, Colour] = {
    BsdLevel.OFF: FAINT,
    BsdLevel.CLEAR: GREEN,
    BsdLevel.OCCUPIED: AMBER,
    BsdLevel.WARN: RED,
    BsdLevel.UNAVAILABLE: FAINT,
}
CAPTIONS = {
    BsdLevel.OFF: "OFF",
    BsdLevel.CLEAR: "CLEAR",
    BsdLevel.OCCUPIED: "OCCUPIED",
    BsdLevel.WARN: "WARNING",
    BsdLevel.UNAVAILABLE: "N/A",
}


@dataclass(frozen=True, slots=True)
class MirrorValues:
    """One side: level, metres to the nearest, tenths of seconds until one that closes in comes."""

    side: Side
    level: BsdLevel
    gap_m: int | None
    ttc_ds: int | None


def mirror_values(side: Side, scene: Scene | None, decision: Decision | None) -> MirrorValues:
    """Gather and round."""
    left = side is Side.LEFT
    spot = None
    if scene is not None:
        spot = scene.blind_spot_left if left else scene.blind_spot_right
    gap_m = round(spot.gap_m) if spot is not None and spot.gap_m is not None else None
    if decision is None:
        return MirrorValues(side, BsdLevel.UNAVAILABLE, gap_m, None)
    bsd = decision.bsd
    ttc_s = bsd.closing_ttc_left_s if left else bsd.closing_ttc_right_s
    level = bsd.left if left else bsd.right
    return MirrorValues(side, level, gap_m, None if ttc_s is None else round(ttc_s * 10))


def build_mirror(values: MirrorValues, kit: Kit) -> Sheet:
    """A mirror with the sign drivers know: a car, and another one at its flank."""
    colour = LEVEL_COLOURS[values.level]
    warn = values.level is BsdLevel.WARN
    sheet = kit.sheet(WIDTH, HEIGHT)
    sheet.rounded(0, 0, WIDTH, HEIGHT, 10, PLATE, PLATE_OPACITY)
    sheet.outline(0.5, 0.5, WIDTH - 1, HEIGHT - 1, 10, colour, 2.4 if warn else 1.2)
    sign = -1.0 if values.side is Side.LEFT else 1.0
    middle = WIDTH / 2
    _top_view(sheet, middle - sign * 15, 17, SOFT)
    occupied = values.level in (BsdLevel.OCCUPIED, BsdLevel.WARN)
    _top_view(sheet, middle + sign * 13, 27, colour if occupied else (78, 72, 66))
    for ring in range(2 if warn else 0):
        x = middle + sign * (26 + 6 * ring)
        sheet.line([(x, 20 - 3 * ring), (x, 34 + 3 * ring)], colour, 2)
    if occupied and values.ttc_ds is not None:
        caption = f"{values.ttc_ds / 10:.1f} s"
    elif occupied and values.gap_m:
        caption = f"{values.gap_m} m"
    else:
        caption = CAPTIONS[values.level]
    ink = INK if occupied else colour
    sheet.text(caption, middle, HEIGHT - 7, 8.5, ink, Weight.BOLD, anchor=0.5)
    return sheet


def _top_view(sheet: Sheet, x: float, y: float, colour: Colour) -> None:
    """A car from above, 14 × 25 units around (x, y)."""
    sheet.rounded(x - 7, y - 12.5, 14, 25, 5, colour)
    sheet.rounded(x - 5, y - 6, 10, 5, 2, (34, 28, 24))
    sheet.rounded(x - 5, y + 6, 10, 3, 1.5, (34, 28, 24))
