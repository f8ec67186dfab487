"""A serial (slcan) adapter, read in blocks.

python-can's own reader takes one byte at a time, takes an adapter's "sent" answer for the end of
what waits, and stays stuck after a byte that is not text. It also waits for each frame to leave,
without a limit. Opening and how a frame is spelled are python-can's.
"""

from __future__ import annotations

import re
import time
from collections import deque
from contextlib import suppress

import can
from can.exceptions import error_check
from can.interfaces.slcan import slcanBus

from drag_edge.vehicle.adapters import Polled
from drag_edge.vehicle.serial_port import PORT_FAILURES, drain

_END = re.compile(rb"([\r\a])")
_REFUSED = b"\a"
_FRAME = re.compile(
    rb"(?:(?P<standard>t)(?P<id>[0-9A-Fa-f]{3})|(?P<extended>T)(?P<long_id>[0-9A-Fa-f]{8}))"
    rb"(?P<length>[0-8])(?P<data>(?:[0-9A-Fa-f]{2}){0,10})"
)
_ANSWER = re.compile(rb"|[zZ]|[VvNF][0-9A-Fa-f]*")  # "sent", versions, status
_MOST_UNFINISHED_BYTES = 4096
# Frames that wait are old ones: some twenty, as many as leave in 50 ms.
_MOST_WAITING_BYTES = 512
# Opening earns a few refusals, and so does a full adapter now and then.
_MOST_REFUSALS = 20
_REFUSALS_COUNT_S = 1.0
_OPEN_WRITE_TIMEOUT_S = 0.1  # an adapter that takes nothing must not hold whoever opens it


class SlcanBus(Polled, slcanBus):  # type: ignore[misc]
    """python-can's slcan with a reader that survives noise; `malformed` counts refused lines."""

    def __init__(self, port: str, baudrate: int, bitrate: int, open_wait_s: float) -> None:
        """Raises can.CanError or OSError when the port cannot be opened."""
        self.malformed = 0
        self._unfinished = b""
        self._refusals = 0
        self._refused_s = float("-inf")
        self._received: deque[can.Message] = deque()
        try:
            super().__init__(
                # The spelling that every version of python-can takes.
                channel=port if "@" in port else f"{port}@{baudrate}",
                bitrate=bitrate,
                sleep_after_open=open_wait_s,
            )
        except (can.CanError, OSError, ValueError):
            self._is_shutdown = True  # nothing to shut down, and no warning that it was not
            if hasattr(self, "serialPortOrig"):
                self._let_go()
            raise
        self.serialPortOrig.timeout = 0

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        """Hand one frame to the adapter. Raises can.CanError when it takes none, or refuses all."""
        if self._refusals >= _MOST_REFUSALS:
            raise can.CanOperationError(
                "the adapter refuses every frame: nobody else on the bus, or its channel is closed"
            )
        super().send(msg, timeout)

    def close(self) -> None:
        """Close the channel, not the port."""
        super().close()
        with error_check("Could not write to serial device"):
            self._drain()

    def shutdown(self) -> None:
        """Close the channel and the port; the port also when the adapter is gone."""
        try:
            super().shutdown()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        with suppress(can.CanError, *PORT_FAILURES):  # gone, or closed already
            self._drain()
        self.serialPortOrig.close()

    def _drain(self) -> None:
        if hasattr(self.serialPortOrig, "out_waiting"):  # not over a network
            drain(self.serialPortOrig)

    def _write(self, string: str) -> None:
        port = self.serialPortOrig
        if port.write_timeout is None:  # before the first `send` sets its own
            port.write_timeout = _OPEN_WRITE_TIMEOUT_S
            with error_check("Another program uses the serial device"):
                port.exclusive = True
        with error_check("Could not write to serial device"):
            waiting = getattr(port, "out_waiting", 0)
            if waiting <= _MOST_WAITING_BYTES:
                port.write(string.encode() + self.LINE_TERMINATOR)
                return
        raise can.CanOperationError(f"the adapter takes no frames; {waiting} bytes wait")

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        """The next frame; waits for one no longer than `timeout` seconds (None: for ever)."""
        deadline_s = None if timeout is None else time.monotonic() + timeout
        while not self._received:
            data = self.serialPortOrig.read(max(1, self.serialPortOrig.in_waiting))
            if data:
                self._take(data)
            elif deadline_s is not None and time.monotonic() >= deadline_s:
                return None, False
            elif timeout != 0:
                time.sleep(0.001)
        return self._received.popleft(), False

    def _take(self, data: bytes) -> None:
        *parts, self._unfinished = _END.split(self._unfinished + data)
        for line, end in zip(parts[::2], parts[1::2], strict=True):
            self._count_refusal(line == b"" and end == _REFUSED)
            frame = parse_frame(line)
            if frame is not None:
                self._received.append(frame)
            elif not _ANSWER.fullmatch(line):
                self.malformed += 1
        if len(self._unfinished) > _MOST_UNFINISHED_BYTES:
            self._unfinished = b""
            self.malformed += 1

    def _count_refusal(self, refused: bool) -> None:
        """In a row, and one soon after the other: anything else that it says ends the row."""
        now_s = time.monotonic()
        if not refused or now_s - self._refused_s > _REFUSALS_COUNT_S:
            self._refusals = 0
        if refused:
            self._refusals, self._refused_s = self._refusals + 1, now_s


def parse_frame(line: bytes) -> can.Message | None:
    """A received data frame from its line (without the end), None for anything else."""
    match = _FRAME.fullmatch(line)
    if match is None:
        return None
    length, data = int(match["length"]), bytes.fromhex(match["data"].decode())
    # Some adapters append a time stamp of two bytes.
    if len(data) not in (length, length + 2):
        return None
    extended = match["extended"] is not None
    identifier = int(match["long_id"] if extended else match["id"], 16)
    if identifier > (0x1FFFFFFF if extended else 0x7FF):
        return None
    return can.Message(
        arbitration_id=identifier, is_extended_id=extended, data=data[:length], is_rx=True
    )
