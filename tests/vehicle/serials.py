"""Serial devices that are not there: pseudo-terminals at one path, plugged in and pulled out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import termios
import time
import tty
from pathlib import Path


class Plug:
    """The device's end of a serial port at `path`; the daemon opens the path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ours: int | None = None
        self._theirs: int | None = None  # kept open, to see what has arrived there

    def insert(self) -> None:
        """A new pseudo-terminal at the same path, as udev's link after plugging in again."""
        self.pull()
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.path.symlink_to(os.ttyname(self._theirs))

    def pull(self) -> None:
        """The device is gone, and whoever has it open finds out."""
        self.path.unlink(missing_ok=True)
        if self._ours is not None:
            os.close(self._ours)
            self._ours = None
        if self._theirs is not None:
            os.close(self._theirs)
            self._theirs = None

    def arrived(self, within_s: float = 2.0) -> None:
        """Wait until something lies at the daemon's end: the kernel carries it over in its time."""
        assert self._theirs is not None
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            waiting = struct.unpack("i", fcntl.ioctl(self._theirs, termios.FIONREAD, b"\0" * 4))[0]
            if waiting:
                return
            time.sleep(1e-4)

    def fileno(self) -> int:
        """For select."""
        assert self._ours is not None
        return self._ours

    def write(self, data: bytes) -> None:
        assert self._ours is not None
        with contextlib.suppress(BlockingIOError):
            os.write(self._ours, data)

    def read(self, within_s: float = 0.0) -> bytes:
        """All that was sent by now, or within that time."""
        assert self._ours is not None
        out = b""
        end_s = time.monotonic() + within_s
        while True:
            wait_s = max(0.0, end_s - time.monotonic())
            if not select.select([self._ours], [], [], wait_s if not out else 0.0)[0]:
                return out
            try:
                out += os.read(self._ours, 65536)
            except OSError:  # nobody has the other end open
                return out
