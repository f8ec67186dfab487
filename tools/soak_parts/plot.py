"""One page with the soak's curves over time, drawn as SVG without any library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from soak_parts.verdict import Row, Soaked

_WIDTH, _HEIGHT = 1000, 160
_CURVES = (
    ("resident memory, MiB", lambda sign: sign.resident_kib / 1024),
    ("file descriptors", lambda sign: sign.descriptors),
    ("threads", lambda sign: sign.threads),
    ("front: age of the newest picture, ms", lambda sign: _age_ms(sign.metrics, "front")),
)


def page(soaked: Soaked, rows: Sequence[Row]) -> str:
    """HTML. Grey bands: a fault, from its beginning until it was over."""
    curves = "".join(_curve(soaked, name, value) for name, value in _CURVES)
    table = "\n".join(escape(row.line()) for row in rows)
    return (
        "<!doctype html><meta charset=utf-8><title>soak</title>"
        f"<body style='font-family:sans-serif'>{curves}<pre>{table}</pre>"
    )


def _curve(soaked, name, value) -> str:  # type: ignore[no-untyped-def]
    start_s, whole_s = soaked.started_s, max(soaked.seconds, 1.0)
    points = [(sign.time_s - start_s, value(sign)) for sign in soaked.daemon.signs]
    known = [(at_s, level) for at_s, level in points if level is not None]
    if not known:
        return ""
    high = max(level for _, level in known) * 1.05 or 1.0
    line = " ".join(
        f"{_WIDTH * at_s / whole_s:.1f},{_HEIGHT * (1 - level / high):.1f}" for at_s, level in known
    )
    bands = "".join(_band(one, start_s, whole_s) for one in soaked.outcomes)
    return (
        f"<h4>{escape(name)} (0 to {high:.0f})</h4>"
        f"<svg width={_WIDTH} height={_HEIGHT} style='border:1px solid #999'>{bands}"
        f"<polyline points='{line}' fill=none stroke=#06c stroke-width=1.5 /></svg>"
    )


def _band(outcome, start_s, whole_s) -> str:  # type: ignore[no-untyped-def]
    left = _WIDTH * (outcome.began_s - start_s) / whole_s
    wide = max(1.0, _WIDTH * (outcome.over_s - outcome.began_s) / whole_s)
    colour = "#ddd" if outcome.good else "#f99"
    what = escape(f"{outcome.planned.kind.name} ({outcome.planned.target})")
    return (
        f"<rect x={left:.1f} width={wide:.1f} height={_HEIGHT} fill='{colour}'>"
        f"<title>{what}</title></rect>"
    )


def _age_ms(metrics: dict[str, float], camera: str) -> float | None:
    age_s = metrics.get(f'drag_edge_camera_frame_age_seconds{{camera="{camera}"}}')
    return None if age_s is None else 1000 * age_s
