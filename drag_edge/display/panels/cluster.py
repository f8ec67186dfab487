"""Bottom centre: seven instruments around the speed, as in an instrument cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drag_edge.adas.decision import Decision
from drag_edge.display.lettering import Weight
from drag_edge.display.palette import INK, SOFT
from drag_edge.display.panels import cruise, guard, steering
from drag_edge.display.panels.kit import CLUSTER_BASE, CLUSTER_HEIGHT, Kit, Slots
from drag_edge.display.sheet import Picture, Sheet
from drag_edge.perception.scene import Scene

WIDTH = 640.0
HEIGHT = CLUSTER_HEIGHT
SPEED_WIDTH = 150.0


@dataclass(frozen=True, slots=True)
class Place:
    """An instrument's centre, units from the middle of the cluster."""

    steering: float = -262.0
    gap_setting: float = -178.0
    set_speed: float = -104.0
    speed: float = 0.0
    lead: float = 104.0
    closing: float = 186.0
    guard: float = 266.0


PLACE = Place()


class Cluster:
    """Lays the instruments; each is made anew only when its own values change."""

    def __init__(self, kit: Kit, slots: Slots, middle_px: int, top_px: int) -> None:
        self._kit = kit
        self._slots = slots
        self._middle = middle_px
        self._top = top_px

    def draw(self, picture: Picture, scene: Scene | None, decision: Decision | None) -> None:
        """All instruments; unknown values show as a dash or unlit."""
        kit = self._kit
        speed = kit.speed(scene.ego.speed_mps if scene is not None else None)
        acc = cruise.acc_values(decision, kit)
        lead = cruise.lead_values(scene)
        lka = steering.lka_values(scene, decision)
        aeb = guard.aeb_values(decision)
        has_lead = lead is not None
        self._lay(picture, "lka", PLACE.steering, lka, lambda: steering.build_lka(lka, kit))
        self._lay(
            picture,
            "gap setting",
            PLACE.gap_setting,
            (acc, has_lead),
            lambda: cruise.build_gap_setting(acc, has_lead, kit),
        )
        self._lay(picture, "acc", PLACE.set_speed, acc, lambda: cruise.build_set_speed(acc, kit))
        self._lay(picture, "speed", PLACE.speed, speed, lambda: build_speed(speed, kit))
        self._lay(picture, "lead", PLACE.lead, lead, lambda: cruise.build_lead(lead, kit))
        if lead is not None:
            self._lay(
                picture, "closing", PLACE.closing, lead, lambda: cruise.build_closing(lead, kit)
            )
        self._lay(picture, "aeb", PLACE.guard, aeb, lambda: guard.build_aeb(aeb, kit))

    def _lay(
        self,
        picture: Picture,
        name: str,
        centre: float,
        values: object,
        build: Callable[[], Sheet],
    ) -> None:
        sheet = self._slots.get(f"cluster {name}", values, build)
        left = self._middle + round(centre * self._kit.scale) - sheet.ink.shape[1] // 2
        sheet.lay_over(picture, left, self._top)


def build_speed(speed: int | None, kit: Kit) -> Sheet:
    """The own speed, the largest thing on the picture."""
    sheet = kit.sheet(SPEED_WIDTH, HEIGHT)
    text = "–" if speed is None else str(speed)
    sheet.text(text, SPEED_WIDTH / 2, 80, 46, INK, Weight.BOLD, anchor=0.5)
    sheet.text(kit.speed_unit, SPEED_WIDTH / 2, CLUSTER_BASE, 10, SOFT, anchor=0.5)
    return sheet
