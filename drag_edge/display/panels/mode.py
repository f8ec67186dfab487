"""Top left: the daemon's mode, why, and whether anything may act."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import Command, Decision, Mode
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import (
    AMBER,
    BLUE,
    EDGE,
    FAINT,
    INK,
    PLATE,
    RED,
    SOFT,
    TEAL,
    Colour,
)
from drag_edge.display.panels.kit import CAPTION, PLATE_OPACITY, RADIUS, Kit
from drag_edge.display.sheet import Sheet

MODE_COLOURS: dict[Mode, Colour] = {
    Mode.INIT: BLUE,
    Mode.STANDBY: BLUE,
    Mode.ACTIVE: TEAL,
    Mode.DEGRADED: AMBER,
    Mode.FALLBACK: RED,
}
WIDTH = 300.0
HEIGHT = 84.0
LONGEST_REASON = 44


@dataclass(frozen=True, slots=True)
class ModeValues:
    """What the panel shows."""

    mode: Mode
    reason: str
    actuation: bool
    limited: tuple[str, ...]


def mode_values(decision: Decision | None, command: Command | None) -> ModeValues:
    """The mode, and in a few words what it rests on."""
    actuation = command is not None and command.actuation
    limited = command.limited if command is not None else ()
    if decision is None:
        return ModeValues(Mode.INIT, "waiting for the first decision", actuation, limited)
    return ModeValues(decision.mode, _reason(decision), actuation, limited)


def _reason(decision: Decision) -> str:
    """What the mode rests on; when all is well, what ACC is about."""
    words = (decision.mode_reason or decision.acc.reason).replace("_", " ")
    return words if len(words) <= LONGEST_REASON else words[: LONGEST_REASON - 1] + "…"


def build_mode(values: ModeValues, kit: Kit) -> Sheet:
    """Badge, reason below it, and the actuation mark."""
    colour = MODE_COLOURS[values.mode]
    sheet = kit.sheet(WIDTH, HEIGHT)
    title = values.mode.name
    badge = 46 + kit.width_of(title, 15, Weight.BOLD)
    width = max(badge, 28 + kit.width_of(values.reason, CAPTION))
    height = 54.0 if values.reason else 34.0
    sheet.rounded(0, 0, width, height, RADIUS, PLATE, PLATE_OPACITY)
    sheet.outline(0.5, 0.5, width - 1, height - 1, RADIUS, EDGE)
    sheet.disc(19, 18, 8.5, colour, 0.3)
    sheet.disc(19, 18, 5, colour)
    sheet.text(title, 34, 25, 15, INK, Weight.BOLD)
    if values.reason:
        sheet.text(values.reason, 14, 44, CAPTION, SOFT)
    _actuation(sheet, values, kit, height + 6)
    return sheet


def _actuation(sheet: Sheet, values: ModeValues, kit: Kit, top: float) -> None:
    if values.actuation:
        colour, text = TEAL, "ACTUATION ON"
    else:
        colour, text = FAINT, "ACTUATION OFF"
    width = kit.width_of(text, 8, Weight.BOLD) + 16
    sheet.rounded(0, top, width, 19, 5, PLATE, PLATE_OPACITY)
    sheet.outline(0.5, top + 0.5, width - 1, 18, 5, colour)
    sheet.text(text, 8, top + 13.5, 8, INK if values.actuation else SOFT, Weight.BOLD)
    if values.limited:
        limits = "limited: " + ", ".join(name.replace("_", " ") for name in values.limited)
        held = kit.width_of(limits, 8) + 12
        sheet.rounded(width + 6, top, held, 19, 5, PLATE, PLATE_OPACITY)
        sheet.text(limits, width + 12, top + 13.5, 8, AMBER)
