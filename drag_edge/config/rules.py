"""What must hold between values; each rule says where it is broken and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from drag_edge.config.cameras import Role
from drag_edge.config.loading.tree import KeyPath, dotted
from drag_edge.config.report import Kind, Problem, listed, nearest
from drag_edge.config.root import Settings
from drag_edge.config.sources import SourceKind, parse_source
from drag_edge.config.vehicle import CanInterface

# On the wire: docs/mcu.md. Start and stop bit included.
MCU_COMMAND_BYTES = 21
_BITS_OF_A_BYTE = 10
_MOST_OF_A_PORT = 0.8
# What the cyclic sender puts on the bus: docs/can.md. One frame of 8 bytes as slcan's line, and on
# the bus with the gap after it and the most stuff bits (ISO 11898-1).
CAN_FRAMES_PER_S = 390
SLCAN_FRAME_BYTES = 22
CAN_FRAME_BITS = 135
# What a command rests on must not be older than this when it is given.
_OLDEST_S = 0.5
_COMMANDS_REST_ON = ("speed", "yaw_rate", "accelerator", "brake_pressed")
# (key, key): the first must be less than the second.
RISING = (
    ("adas.aeb.ttc_full_s", "adas.aeb.ttc_partial_s"),
    ("adas.aeb.ttc_partial_s", "adas.aeb.ttc_warn_s"),
    ("adas.aeb.partial_lead_s", "adas.aeb.warn_lead_s"),
    ("adas.aeb.partial_decel_mps2", "adas.aeb.full_decel_mps2"),
    ("adas.aeb.min_gap_m", "adas.aeb.max_gap_m"),
    ("adas.aeb.min_speed_mps", "adas.aeb.max_speed_mps"),
    ("adas.lka.offset_warn_m", "adas.lka.offset_correct_m"),
    ("adas.lka.hands_off_warn_s", "adas.lka.hands_off_sound_s"),
    ("adas.lka.hands_off_sound_s", "adas.lka.hands_off_end_s"),
    ("adas.bsd.box_x_min_m", "adas.bsd.box_x_max_m"),
    ("adas.bsd.box_y_min_m", "adas.bsd.box_y_max_m"),
    ("adas.monitor.late_s", "adas.monitor.stale_s"),
    ("perception.tracks.low_score", "perception.tracks.new_score"),
    ("body.wheelbase_m", "body.front_overhang_m"),
    ("body.front_overhang_m", "body.length_m"),
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not hold: at which value, and what was expected."""

    path: KeyPath
    value: Any
    expected: str
    hint: str = ""


def broken_rules(settings: Settings) -> list[Problem]:
    """Every rule that the settings break; the loader puts in where the key stands."""
    return [
        Problem(
            kind=Kind.VALUE,
            file=None,
            line=None,
            column=None,
            key=dotted(broken.path),
            value=broken.value,
            expected=broken.expected,
            hint=broken.hint,
        )
        for rule in RULES
        for broken in rule(settings)
    ]


def models_name_cameras(settings: Settings) -> Iterator[Broken]:
    """A model looks at cameras that exist, each once."""
    known = list(settings.cameras)
    for name, model in settings.models.items():
        cameras = model.cameras or ()
        for index, camera in enumerate(cameras):
            path = ("models", name, "cameras", str(index))
            if camera not in known:
                close = nearest(camera, known)
                hint = f"did you mean {close}?" if close else ""
                yield Broken(path, camera, f"one of the cameras {listed(known)}", hint)
            elif camera in cameras[:index]:
                yield Broken(path, camera, "each camera once")


def one_camera_per_role(settings: Settings) -> Iterator[Broken]:
    """Perception understands one camera each to the front, left, right and rear."""
    first: dict[Role, str] = {}
    for name, camera in settings.cameras.items():
        role = camera.role
        if role in first:
            wanted = f"one camera per role; cameras.{first[role]} is {role.value} already"
            yield Broken(("cameras", name, "role"), role.value, wanted)
        first.setdefault(role, name)


def actuation_is_possible(settings: Settings) -> Iterator[Broken]:
    """Nothing may act without own speed, without a picture to the front, or without a bus."""
    if not settings.adas.actuation:
        return
    at = ("adas", "actuation")
    ego = settings.vehicle.ego
    if ego is None or ego.speed is None:
        yield Broken(at, "on", "off, or vehicle.ego.speed mapped: nobody may act without own speed")
    if all(camera.role is not Role.FRONT for camera in settings.cameras.values()):
        yield Broken(at, "on", "off, or a camera whose role is front")


def actuation_rests_on_what_is_new(settings: Settings) -> Iterator[Broken]:
    """Own motion and the driver's pedals are known to be lost soon enough."""
    ego = settings.vehicle.ego
    if not settings.adas.actuation or ego is None:
        return
    mapped = {name: getattr(ego, name) for name in _COMMANDS_REST_ON}
    for name, signal in mapped.items():
        if signal is not None and (signal.timeout_s or 0.0) > _OLDEST_S:
            at = ("vehicle", "ego", name, "timeout_s")
            yield Broken(at, signal.timeout_s, f"{_OLDEST_S:g} s or less", "adas.actuation is on")
    theirs = [name for name, signal in mapped.items() if signal and signal.timeout_s is None]
    if theirs and ego.timeout_s > _OLDEST_S:
        wanted = f"{_OLDEST_S:g} s or less, or a timeout_s of their own for {' and '.join(theirs)}"
        yield Broken(("vehicle", "ego", "timeout_s"), ego.timeout_s, wanted, "adas.actuation is on")


