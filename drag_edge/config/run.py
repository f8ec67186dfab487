"""How the loop runs: pace, seed, and what counts as late."""

from __future__ import annotations

from pathlib import Path

from drag_edge.config.base import Section, output_file, quantity


class RunSettings(Section):
    """The loop."""

    pace: float = quantity(
        0.0,
        "1",
        "Recordings and simulations: 0 as fast as the machine can, 1 real time, 2 twice as fast",
        ge=0,
        le=100,
    )
    simulated_latency_s: float = quantity(
        0.0,
        "s",
        "Recordings and simulations: the loop gets a frame this long after it was taken",
        ge=0,
        le=0.5,
    )
    seed: int = quantity(1, "1", "Seed of everything random in a simulation", ge=0)
    latency_budget_s: float = quantity(
        0.15, "s", "Camera to command; above it a frame counts as late", gt=0, le=2
    )
    frame_timeout_s: float = quantity(
        0.3, "s", "No new frame for this long means the camera is lost", gt=0, le=10
    )
    summary: Path | None = output_file(None, "Write a JSON summary here at the end")
