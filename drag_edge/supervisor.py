"""Beside the loop: what systemd hears, the settings file, the health page. Steps between rounds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from drag_edge.config.reach import Reach
from drag_edge.config.report import ConfigError
from drag_edge.config.root import Settings
from drag_edge.daemon import Daemon
from drag_edge.errors import DragEdgeError
from drag_edge.events import Event
from drag_edge.service.health import in_words
from drag_edge.service.notify import Notifier
from drag_edge.service.settings_file import SettingsFile, Stamp
from drag_edge.service.watchdog import Watchdog
from drag_edge.tuning import Change, plan_change
from drag_edge.vitals import vitals

_LOG = logging.getLogger(__name__)
_STATUS_EVERY_S = 2.0
_MOST_KEYS = 8


class Supervisor:
    """`between` is called by the loop after each round, and never waits."""

    def __init__(
        self,
        daemon: Daemon,
        notifier: Notifier,
        watchdog: Watchdog,
        config: Path,
        stamp: Stamp | None,
        read: Callable[[], Settings],
        on_settings: Callable[[Settings], None],
    ) -> None:
        """stamp: config's, from before the daemon's settings were read. read: reads it anew.
        on_settings: hears the settings that hold after a change.
        """
        self._daemon = daemon
        self._notifier = notifier
        self._config = config
        self._on_settings = on_settings
        self._watchdog = watchdog
        self._ready = False
        self._status_s = float("-inf")
        with ExitStack() as stack:
            reload = daemon.settings.service.reload
            self._file = SettingsFile(config, stamp, read, reload, notifier.reloading)
            stack.callback(self._file.close)
            self._listen(stack)
            self._close = stack.pop_all()

    def _listen(self, stack: ExitStack) -> None:
        settings = self._daemon.settings.service.http
        if settings.port is None:
            return
        from drag_edge.service.http import HealthServer

        try:
            server = HealthServer(settings, lambda: vitals(self._daemon, str(self._config)))
        except OSError as error:
            _LOG.warning(
                "no health page at %s port %s: %s", settings.listen, settings.port, error.strerror
            )
            return
        stack.callback(server.close)
        _LOG.info("health page at %s", server.url)

    def ask_to_reload(self) -> None:
        """Read the settings again; may be called by a signal's handler."""
        self._file.ask()

    def between(self) -> None:
        """The loop came round."""
        found = self._file.take()
        if isinstance(found, Settings):
            self._take(found)
        elif found is not None:
            self._refuse(found)
        elif not self._ready:
            self._ready = True
            self._notifier.ready(self._words())
        elif self._notifier.listening and self._is_time():
            self._notifier.status(self._words())
        self._watchdog.progress()

    def close(self) -> None:
        """Stop watching and listening."""
        self._close.close()

    def _is_time(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._status_s < _STATUS_EVERY_S:
            return False
        self._status_s = now_s
        return True

    def _words(self) -> str:
        return in_words(vitals(self._daemon, self._config.name))

    def _take(self, settings: Settings) -> None:
        change = plan_change(self._daemon.settings, settings)
        self._daemon.tune(change)
        self._file.settings = change.settings.service.reload
        self._on_settings(change.settings)
        self._daemon.tally.reloads["taken"] += 1
        if change.taken:
            self._put("settings_changed", _told(change))
        if change.left:
            self._put("settings_need_restart", f"only the next start takes {_listed(change.left)}")
        notice = "New settings" if change.taken else "Settings: nothing changed"
        if change.left:
            notice += f"; restart for {_listed(change.left[:2])}"
        self._say(notice)

    def _refuse(self, error: DragEdgeError) -> None:
        self._daemon.tally.reloads["refused"] += 1
        problems = [str(one) for one in error.problems] if isinstance(error, ConfigError) else []
        first, *others = problems or [" ".join(str(error).split())]
        for problem in others[:_MOST_KEYS]:
            _LOG.error("settings refused: %s", problem)
        more = f" (and {len(others)} more)" if others else ""
        self._put("settings_refused", first + more)
        self._say(f"{_place(error)} refused{more}; the old settings hold")

    def _put(self, name: str, detail: str) -> None:
        parts = self._daemon.parts
        parts.events.put(Event(name, self._config.name, detail, parts.clock.now_s()))

    def _say(self, notice: str) -> None:
        self._daemon.tell(notice, self._daemon.settings.service.reload.notice_s)
        self._notifier.ready(notice)


def _told(change: Change) -> str:
    """'now: adas.acc.headway_s; opened again: cameras.left.source; …'"""
    words = {
        Reach.LIVE: "now",
        Reach.VIEW: "perceived anew",
        Reach.CAMERA: "camera opened again",
        Reach.MODEL: "model loaded again",
    }
    told = {word: change.of(reach) for reach, word in words.items()}
    return "; ".join(f"{word}: {_listed(keys)}" for word, keys in told.items() if keys)


def _listed(keys: tuple[str, ...]) -> str:
    shown = ", ".join(keys[:_MOST_KEYS])
    return shown if len(keys) <= _MOST_KEYS else f"{shown} and {len(keys) - _MOST_KEYS} more"


def _place(error: DragEdgeError) -> str:
    """Short enough for the overlay: "drive.yaml:12:9 adas.acc.headway_s"."""
    if not isinstance(error, ConfigError) or not error.problems:
        return "The file is"
    problem = error.problems[0]
    name = problem.file.name if problem.file is not None else "--set"
    line = "" if problem.line is None else f":{problem.line}"
    return f"{name}{line} {problem.key}".strip()
