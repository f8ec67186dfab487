"""Signals to bytes: the DBC decides what fits, nothing is wrapped or masked."""

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


class Codec:
    """Encodes our messages by name, with cantools in its strict mode.

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
        return int(self._messages[name].message.frame_id)

    def cycle_time_s(self, name: str) -> float:
        """GenMsgCycleTime, seconds."""
        return (self._messages[name].message.cycle_time or 0) / 1000

    def encode(self, name: str, signals: Signals) -> Encoded:
        """The message's bytes. Raises KeyError for a message or signal that does not exist."""
        return self._messages[name].encode(signals)


class _MessageCodec:
    def __init__(self, message: Message) -> None:
        self.message = message
        self._fits = {signal.name: _Fit(signal) for signal in message.signals}
        self._flag = next(name for name in self._fits if name.endswith("Saturated"))
        self._selector = next((s.name for s in message.signals if s.is_multiplexer), None)

    def encode(self, signals: Signals) -> Encoded:
        slot = None if self._selector is None else int(signals[self._selector] or 0)
        values = {name: fit.absent for name, fit in self._fits.items() if fit.is_in(slot)}
        saturated = []
        for name, value in signals.items():
            values[name], changed = self._fits[name].fit(value)
            if changed:
                saturated.append(name)
        values[self._flag] = 1 if saturated else 0
        payload = self.message.encode(values, scaling=True, strict=True)
        return Encoded(bytes(payload), tuple(saturated))


class _Fit:
    """What one signal can say, looked up once."""

    def __init__(self, signal: Signal) -> None:
        self._labels = frozenset(str(label) for label in (signal.choices or {}).values())
        # Flags say NO, CRC and counter 0 until they are set.
        self.absent: float | str = NOT_AVAILABLE if NOT_AVAILABLE in self._labels else 0
        self._other: float | str = OTHER if OTHER in self._labels else self.absent
        self._low = float(signal.minimum or 0.0)
        self._high = float(signal.maximum or 0.0)
        attributes = signal.dbc.attributes if signal.dbc else {}
        self._open_ended = "OpenEnded" in attributes
        self._slots = signal.multiplexer_ids

    def is_in(self, slot: int | None) -> bool:
        """Whether the signal is part of the frame for this slot of a multiplexed message."""
        return self._slots is None or slot in self._slots

    def fit(self, value: Value) -> tuple[float | str, bool]:
        """The value as the signal can say it, and whether that is worth telling."""
        if value is None:
            return self.absent, False
        if isinstance(value, str):
            return (value, False) if value in self._labels else (self._other, True)
        if not math.isfinite(value):
            return self.absent, True
        if value < self._low:
            return self._low, True
        if value > self._high:
            return self._high, not self._open_ended
        return value, False
