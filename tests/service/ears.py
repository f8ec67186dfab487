"""What systemd and journald would hear: bound datagram sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Ears:
    """A bound AF_UNIX datagram socket, as systemd's and journald's are."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self.heard: list[bytes] = []

    def listen(self, seconds: float = 0.0) -> list[bytes]:
        """Everything that comes within so long; kept in `heard` too."""
        end_s = time.monotonic() + seconds
        found = []
        while True:
            self._socket.settimeout(max(0.001, end_s - time.monotonic()))
            try:
                found.append(self._socket.recv(65536))
            except TimeoutError:
                self.heard += found
                return found

    def wait_for(self, wanted: Callable[[str], bool], seconds: float = 20.0) -> str:
        """The first datagram that is wanted; fails when none comes in time."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            try:
                datagram = self._socket.recv(65536)
            except TimeoutError:
                break
            self.heard.append(datagram)
            if wanted(datagram.decode()):
                return datagram.decode()
        raise AssertionError(f"not heard; only {self.heard}")

    def close(self) -> None:
        self._socket.close()


@contextmanager
def ears_at(folder: Path, name: str = "ears") -> Iterator[Ears]:
    """Ears in a folder."""
    ears = Ears(str(folder / name))
    try:
        yield ears
    finally:
        ears.close()
