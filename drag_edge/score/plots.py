"""A drive as pictures: SVG in one self-contained HTML page that a person can read."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drag_edge.score.drive import Drive, FloatArray
from drag_edge.score.spans import Span, spans
from drag_edge.score.verdicts.mirrors import SideName, lit_spans, needed_spans
from drag_edge.score.verdicts.quiet import brakings_of
from drag_edge.score.verdicts.warning import warnings

PERIOD_S = 0.05
TTC_SHOWN_S = 10.0
SIDES: tuple[SideName, ...] = ("left", "right")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 150, 56, 12, 22, 20
COLOURS = ("#1f5fa8", "#c8461e", "#3d8a3d", "#8a5aa8")


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: lines by name over the trace's times, None where there is no value."""

    title: str
    unit: str
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A drive, thinned for plotting. marks: named spans of time (warnings, braking, events)."""

    times_s: tuple[float, ...]
    panels: tuple[Panel, ...]
    marks: tuple[tuple[str, tuple[Span, ...]], ...]


def trace_of(drive: Drive) -> Trace:
    """What the plot shows: gap, speeds, acceleration, time to collision, lateral place, events."""
    motion = drive.motion
    step_s = float(motion.time_s[1] - motion.time_s[0]) if len(motion.time_s) > 1 else PERIOD_S
    every = max(1, round(PERIOD_S / step_s))

    def thin(
        values: FloatArray, scale: float = 1.0, most: float = math.inf
    ) -> tuple[float | None, ...]:
        return tuple(
            None if math.isnan(value) or value > most else round(value * scale, 3)
            for value in values[::every].tolist()
        )

    times_s = tuple(round(time_s, 3) for time_s in motion.time_s[::every].tolist())
    seen = _perceived(drive, times_s)
    panels = [
        Panel("Gap", "m", (("true", thin(motion.gap_m)), ("perceived", seen["gap"]))),
        Panel(
            "Speed",
            "km/h",
            (
                ("ego", thin(motion.speed_mps, 3.6)),
                ("lead", thin(motion.lead_speed_mps, 3.6)),
                ("lead, perceived", seen["speed"]),
            ),
        ),
        Panel(
            "Acceleration",
            "m/s²",
            (
                ("ego", thin(motion.accel_mps2)),
                ("lead", thin(motion.lead_accel_mps2)),
                ("braking asked for", thin(-motion.brake_demand_mps2)),
            ),
        ),
        Panel(
            "Time to collision",
            "s",
            (("at constant speeds", thin(motion.ttc_s, 1.0, TTC_SHOWN_S)),),
        ),
        Panel("Lateral place", "m", (("rear axle", thin(motion.d_m)),)),
    ]
    marks: list[tuple[str, tuple[Span, ...]]] = [
        ("collision warning", tuple(warnings(drive))),
        ("emergency braking", tuple(brakings_of(drive))),
        ("contact", tuple((c.time_s, c.time_s) for c in drive.session.collisions)),
    ]
    marks += [mark for side in SIDES for mark in _mirror(drive, side)]
    marks += _named(drive)
    return Trace(times_s, tuple(panels), tuple((name, found) for name, found in marks if found))


def _mirror(drive: Drive, side: SideName) -> list[tuple[str, tuple[Span, ...]]]:
    """When a mirror had to be lit, and when it was."""
    return [
        (f"{side} mirror needed", tuple(needed_spans(drive, side))),
        (f"{side} mirror lit", tuple(lit_spans(drive, side))),
    ]


def _perceived(drive: Drive, times_s: Sequence[float]) -> dict[str, tuple[float | None, ...]]:
    """The lead as perception has it, at the times of the plot."""
    indices = np.searchsorted(drive.times_s, times_s, side="right") - 1
    gaps: list[float | None] = []
    speeds: list[float | None] = []
    for index in indices.tolist():
        lead = drive.scenes[index].lead if index >= 0 else None
        gaps.append(None if lead is None else round(lead.gap_m, 2))
        known = lead is not None and lead.speed_mps is not None
        speeds.append(round(lead.speed_mps * 3.6, 2) if known and lead and lead.speed_mps else None)
    return {"gap": tuple(gaps), "speed": tuple(speeds)}


def _named(drive: Drive) -> list[tuple[str, tuple[Span, ...]]]:
    """Alerts by name, and the events of the monitor."""
    alerts = sorted({alert.name for one in drive.decisions for alert in one.alerts})
    events = sorted({event.name for one in drive.decisions for event in one.events})
    marks = []
    for name in alerts:
        held = [any(alert.name == name for alert in one.alerts) for one in drive.decisions]
        marks.append((f"alert {name}", tuple(spans(drive.times_s, held))))
    for name in events:
        held = [any(event.name == name for event in one.events) for one in drive.decisions]
        marks.append((f"event {name}", tuple(spans(drive.times_s, held))))
    return marks


def page(title: str, lines: Sequence[str], trace: Trace) -> str:
    """One HTML page: what it is, what was found, diagrams, spans of time."""
    body = [f"<h1>{html.escape(title)}</h1>"]
    body += [f"<p>{html.escape(line)}</p>" for line in lines]
    body += [_panel(panel, trace.times_s) for panel in trace.panels]
    body.append(_marks(trace))
    style = (
        "body{font:14px/1.45 system-ui,sans-serif;max-width:900px;margin:24px auto;"
        "padding:0 16px;color:#222;background:#fff}h1{font-size:19px}p{margin:4px 0}"
        "svg{display:block;margin:14px 0}"
        "text{font:12px system-ui,sans-serif;fill:#333}"
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}</style><body>{''.join(body)}</body></html>\n"
    )


def _panel(panel: Panel, times_s: Sequence[float]) -> str:
    values = [v for _, line in panel.lines for v in line if v is not None]
    if not values:
        return ""
    low, high = _range(values)
    end_s = max(times_s[-1], 0.1)
    parts = [_frame(panel, low, high, end_s, times_s[0])]
    for colour, (_, line) in zip(COLOURS, panel.lines, strict=False):
        for run in _runs(times_s, line):
            points = " ".join(
                f"{_x(t, times_s[0], end_s):.1f},{_y(v, low, high):.1f}" for t, v in run
            )
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
            )
    legend = "".join(
        f'<tspan dx="12" fill="{colour}">{html.escape(name)}</tspan>'
        for colour, (name, line) in zip(COLOURS, panel.lines, strict=False)
        if any(value is not None for value in line)
    )
    parts.append(
        f'<text x="{LEFT}" y="14"><tspan font-weight="600">{panel.title}</tspan> [{panel.unit}]'
        f"{legend}</text>"
    )
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img">{"".join(parts)}</svg>'


def _frame(panel: Panel, low: float, high: float, end_s: float, start_s: float) -> str:
    """Axes with a few round numbers."""
    parts = []
    for value in _ticks(low, high, 4):
        y = _y(value, low, high)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    for value in _ticks(start_s, end_s, 10):
        x = _x(value, start_s, end_s)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>'
            f'<text x="{x:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{value:g} s</text>'
        )
    return "".join(parts)


def _marks(trace: Trace) -> str:
    if not trace.marks:
        return ""
    start_s, end_s = trace.times_s[0], max(trace.times_s[-1], 0.1)
    row = 20
    height = TOP + row * len(trace.marks) + BOTTOM
    parts = [f'<text x="{LEFT}" y="14" font-weight="600">When</text>']
    for number, (name, found) in enumerate(trace.marks):
        y = TOP + row * number
        for begin_s, until_s in found:
            x0 = _x(begin_s, start_s, end_s)
            width = max(_x(until_s, start_s, end_s) - x0, 2.0)
            parts.append(
                f'<rect x="{x0:.1f}" y="{y + 3}" width="{width:.1f}" height="{row - 6}" '
                f'fill="{COLOURS[number % len(COLOURS)]}" opacity="0.55"/>'
            )
        parts.append(f'<text x="{LEFT + 4}" y="{y + 14}">{html.escape(name)}</text>')
    for value in _ticks(start_s, end_s, 10):
        x = _x(value, start_s, end_s)
        parts.append(f'<text x="{x:.1f}" y="{height - 5}" text-anchor="middle">{value:g} s</text>')
    return f'<svg width="{WIDTH}" height="{height}" role="img">{"".join(parts)}</svg>'


def _runs(
    times_s: Sequence[float], line: Sequence[float | None]
) -> list[list[tuple[float, float]]]:
    """Stretches without holes."""
    runs: list[list[tuple[float, float]]] = [[]]
    for time_s, value in zip(times_s, line, strict=True):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((time_s, value))
    return [run for run in runs if len(run) > 1]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = max(0.06 * (high - low), 0.05 * max(abs(high), 1.0))
    return low - room, high + room


def _ticks(low: float, high: float, about: int) -> list[float]:
    raw = max(high - low, 1e-9) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def _x(time_s: float, start_s: float, end_s: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (time_s - start_s) / max(end_s - start_s, 1e-9)


def _y(value: float, low: float, high: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)
