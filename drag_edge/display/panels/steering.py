"""LKA in the cluster: the lane, where the ego is in it, and where the system steers."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import Decision, LkaState, Side
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, BLUE, DARK, FAINT, INK, RED, SOFT, TEAL, Colour
from drag_edge.display.panels.kit import CAPTION, CLUSTER_BASE, CLUSTER_MIDDLE, Kit
from drag_edge.display.sheet import Point, Sheet
from drag_edge.perception.scene import Scene

WIDTH = 108.0
MIDDLE = WIDTH / 2
GLASS: Colour = (40, 34, 30)
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


def lka_values(scene: Scene | None, decision: Decision | None) -> LkaValues:
    """Gather and round."""
    lanes = scene.lanes if scene is not None else None
    left = lanes is not None and lanes.left is not None
    right = lanes is not None and lanes.right is not None
    offset_cm = round(lanes.offset_m * 20) * 5 if lanes is not None else None
    if decision is None:
        return LkaValues(LkaState.UNAVAILABLE, Side.NONE, left, right, None, offset_cm)
    speed_mps = scene.ego.speed_mps if scene is not None else None
    hint = steering_hint(decision.lka.curvature_1pm, speed_mps)
    return LkaValues(decision.lka.state, decision.lka.departure, left, right, hint, offset_cm)


def steering_hint(curvature_1pm: float | None, speed_mps: float | None) -> int | None:
    """The demand's lateral acceleration as steps of a bar, left positive."""
    if curvature_1pm is None or speed_mps is None:
        return None
    share = curvature_1pm * speed_mps**2 / FULL_HINT_MPS2
    return round(max(-1.0, min(1.0, share)) * HINT_STEPS)


def build_lka(values: LkaValues, kit: Kit) -> Sheet:
    """The lane seen from behind the ego, and a bar that grows to the side steered to."""
    sheet = kit.sheet(WIDTH, CLUSTER_BASE + 6)
    colour = LKA_COLOURS[values.state]
    _line(sheet, -1.0, values.left, values.departure is Side.LEFT, colour)
    _line(sheet, 1.0, values.right, values.departure is Side.RIGHT, colour)
    _ego(sheet, values)
    if values.hint is not None:
        _hint(sheet, values.hint, colour)
    caption = "LKA N/A" if values.state is LkaState.UNAVAILABLE else f"LKA {values.state.name}"
    sheet.text(caption, MIDDLE, CLUSTER_BASE, CAPTION, colour, Weight.BOLD, anchor=0.5)
    return sheet


def _line(sheet: Sheet, sign: float, known: bool, departing: bool, colour: Colour) -> None:
    foot: Point = (MIDDLE + sign * 25, CLUSTER_MIDDLE + 17)
    head: Point = (MIDDLE + sign * 11, CLUSTER_MIDDLE - 27)
    if departing:
        sheet.line([foot, head], RED, 5)
    elif known:
        sheet.line([foot, head], colour, 3)
    else:
        for start in (0.0, 0.4, 0.8):
            sheet.line([_between(foot, head, start), _between(foot, head, start + 0.2)], DARK, 2)


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _ego(sheet: Sheet, values: LkaValues) -> None:
    aside = 0.0 if values.offset_cm is None else max(-9.0, min(9.0, -values.offset_cm / 8))
    body = INK if values.state is LkaState.ACTIVE else SOFT
    sheet.rounded(MIDDLE + aside - 7, CLUSTER_MIDDLE - 12, 14, 25, 5, body)
    sheet.rounded(MIDDLE + aside - 5, CLUSTER_MIDDLE - 5, 10, 6, 2, GLASS)


def _hint(sheet: Sheet, hint: int, colour: Colour) -> None:
    y = CLUSTER_MIDDLE + 28
    sheet.rounded(MIDDLE - 30, y - 1.5, 60, 3, 1.5, DARK)
    end = MIDDLE - 30 * hint / HINT_STEPS
    low, high = min(MIDDLE, end), max(MIDDLE, end)
    sheet.rounded(low - 1.5, y - 2.5, high - low + 3, 5, 2.5, colour)
    sheet.disc(end, y, 4.5, INK)
