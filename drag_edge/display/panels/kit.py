"""What every panel is built with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drag_edge.display.lettering import Lettering, Weight
from drag_edge.display.palette import EDGE, PLATE
from drag_edge.display.sheet import Sheet

CAPTION = 9.0
CLUSTER_HEIGHT = 112.0
CLUSTER_BASE = 102.0
"""Base line of all captions in the cluster."""
CLUSTER_MIDDLE = 54.0
"""Where its icons are centred."""
PLATE_OPACITY = 0.7
RADIUS = 9.0

KMH_PER_MPS = 3.6
MPH_PER_MPS = 3600 / 1609.344


@dataclass(frozen=True, slots=True)
class Kit:
    """Scale (pixels per layout unit), the typeface, and the unit of speeds."""

    scale: float
    lettering: Lettering
    speed_unit: str

    def sheet(self, width: float, height: float) -> Sheet:
        """An empty sheet of that many units."""
        return Sheet(width, height, self.scale, self.lettering)

    def plate(self, width: float, height: float) -> Sheet:
        """A sheet with the dark plate that keeps text legible in sun and at night."""
        sheet = self.sheet(width, height)
        sheet.rounded(0, 0, width, height, RADIUS, PLATE, PLATE_OPACITY)
        sheet.outline(0.5, 0.5, width - 1, height - 1, RADIUS, EDGE)
        return sheet

    def speed(self, speed_mps: float | None) -> int | None:
        """A speed as the driver reads it, rounded."""
        if speed_mps is None:
            return None
        factor = MPH_PER_MPS if self.speed_unit == "mph" else KMH_PER_MPS
        return round(speed_mps * factor)

    def width_of(self, text: str, capital: float, weight: Weight = Weight.REGULAR) -> float:
        """Width of a line of text, units."""
        return self.sheet(1, 1).text_width(text, capital, weight)


class Slots:
    """One sheet per name, rebuilt only when its values change."""

    def __init__(self) -> None:
        self._sheets: dict[str, tuple[object, Sheet]] = {}
        self.builds = 0

    def get(self, name: str, values: object, build: Callable[[], Sheet]) -> Sheet:
        """The sheet for `values`; `build` is called when they differ from the last ones."""
        held = self._sheets.get(name)
        if held is not None and held[0] == values:
            return held[1]
        sheet = build()
        self.builds += 1
        self._sheets[name] = (values, sheet)
        return sheet
