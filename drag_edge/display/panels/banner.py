"""Top centre: what the driver must know now, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drag_edge.adas.decision import Alert
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, BLUE, INK, PLATE, RED, Colour, mixed
from drag_edge.display.panels.kit import PLATE_OPACITY, Kit
from drag_edge.display.sheet import Point, Sheet

URGENT_PRIORITY = 80
CAUTION_PRIORITY = 40
HEIGHT = 52.0


@dataclass(frozen=True, slots=True)
class BannerValues:
    """The winning alert, and the text of the next one if any."""

    text: str
    priority: int
    next_text: str | None


def banner_values(alerts: Sequence[Alert]) -> BannerValues | None:
    """None when there is nothing to say."""
    if not alerts:
        return None
    ranked = sorted(alerts, key=lambda alert: -alert.priority)
    following = ranked[1].text if len(ranked) > 1 else None
    return BannerValues(ranked[0].text, ranked[0].priority, following)


def banner_colour(priority: int) -> Colour:
    """Red acts now, amber is attention, blue informs."""
    if priority >= URGENT_PRIORITY:
        return RED
    return AMBER if priority >= CAUTION_PRIORITY else BLUE


def build_banner(values: BannerValues, kit: Kit) -> Sheet:
    """Coloured plate with a sign; the next alert small beneath."""
    colour = banner_colour(values.priority)
    urgent = values.priority >= URGENT_PRIORITY
    width = kit.width_of(values.text, 18, Weight.BOLD) + 86
    sheet = kit.sheet(width, HEIGHT + 28)
    body = mixed(colour, PLATE, 0.18) if urgent else PLATE
    sheet.rounded(0, 0, width, HEIGHT, 12, body, 0.94 if urgent else 0.8)
    sheet.outline(1, 1, width - 2, HEIGHT - 2, 12, mixed(colour, INK, 0.35 if urgent else 0), 2)
    _sign(sheet, 36, HEIGHT / 2, INK if urgent else colour, body)
    sheet.text(values.text, 64, HEIGHT / 2 + 9, 18, INK, Weight.BOLD)
    if values.next_text is not None:
        small = kit.width_of(values.next_text, 9) + 20
        left = (width - small) / 2
        sheet.rounded(left, HEIGHT + 5, small, 20, 6, PLATE, PLATE_OPACITY)
        sheet.text(values.next_text, width / 2, HEIGHT + 19.5, 9, INK, anchor=0.5)
    return sheet


def _sign(sheet: Sheet, x: float, y: float, colour: Colour, hole: Colour) -> None:
    triangle: list[Point] = [(x, y - 12), (x + 13.5, y + 11), (x - 13.5, y + 11)]
    sheet.polygon(triangle, colour)
    sheet.line(triangle, colour, 3, closed=True)
    sheet.line([(x, y - 4), (x, y + 2.5)], hole, 3)
    sheet.disc(x, y + 7.5, 1.9, hole)
