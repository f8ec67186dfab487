"""Bottom centre: speed, ACC, the lead, LKA and AEB, as in an instrument cluster."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import AccState, AebStage, Decision
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, BLUE, FAINT, INK, RED, SOFT, TEAL, Colour
from drag_edge.display.panels.assist import (
    AebValues,
    LkaValues,
    aeb_values,
    draw_aeb,
    draw_lka,
    lka_values,
)
from drag_edge.display.panels.kit import CAPTION, Kit
from drag_edge.display.sheet import Sheet, arc
from drag_edge.perception.scene import Scene

WIDTH = 640.0
HEIGHT = 112.0
BASE = 102.0  # of all captions
MIDDLE = 54.0

ACC_COLOURS: dict[AccState, Colour] = {
    AccState.OFF: FAINT,
    AccState.STANDBY: BLUE,
    AccState.SPEED: TEAL,
    AccState.FOLLOW: TEAL,
    AccState.STOPPED: TEAL,
    AccState.OVERRIDE: AMBER,
    AccState.UNAVAILABLE: FAINT,
}
TTC_SHOWN_S = 10.0
TTC_URGENT_S = 2.5
TTC_CAUTION_S = 5.0
LONGEST_TIME_GAP_S = 9.9


@dataclass(frozen=True, slots=True)
class LeadValues:
    """gap_m rounded; time_gap_ds and ttc_ds in tenths of a second."""

    gap_m: int
    time_gap_ds: int | None
    ttc_ds: int | None


@dataclass(frozen=True, slots=True)
class ClusterValues:
    """What the cluster shows, rounded to what can be read."""

    speed: int | None
    set_speed: int | None
    acc: AccState
    takeover: bool
    gap_setting: int
    wanted_gap_ds: int
    lead: LeadValues | None
    lka: LkaValues
    aeb: AebValues


def cluster_values(scene: Scene | None, decision: Decision | None, kit: Kit) -> ClusterValues:
    """Gather and round; unknown parts stay None."""
    speed_mps = scene.ego.speed_mps if scene is not None else None
    lka = lka_values(scene, decision)
    if decision is None:
        aeb = AebValues(AebStage.UNAVAILABLE, False)
        return ClusterValues(
            kit.speed(speed_mps), None, AccState.UNAVAILABLE, False, 0, 0, None, lka, aeb
        )
    acc = decision.acc
    return ClusterValues(
        speed=kit.speed(speed_mps),
        set_speed=kit.speed(acc.set_speed_mps),
        acc=acc.state,
        takeover=acc.takeover,
        gap_setting=acc.gap_setting,
        wanted_gap_ds=round(acc.time_gap_s * 10),
        lead=_lead_values(scene),
        lka=lka,
        aeb=aeb_values(decision),
    )


def _lead_values(scene: Scene | None) -> LeadValues | None:
    if scene is None or scene.lead is None:
        return None
    lead, speed_mps = scene.lead, scene.ego.speed_mps
    time_gap_ds = None
    if speed_mps is not None and speed_mps > 1.0:
        time_gap_ds = round(min(LONGEST_TIME_GAP_S, lead.gap_m / speed_mps) * 10)
    ttc_ds = None
    if lead.ttc_s is not None and lead.ttc_s < TTC_SHOWN_S:
        ttc_ds = round(lead.ttc_s * 10)
    return LeadValues(round(lead.gap_m), time_gap_ds, ttc_ds)


def ttc_colour(ttc_s: float | None) -> Colour:
    """Teal without hurry, amber, then red."""
    if ttc_s is None or ttc_s >= TTC_CAUTION_S:
        return TEAL
    return RED if ttc_s < TTC_URGENT_S else AMBER


def build_cluster(values: ClusterValues, kit: Kit) -> Sheet:
    """Seven instruments around the speed."""
    sheet = kit.sheet(WIDTH, HEIGHT)
    middle = WIDTH / 2
    draw_lka(sheet, middle - 262, MIDDLE, BASE, values.lka)
    _gap_bars(sheet, middle - 178, values)
    _set_speed(sheet, middle - 104, values)
    _speed(sheet, middle, values, kit.speed_unit)
    _lead(sheet, middle + 104, values.lead)
    _closing(sheet, middle + 178, values.lead)
    draw_aeb(sheet, middle + 262, MIDDLE, BASE, values.aeb)
    return sheet


def _speed(sheet: Sheet, x: float, values: ClusterValues, unit: str) -> None:
    text = "–" if values.speed is None else str(values.speed)
    sheet.text(text, x, 80, 46, INK, Weight.BOLD, anchor=0.5)
    sheet.text(unit, x, BASE, 10, SOFT, anchor=0.5)


def _set_speed(sheet: Sheet, x: float, values: ClusterValues) -> None:
    colour = RED if values.takeover else ACC_COLOURS[values.acc]
    sheet.disc(x, MIDDLE, 26, (0, 0, 0), 0.35)
    sheet.line(arc(x, MIDDLE, 26, 0, 360), colour, 3, closed=True)
    text = "–" if values.set_speed is None else str(values.set_speed)
    capital = 17 if len(text) < 3 else 15
    ink = FAINT if values.acc in (AccState.OFF, AccState.UNAVAILABLE) else INK
    sheet.text(text, x, MIDDLE + capital / 2, capital, ink, Weight.BOLD, anchor=0.5)
    caption = "TAKE OVER" if values.takeover else f"ACC {_short(values.acc)}"
    sheet.text(caption, x, BASE, CAPTION, colour, Weight.BOLD, anchor=0.5)


def _short(state: AccState) -> str:
    return "N/A" if state is AccState.UNAVAILABLE else state.name


def _gap_bars(sheet: Sheet, x: float, values: ClusterValues) -> None:
    lit = ACC_COLOURS[values.acc]
    for bar in range(3):
        half = 21 - 5 * bar
        y = MIDDLE + 22 - 13 * bar
        colour = lit if bar < values.gap_setting else (92, 86, 80)
        sheet.polygon(
            [
                (x - half, y + 3.5),
                (x + half, y + 3.5),
                (x + half - 2.4, y - 3.5),
                (x - half + 2.4, y - 3.5),
            ],
            colour,
        )
    _rear_view(sheet, x, MIDDLE - 17, 0.5, SOFT if values.lead is not None else FAINT)
    wanted = f"{values.wanted_gap_ds / 10:.1f} s" if values.wanted_gap_ds else "GAP"
    sheet.text(wanted, x, BASE, CAPTION, SOFT, anchor=0.5)


def _rear_view(sheet: Sheet, x: float, y: float, size: float, colour: Colour) -> None:
    """A car from behind, about 36 units wide at size 1."""
    roof = [(-10, -12), (10, -12), (14, -2), (-14, -2)]
    sheet.polygon([(x + px * size, y + py * size) for px, py in roof], colour)
    sheet.rounded(x - 18 * size, y - 2 * size, 36 * size, 12 * size, 3 * size, colour)
    sheet.rounded(x - 15 * size, y + 9 * size, 7 * size, 5 * size, size, colour)
    sheet.rounded(x + 8 * size, y + 9 * size, 7 * size, 5 * size, size, colour)


def _lead(sheet: Sheet, x: float, lead: LeadValues | None) -> None:
    if lead is None:
        _rear_view(sheet, x, MIDDLE, 1.0, (92, 86, 80))
        sheet.text("NO LEAD", x, BASE, CAPTION, FAINT, anchor=0.5)
        return
    ttc_s = None if lead.ttc_ds is None else lead.ttc_ds / 10
    _rear_view(sheet, x, MIDDLE - 18, 0.8, ttc_colour(ttc_s))
    number = str(lead.gap_m)
    width = sheet.text_width(number, 22, Weight.BOLD)
    unit = sheet.text_width("m", 11)
    left = x - (width + 5 + unit) / 2
    sheet.text(number, left, MIDDLE + 24, 22, INK, Weight.BOLD)
    sheet.text("m", left + width + 5, MIDDLE + 24, 11, SOFT)
    sheet.text("LEAD", x, BASE, CAPTION, SOFT, anchor=0.5)


def _closing(sheet: Sheet, x: float, lead: LeadValues | None) -> None:
    """Time gap, and TTC when closing."""
    if lead is None:
        return
    if lead.time_gap_ds is not None:
        sheet.text(f"{lead.time_gap_ds / 10:.1f}", x, MIDDLE - 8, 15, INK, Weight.BOLD, anchor=0.5)
        sheet.text("s gap", x, MIDDLE + 7, 8, FAINT, anchor=0.5)
    if lead.ttc_ds is not None:
        colour = ttc_colour(lead.ttc_ds / 10)
        sheet.text(f"{lead.ttc_ds / 10:.1f}", x, MIDDLE + 29, 15, colour, Weight.BOLD, anchor=0.5)
        sheet.text("s TTC", x, BASE, CAPTION, colour, anchor=0.5)
