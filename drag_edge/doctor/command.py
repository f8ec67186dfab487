"""`drag-edge doctor [CONFIG]`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drag_edge.config.load import load
from drag_edge.doctor.examine import examine
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.table import as_json, lines
from drag_edge.errors import OK, UNAVAILABLE


def doctor(
    config: Path | None,
    overrides: Sequence[str] = (),
    *,
    json: bool = False,
    machine: Machine | None = None,
) -> int:
    """Print what works and what does not; nothing is changed.

    The exit code is 69 when something that the configuration needs is missing or broken, else 0.
    Raises ConfigError (78, or 66 without a file) for a configuration that is wrong by itself.
    """
    settings = None
    if config is not None:
        settings = load(config, overrides, check_files=False)
    findings = examine(machine or Machine(), settings)
    print(as_json(findings) if json else "\n".join(lines(findings)))
    return UNAVAILABLE if any(finding.fatal for finding in findings) else OK
