"""A serial port that may be pulled out: never waited for, opened again by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import serial

from drag_edge.vehicle.retry import Retry

_MOST_BYTES = 65536  # in one read: a port that floods must not hold its reader
_FAILURES = (OSError, ValueError, TypeError)  # pyserial's own errors are OSErrors; a port that was
# closed or pulled out while in use also gives ValueError and TypeError


class Handle(Protocol):
    """What pyserial gives."""

    @property
    def in_waiting(self) -> int:
        """Bytes that wait."""

    def read(self, size: int) -> bytes:
        """At most size bytes."""

    def write(self, data: bytes) -> int | None:
        """Send all of it, or raise."""

    def close(self) -> None:
        """Let go of it."""


def open_serial(port: str, baudrate: int, write_timeout_s: float) -> Handle:
    """The port for us alone. Raises OSError or ValueError."""
    handle: Handle = serial.Serial(
        port, baudrate, timeout=0, write_timeout=write_timeout_s, exclusive=True
    )
    return handle


class SerialPort:
    """Closed after any failure and opened again, at once and then after growing waits.

    Used by one thread. last_error: why it does not work now, empty when it does.
    """

    def __init__(
        self, open_: Callable[[], Handle], reopen_s: float, reopen_longest_s: float
    ) -> None:
        self._retry = Retry(open_, reopen_s, reopen_longest_s)
        self._handle: Handle | None = None
        self.last_error = "not opened yet"
        self.opened = 0
        self.failures = 0

    def read(self, now_s: float) -> bytes:
        """What has arrived; nothing when nothing has or the port is not there."""
        handle = self._there(now_s)
        if handle is None:
            return b""
        try:
            waiting = handle.in_waiting
            return bytes(handle.read(min(waiting, _MOST_BYTES))) if waiting else b""
        except _FAILURES as error:
            self._drop(error)
            return b""

    def write(self, data: bytes, now_s: float) -> bool:
        """Send it; False when it could not leave."""
        handle = self._there(now_s)
        if handle is None:
            return False
        try:
            handle.write(data)
        except serial.SerialTimeoutException as error:
            # The port is there and takes nothing: opening it again would not help.
            self.failures += 1
            self.last_error = str(error)
            return False
        except _FAILURES as error:
            self._drop(error)
            return False
        self._retry.worked()
        self.last_error = ""
        return True

    def close(self) -> None:
        """Let go of the port. Idempotent."""
        handle, self._handle = self._handle, None
        if handle is not None:
            try:
                handle.close()
            except _FAILURES as error:
                self.last_error = str(error)

    def _there(self, now_s: float) -> Handle | None:
        if self._handle is None and self._retry.due(now_s):
            try:
                self._handle = self._retry.open()
            except _FAILURES as error:
                self.failures += 1
                self.last_error = str(error)
            else:
                self.opened += 1
                self.last_error = ""
        return self._handle

    def _drop(self, error: Exception) -> None:
        self.failures += 1
        self.close()
        self.last_error = str(error)
