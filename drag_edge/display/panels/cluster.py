"""Bottom centre: seven instruments, as in an instrument cluster; each is made anew on its own."""

from __future__ import annotations

from drag_edge.display.canvas import Canvas
from drag_edge.display.lettering import Weight
from drag_edge.display.moment import Moment
from drag_edge.display.palette import INK, SOFT
from drag_edge.display.panels import cruise, guard, steering
from drag_edge.display.panels.kit import CLUSTER_BASE, CLUSTER_HEIGHT, Kit
from drag_edge.display.sheet import Picture, Sheet

SPEED_WIDTH = 150.0

# Centre of each instrument, units from the middle of the cluster.
STEERING = -262.0
GAP_SETTING = -178.0
SET_SPEED = -104.0
SPEED = 0.0
LEAD = 104.0
CLOSING = 186.0
GUARD = 266.0


def draw_cluster(picture: Picture, canvas: Canvas, moment: Moment) -> None:
    """All instruments; unknown values show as a dash or unlit."""
    scene, decision, kit = moment.scene, moment.decision, canvas.kit
    middle, top = canvas.layout.cluster
    speed = kit.speed(scene.ego.speed_mps if scene is not None else None)
    acc = cruise.acc_values(decision, kit)
    lead = cruise.lead_values(scene)
    lka = steering.lka_values(scene, decision)
    gap = cruise.GapSettingValues(acc.state, acc.gap_setting, acc.time_gap_ds, lead is not None)
    lay = canvas.lay_centred
    lay(picture, "lka", (middle + STEERING, top), lka, steering.build_lka)
    lay(picture, "gap setting", (middle + GAP_SETTING, top), gap, cruise.build_gap_setting)
    lay(picture, "acc", (middle + SET_SPEED, top), acc, cruise.build_set_speed)
    lay(picture, "speed", (middle + SPEED, top), speed, build_speed)
    lay(picture, "lead", (middle + LEAD, top), lead, cruise.build_lead)
    lay(picture, "closing", (middle + CLOSING, top), lead, cruise.build_closing)
    lay(picture, "aeb", (middle + GUARD, top), guard.aeb_values(decision), guard.build_aeb)


def build_speed(speed: int | None, kit: Kit) -> Sheet:
    """The own speed, the largest thing on the picture."""
    sheet = kit.sheet(SPEED_WIDTH, CLUSTER_HEIGHT)
    text = "–" if speed is None else str(speed)
    sheet.text(text, SPEED_WIDTH / 2, 80, 46, INK, Weight.BOLD, anchor=0.5)
    sheet.text(kit.speed_unit, SPEED_WIDTH / 2, CLUSTER_BASE, 10, SOFT, anchor=0.5)
    return sheet
