"""The faults: ONE table, what is done, which events must name it within what time, and how long its
recovery may take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soak_parts.rig import Rig

Act = Callable[[Rig, str], None]

# What the machine may add to any limit: a process that starts, a decoder, a log line's way here.
GRACE_S = 2.0
# Of the settings that the rig writes (open_timeout_s) and of the defaults (retry_longest_s, …).
_OPEN_S, _LONGEST_WAIT_S, _FIRST_WAIT_S = 3.0, 8.0, 0.5
_FRAME_TIMEOUT_S = 0.3
_BUS_LONGEST_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """named: event → within how long after `begin`. recovered: events after `end`, within
    back_s(how long it held). targets: what it is done to, one of them. hold_s: from, to.
    deaf: no frame can be heard while it lasts.
    """

    name: str
    targets: tuple[str, ...]
    hold_s: tuple[float, float]
    begin: Act
    end: Act
    named: dict[str, float]
    recovered: tuple[str, ...]
    back_s: Callable[[float], float]
    deaf: bool = False


def _camera_wait_s(hold_s: float) -> float:
    """Twice the backoff's wait of that moment, which is never longer than it has been lost."""
    return 2 * min(_LONGEST_WAIT_S, max(_FIRST_WAIT_S, hold_s)) + GRACE_S


def _frozen_wait_s(hold_s: float) -> float:
    """As above; a try that hangs in the frozen server ends with its time-out first."""
    return 2 * max(min(_LONGEST_WAIT_S, hold_s), _OPEN_S + 1.0) + GRACE_S


def _model_wait_s(hold_s: float) -> float:
    """Tries come 1, 2, 4 … s apart: the next one is no further away than twice what has passed."""
    return 2 * max(1.0, hold_s) + GRACE_S


def _soon_s(hold_s: float) -> float:
    return GRACE_S


def _kill(rig: Rig, camera: str) -> None:
    rig.servers[camera].kill()


def _start(rig: Rig, camera: str) -> None:
    rig.servers[camera].start(size=rig.scenery.sizes[camera])


def _half(rig: Rig, camera: str) -> None:
    width, height = (int(one) // 2 for one in rig.scenery.sizes[camera].split("x"))
    rig.servers[camera].start(size=f"{width}x{height}")


def _freeze(rig: Rig, camera: str) -> None:
    rig.servers[camera].freeze()


def _thaw(rig: Rig, camera: str) -> None:
    rig.servers[camera].thaw()


def _say(word: str) -> Act:
    return lambda rig, target: rig.ear.say(word)


def _set(key: str, value: object) -> Act:
    """Change a value in the file and ask for a reload."""

    def act(rig: Rig, target: str) -> None:
        rig.settings.set(key, value)
        rig.daemon.reload()

    return act


def _spoil(rig: Rig, target: str) -> None:
    rig.settings.write("cameras:\n  front: [this, is\nadas: {acc: {enabled: maybe}}\n")
    rig.daemon.reload()


def _mend(rig: Rig, target: str) -> None:
    """The file as it was: nothing has changed then, so nothing is said."""
    rig.settings.set("adas.acc.enabled", True)
    rig.daemon.reload()


def _damage(rig: Rig, model: str) -> None:
    """Metadata and all lengths stay right, so that only loading it finds out; then another roi, so
    that it is loaded again."""
    file = rig.model(model)
    content = file.read_bytes()
    file.with_suffix(".whole").write_bytes(content)
    file.write_bytes(content.replace(b"Conv", b"Xonv"))
    roi = list(rig.settings.content["models"][model]["roi"])
    roi[1] += 1e-6 if roi[1] < 0.5 else -1e-6
    rig.settings.set(f"models.{model}.roi", roi)
    rig.daemon.reload()


def _restore(rig: Rig, model: str) -> None:
    rig.model(model).with_suffix(".whole").replace(rig.model(model))


def _cut(rig: Rig, model: str) -> None:
    """Half a file, and a reload: refused, and the model that is loaded goes on."""
    file = rig.model(model)
    content = file.read_bytes()
    file.with_suffix(".whole").write_bytes(content)
    file.write_bytes(content[: len(content) // 2])
    rig.daemon.reload()


_CAMERAS = ("front", "left")
_LOST = {"camera_lost": _FRAME_TIMEOUT_S + GRACE_S}
_TAKEN = {"settings_changed": GRACE_S}
_REFUSED = {"settings_refused": GRACE_S}
_PATIENT_HOLD_S = (4.0, 12.0)

KINDS = (
    Kind("server killed", _CAMERAS, _PATIENT_HOLD_S, _kill, _start, _LOST,
         ("camera_recovered",), _camera_wait_s),
    Kind("server frozen", _CAMERAS, _PATIENT_HOLD_S, _freeze, _thaw, _LOST,
         ("camera_recovered",), _frozen_wait_s),
    Kind("resolution halved", _CAMERAS, _PATIENT_HOLD_S, _half, _start,
         _LOST | {"camera_resized": 2 * _FIRST_WAIT_S + 2 * GRACE_S},
         ("camera_lost", "camera_recovered"), _camera_wait_s),
    Kind("adapter pulled", ("bus",), (2.0, 8.0), _say("pull"), _say("insert"),
         {"bus_off": 0.1 + GRACE_S}, ("bus_recovered",),
         lambda hold_s: 2 * _BUS_LONGEST_WAIT_S + GRACE_S, deaf=True),
    Kind("vehicle silent", ("vehicle",), (2.0, 6.0), _say("hush"), _say("speak"),
         {"ego_signal_lost": 0.5 + GRACE_S, "ego_speed_lost": 0.5 + GRACE_S},
         ("ego_signal_recovered",), _soon_s),
    Kind("reload, good file", ("file",), (3.0, 6.0), _set("adas.acc.standoff_m", 5.0),
         _set("adas.acc.standoff_m", 4.0), _TAKEN, ("settings_changed",), _soon_s),
    Kind("reload, bad file", ("file",), (3.0, 6.0), _spoil, _mend, _REFUSED, (), _soon_s),
    Kind("camera's settings", _CAMERAS, (3.0, 6.0),
         lambda rig, camera: _set(f"cameras.{camera}.late_s", 0.11)(rig, camera),
         lambda rig, camera: _set(f"cameras.{camera}.late_s", 0.1)(rig, camera),
         _TAKEN | _LOST, ("settings_changed", "camera_recovered"), _frozen_wait_s),
    Kind("model file damaged", ("signal", "split", "road", "objects"), (3.0, 8.0), _damage,
         _restore, _TAKEN | {"model_failed": 2 * GRACE_S}, ("model_recovered",), _model_wait_s),
    Kind("model file cut", ("signal", "split", "road", "objects"), (3.0, 6.0), _cut, _restore,
         _REFUSED, (), _soon_s),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
