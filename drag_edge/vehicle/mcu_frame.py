"""The bytes between us and a microcontroller that moves the actuators; docs/mcu.md is for people.

Every frame is COBS(version, type, sequence, length, payload, CRC-16) and a zero. Little-endian.
"""

from __future__ import annotations

import binascii
import math
import struct
from dataclasses import dataclass
from enum import IntEnum

from drag_edge.vehicle import cobs

VERSION = 1
END = b"\0"
MOST_PAYLOAD_BYTES = 64
MOST_FRAME_BYTES = 128  # stuffed; a longer run without a zero is noise
NOT_AVAILABLE = -32768

_HEADER = struct.Struct("<BBBB")
_CRC = struct.Struct("<H")
_COMMAND = struct.Struct("<HBBhhhH")
_STATUS = struct.Struct("<BBHHH")

MMPS2 = 0.001  # m/s² a bit
CURVATURE_1PM = 1e-5  # 1/m a bit
_NEVER_MS = 0xFFFF


class FrameType(IntEnum):
    """What a frame holds."""

    COMMAND = 0x01
    STATUS = 0x81


class McuState(IntEnum):
    """What the microcontroller does."""

    IDLE = 0
    ACTIVE = 1
    OVERRIDDEN = 2
    FAULT = 3
    TIMED_OUT = 4


ACTUATION, ACCEL, AEB, STEERING = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class McuCommand:
    """What it is told; a demand is None where nothing is wanted of that actuator.

    mode: number of Mode. alert: number of the DBC's alert. valid_s: it may act on this for so long
    after it arrived, 0 is never.
    """

    mode: int
    alert: int
    actuation: bool = False
    accel_mps2: float | None = None
    aeb_decel_mps2: float | None = None
    curvature_1pm: float | None = None
    valid_s: float = 0.0


@dataclass(frozen=True, slots=True)
class McuStatus:
    """What it answers. acknowledged: sequence of the last command that it took. faults: its own
    bits. rejected: frames refused so far, modulo 65536. command_age_s: since it took one, None
    before the first or after 65 s."""

    acknowledged: int
    state: McuState
    faults: int
    rejected: int
    command_age_s: float | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame with a right CRC."""

    type: int
    sequence: int
    payload: bytes


def frame_bytes(type_: int, sequence: int, payload: bytes) -> bytes:
    """As it goes over the wire. A zero goes first too: it ends what was cut off before."""
    if len(payload) > MOST_PAYLOAD_BYTES:
        raise ValueError(f"{len(payload)} bytes of payload, {MOST_PAYLOAD_BYTES} at most")
    body = _HEADER.pack(VERSION, type_, sequence % 256, len(payload)) + payload
    return END + cobs.encode(body + _CRC.pack(crc16(body))) + END


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, starts at 0xFFFF ("123456789" gives 0x29B1)."""
    return binascii.crc_hqx(data, 0xFFFF)


def read_frame(stuffed: bytes) -> Frame | None:
    """The frame in what stood between two zeros; None when it is none of ours or damaged."""
    body = cobs.decode(stuffed)
    if body is None or len(body) < _HEADER.size + _CRC.size:
        return None
    content, told = body[: -_CRC.size], body[-_CRC.size :]
    version, type_, sequence, length = _HEADER.unpack_from(content)
    payload = content[_HEADER.size :]
    if _CRC.unpack(told)[0] != crc16(content) or version != VERSION or len(payload) != length:
        return None
    return Frame(type_, sequence, payload)


class FrameSplitter:
    """Finds frames in a stream of bytes; noise and cut frames cost only themselves.

    refused: runs between zeros that were no whole frame.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._unfinished = b""

    def take(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes."""
        *runs, self._unfinished = (self._unfinished + data).split(END)
        frames = []
        for run in runs:
            frame = read_frame(run) if len(run) <= MOST_FRAME_BYTES else None
            if frame is not None:
                frames.append(frame)
            elif run:
                self.refused += 1
        # What is too long for a frame stays too long until its zero comes.
        self._unfinished = self._unfinished[: MOST_FRAME_BYTES + 1]
        return frames


def command_payload(command: McuCommand) -> bytes:
    """12 bytes. Demands out of range are cut to it; what is no number is not demanded."""
    demands = (
        (ACCEL, _raw(command.accel_mps2, MMPS2)),
        (AEB, _raw(command.aeb_decel_mps2, MMPS2)),
        (STEERING, _raw(command.curvature_1pm, CURVATURE_1PM)),
    )
    flags = ACTUATION if command.actuation else 0
    flags |= sum(bit for bit, raw in demands if raw != NOT_AVAILABLE)
    valid_ms = _clipped(command.valid_s * 1000.0, 0, 0xFFFF)
    values = (raw for _, raw in demands)
    return _COMMAND.pack(flags, command.mode & 0xFF, command.alert & 0xFF, *values, valid_ms)


def read_command(payload: bytes) -> McuCommand | None:
    """What a command says, as the microcontroller reads it; None when it is none."""
    if len(payload) != _COMMAND.size:
        return None
    flags, mode, alert, accel, aeb, curvature, valid_ms = _COMMAND.unpack(payload)
    return McuCommand(
        mode,
        alert,
        bool(flags & ACTUATION),
        _physical(accel, MMPS2) if flags & ACCEL else None,
        _physical(aeb, MMPS2) if flags & AEB else None,
        _physical(curvature, CURVATURE_1PM) if flags & STEERING else None,
        valid_ms / 1000.0,
    )


def status_payload(status: McuStatus) -> bytes:
    """8 bytes, as the microcontroller writes them."""
    age_s = status.command_age_s
    age_ms = _NEVER_MS if age_s is None else _clipped(age_s * 1000.0, 0, _NEVER_MS - 1)
    return _STATUS.pack(
        status.acknowledged & 0xFF,
        status.state,
        status.faults & 0xFFFF,
        status.rejected & 0xFFFF,
        age_ms,
    )


def read_status(payload: bytes) -> McuStatus | None:
    """What a status says; None when it is none, or of a state that does not exist."""
    if len(payload) != _STATUS.size:
        return None
    acknowledged, state, faults, rejected, age_ms = _STATUS.unpack(payload)
    if state not in McuState.__members__.values():
        return None
    age_s = None if age_ms == _NEVER_MS else age_ms / 1000.0
    return McuStatus(acknowledged, McuState(state), faults, rejected, age_s)


def _raw(value: float | None, step: float) -> int:
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    return _clipped(value / step, NOT_AVAILABLE + 1, 32767)


def _clipped(value: float, low: int, high: int) -> int:
    return low if math.isnan(value) else round(min(max(value, low), high))


def _physical(raw: int, step: float) -> float | None:
    return None if raw == NOT_AVAILABLE else raw * step
