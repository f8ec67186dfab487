"""What we tell systemd: datagrams on the socket that it names in NOTIFY_SOCKET (sd_notify(3)).

Our own few lines, not systemd-python: that package has no wheels and needs a compiler and
libsystemd's headers, while the protocol is a text and one sendmsg.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

_LOG = logging.getLogger(__name__)


class Notifier:
    """Tells systemd how we are; tells nobody where NOTIFY_SOCKET is not set. Never raises."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        # "@name" is an address in Linux' abstract namespace, written with a zero byte.
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._socket: socket.socket | None = None
        self._told_failure = False
        if name:
            kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
            self._socket = socket.socket(socket.AF_UNIX, kind)
            # systemd not reading must never hold the loop.
            self._socket.setblocking(False)

    @property
    def listening(self) -> bool:
        """Whether anybody hears."""
        return self._socket is not None

    def ready(self, status: str) -> None:
        """Started, or done with reloading."""
        self._send("READY=1", f"STATUS={status}")

    def status(self, status: str) -> None:
        """How it goes, in words."""
        self._send(f"STATUS={status}")

    def reloading(self) -> None:
        """Reading the settings again; `ready` ends it.

        The time belongs to Type=notify-reload (systemd 253); older ones ignore it.
        """
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={microseconds}")

    def alive(self) -> None:
        """The watchdog's sign of life."""
        self._send("WATCHDOG=1")

    def patience(self, seconds: float) -> None:
        """Starting, reloading or stopping takes so much longer."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def stopping(self) -> None:
        """About to end."""
        self._send("STOPPING=1", "STATUS=stopping")

    def _send(self, *lines: str) -> None:
        if self._socket is None:
            return
        one_each = (" ".join(line.split()) for line in lines)
        try:
            self._socket.sendto("\n".join(one_each).encode(), self._address)
        except OSError as error:
            if not self._told_failure:
                self._told_failure = True
                _LOG.warning("systemd cannot be told how we are: %s", error)
