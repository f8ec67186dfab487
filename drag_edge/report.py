"""A finished run as numbers: one dictionary for the JSON, the same as a few lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drag_edge.daemon import Daemon
    from drag_edge.sim.session import SimSession


def report(daemon: Daemon, drive: SimSession | None, elapsed_s: float) -> dict[str, Any]:
    """Everything that was counted. elapsed_s: wall time since the start."""
    vehicle = daemon.parts.vehicle
    return {
        **daemon.summary.as_dict(elapsed_s),
        "models": {
            name: {
                "count": stats.count,
                "failures": stats.failures,
                "p50_ms": None if stats.total is None else round(stats.total.p50_ms, 2),
                "p99_ms": None if stats.total is None else round(stats.total.p99_ms, 2),
                "last_error": stats.last_error or None,
            }
            for name, stats in daemon.parts.pool.stats().items()
        },
        "can": {
            "sent": vehicle.sent,
            "received": vehicle.received,
            "failed": vehicle.failed,
            "fallback": vehicle.fallback_frames,
        },
        "stages_ms": daemon.stages.percentiles_ms(),
        "simulation": None if drive is None else _drive(drive),
    }


def _drive(drive: SimSession) -> dict[str, Any]:
    """What really happened in a simulated drive."""
    outcome = drive.outcome()
    return {
        "scenario": drive.scenario.title,
        "collisions": len(outcome.collisions),
        "min_gap_m": _rounded(outcome.min_gap_m),
        "min_ttc_s": _rounded(outcome.min_ttc_s),
        "max_lane_offset_m": _rounded(outcome.max_lane_offset_m),
        "distance_m": _rounded(outcome.distance_m),
        "driven_share": _rounded(outcome.driven_share),
        "steered_share": _rounded(outcome.steered_share),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def summary_text(content: dict[str, Any]) -> str:
    """The lines a person reads at the end of a run."""
    frames = ", ".join(f"{name} {count}" for name, count in content["frames"].items()) or "none"
    lead, lanes, can = content["lead"], content["lanes"], content["can"]
    decisions = max(1, content["decisions"])
    lines = [
        f"frames     {frames} in {content['elapsed_s']:.1f} s: {content['fps']} decisions/s",
        "models     " + _models(content["models"]),
        f"lanes      both lines in {100 * lanes['both_lines'] / decisions:.0f} % of the decisions",
        f"lead       in {100 * lead['frames'] / decisions:.0f} % ({lead['vehicles']} vehicles"
        + (f", nearest {lead['min_gap_m']} m)" if lead["min_gap_m"] is not None else ")"),
        f"CAN        {can['sent']} sent ({can['fallback']} without a command), "
        f"{can['received']} received, {can['failed']} failed",
        "modes      " + _counts(content["modes"]),
        "alerts     " + _counts(content["alerts"]),
        f"AEB, FCW   {content['aeb_frames']} and {content['fcw_frames']} frames",
        "events     " + _counts(content["events"]),
    ]
    if content["simulation"] is not None:
        told = ", ".join(f"{key} {value}" for key, value in content["simulation"].items())
        lines.append(f"simulation {told}")
    return "\n".join(lines)


def _models(models: dict[str, Any]) -> str:
    told = []
    for name, model in models.items():
        time = "never ran" if model["p50_ms"] is None else f"{model['p50_ms']:.1f} ms"
        failed = f", {model['failures']} failed" if model["failures"] else ""
        told.append(f"{name} {model['count']} × {time}{failed}")
    return "; ".join(told) or "none"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "none"
