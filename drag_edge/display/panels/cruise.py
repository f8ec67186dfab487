"""ACC in the cluster: set speed and state, gap setting, the lead, time gap and TTC."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import AccState, Decision
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import (
    AMBER,
    BLUE,
    DARK,
    FAINT,
    INK,
    RED,
    SOFT,
    TEAL,
    Colour,
    ttc_colour,
)
from drag_edge.display.panels.kit import CAPTION, CLUSTER_BASE, CLUSTER_MIDDLE, Kit
from drag_edge.display.sheet import Sheet, arc
from drag_edge.perception.scene import Scene

WIDTH = 92.0
MIDDLE = WIDTH / 2
BARS = 3
TTC_SHOWN_S = 10.0
LONGEST_TIME_GAP_S = 9.9
SLOWEST_FOR_TIME_GAP_MPS = 1.0

ACC_COLOURS: dict[AccState, Colour] = {
    AccState.OFF: FAINT,
    AccState.STANDBY: BLUE,
    AccState.SPEED: TEAL,
    AccState.FOLLOW: TEAL,
    AccState.STOPPED: TEAL,
    AccState.OVERRIDE: AMBER,
    AccState.UNAVAILABLE: FAINT,
}


@dataclass(frozen=True, slots=True)
class AccValues:
    """set_speed in the driver's unit. time_gap_ds: of the chosen setting, tenths of a second."""

    state: AccState
    set_speed: int | None
    gap_setting: int
    time_gap_ds: int
    takeover: bool


@dataclass(frozen=True, slots=True)
class GapSettingValues:
    """The chosen gap, and whether there is a lead to keep it to."""

    state: AccState
    gap_setting: int
    time_gap_ds: int
    has_lead: bool


@dataclass(frozen=True, slots=True)
class LeadValues:
    """gap_m rounded; time_gap_ds and ttc_ds in tenths of a second."""

    gap_m: int
    time_gap_ds: int | None
    ttc_ds: int | None


def acc_values(decision: Decision | None, kit: Kit) -> AccValues:
    """Round what ACC decided."""
    if decision is None:
        return AccValues(AccState.UNAVAILABLE, None, 0, 0, False)
    acc = decision.acc
    return AccValues(
        acc.state,
        kit.speed(acc.set_speed_mps),
        acc.gap_setting,
        round(acc.time_gap_s * 10),
        acc.takeover,
    )


def lead_values(scene: Scene | None) -> LeadValues | None:
    """Round the lead's numbers; None without a lead."""
    if scene is None or scene.lead is None:
        return None
    lead, speed_mps = scene.lead, scene.ego.speed_mps
    time_gap_ds = None
    if speed_mps is not None and speed_mps > SLOWEST_FOR_TIME_GAP_MPS:
        time_gap_ds = round(min(LONGEST_TIME_GAP_S, lead.gap_m / speed_mps) * 10)
    closing = lead.ttc_s is not None and lead.ttc_s < TTC_SHOWN_S
    ttc_ds = round(lead.ttc_s * 10) if closing and lead.ttc_s is not None else None
    return LeadValues(round(lead.gap_m), time_gap_ds, ttc_ds)


def build_set_speed(values: AccValues, kit: Kit) -> Sheet:
    """The set speed in a ring of the state's colour."""
    sheet = kit.sheet(WIDTH, CLUSTER_BASE + 6)
    colour = RED if values.takeover else ACC_COLOURS[values.state]
    sheet.disc(MIDDLE, CLUSTER_MIDDLE, 26, (0, 0, 0), 0.35)
    sheet.line(arc(MIDDLE, CLUSTER_MIDDLE, 26, 0, 360), colour, 3, closed=True)
    text = "–" if values.set_speed is None else str(values.set_speed)
    capital = 17 if len(text) < 3 else 15
    ink = FAINT if values.state in (AccState.OFF, AccState.UNAVAILABLE) else INK
    sheet.text(text, MIDDLE, CLUSTER_MIDDLE + capital / 2, capital, ink, Weight.BOLD, anchor=0.5)
    state = "N/A" if values.state is AccState.UNAVAILABLE else values.state.name
    caption = "TAKE OVER" if values.takeover else f"ACC {state}"
    sheet.text(caption, MIDDLE, CLUSTER_BASE, CAPTION, colour, Weight.BOLD, anchor=0.5)
    return sheet


