"""Signals to bytes: the DBC decides what fits, nothing is wrapped or masked.

The bytes are those of cantools' strict encoding (tests/vehicle/test_codec.py compares them for
every message); they are put together here because 380 frames a second are worth it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cantools.database.can import Message, Signal

from drag_edge.vehicle.dbc import NOT_AVAILABLE, drag_edge_dbc
from drag_edge.vehicle.signals import Signals, Value

OTHER = "OTHER"  # the label for a name that the value table does not know, where it has one


@dataclass(frozen=True, slots=True)
class Encoded:
    """payload: 8 bytes, CRC and counter still 0. saturated: signals whose value did not fit."""

    payload: bytes
    saturated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A frame's bits and its saturated signals so far."""

    bits: int
    saturated: tuple[str, ...]


class Codec:
    """Encodes our messages by name.

    A number beyond the signal's range becomes the nearest one in range; one that is not a number,
    or a label that the value table lacks, becomes not available. Both are told: in `saturated`,
    and by the message's own "…Saturated" flag. Signals whose top value stands for "or more" (the
    DBC's OpenEnded) are not told when they reach it.
    """

    def __init__(self) -> None:
        self._messages = {m.name: _MessageCodec(m) for m in drag_edge_dbc().messages}

    @property
    def names(self) -> tuple[str, ...]:
        """The messages, in the DBC's order."""
        return tuple(self._messages)

    def frame_id(self, name: str) -> int:
        """11-bit identifier."""
        return self._messages[name].frame_id

    def cycle_time_s(self, name: str) -> float:
        """GenMsgCycleTime, seconds."""
        return self._messages[name].cycle_time_s

    def encode(self, name: str, signals: Signals) -> Encoded:
        """The message's bytes. Raises KeyError for a message or signal that does not exist."""
        return self.finish(name, self.draft(name, signals), {})

    def draft(self, name: str, signals: Signals) -> Draft:
        """The first half of `encode`, for whoever sends the same signals again."""
        return self._messages[name].draft(signals)

    def finish(self, name: str, draft: Draft, more: Signals) -> Encoded:
        """The message of a draft with more signals, which must not be in the draft."""
        return self._messages[name].finish(draft, more)


class _MessageCodec:
    def __init__(self, message: Message) -> None:
        self.frame_id = int(message.frame_id)
        self.cycle_time_s = (message.cycle_time or 0) / 1000
        self._length = message.length
        self._fields = {signal.name: _Field(signal) for signal in message.signals}
        self._flag = next(f for name, f in self._fields.items() if name.endswith("Saturated"))
        self._selector = next((s.name for s in message.signals if s.is_multiplexer), None)
        slots = message.get_signal_by_name(self._selector).maximum if self._selector else 0
        # What a frame says for each slot of a multiplexed message (others have one) when nobody
        # sets a signal: not available, NO for a flag, 0 for CRC and counter.
        self._untouched = tuple(
            sum(field.absent << field.start for field in self._fields.values() if field.is_in(slot))
            for slot in range(int(slots or 0) + 1)
        )

    def draft(self, signals: Signals) -> Draft:
        slot = 0 if self._selector is None else int(signals[self._selector] or 0)
        bits, saturated = self._put(self._untouched[slot], signals)
        return Draft(bits, tuple(saturated))

    def finish(self, draft: Draft, more: Signals) -> Encoded:
        bits, saturated = self._put(draft.bits, more)
        told = (*draft.saturated, *saturated)
        if told:
            bits |= 1 << self._flag.start
        return Encoded(bits.to_bytes(self._length, "little"), told)

    def _put(self, bits: int, signals: Signals) -> tuple[int, list[str]]:
        saturated: list[str] = []
        fields = self._fields
        for name, value in signals.items():
            field = fields[name]
            if value is None:
                continue  # untouched already says so
            raw, changed = field.fit(value)
            if changed:
                saturated.append(name)
            bits = bits & ~field.mask | raw << field.start
        return bits, saturated


class _Field:
    """Where one signal is in the frame, and what it can say; looked up once."""

    def __init__(self, signal: Signal) -> None:
        if signal.byte_order != "little_endian" or signal.is_signed:
            raise ValueError(f"{signal.name}: our signals are little-endian and unsigned")
        self.start = int(signal.start)
        self.mask = ((1 << signal.length) - 1) << self.start
        self._raw_of = {str(label): int(raw) for raw, label in (signal.choices or {}).items()}
        self.absent = self._raw_of.get(NOT_AVAILABLE, 0)
        self._other = self._raw_of.get(OTHER, self.absent)
        self._scale, self._offset = float(signal.scale), float(signal.offset)
        self._low, self._high = float(signal.minimum or 0.0), float(signal.maximum or 0.0)
        self._lowest = round((self._low - self._offset) / self._scale)
        self._highest = round((self._high - self._offset) / self._scale)
        attributes = signal.dbc.attributes if signal.dbc else {}
        self._open_ended = "OpenEnded" in attributes
        self._slots = signal.multiplexer_ids

    def is_in(self, slot: int) -> bool:
        """Whether the signal is part of the frame for this slot of a multiplexed message."""
        return self._slots is None or slot in self._slots

    def fit(self, value: Value) -> tuple[int, bool]:
        """The raw value that says it, and whether it is worth telling that it had to change."""
        if value is None:
            return self.absent, False
        if isinstance(value, str):
            raw = self._raw_of.get(value)
            return (self._other, True) if raw is None else (raw, False)
        if self._low <= value <= self._high:
            return round((value - self._offset) / self._scale), False
        if not math.isfinite(value):
            return self.absent, True
        if value < self._low:
            return self._lowest, True
        return self._highest, not self._open_ended
