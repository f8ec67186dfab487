"""A serial port that may be pulled out: never waited for, opened again by itself."""

from __future__ import annotations

import termios
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import serial

from drag_edge.vehicle.retry import Retry

_MOST_BYTES = 65536  # in one read: a port that floods must not hold its reader
# What is newest must not queue behind what is old: a port that is too slow, or that stands still,
# holds a frame or two, and not the seconds that the system has room for.
_MOST_WAITING_BYTES = 64
_LEAVING_S = 0.05
# pyserial's own errors are OSErrors; a port that was closed or pulled out while in use, or while it
# is opened, also gives the others.
PORT_FAILURES = (OSError, ValueError, TypeError, termios.error)


class Outgoing(Protocol):
    """A port that something was written to."""

    @property
    def out_waiting(self) -> int:
        """Bytes that wait to leave."""

    def reset_output_buffer(self) -> None:
        """Forget those."""


class Handle(Outgoing, Protocol):
    """What pyserial gives."""

    @property
    def in_waiting(self) -> int:
        """Bytes that wait to be read."""

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


def drain(port: Outgoing) -> None:
    """Before closing: wait a little for what has not left, then forget it. Closing would wait for
    it, for up to half a minute where the other end takes nothing.
    """
    end_s = time.monotonic() + _LEAVING_S
    while port.out_waiting and time.monotonic() < end_s:
        time.sleep(0.001)
    if port.out_waiting:
        port.reset_output_buffer()


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
        """What has arrived; nothing when nothing has or the port is not there.

        It is this that opens the port, which may take a while (`opened` counts).
        """
        handle = self._there(now_s)
        if handle is None:
            return b""
        try:
            waiting = handle.in_waiting
            data = bytes(handle.read(min(waiting, _MOST_BYTES))) if waiting else b""
        except PORT_FAILURES as error:
            self._drop(error)
            return b""
        if data:
            self._retry.worked()
        return data

    def write(self, data: bytes) -> bool:
        """Send it; False when it could not leave. Opens nothing: see `read`."""
        handle = self._handle
        if handle is None:
            return False
        try:
            if handle.out_waiting > _MOST_WAITING_BYTES:
                handle.reset_output_buffer()
            handle.write(data)
        except serial.SerialTimeoutException as error:
            # The port is there and takes nothing: opening it again would not help.
            self.failures += 1
            self.last_error = str(error)
            return False
        except PORT_FAILURES as error:
            self._drop(error)
            return False
        self._retry.worked()
        self.last_error = ""
        return True

    def close(self) -> None:
        """Let go of the port. Idempotent."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        with suppress(*PORT_FAILURES):  # it is gone already
            drain(handle)
        try:
            handle.close()
        except PORT_FAILURES as error:
            self.last_error = str(error)

    def _there(self, now_s: float) -> Handle | None:
        if self._handle is None and self._retry.due(now_s):
            try:
                self._handle = self._retry.open()
            except PORT_FAILURES as error:
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
