"""Both ends of a bus within one thread: python-can's interface without its locks and copies."""

from __future__ import annotations

from collections import deque

import can


class LocalBus(can.BusABC):  # type: ignore[misc]
    """One end; what it sends, the other one receives, in order. Messages are handed over as they
    are: nobody here changes one after sending it."""

    def __init__(self) -> None:
        self._arriving: deque[can.Message] = deque()
        self._other: LocalBus | None = None
        self._is_shutdown = False  # BusABC's own mark; there is nothing else of it to set up

    def opened(self) -> LocalBus:
        """This end, open (again): what came while it was closed is lost."""
        self._is_shutdown = False
        return self

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        """Hand a frame to the other end; to nobody when that is closed."""
        if self._is_shutdown:
            raise can.CanOperationError("the bus is closed")
        if self._other is not None and not self._other._is_shutdown:
            self._other._arriving.append(msg)

    def recv(self, timeout: float | None = None) -> can.Message | None:
        """The next frame, None when there is none: waiting would not bring one."""
        return self._arriving.popleft() if self._arriving else None

    def shutdown(self) -> None:
        """Close this end. Idempotent."""
        self._is_shutdown = True


def local_pair() -> tuple[LocalBus, LocalBus]:
    """Two ends of one bus."""
    one, other = LocalBus(), LocalBus()
    one._other, other._other = other, one
    return one, other
