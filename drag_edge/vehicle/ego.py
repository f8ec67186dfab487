"""The own vehicle's state, read from its bus."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import can
from cantools.database.can import Message

from drag_edge.config.report import ConfigError
from drag_edge.config.vehicle import EgoSettings, Protection
from drag_edge.events import Event
from drag_edge.perception.ego import EgoState
from drag_edge.vehicle.decoder import Decoder
from drag_edge.vehicle.e2e import E2EReceiver, E2ESettings, E2EStatus, data_ids_of
from drag_edge.vehicle.mapping import bind
from drag_edge.vehicle.reading import BoundSignal, Plain

MOST_FRAMES_PER_STEP = 4000  # a second of a full 500 kbit/s bus: a step always ends
_ROUNDING_S = 1e-6
_INVALID_EVERY_S = 0.1  # a message that stays wrong is told again this often

FrameKey = tuple[int, bool]  # identifier, extended


class FrameSource(Protocol):
    """Where frames come from: VehicleBus."""

    def receive(self) -> can.Message | None:
        """The next waiting frame, None when there is none. Does not block."""


class EgoReader:
    """Reads what the mapping names and ignores everything else.

    `step` drains the bus and notices silence; `state` may be called from another thread. Signals
    that are not mapped, not received for their time-out, or in frames that fail their check are
    None. Events: ego_signal_lost and ego_signal_recovered once per change (source: the YAML's
    key), ego_frame_invalid (source: the message).
    """

    def __init__(
        self,
        bus: FrameSource,
        settings: EgoSettings | None,
        now_s: float,
        on_event: Callable[[Event], None],
    ) -> None:
        """Raises ConfigError for a DBC or a mapping that cannot be used."""
        self.frames = 0
        self.invalid_frames = 0
        self._bus = bus
        self._on_event = on_event
        self._signals = _bound(settings)
        self._of_frame: dict[FrameKey, list[BoundSignal]] = defaultdict(list)
        for signal in self._signals:
            self._of_frame[_key(signal.message)].append(signal)
        self._decoders = {key: _decoder(bound) for key, bound in self._of_frame.items()}
        self._checks = _checks(settings, self._signals, now_s)
        self._values: dict[str, tuple[Plain | None, float]] = {}
        self._seen_s = {signal.name: now_s for signal in self._signals}
        self._lost: set[str] = set()
        self._heard_until_s = now_s
        self._invalid_told_s: dict[str, float] = {}

    def step(self, now_s: float) -> None:
        """Take what is waiting on the bus, then see what has been silent for too long."""
        for _ in range(MOST_FRAMES_PER_STEP):
            message = self._bus.receive()
            if message is None:
                break
            self.frames += 1
            self._take(message, now_s)
        self._notice_silence(now_s)

    def state(self, now_s: float) -> EgoState:
        """The vehicle as known at now_s."""
        known: dict[str, Any] = {}
        for signal in self._signals:
            value, time_s = self._values.get(signal.name, (None, now_s))
            if now_s - time_s <= signal.timeout_s:
                known[signal.ego_field] = value
        return EgoState(now_s, **known)

    def _take(self, frame: can.Message, now_s: float) -> None:
        key = (frame.arbitration_id, frame.is_extended_id)
        signals = self._of_frame.get(key)
        if signals is None or frame.is_remote_frame:
            return
        message, data = signals[0].message, bytes(frame.data)
        check = self._checks.get(key)
        if check is not None and not check.receive(data, now_s).usable:
            if check.status is E2EStatus.ERROR:
                self._tell_invalid(message, "wrong CRC", now_s)
            return
        physical = self._decoders[key].decode(data)
        if physical is None:
            self._tell_invalid(message, f"{len(data)} bytes cannot be decoded", now_s)
            return
        for signal in signals:
            self._keep(signal, physical, now_s)

    def _keep(self, signal: BoundSignal, physical: Mapping[str, float], now_s: float) -> None:
        reading = signal.read(physical)
        if reading is None:  # a multiplexed signal that is not in this frame
            return
        self._values[signal.name] = (reading.value, now_s)
        self._seen_s[signal.name] = now_s
        if reading.wrong:
            self._tell_invalid(signal.message, reading.wrong, now_s)

    def _notice_silence(self, now_s: float) -> None:
        if not self._lost and now_s < self._heard_until_s:
            return
        # None can be silent before this, however the sums are rounded: time stamps only grow.
        until_s = (self._seen_s[signal.name] + signal.timeout_s for signal in self._signals)
        self._heard_until_s = min(until_s, default=math.inf) - _ROUNDING_S
        for signal in self._signals:
            silent = now_s - self._seen_s[signal.name] > signal.timeout_s
            if silent == (signal.name in self._lost):
                continue
            where = f"{signal.message.name}.{signal.source.name}"
            if silent:
                self._lost.add(signal.name)
                detail = f"{where} not received for {signal.timeout_s:g} s"
                self._on_event(Event("ego_signal_lost", signal.name, detail, now_s))
            else:
                self._lost.discard(signal.name)
                detail = f"{where} is received again"
                self._on_event(Event("ego_signal_recovered", signal.name, detail, now_s))

    def _tell_invalid(self, message: Message, why: str, now_s: float) -> None:
        self.invalid_frames += 1
        told_s = self._invalid_told_s.get(message.name)
        if told_s is not None and now_s - told_s < _INVALID_EVERY_S:
            return
        self._invalid_told_s[message.name] = now_s
        self._on_event(Event("ego_frame_invalid", message.name, why, now_s))


def _bound(settings: EgoSettings | None) -> tuple[BoundSignal, ...]:
    if settings is None:
        return ()
    mapped = bind(settings)
    if mapped.problems:
        raise ConfigError(mapped.problems)
    return mapped.signals


def _checks(
    settings: EgoSettings | None, signals: tuple[BoundSignal, ...], now_s: float
) -> dict[FrameKey, E2EReceiver]:
    """A receiver for each mapped message, where the YAML wants frames checked."""
    if settings is None or settings.protection is Protection.NONE:
        return {}
    checks = {}
    for message in {signal.message.name: signal.message for signal in signals}.values():
        digits = settings.data_ids.get(message.name)
        data_ids = bytes.fromhex(digits) if digits else data_ids_of(message.frame_id)
        checks[_key(message)] = E2EReceiver(data_ids, E2ESettings(settings.timeout_s), now_s)
    return checks


def _decoder(signals: Sequence[BoundSignal]) -> Decoder:
    """What reads the signals of one message."""
    sources = [source for signal in signals for source in (signal.source, signal.plus) if source]
    return Decoder(signals[0].message, (source.name for source in sources))


def _key(message: Message) -> FrameKey:
    return message.frame_id, message.is_extended_frame
