"""A GNSS receiver's speed: late and rare, but independent of the vehicle's own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from drag_edge.config.serial_links import GnssSettings
from drag_edge.events import Event
from drag_edge.vehicle.nmea import LONGEST_SENTENCE, parse_speed
from drag_edge.vehicle.serial_port import Handle, SerialPort, open_serial

STEP_S = 0.05
_WRITE_TIMEOUT_S = 0.1


class GnssReader:
    """Reads sentences; `step` is called by one thread every STEP_S, `speed` by any.

    A receiver tells each of its fixes in RMC, in VTG or in both: VTG counts where no RMC comes.
    Events (source: the port): gnss_lost and gnss_recovered once per change.
    """

    def __init__(
        self,
        settings: GnssSettings,
        now_s: float,
        on_event: Callable[[Event], None],
        open_port: Callable[[], Handle] | None = None,
    ) -> None:
        opener = open_port or (
            lambda: open_serial(settings.port, settings.baudrate, _WRITE_TIMEOUT_S)
        )
        self._port = SerialPort(opener, settings.reopen_s, settings.reopen_longest_s)
        self._settings = settings
        self._on_event = on_event
        self._unfinished = b""
        self._newest: tuple[float, float] | None = None
        self._fixed_s = now_s
        self._heard_s: float | None = None
        self._rmc_s: float | None = None
        self._lost = False
        self._using = threading.Lock()
        self.sentences = 0
        self.refused = 0

    def speed(self, now_s: float) -> tuple[float, float] | None:
        """Speed over ground in m/s and when that was, or None when there is none new enough."""
        newest = self._newest
        if newest is None or not 0 <= now_s - newest[1] <= self._settings.timeout_s:
            return None
        return newest

    def step(self, now_s: float) -> None:
        """Take what has arrived."""
        with self._using:
            *lines, self._unfinished = (self._unfinished + self._port.read(now_s)).split(b"\n")
            for line in lines:
                self._take(line, now_s)
            # What is too long for a sentence stays too long until its end comes.
            self._unfinished = self._unfinished[: LONGEST_SENTENCE + 2]
            self._notice_silence(now_s)

    def close(self) -> None:
        """Let go of the port. Idempotent."""
        with self._using:
            self._port.close()

    def _take(self, line: bytes, now_s: float) -> None:
        told = parse_speed(line)
        if told is None:
            self.refused += b"RMC" in line or b"VTG" in line
            return
        self.sentences += 1
        self._heard_s = now_s
        if told.sentence == "RMC":
            self._rmc_s = now_s
        elif self._rmc_s is not None and now_s - self._rmc_s <= self._settings.timeout_s:
            return  # the same fix once more, told as if it were a newer one
        if told.speed_mps is None:
            return
        self._newest = (told.speed_mps, now_s - self._settings.latency_s)
        self._fixed_s = now_s
        if self._lost:
            self._lost = False
            self._emit("gnss_recovered", f"{told.talker} speed again", now_s)

    def _notice_silence(self, now_s: float) -> None:
        timeout_s = self._settings.timeout_s
        if self._lost or now_s - self._fixed_s <= timeout_s:
            return
        self._lost = True
        heard = self._heard_s is not None and now_s - self._heard_s <= timeout_s
        silent = self._port.last_error or "no RMC or VTG sentence; is the baud rate right?"
        self._emit("gnss_lost", "no fix" if heard else silent, now_s)

    def _emit(self, name: str, detail: str, now_s: float) -> None:
        self._on_event(Event(name, self._settings.port, detail, now_s))
