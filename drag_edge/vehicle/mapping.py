"""The YAML's mapping of the vehicle's signals, bound to its DBC; what does not fit is a problem."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cantools.database.can import Database, Message, Signal

from drag_edge.config.report import UNSET, Kind, Problem, listed, nearest
from drag_edge.config.units import canonical, convert
from drag_edge.config.vehicle import (
    ChoiceSignal,
    EgoSettings,
    NumberSignal,
    SignalSettings,
    SwitchSignal,
)
from drag_edge.vehicle.foreign_dbc import DbcError, load_dbc
from drag_edge.vehicle.reading import BoundSignal, Conversion, Source

# Key of the YAML → field of EgoState, and the SI unit of a number.
EGO_FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "speed": ("speed_mps", "m/s"),
        "accel": ("accel_mps2", "m/s^2"),
        "yaw_rate": ("yaw_rate_radps", "rad/s"),
        "steering_wheel_angle": ("steering_wheel_angle_rad", "rad"),
        "driver_torque": ("driver_torque_nm", "Nm"),
        "accelerator": ("accelerator", "1"),
        "brake_pressed": ("brake_pressed", ""),
        "indicator_left": ("indicator_left", ""),
        "indicator_right": ("indicator_right", ""),
        "acc_enabled": ("acc_enabled", ""),
        "set_speed": ("set_speed_mps", "m/s"),
        "gap_setting": ("gap_setting", ""),
        "hands_on": ("hands_on", ""),
        "resume": ("resume", ""),
        "reverse": ("reverse", ""),
    }
)
# Numbers that EgoState bounds.
_LIMITS = MappingProxyType(
    {"speed": (0.0, math.inf), "set_speed": (0.0, math.inf), "accelerator": (0.0, 1.0)}
)
# Whose sign only tells the direction: vehicles that drive backwards may say so by a minus.
_MAGNITUDES = frozenset({"speed"})
# What no vehicle does, whatever its DBC allows: 360 km/h. All bits set, by which many say "not
# available", is beyond it where 16 bits count hundredths of km/h.
_MOST = MappingProxyType({"speed": 100.0})

_SILENT_CYCLES = 10  # a message is silent when so many of its cycles bring nothing
_LEAST_PATIENCE_S = 0.1


@dataclass(frozen=True, slots=True)
class Mapped:
    """Everything that is to be read from the vehicle's bus, or why not."""

    signals: tuple[BoundSignal, ...]
    problems: tuple[Problem, ...]


def check_ego_mapping(settings: EgoSettings) -> list[Problem]:
    """What is wrong with the DBC or with the mapping's use of it; keys start at vehicle.ego."""
    return list(bind(settings).problems)


def bind(settings: EgoSettings) -> Mapped:
    """Find every mapped signal in the DBC."""
    try:
        database = load_dbc(settings.dbc)
    except DbcError as error:
        expected = f"a DBC that cantools can read: {error.reason}"
        problem = Problem(
            Kind.VALUE, error.path, error.line, error.column, "vehicle.ego.dbc", UNSET, expected
        )
        return Mapped((), (problem,))
    binder = _Binder(database, settings)
    signals = tuple(binder.all_signals())
    binder.check_data_ids()
    return Mapped(signals, tuple(binder.problems))


