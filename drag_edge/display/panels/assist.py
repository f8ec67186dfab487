"""The LKA and AEB instruments of the cluster."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import AebDecision, AebStage, Decision, LkaState, Side
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, BLUE, FAINT, GREEN, INK, RED, SOFT, TEAL, Colour
from drag_edge.display.panels.kit import CAPTION
from drag_edge.display.sheet import Sheet
from drag_edge.perception.scene import Scene

DARK: Colour = (92, 86, 80)
HINT_STEPS = 12
FULL_HINT_MPS2 = 3.0
"""Lateral acceleration that moves the steering hint to its end: UN R79's limit."""

LKA_COLOURS: dict[LkaState, Colour] = {
    LkaState.OFF: FAINT,
    LkaState.STANDBY: BLUE,
    LkaState.ACTIVE: TEAL,
    LkaState.SUPPRESSED: AMBER,
    LkaState.UNAVAILABLE: FAINT,
}
AEB_COLOURS: dict[AebStage, Colour] = {
    AebStage.OFF: FAINT,
    AebStage.READY: GREEN,
    AebStage.PREFILL: AMBER,
    AebStage.WARN: AMBER,
    AebStage.PARTIAL: RED,
    AebStage.FULL: RED,
    AebStage.UNAVAILABLE: FAINT,
}
LIT_BARS = {AebStage.PREFILL: 1, AebStage.WARN: 2, AebStage.PARTIAL: 3, AebStage.FULL: 4}


@dataclass(frozen=True, slots=True)
class LkaValues:
    """left, right: that line is known. hint: steering demand in steps, left positive, None without
    one. offset_cm: from the lane's centre, left positive, rounded to 5 cm."""

    state: LkaState
    departure: Side
    left: bool
    right: bool
    hint: int | None
    offset_cm: int | None


@dataclass(frozen=True, slots=True)
class AebValues:
    """Stage, and whether the collision warning is on."""

    stage: AebStage
    warning: bool


def lka_values(scene: Scene | None, decision: Decision | None) -> LkaValues:
    """Gather and round."""
    lanes = scene.lanes if scene is not None else None
    left = lanes is not None and lanes.left is not None
    right = lanes is not None and lanes.right is not None
    offset_cm = round(lanes.offset_m * 20) * 5 if lanes is not None else None
    if decision is None:
        return LkaValues(LkaState.UNAVAILABLE, Side.NONE, left, right, None, offset_cm)
    hint = None
    curvature_1pm = decision.lka.curvature_1pm
    if curvature_1pm is not None:
        speed_mps = (scene.ego.speed_mps if scene is not None else None) or 0.0
        share = curvature_1pm * speed_mps**2 / FULL_HINT_MPS2
        hint = round(max(-1.0, min(1.0, share)) * HINT_STEPS)
    return LkaValues(decision.lka.state, decision.lka.departure, left, right, hint, offset_cm)


def aeb_values(decision: Decision) -> AebValues:
    """Gather."""
    aeb: AebDecision = decision.aeb
    return AebValues(aeb.stage, aeb.warning)


def draw_lka(sheet: Sheet, x: float, y: float, base: float, values: LkaValues) -> None:
    """The lane from behind the wheel, and a hint of where the system steers."""
    colour = LKA_COLOURS[values.state]
    for side, sign, known in ((Side.LEFT, -1, values.left), (Side.RIGHT, 1, values.right)):
        departing = values.departure is side
        line = RED if departing else (colour if known else DARK)
        points = [(x + sign * 25, y + 17), (x + sign * 11, y - 27)]
        if known or departing:
            sheet.line(points, line, 5 if departing else 3)
        else:
            _dashed(sheet, points, line)
    centre = 0.0 if values.offset_cm is None else max(-9.0, min(9.0, -values.offset_cm / 8))
    body = INK if values.state is LkaState.ACTIVE else SOFT
    sheet.rounded(x + centre - 7, y - 12, 14, 25, 5, body)
    sheet.rounded(x + centre - 5, y - 5, 10, 6, 2, (40, 34, 30))
    if values.hint is not None:
        _hint(sheet, x, y + 28, values.hint, colour)
    caption = "LKA N/A" if values.state is LkaState.UNAVAILABLE else f"LKA {values.state.name}"
    sheet.text(caption, x, base, CAPTION, colour, Weight.BOLD, anchor=0.5)


def _dashed(sheet: Sheet, points: list[tuple[float, float]], colour: Colour) -> None:
    (x0, y0), (x1, y1) = points
    for start in (0.0, 0.4, 0.8):
        a, b = start, start + 0.2
        sheet.line(
            [(x0 + (x1 - x0) * a, y0 + (y1 - y0) * a), (x0 + (x1 - x0) * b, y0 + (y1 - y0) * b)],
            colour,
            2,
        )


def _hint(sheet: Sheet, x: float, y: float, hint: int, colour: Colour) -> None:
    """A bar that grows from the centre to the side that the system steers to."""
    sheet.rounded(x - 30, y - 1.5, 60, 3, 1.5, DARK)
    end = x - 30 * hint / HINT_STEPS
    low, high = min(x, end), max(x, end)
    sheet.rounded(low - 1.5, y - 2.5, high - low + 3, 5, 2.5, colour)
    sheet.disc(end, y, 4.5, INK)


def draw_aeb(sheet: Sheet, x: float, y: float, base: float, values: AebValues) -> None:
    """Four bars, one for each stage of escalation."""
    colour = AEB_COLOURS[values.stage]
    lit = LIT_BARS.get(values.stage, 0)
    ready = values.stage is AebStage.READY
    for bar in range(4):
        height = 14 + 9 * bar
        left = x - 29 + 15 * bar
        on = bar < lit
        sheet.rounded(left, y + 20 - height, 12, height, 3, colour if on else DARK)
        if ready:
            sheet.outline(left, y + 20 - height, 12, height, 3, colour, 1.4)
    name = "N/A" if values.stage is AebStage.UNAVAILABLE else values.stage.name
    caption = "FCW" if values.warning and lit < 3 else f"AEB {name}"
    sheet.text(caption, x, base, CAPTION, colour, Weight.BOLD, anchor=0.5)
