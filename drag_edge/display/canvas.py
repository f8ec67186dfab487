"""What is bound to one size of picture: its layout, and the sheets made for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from drag_edge.display.layout import Layout
from drag_edge.display.lettering import Lettering
from drag_edge.display.panels.kit import Kit, Slots
from drag_edge.display.sheet import Picture, Sheet

Values = TypeVar("Values")


class Canvas:
    """Lays panels where the layout wants them, made anew only when their values changed."""

    def __init__(self, layout: Layout, lettering: Lettering, speed_unit: str) -> None:
        self.layout = layout
        self.kit = Kit(layout.scale, lettering, speed_unit)
        self._slots = Slots()

    @property
    def builds(self) -> int:
        """How many panels were made so far."""
        return self._slots.builds

    def fits(self, picture: Picture) -> bool:
        """Whether the picture has the size this canvas is for."""
        return picture.shape[:2] == (self.layout.height_px, self.layout.width_px)

    def sheet(self, name: str, values: Values, build: Callable[[Values, Kit], Sheet]) -> Sheet:
        """The panel of that name for these values."""
        return self._slots.get(name, values, lambda: build(values, self.kit))

    def lay(
        self,
        picture: Picture,
        name: str,
        place: tuple[float, float],
        values: Values,
        build: Callable[[Values, Kit], Sheet],
    ) -> tuple[int, int]:
        """Lay a panel with its top left corner at `place`, units; returns that corner in pixels."""
        left, top = self.layout.px(*place)
        self.sheet(name, values, build).lay_over(picture, left, top)
        return left, top

    def lay_centred(
        self,
        picture: Picture,
        name: str,
        centre: tuple[float, float],
        values: Values,
        build: Callable[[Values, Kit], Sheet],
    ) -> None:
        """Lay a panel with the middle of its upper edge at `centre`, units."""
        sheet = self.sheet(name, values, build)
        left, top = self.layout.px(*centre)
        sheet.lay_over(picture, left - sheet.ink.shape[1] // 2, top)