def build_gap_setting(values: GapSettingValues, kit: Kit) -> Sheet:
    """Bars on the road behind a car, as many lit as the driver chose."""
    sheet = kit.sheet(WIDTH, CLUSTER_BASE + 6)
    for bar in range(BARS):
        half, y = 21 - 5 * bar, CLUSTER_MIDDLE + 22 - 13 * bar
        near, far = [(-half, 3.5), (half, 3.5)], [(half - 2.4, -3.5), (2.4 - half, -3.5)]
        colour = ACC_COLOURS[values.state] if bar < values.gap_setting else DARK
        sheet.polygon([(MIDDLE + px, y + py) for px, py in near + far], colour)
    rear_view(sheet, MIDDLE, CLUSTER_MIDDLE - 17, 0.5, SOFT if values.has_lead else FAINT)
    wanted = f"{values.time_gap_ds / 10:.1f} s" if values.time_gap_ds else "GAP"
    sheet.text(wanted, MIDDLE, CLUSTER_BASE, CAPTION, SOFT, anchor=0.5)
    return sheet


def build_lead(lead: LeadValues | None, kit: Kit) -> Sheet:
    """A car from behind and the gap to it."""
    sheet = kit.sheet(WIDTH, CLUSTER_BASE + 6)
    if lead is None:
        rear_view(sheet, MIDDLE, CLUSTER_MIDDLE, 1.0, DARK)
        sheet.text("NO LEAD", MIDDLE, CLUSTER_BASE, CAPTION, FAINT, anchor=0.5)
        return sheet
    ttc_s = None if lead.ttc_ds is None else lead.ttc_ds / 10
    rear_view(sheet, MIDDLE, CLUSTER_MIDDLE - 18, 0.8, ttc_colour(ttc_s))
    _number(sheet, str(lead.gap_m), "m", INK)
    sheet.text("LEAD", MIDDLE, CLUSTER_BASE, CAPTION, SOFT, anchor=0.5)
    return sheet


def build_closing(lead: LeadValues | None, kit: Kit) -> Sheet:
    """Time gap; when closing in, TTC instead, and the time gap small above it."""
    sheet = kit.sheet(WIDTH, CLUSTER_BASE + 6)
    if lead is None:
        return sheet
    gap = None if lead.time_gap_ds is None else f"{lead.time_gap_ds / 10:.1f}"
    if lead.ttc_ds is not None:
        colour = ttc_colour(lead.ttc_ds / 10)
        _number(sheet, f"{lead.ttc_ds / 10:.1f}", "s", colour)
        sheet.text("TTC", MIDDLE, CLUSTER_BASE, CAPTION, colour, Weight.BOLD, anchor=0.5)
        if gap is not None:
            sheet.text(f"{gap} s gap", MIDDLE, CLUSTER_MIDDLE - 10, 10, SOFT, anchor=0.5)
    elif gap is not None:
        _number(sheet, gap, "s", INK)
        sheet.text("TIME GAP", MIDDLE, CLUSTER_BASE, CAPTION, SOFT, anchor=0.5)
    return sheet


def rear_view(sheet: Sheet, x: float, y: float, size: float, colour: Colour) -> None:
    """A car from behind, about 36 units wide at size 1."""
    roof = [(-10, -12), (10, -12), (14, -2), (-14, -2)]
    sheet.polygon([(x + px * size, y + py * size) for px, py in roof], colour)
    sheet.rounded(x - 18 * size, y - 2 * size, 36 * size, 12 * size, 3 * size, colour)
    sheet.rounded(x - 15 * size, y + 9 * size, 7 * size, 5 * size, size, colour)
    sheet.rounded(x + 8 * size, y + 9 * size, 7 * size, 5 * size, size, colour)


def _number(sheet: Sheet, number: str, unit: str, colour: Colour) -> None:
    """A large number with its unit, in the middle."""
    width = sheet.text_width(number, 22, Weight.BOLD)
    left = MIDDLE - (width + 4 + sheet.text_width(unit, 11)) / 2
    sheet.text(number, left, CLUSTER_MIDDLE + 24, 22, colour, Weight.BOLD)
    sheet.text(unit, left + width + 4, CLUSTER_MIDDLE + 24, 11, SOFT)