class _Binder:
    def __init__(self, database: Database, settings: EgoSettings) -> None:
        self.problems: list[Problem] = []
        self._messages = {message.name: message for message in database.messages}
        self._settings = settings

    def all_signals(self) -> Iterator[BoundSignal]:
        for name in EGO_FIELDS:
            wanted = getattr(self._settings, name)
            if wanted is not None:
                found = self._bind(name, wanted)
                if found is not None:
                    yield found

    def check_data_ids(self) -> None:
        for name in self._settings.data_ids:
            if name not in self._messages:
                self._unknown(f"data_ids.{name}", name, "message", list(self._messages))

    def _bind(self, name: str, wanted: SignalSettings) -> BoundSignal | None:
        message = self._messages.get(wanted.message)
        if message is None:
            self._unknown(f"{name}.message", wanted.message, "message", list(self._messages))
            return None
        by_name = {signal.name: signal for signal in message.signals}
        plus = wanted.plus if isinstance(wanted, NumberSignal) else None
        for key, signal_name in (("signal", wanted.signal), ("plus", plus)):
            if signal_name is not None and signal_name not in by_name:
                what = f"signal of {message.name}"
                self._unknown(f"{name}.{key}", signal_name, what, list(by_name))
                return None
        conversion = self._conversion(name, wanted, by_name[wanted.signal])
        if conversion is None:
            return None
        return BoundSignal(
            name=name,
            ego_field=EGO_FIELDS[name][0],
            message=message,
            source=_source(by_name[wanted.signal], wanted),
            plus=None if plus is None else _source(by_name[plus], wanted),
            conversion=conversion,
            invalid=self._values(f"{name}.invalid", wanted.invalid, by_name[wanted.signal]),
            timeout_s=wanted.timeout_s or self._patience_s(message),
        )

    def _patience_s(self, message: Message) -> float:
        """The section's time-out; shorter for a message that the DBC says comes more often."""
        longest_s: float = self._settings.timeout_s
        if not message.cycle_time:
            return longest_s
        cycle_s = float(message.cycle_time) / 1000
        return min(longest_s, max(_LEAST_PATIENCE_S, _SILENT_CYCLES * cycle_s))

    def _conversion(self, name: str, wanted: SignalSettings, signal: Signal) -> Conversion | None:
        if isinstance(wanted, NumberSignal):
            return self._number(name, wanted, signal)
        if isinstance(wanted, SwitchSignal):
            on = None if wanted.on is None else self._values(f"{name}.on", wanted.on, signal)
            return Conversion("switch", on=on, above=wanted.above, invert=wanted.invert)
        assert isinstance(wanted, ChoiceSignal)
        values = self._values(f"{name}.values", tuple(wanted.values), signal)
        return Conversion("choice", choices=dict(zip(values, wanted.values.values(), strict=False)))

    def _number(self, name: str, wanted: NumberSignal, signal: Signal) -> Conversion | None:
        to_si = self._to_si(name, wanted, signal)
        if to_si is None:
            return None
        factor = -to_si if wanted.invert else to_si
        low, high = _LIMITS.get(name, (-math.inf, math.inf))
        return Conversion(
            "number",
            scale=factor * (1.0 if wanted.scale is None else wanted.scale),
            offset=factor * wanted.offset,
            low=low,
            high=high,
            most=_MOST.get(name, math.inf),
            magnitude=name in _MAGNITUDES,
        )

    def _to_si(self, name: str, wanted: NumberSignal, signal: Signal) -> float | None:
        """Factor from the mapping's unit to SI; None, and a problem, where there is none."""
        si = EGO_FIELDS[name][1]
        if wanted.unit is None and wanted.scale is not None:
            return 1.0
        unit = canonical(wanted.unit or signal.unit or "")
        factor = convert(1.0, unit, si)
        if factor is not None:
            return factor
        of_dbc = f"the DBC says {signal.unit!r}" if signal.unit else "the DBC says none"
        expected = f"a unit that converts to {si}; {of_dbc}"
        self._problem(f"{name}.unit", wanted.unit or UNSET, expected, Kind.UNIT)
        return None

    def _values(self, key: str, wanted: Sequence[float | str], signal: Signal) -> tuple[float, ...]:
        """Numbers as they are, labels of the value table as the physical value they stand for."""
        raw_of: dict[float | str, float] = {
            str(label): raw for raw, label in (signal.choices or {}).items()
        }
        values = []
        for value in wanted:
            if value in raw_of:
                values.append(float(raw_of[value] * signal.scale + signal.offset))
            elif (number := _number(value)) is not None:
                values.append(number)
            else:
                self._unknown(
                    key, str(value), f"label of {signal.name}", [str(label) for label in raw_of]
                )
        return tuple(values)

    def _unknown(self, key: str, value: str, what: str, known: Sequence[str]) -> None:
        close = nearest(value, known)
        hint = f"did you mean {close}?" if close else ""
        choice = listed(known) if known else "there are none"
        expected = f"a {what} in {self._settings.dbc.name} ({choice})"
        self._problem(key, value, expected, Kind.VALUE, hint)

    def _problem(self, key: str, value: object, expected: str, kind: Kind, hint: str = "") -> None:
        full_key = f"vehicle.ego.{key}"
        self.problems.append(Problem(kind, None, None, None, full_key, value, expected, hint))


def _source(signal: Signal, wanted: SignalSettings) -> Source:
    """The signal with what its DBC says it can have; half a step of grace for rounded ones.

    Many real DBCs state limits that their field cannot even hold, or the raw value's: no statement.
    """
    low, high, step = signal.minimum, signal.maximum, abs(float(signal.scale))
    if low is None or high is None or low >= high:  # [0|0]: the DBC does not say
        return Source(signal.name)
    least, most = _reach(signal)
    if low < least - step or high > most + step:
        return Source(signal.name)
    # The labels of a switch or a choice are its values; those of a number say that there is none.
    labels = {} if isinstance(wanted, NumberSignal) else signal.choices or {}
    also = tuple(float(raw * signal.scale + signal.offset) for raw in labels)
    return Source(signal.name, float(low), float(high), step / 2, also)


def _reach(signal: Signal) -> tuple[float, float]:
    """The least and the greatest physical value that the field can hold."""
    if signal.is_float:
        return -math.inf, math.inf
    first = -(1 << (signal.length - 1)) if signal.is_signed else 0
    ends = [raw * signal.scale + signal.offset for raw in (first, first + (1 << signal.length) - 1)]
    return float(min(ends)), float(max(ends))


def _number(value: float | str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
