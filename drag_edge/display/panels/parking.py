"""Left, below the light: the gap from above, the way into it, and what to do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drag_edge.adas.decision import ApaDecision, ApaState, Decision, ParkingGuidance
from drag_edge.config.body import BodySettings
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, BLUE, FAINT, GREEN, INK, SOFT, TEAL, Colour
from drag_edge.display.panels.kit import Kit
from drag_edge.display.sheet import Sheet

WIDTH = 190.0
VIEW = 150.0
HEIGHT = VIEW + 46.0
AHEAD_M, BEHIND_M = 6.0, 11.0
STEP_M = 0.2
CAPITAL = 9.0

CAPTIONS: dict[ApaState, tuple[str, Colour]] = {
    ApaState.OFFERING: ("PARKING GAP", BLUE),
    ApaState.GUIDING: ("PARKING", TEAL),
    ApaState.STOP: ("STOP", AMBER),
    ApaState.DONE: ("PARKED", GREEN),
    ApaState.ENDED: ("GUIDANCE ENDED", AMBER),
}

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class ParkingValues:
    """Places in vehicle axes, rounded so that a standing vehicle is drawn once.

    to_go_dm: to the next stop, decimetres.
    """

    state: ApaState
    gaps: tuple[Outline, ...]
    path: Outline
    text: str
    to_go_dm: int | None
    body: BodySettings


def parking_values(decision: Decision | None, body: BodySettings) -> ParkingValues | None:
    """None when parking assistance has nothing to show."""
    if decision is None or decision.apa.state not in CAPTIONS:
        return None
    apa, told = decision.apa, decision.apa.guidance
    return ParkingValues(
        apa.state,
        tuple(_rounded(slot.corners_m) for slot in apa.slots),
        _rounded(told.path_m) if told is not None else (),
        _text(apa, told),
        round(told.to_go_m * 10) if told is not None and apa.state is ApaState.GUIDING else None,
        body,
    )


def build_parking(values: ParkingValues, kit: Kit) -> Sheet:
    """The view from above, forward up, with a line of text under it."""
    sheet = kit.plate(WIDTH, HEIGHT)
    for gap in values.gaps:
        outline = [_unit(*point) for point in gap]
        sheet.polygon(outline, TEAL, 0.25)
        sheet.line(outline, TEAL, 1.5, closed=True)
    if len(values.path) > 1:
        sheet.line([_unit(*point) for point in values.path], BLUE, 2.5)
    _ego(sheet, values.body)
    caption, colour = CAPTIONS[values.state]
    sheet.text(caption, 12, VIEW + 16, CAPITAL, colour, Weight.BOLD)
    if values.to_go_dm is not None:
        told = f"{values.to_go_dm / 10:.1f} m"
        sheet.text(told, WIDTH - 12, VIEW + 17, 12, INK, Weight.BOLD, anchor=1)
    sheet.text(values.text, 12, VIEW + 34, CAPITAL, SOFT if values.text else FAINT)
    return sheet


def _text(apa: ApaDecision, told: ParkingGuidance | None) -> str:
    """The guidance without the way to go, which is written large; else why there is none."""
    if told is not None:
        return told.text.rpartition(", ")[0] if apa.state is ApaState.GUIDING else told.text
    if apa.slots:
        along = "across" if apa.slots[0].crosswise else "along"
        return f"{apa.slots[0].length_m:.1f} m {along} the road"
    return apa.reason


def _unit(x_m: float, y_m: float) -> tuple[float, float]:
    """Vehicle metres to units, kept near the plate."""
    scale = VIEW / (AHEAD_M + BEHIND_M)
    x = min(max(x_m, -BEHIND_M), AHEAD_M)
    y = min(max(y_m, -WIDTH / scale / 2 + 0.5), WIDTH / scale / 2 - 0.5)
    return WIDTH / 2 - y * scale, 4 + (AHEAD_M - x) * scale


def _ego(sheet: Sheet, body: BodySettings) -> None:
    left, top = _unit(body.front_overhang_m, body.width_m / 2)
    right, bottom = _unit(-body.rear_overhang_m, -body.width_m / 2)
    sheet.rounded(left, top, right - left, bottom - top, 3, INK)
    sheet.rounded(left + 2, top + 4, right - left - 4, 3, 1.2, (60, 52, 46))


def _rounded(points: Outline) -> Outline:
    return tuple(
        (round(x / STEP_M) * STEP_M, round(y / STEP_M) * STEP_M)
        for x, y in points
        if math.isfinite(x) and math.isfinite(y)
    )
