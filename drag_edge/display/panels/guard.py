"""AEB in the cluster: one bar for each stage of escalation."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import AebStage, Decision
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, DARK, FAINT, GREEN, RED, Colour
from drag_edge.display.panels.kit import CAPTION, CLUSTER_BASE, CLUSTER_MIDDLE, Kit
from drag_edge.display.sheet import Sheet

WIDTH = 92.0
BARS = 4

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
class AebValues:
    """Stage, and whether the collision warning is on."""

    stage: AebStage
    warning: bool


def aeb_values(decision: Decision | None) -> AebValues:
    """Gather."""
    if decision is None:
        return AebValues(AebStage.UNAVAILABLE, False)
    return AebValues(decision.aeb.stage, decision.aeb.warning)


def build_aeb(values: AebValues, kit: Kit) -> Sheet:
    """Rising bars; ready shows as green outlines."""
    sheet = kit.sheet(WIDTH, CLUSTER_BASE + 6)
    colour = AEB_COLOURS[values.stage]
    lit = LIT_BARS.get(values.stage, 0)
    for bar in range(BARS):
        height = 14.0 + 9 * bar
        left, top = WIDTH / 2 - 29 + 15 * bar, CLUSTER_MIDDLE + 20 - height
        sheet.rounded(left, top, 12, height, 3, colour if bar < lit else DARK)
        if values.stage is AebStage.READY:
            sheet.outline(left, top, 12, height, 3, colour, 1.4)
    braking = values.stage in (AebStage.PARTIAL, AebStage.FULL)
    name = "N/A" if values.stage is AebStage.UNAVAILABLE else values.stage.name
    caption = "FCW" if values.warning and not braking else f"AEB {name}"
    ink = RED if values.warning else colour
    sheet.text(caption, WIDTH / 2, CLUSTER_BASE, CAPTION, ink, Weight.BOLD, anchor=0.5)
    return sheet
