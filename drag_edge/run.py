"""drag-edge run: one drive from start to end, and what it did."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from drag_edge import __version__, errors
from drag_edge.assemble import assembled
from drag_edge.checks import ROOM_CHECKS
from drag_edge.config.load import Warn, load
from drag_edge.config.report import Problem
from drag_edge.config.root import Settings
from drag_edge.faults.fault import Fault
from drag_edge.frames.feed import StoppedError
from drag_edge.report import report, summary_text
from drag_edge.service.log import log_as
from drag_edge.service.memory import arrange, keep_small
from drag_edge.service.notify import Notifier
from drag_edge.service.settings_file import stamp_of
from drag_edge.service.watchdog import LOADING_S, Watchdog
from drag_edge.summary import write_json

_LOG = logging.getLogger(__name__)

# Cameras, bus and models open one after another; each may take its own time-out.
_STARTING_S = 120.0
# So long at most a thread that is due waits for the interpreter, each time that it comes back from
# the system. Python's own 5 ms are a quarter of a fast message's cycle, and a frame takes several.
_INTERPRETER_TURN_S = 1e-4


def run(
    config: Path,
    overrides: Sequence[str],
    *,
    seconds: float | None,
    frames: int | None,
    headless: bool,
    faults: Sequence[Fault] = (),
    verbose: bool = False,
) -> int:
    """Run until the cameras end, a limit is reached, or SIGINT or SIGTERM arrives, be it while the
    cameras are opened.

    SIGHUP reads the configuration again. faults: broken on purpose; FaultError for one that the
    configuration has no part for.
    """

    def read(warn: Warn | None = None) -> Settings:
        return load(config, overrides, room_checks=ROOM_CHECKS, warn_of_models=warn)

    # Before it is read: what is saved while the slow parts open must be found.
    stamp = stamp_of(config)
    settings = read(_warn)
    log_as(settings.service.log, verbose)
    sys.setswitchinterval(_INTERPRETER_TURN_S)
    arrange()
    notifier = Notifier()
    notifier.patience(_STARTING_S)
    watchdog = Watchdog(notifier)
    stop = threading.Event()
    signals = _Signals(stop)
    started_s = time.monotonic()

    def before_load() -> None:
        watchdog.patience(LOADING_S)

    content: dict[str, Any] = {}
    with (
        suppress(StoppedError),
        assembled(
            settings, headless=headless, faults=faults, before_load=before_load, stop=stop
        ) as (daemon, drive),
    ):
        from drag_edge.supervisor import Supervisor

        def on_settings(new: Settings) -> None:
            log_as(new.service.log, verbose)

        with ExitStack() as beside:
            beside.callback(keep_small(daemon.parts.clock).stop)
            supervisor = Supervisor(daemon, notifier, watchdog, config, stamp, read, on_settings)
            beside.callback(supervisor.close)
            signals.reload_by(supervisor.ask_to_reload)
            daemon.run(stop, seconds, frames, supervisor.between)
        notifier.stopping()
        # Before the slow parts close: nobody on the bus is to act on what was decided last.
        daemon.parts.vehicle.close()
        elapsed_s = time.monotonic() - started_s
        content = {
            "drag_edge": __version__,
            "config": config.name,
            **report(daemon, drive, elapsed_s),
        }
        summary = daemon.settings.run.summary
    if not content:
        return errors.OK
    print(summary_text(content))
    if summary is not None:
        try:
            write_json(summary, content)
        except OSError as error:
            raise errors.CannotCreateError(f"run.summary: {summary}: {error.strerror}") from error
    return errors.OK


def _warn(problem: Problem) -> None:
    """The model's own events follow, when it is to run."""
    _LOG.warning("%s; the others run without it", problem)


class _Signals:
    """SIGINT and SIGTERM end the run, and a second one changes nothing: it is ending already.

    SIGHUP reads the settings again, after the start if it comes during it; where there is a
    terminal it means that it is gone.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._on_reload: Callable[[], None] | None = None
        self._asked_early = False
        self._stop = stop
        self._terminal = sys.stdin is not None and sys.stdin.isatty()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def reload_by(self, on_reload: Callable[[], None]) -> None:
        """There is somebody to ask for a reload now, and he is asked for one that came before."""
        self._on_reload = on_reload
        if self._asked_early:
            on_reload()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGHUP or self._terminal:
            self._stop.set()
        elif self._on_reload is not None:
            self._on_reload()
        else:
            self._asked_early = True
