"""drag-edge run: one drive from start to end, and what it did."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from drag_edge import __version__, errors
from drag_edge.assemble import assembled
from drag_edge.checks import ROOM_CHECKS
from drag_edge.config.load import load
from drag_edge.faults.fault import Fault
from drag_edge.report import report, summary_text
from drag_edge.summary import write_json


def run(
    config: Path,
    overrides: Sequence[str],
    *,
    seconds: float | None,
    frames: int | None,
    headless: bool,
    faults: Sequence[Fault] = (),
) -> int:
    """Run until the cameras end, a limit is reached, or SIGINT or SIGTERM arrives.

    faults: broken on purpose; FaultError for one that the configuration has no part for.
    """
    settings = load(config, overrides, room_checks=ROOM_CHECKS)
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    started_s = time.monotonic()
    with assembled(settings, headless=headless, faults=faults) as (daemon, drive):
        daemon.run(stop, seconds, frames)
        elapsed_s = time.monotonic() - started_s
        content: dict[str, Any] = {
            "drag_edge": __version__,
            "config": config.name,
            **report(daemon, drive, elapsed_s),
        }
    print(summary_text(content))
    if settings.run.summary is not None:
        try:
            write_json(settings.run.summary, content)
        except OSError as error:
            raise errors.CannotCreateError(
                f"run.summary: {settings.run.summary}: {error.strerror}"
            ) from error
    return errors.OK
