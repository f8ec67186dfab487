"""Left, under the mode: the traffic light of the own lane and the stop line."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.display.lettering import Weight
from drag_edge.display.palette import (
    FAINT,
    INK,
    LAMP_DARK,
    LAMP_GREEN,
    LAMP_RED,
    LAMP_YELLOW,
    SOFT,
    Colour,
)
from drag_edge.display.panels.kit import Kit
from drag_edge.display.sheet import Sheet
from drag_edge.perception.scene import LightState, Scene

WIDTH = 148.0
LIGHT_HEIGHT = 80.0
LINE_HEIGHT = 40.0

LAMPS = (
    (LightState.RED, LAMP_RED),
    (LightState.YELLOW, LAMP_YELLOW),
    (LightState.GREEN, LAMP_GREEN),
)
NAMES: dict[LightState, tuple[str, Colour]] = {
    LightState.RED: ("RED", LAMP_RED),
    LightState.YELLOW: ("YELLOW", LAMP_YELLOW),
    LightState.GREEN: ("GREEN", LAMP_GREEN),
    LightState.OFF: ("OFF", FAINT),
    LightState.UNKNOWN: ("LIGHT", SOFT),
}


@dataclass(frozen=True, slots=True)
class SignalValues:
    """light: its state, None without one. Distances in whole metres."""

    light: LightState | None
    light_m: int | None
    stop_line_m: int | None


def signal_values(scene: Scene | None) -> SignalValues | None:
    """None when there is neither a light nor a stop line."""
    if scene is None:
        return None
    light = scene.traffic_light
    lines = [mark.distance_m for mark in scene.marks or () if mark.label == "stop_line"]
    if light is None and not lines:
        return None
    return SignalValues(
        light.state if light is not None else None,
        round(light.distance_m) if light is not None and light.distance_m is not None else None,
        round(min(lines)) if lines else None,
    )


def build_signals(values: SignalValues, kit: Kit) -> Sheet:
    """One plate; the light above, the stop line below."""
    top = LIGHT_HEIGHT if values.light is not None else 0.0
    height = top + (LINE_HEIGHT if values.stop_line_m is not None else 0.0)
    sheet = kit.plate(WIDTH, max(height, 1.0))
    if values.light is not None:
        _light(sheet, values.light, values.light_m)
    if values.stop_line_m is not None:
        _stop_line(sheet, top, values.stop_line_m)
    return sheet


def _light(sheet: Sheet, state: LightState, distance_m: int | None) -> None:
    sheet.rounded(14, 9, 26, 62, 8, (18, 16, 14))
    for row, (lamp, colour) in enumerate(LAMPS):
        y = 21 + 19 * row
        if lamp is state:
            sheet.disc(27, y, 11, colour, 0.35)
            sheet.disc(27, y, 7.5, colour)
        else:
            sheet.disc(27, y, 6.5, LAMP_DARK)
    name, colour = NAMES[state]
    sheet.text(name, 54, 31, 12, colour, Weight.BOLD)
    if distance_m is not None:
        width = sheet.text(str(distance_m), 54, 58, 18, INK, Weight.BOLD)
        sheet.text("m", 54 + width + 5, 58, 11, SOFT)


def _stop_line(sheet: Sheet, top: float, distance_m: int) -> None:
    sheet.polygon([(12, top + 26), (42, top + 26), (38, top + 19), (16, top + 19)], INK)
    width = sheet.text(str(distance_m), 54, top + 24, 14, INK, Weight.BOLD)
    sheet.text("m", 54 + width + 5, top + 24, 10, SOFT)
    sheet.text("STOP LINE", 54, top + 35, 7, SOFT)
