"""Where log lines go: to journald with their fields where it is listening, else to stderr."""

from __future__ import annotations

import logging
import sys

from drag_edge.config.service import LogSettings
from drag_edge.service.journal import JournalHandler, is_our_journal

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def log_to_person_or_journal(verbose: bool) -> None:
    """From now on; warnings and worse, or with `verbose` information too."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    form = "%(levelname)s %(name)s: %(message)s"
    if is_our_journal():
        try:
            handler = JournalHandler()
            form = "%(message)s"
        except OSError as error:
            print(f"journald does not listen ({error}): fields are lost", file=sys.stderr)
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(handlers=[handler], level=level, format=form)


def log_as(settings: LogSettings, verbose: bool) -> None:
    """Log what the settings ask for; `verbose`, from the command line, is information at least."""
    level = _LEVELS[settings.level]
    logging.getLogger().setLevel(min(level, logging.INFO) if verbose else level)
