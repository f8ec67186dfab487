"""What TensorRT says while it works: kept, so that a failure can be told in its own words."""

from __future__ import annotations

import functools
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

_KEPT = 200
_ERRORS = ("INTERNAL_ERROR", "ERROR")
# An error of TensorRT's ends up in an error or event of ours, so none is one of the log.
_LEVELS = {"INTERNAL_ERROR": logging.WARNING, "ERROR": logging.WARNING, "WARNING": logging.INFO}


class LogLines:
    """The newest lines. TensorRT may add from threads of its own.

    on_line: gets (severity, text) of every line, for whoever wants to show them; None: nobody.
    """

    def __init__(self) -> None:
        self._errors: deque[str] = deque(maxlen=_KEPT)
        self._warnings: deque[str] = deque(maxlen=_KEPT)
        self.on_line: Callable[[str, str], None] | None = None

    def add(self, severity: str, text: str) -> None:
        """One line; severity is the name of a member of ILogger.Severity."""
        log.log(_LEVELS.get(severity, logging.DEBUG), "%s", text)
        if severity in _ERRORS:
            self._errors.append(text)
        elif severity == "WARNING":
            self._warnings.append(text)
        if self.on_line is not None:
            self.on_line(severity, text)

    def take_errors(self) -> list[str]:
        """Errors since the last call, oldest first."""
        return [self._errors.popleft() for _ in range(len(self._errors))]

    def take_warnings(self) -> list[str]:
        """Warnings since the last call, oldest first."""
        return [self._warnings.popleft() for _ in range(len(self._warnings))]


@functools.cache
def shared_logger(trt: Any) -> Any:
    """The process's one ILogger, with its `lines: LogLines`.

    One for all, because TensorRT goes on using the first one that it is given and leaves every
    other one out.
    """

    class Logger(trt.ILogger):  # type: ignore[misc]
        """Hands TensorRT's lines on."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.lines = LogLines()

        def log(self, severity: Any, msg: str) -> None:
            """Called by TensorRT."""
            self.lines.add(severity.name, msg)

    return Logger()
