"""End-to-end protection of a frame: AUTOSAR E2E profile 2, sender's and receiver's side.

Byte 0 is the CRC, the low nibble of byte 1 the counter (0–15). The CRC (CRC-8 H2F: polynomial
0x2F, start 0xFF, final XOR 0xFF) covers the bytes from 1 on, and then one byte which is never sent:
the entry of the message's data-ID list that belongs to the counter. A frame of another message
therefore never passes as this one. Source: AUTOSAR PRS E2E Protocol, profile 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

COUNTER_MODULUS = 16
DATA_ID_COUNT = 16
_POLYNOMIAL = 0x2F


def _crc_table() -> bytes:
    table = bytearray()
    for byte in bytes(range(256)):
        crc = byte
        for _ in range(8):
            crc = ((crc << 1) ^ _POLYNOMIAL if crc & 0x80 else crc << 1) & 0xFF
        table.append(crc)
    return bytes(table)


_TABLE = _crc_table()


def crc8_h2f(data: bytes) -> int:
    """CRC-8 H2F of `data`; of b"123456789" it is 0xDF."""
    crc = 0xFF
    for byte in data:
        crc = _TABLE[crc ^ byte]
    return crc ^ 0xFF


def data_ids_of(frame_id: int) -> bytes:
    """The 16 data IDs of a message by the project's rule: entry i is CRC-8 H2F of the three bytes
    (id >> 8, id & 255, i). Two identifiers that differ in one byte only never share an entry."""
    high, low = (frame_id >> 8) & 0xFF, frame_id & 0xFF
    return bytes(crc8_h2f(bytes((high, low, index))) for index in range(DATA_ID_COUNT))


def protect(payload: bytes, data_ids: bytes, counter: int) -> bytes:
    """The frame with counter and CRC put in; bits 4–7 of byte 1 and the rest stay as they are.

    payload: at least 2 bytes. data_ids: 16 bytes. counter: 0–15.
    """
    frame = bytearray(payload)
    frame[1] = (frame[1] & 0xF0) | (counter & 0x0F)
    frame[0] = _crc_of(frame, data_ids)
    return bytes(frame)


def crc_is_right(frame: bytes, data_ids: bytes) -> bool:
    """Whether the frame is whole and of the message with these data IDs."""
    return len(frame) >= 2 and frame[0] == _crc_of(frame, data_ids)


def counter_of(frame: bytes) -> int:
    """The counter of a frame of at least 2 bytes, 0–15."""
    return frame[1] & 0x0F


def _crc_of(frame: bytes | bytearray, data_ids: bytes) -> int:
    crc = 0xFF
    for byte in frame[1:]:
        crc = _TABLE[crc ^ byte]
    return _TABLE[crc ^ data_ids[frame[1] & 0x0F]] ^ 0xFF


class E2EStatus(Enum):
    """What a receiver thinks of the newest frame, or of there being none."""

    INITIAL = "initial"  # nothing good was ever received
    OK = "ok"
    SOMELOST = "somelost"  # good; a few before it are missing
    REPEATED = "repeated"  # the counter did not move: an old frame again
    WRONGSEQ = "wrongseq"  # too many are missing: not to be used until the sequence holds again
    NONEWDATA = "nonewdata"  # nothing since the last look
    ERROR = "error"  # wrong CRC or length
    TIMEOUT = "timeout"  # nothing good for too long

    # Each member is one object: its identity is a hash, and several times faster than its name's.
    __hash__ = object.__hash__

    @property
    def usable(self) -> bool:
        """The data of a frame with this status may be acted on."""
        return self is E2EStatus.OK or self is E2EStatus.SOMELOST


@dataclass(frozen=True, slots=True)
class E2ESettings:
    """max_lost: how many frames in a row may be missing and the next still be used (0–13).
    resync_frames: good frames in a row after a wrong sequence, before data is used again.
    timeout_s: without a usable frame for this long the sender counts as silent."""

    timeout_s: float
    max_lost: int = 2
    resync_frames: int = 2


class E2EReceiver:
    """The state machine of one received message, stepped with an explicit time."""

    def __init__(self, data_ids: bytes, settings: E2ESettings, now_s: float) -> None:
        if len(data_ids) != DATA_ID_COUNT:
            raise ValueError(f"profile 2 needs {DATA_ID_COUNT} data IDs, got {len(data_ids)}")
        self.status = E2EStatus.INITIAL
        self.counts: dict[E2EStatus, int] = dict.fromkeys(E2EStatus, 0)
        self._data_ids = data_ids
        self._settings = settings
        self._last_counter: int | None = None
        self._distrusted_frames = 0
        self._last_usable_s = now_s
        self._received_since_poll = False

    def receive(self, frame: bytes, now_s: float) -> E2EStatus:
        """Judge a frame; act on its data only when the result is `usable`."""
        self._received_since_poll = True
        return self._enter(self._judge(frame), now_s)

    def poll(self, now_s: float) -> E2EStatus:
        """To be called once a cycle: notices silence, and says the state as it is now."""
        received, self._received_since_poll = self._received_since_poll, False
        if now_s - self._last_usable_s > self._settings.timeout_s:
            # The last counter stays known: a dead process whose driver repeats its last frame for
            # ever would otherwise be believed once in every time-out.
            if self.status is E2EStatus.TIMEOUT:
                return self.status
            return self._enter(E2EStatus.TIMEOUT, now_s)
        if not received and self.status is not E2EStatus.INITIAL:
            return self._enter(E2EStatus.NONEWDATA, now_s)
        return self.status

    def _enter(self, status: E2EStatus, now_s: float) -> E2EStatus:
        self.status = status
        self.counts[status] += 1
        if status.usable:
            self._last_usable_s = now_s
        return status

    def _judge(self, frame: bytes) -> E2EStatus:
        if not crc_is_right(frame, self._data_ids):
            return E2EStatus.ERROR
        counter = counter_of(frame)
        last, self._last_counter = self._last_counter, counter
        if last is None:
            return E2EStatus.OK
        step = (counter - last) % COUNTER_MODULUS
        if step == 0:
            return E2EStatus.REPEATED
        if step > self._settings.max_lost + 1:
            # This one starts the sequence anew; the last of resync_frames after it is used again.
            self._distrusted_frames = self._settings.resync_frames - 1
            return E2EStatus.WRONGSEQ
        if self._distrusted_frames > 0:
            self._distrusted_frames -= 1
            return E2EStatus.WRONGSEQ
        return E2EStatus.OK if step == 1 else E2EStatus.SOMELOST