def actuation_meets_the_world_it_sees(settings: Settings) -> Iterator[Broken]:
    """A live vehicle needs a bus; a recording or a simulation must not drive a real one."""
    if not settings.adas.actuation:
        return
    can = settings.vehicle.can
    inside = can.interface is CanInterface.VIRTUAL
    bench = settings.vehicle.mcu is None and (inside or can.channel.startswith("vcan"))
    for name, camera in settings.cameras.items():
        source = parse_source(camera.source)
        simulated = source.kind is SourceKind.SIMULATION
        if inside and not simulated:
            wanted = "a sim:// camera, or a vehicle.can.interface that leaves this process"
            hint = "adas.actuation is on, and a virtual bus reaches nobody"
        elif not bench and source.recorded:
            wanted = "a live camera, or vehicle.can.interface: virtual and no vehicle.mcu"
            hint = "adas.actuation is on, and no film may drive a real vehicle"
        else:
            continue
        yield Broken(("cameras", name, "source"), camera.source, wanted, hint)


def one_simulated_world(settings: Settings) -> Iterator[Broken]:
    """All simulated cameras look at one scenario; "sim://" alone means the others' one."""
    named = ""
    simulated = [
        (n, c.source) for n, c in settings.cameras.items() if c.source.startswith("sim://")
    ]
    for name, source in simulated:
        if source == "sim://":
            continue
        if named and source != named:
            yield Broken(("cameras", name, "source"), source, f"{named} as before, or sim://")
        named = named or source
    if simulated and not named:
        name, source = simulated[0]
        yield Broken(("cameras", name, "source"), source, "a scenario, for example sim://highway")


def commands_fit_their_port(settings: Settings) -> Iterator[Broken]:
    """A port slower than its commands would hold old ones back."""
    mcu = settings.vehicle.mcu
    if mcu is None:
        return
    least_s = MCU_COMMAND_BYTES * _BITS_OF_A_BYTE / (_MOST_OF_A_PORT * mcu.baudrate)
    if mcu.period_s < least_s:
        wanted = f"{least_s:.3f} s or more at {mcu.baudrate} bit/s, or a higher baudrate"
        yield Broken(("vehicle", "mcu", "period_s"), mcu.period_s, wanted)


def frames_fit_their_bus(settings: Settings) -> Iterator[Broken]:
    """A bus, or an adapter's port, slower than what is sent would hold old demands back."""
    can = settings.vehicle.can
    if can.interface is CanInterface.VIRTUAL:
        return
    least = CAN_FRAMES_PER_S * CAN_FRAME_BITS / _MOST_OF_A_PORT
    if can.bitrate < least:
        wanted = f"{least:.0f} bit/s or more: {CAN_FRAMES_PER_S} frames a second are sent"
        yield Broken(("vehicle", "can", "bitrate"), can.bitrate, wanted)
    least = CAN_FRAMES_PER_S * SLCAN_FRAME_BYTES * _BITS_OF_A_BYTE / _MOST_OF_A_PORT
    if can.interface is CanInterface.SLCAN and can.serial_baudrate < least:
        wanted = f"{least:.0f} bit/s or more: {CAN_FRAMES_PER_S} frames a second pass it"
        yield Broken(("vehicle", "can", "serial_baudrate"), can.serial_baudrate, wanted)


def body_adds_up(settings: Settings) -> Iterator[Broken]:
    """The length is what lies before and behind the rear axle (to a centimetre or two)."""
    body = settings.body
    total_m = body.front_overhang_m + body.rear_overhang_m
    if abs(total_m - body.length_m) > 0.02:
        wanted = f"front_overhang_m + rear_overhang_m = {total_m:g} m"
        yield Broken(("body", "length_m"), body.length_m, wanted)


def names_are_one_word_of_a_key(settings: Settings) -> Iterator[Broken]:
    """Keys are written with dots: "cameras.a.b.fps" would be of a camera "a"."""
    for section in ("cameras", "models"):
        for name in getattr(settings, section):
            if "." in name:
                yield Broken((section, name), name, "a name without a dot")


def values_rise(settings: Settings) -> Iterator[Broken]:
    """Stages and bounds are in order."""
    for lower, upper in RISING:
        low, high = _value(settings, lower), _value(settings, upper)
        if low >= high:
            yield Broken(tuple(lower.split(".")), low, f"less than {upper} = {high:g}")


def _value(settings: Settings, key: str) -> float:
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return float(value)


RULES = (
    models_name_cameras,
    one_camera_per_role,
    actuation_is_possible,
    actuation_rests_on_what_is_new,
    actuation_meets_the_world_it_sees,
    one_simulated_world,
    body_adds_up,
    commands_fit_their_port,
    frames_fit_their_bus,
    names_are_one_word_of_a_key,
    values_rise,
)
