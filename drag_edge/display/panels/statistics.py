"""Top right: which camera, when, how fast, and what each model costs."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.display.lettering import Weight
from drag_edge.display.palette import AMBER, BLUE, FAINT, GREEN, INK, RED, SOFT, Colour
from drag_edge.display.panels.kit import Kit
from drag_edge.display.sheet import Sheet
from drag_edge.display.status import LoopStatus

WIDTH = 204.0
ROW = 15.0
LONGEST_NAME = 12
REFRESH_S = 0.5
"""Numbers that change with every frame cannot be read; these are held for that long."""

STATE_COLOURS: dict[str, Colour] = {"ready": GREEN, "loading": BLUE, "failed": RED, "idle": FAINT}


@dataclass(frozen=True, slots=True)
class StatisticsValues:
    """Rounded numbers; models as (name, state, tenths of a millisecond)."""

    fps_tenths: int | None
    latency_ms: int | None
    dropped: int
    late: int
    can_sent: int
    can_errors: int
    models: tuple[tuple[str, str, int | None], ...]


class HeldStatistics:
    """Hands out the same values until REFRESH_S have passed or a model's state changes."""

    def __init__(self) -> None:
        self._taken_s: float | None = None
        self._values: StatisticsValues | None = None

    def values(self, status: LoopStatus) -> StatisticsValues:
        """The values to show now."""
        held, taken_s = self._values, self._taken_s
        if held is not None and taken_s is not None:
            fresh = 0 <= status.time_s - taken_s < REFRESH_S
            if fresh and _states(held) == tuple(m.state for m in status.models.values()):
                return held
        self._taken_s = status.time_s
        self._values = statistics_values(status)
        return self._values


def _states(values: StatisticsValues) -> tuple[str, ...]:
    return tuple(state for _, state, _ in values.models)


def statistics_values(status: LoopStatus) -> StatisticsValues:
    """Round."""
    models = tuple(
        (name, model.state, None if model.time_ms is None else round(model.time_ms * 10))
        for name, model in status.models.items()
    )
    return StatisticsValues(
        None if status.fps is None else round(status.fps * 10),
        None if status.latency_ms is None else round(status.latency_ms),
        status.dropped,
        status.late,
        status.can_sent,
        status.can_errors,
        models,
    )


def statistics_height(values: StatisticsValues) -> float:
    """Height of the panel, units."""
    return 34 + ROW * (len(values.models) + 1)


def build_statistics(values: StatisticsValues, kit: Kit) -> Sheet:
    """A line for the loop, one for each model, one for the bus."""
    sheet = kit.plate(WIDTH, statistics_height(values))
    fps = "–" if values.fps_tenths is None else f"{values.fps_tenths / 10:.1f}"
    latency = "–" if values.latency_ms is None else str(values.latency_ms)
    width = sheet.text(fps, 12, 23, 12, INK, Weight.BOLD)
    sheet.text("fps", 12 + width + 4, 23, 8, FAINT)
    end = WIDTH - 12
    end -= sheet.text("ms", end, 23, 8, FAINT, anchor=1)
    sheet.text(latency, end - 4, 23, 12, INK, Weight.BOLD, anchor=1)
    _models(sheet, values)
    y = 42 + ROW * len(values.models)
    sheet.text(f"CAN {values.can_sent}", 12, y, 7, SOFT)
    trouble = [(values.can_errors, "err"), (values.dropped, "drop"), (values.late, "late")]
    text = "  ".join(f"{count} {word}" for count, word in trouble if count)
    sheet.text(text, WIDTH - 12, y, 7, AMBER, anchor=1)
    return sheet


def _models(sheet: Sheet, values: StatisticsValues) -> None:
    slowest = max((tenths or 0 for _, _, tenths in values.models), default=0) or 1
    for row, (name, state, tenths) in enumerate(values.models):
        y = 42 + ROW * row
        colour = STATE_COLOURS.get(state, SOFT)
        sheet.disc(15, y - 3.5, 2.8, colour)
        sheet.text(name[:LONGEST_NAME], 24, y, 8, SOFT)
        if state in ("failed", "loading"):
            sheet.text(state, WIDTH - 12, y, 8, colour, Weight.BOLD, anchor=1)
        elif tenths is not None:
            sheet.rounded(104, y - 5, 46, 3, 1.5, (70, 64, 58))
            sheet.rounded(104, y - 5, max(3.0, 46 * tenths / slowest), 3, 1.5, SOFT)
            sheet.text(f"{tenths / 10:.1f}", WIDTH - 12, y, 8, INK, anchor=1)
