"""Whether the bus works, as counts and as events when that changes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import can

from drag_edge.events import Event

# Linux' error frames (include/uapi/linux/can/error.h).
_ERROR_BUS_OFF = 0x040
_ERROR_RESTARTED = 0x100


class BusHealth:
    """Counts failures; bus_off once when nothing leaves for a while, bus_recovered when it does.

    off_after_s: failures without a success in between for this long count as bus off.
    """

    def __init__(self, source: str, off_after_s: float, on_event: Callable[[Event], None]) -> None:
        self.failures = 0
        self.read_failures = 0
        self.error_frames = 0
        self.off = False
        self.last_error = ""
        self._source = source
        self._off_after_s = off_after_s
        self._on_event = on_event
        self._failing_since_s: float | None = None
        self._controller_off = False
        self._lock = threading.Lock()

    def failed(self, error: Exception, now_s: float) -> None:
        """A frame could not be sent."""
        with self._lock:
            self.failures += 1
            self.last_error = _said(error)
            if self._failing_since_s is None:
                self._failing_since_s = now_s
            if now_s - self._failing_since_s >= self._off_after_s:
                self._turn(True, self.last_error, now_s)

    def could_not_read(self, error: Exception) -> None:
        """The bus could not be read: only counted, the signals' time-outs tell the rest."""
        with self._lock:
            self.read_failures += 1
            self.last_error = _said(error)

    def worked(self, now_s: float) -> None:
        """A frame was taken. That is no proof while the controller is off: then the system queues
        or drops what it takes.
        """
        if self._failing_since_s is None and not self.off:
            return
        with self._lock:
            self._failing_since_s = None
            if not self._controller_off:
                self._turn(False, "frames leave again", now_s)

    def controller_works(self) -> None:
        """It was restarted by opening it anew, or has received a frame."""
        self._controller_off = False

    def error_frame(self, identifier: int, now_s: float) -> None:
        """The controller reported an error; identifier: the error class bits."""
        with self._lock:
            self.error_frames += 1
            if identifier & _ERROR_BUS_OFF:
                self._controller_off = True
                self._turn(True, "the controller went bus-off", now_s)
            elif identifier & _ERROR_RESTARTED:
                self._controller_off = False
                self._turn(False, "the controller was restarted", now_s)

    def _turn(self, off: bool, detail: str, now_s: float) -> None:
        if off == self.off:
            return
        self.off = off
        name = "bus_off" if off else "bus_recovered"
        self._on_event(Event(name, self._source, detail, now_s))


def _said(error: Exception) -> str:
    """What an adapter's errors say; with the type's name where it is not one of those."""
    if isinstance(error, (can.CanError, OSError)) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error}"
