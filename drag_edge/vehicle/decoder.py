"""Bytes of a foreign message to physical values: cantools' (a test compares them), for the signals
that somebody asks for only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cantools.database.can import Message, Signal
from cantools.database.errors import DecodeError


class Decoder:
    """One message's signals. What is not plain little-endian numbers is left to cantools."""

    def __init__(self, message: Message, wanted: Iterable[str]) -> None:
        self._message = message
        self._length: int = message.length
        names = dict.fromkeys(wanted)
        signals = [signal for signal in message.signals if signal.name in names]
        plain = all(
            signal.byte_order == "little_endian"
            and not signal.is_float
            and signal.multiplexer_ids is None
            for signal in signals
        )
        self._fields = [_Field(signal) for signal in signals] if plain else None

    def decode(self, data: bytes) -> Mapping[str, float] | None:
        """Signal → physical value, None for data that the message cannot be in.

        Signals of another page of a multiplexed message are left out, all of them where the DBC
        does not know the page.
        """
        if len(data) < self._length:
            return None
        if self._fields is not None:
            bits = int.from_bytes(data[: self._length], "little")
            return {field.name: field.physical(bits) for field in self._fields}
        try:
            physical: Any = self._message.decode(data, decode_choices=False)
        except DecodeError:
            return {} if self._message.is_multiplexed() else None
        return physical if isinstance(physical, Mapping) else None


class _Field:
    def __init__(self, signal: Signal) -> None:
        self.name: str = signal.name
        self._start, self._mask = int(signal.start), (1 << int(signal.length)) - 1
        self._sign = 1 << (int(signal.length) - 1) if signal.is_signed else 0
        self._scale, self._offset = float(signal.scale), float(signal.offset)

    def physical(self, bits: int) -> float:
        raw = (bits >> self._start) & self._mask
        if raw & self._sign:
            raw -= self._mask + 1
        return raw * self._scale + self._offset
