"""Log lines with fields, for `journalctl EVENT=camera_lost CAMERA=front`.

journald's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram a line, a field a row.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
from collections.abc import Mapping

SOCKET = "/run/systemd/journal/socket"
# Larger datagrams would have to go through a file; a line for a person is never so long.
_LONGEST = 32_768
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


class JournalHandler(logging.Handler):
    """Sends records to journald with a record's `fields` (Mapping[str, str]) as fields of it."""

    def __init__(self, address: str = SOCKET) -> None:
        """Raises OSError when nobody listens there."""
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """One line. A journal that does not keep up loses it and hears so; nobody waits for it."""
        try:
            message = self.format(record)[:_LONGEST]
            if self._lost:
                message += f" ({self._lost} lines before this were lost)"
            datagram = encode({**_of(record), "MESSAGE": message})
        except Exception:  # noqa: BLE001 - as the handlers of `logging`: whoever logs does not fail
            self.handleError(record)
            return
        try:
            self._socket.send(datagram)
        except OSError:
            self._lost += 1
        else:
            self._lost = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()


def is_our_journal(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether stderr goes to journald by itself: then fields are worth more than text."""
    device, _, inode = environment.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(2)
    except OSError:
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


def encode(fields: Mapping[str, str]) -> bytes:
    """Fields as a datagram: a line each, or with a length before what has several lines."""
    rows = []
    for name, value in fields.items():
        data = value.encode("utf-8", "replace")
        if b"\n" in data:
            rows.append(name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            rows.append(name.encode() + b"=" + data + b"\n")
    return b"".join(rows)


def priority(level: int) -> int:
    """syslog's priority of a level of `logging`."""
    return next((value for least, value in _PRIORITIES if level >= least), _DEBUG)


def _of(record: logging.LogRecord) -> dict[str, str]:
    fields: Mapping[str, str] = getattr(record, "fields", {})
    return {
        **fields,
        "PRIORITY": str(priority(record.levelno)),
        "SYSLOG_IDENTIFIER": "drag-edge",
        "LOGGER": record.name,
    }
