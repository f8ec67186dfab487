"""Errors that end the program with a clear line and an exit code of sysexits.h."""

from __future__ import annotations

from drag_edge.config.redact import redact

OK = 0
USAGE = 64
NO_INPUT = 66
UNAVAILABLE = 69
SOFTWARE = 70
CANNOT_CREATE = 73
CONFIG = 78


class DragEdgeError(Exception):
    """Says what is wrong, where, and what to do; `exit_code` is the process's."""

    exit_code = SOFTWARE

    def __str__(self) -> str:
        """Without passwords: many errors name an address, or a path that somebody meant as one."""
        return redact(super().__str__())


class UsageError(DragEdgeError):
    """A command line that asks for what cannot be."""

    exit_code = USAGE


class InputMissingError(DragEdgeError):
    """A file to be read that is missing or unreadable."""

    exit_code = NO_INPUT


class UnavailableError(DragEdgeError):
    """A device or service that does not answer."""

    exit_code = UNAVAILABLE


class CannotCreateError(DragEdgeError):
    """An output file that cannot be written."""

    exit_code = CANNOT_CREATE


class InvalidConfigError(DragEdgeError):
    """A configuration that cannot be used."""

    exit_code = CONFIG
