"""python-can's adapters as this room uses them: asked for frames often, never waited for."""

from __future__ import annotations

from pathlib import Path

import can
from can.interfaces.socketcan import SocketcanBus
from can.interfaces.virtual import VirtualBus

_INTERFACE_UP = 1  # IFF_UP of Linux
_INTERFACES = Path("/sys/class/net")


class Polled(can.BusABC):  # type: ignore[misc]
    """Reads without the wall clock: by it, python-can's `recv` works out what is left of its
    time-out, and a clock that is set back makes it wait for that long, also where it is 0.
    """

    def recv(self, timeout: float | None = None) -> can.Message | None:
        """The next frame; None when there is none."""
        if timeout == 0:
            message: can.Message | None = self._recv_internal(0)[0]  # there are no filters
            return message
        return super().recv(timeout)


class VirtualAdapter(Polled, VirtualBus):  # type: ignore[misc]
    """Inside this process."""


class SocketcanAdapter(Polled, SocketcanBus):  # type: ignore[misc]
    """The kernel's."""


def refuse_if_dead(channel: str, interfaces: Path = _INTERFACES) -> None:
    """Raise OSError for an interface that is down or whose controller is bus-off: both can be
    opened, and only fail, or only queue, when something is sent.
    """
    folder = interfaces / channel
    flags = _number(folder / "flags")
    if flags is not None and not flags & _INTERFACE_UP:
        raise OSError("the interface is down")
    if _number(folder / "carrier") == 0:
        raise OSError("its controller is bus-off, and nothing restarts it yet")


def _number(file: Path) -> int | None:
    """None where the system does not say: opening will tell."""
    try:
        return int(file.read_text(), 0)
    except (OSError, ValueError):
        return None
