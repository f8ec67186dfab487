"""`drag-edge check`: is this configuration right, and what will not work with it?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from drag_edge.config.load import RoomCheck, load
from drag_edge.config.report import ConfigError
from drag_edge.config.root import Settings
from drag_edge.config.vehicle import EgoSettings
from drag_edge.errors import OK

UNMAPPED_COSTS = {
    "acc_enabled": "ACC stays off",
    "set_speed": "ACC stays off",
    "brake_pressed": "ACC does not notice that the driver brakes",
    "accelerator": "ACC and AEB do not notice the driver's accelerator",
    "indicator_left": "LKA warns at every lane change to the left",
    "indicator_right": "LKA warns at every lane change to the right",
    "driver_torque": "LKA does not yield to the driver's hands",
}


def check(
    config: Path,
    overrides: Sequence[str] = (),
    *,
    check_files: bool = True,
    room_checks: Sequence[RoomCheck] = (),
) -> int:
    """Say whether a configuration is right; the exit code is 0, or 78, or 66 for a missing input.

    check_files=False: do not look for the files it names (CI for a vehicle's configuration).
    What is wrong goes to stderr, one line each: file:line:column: what: key = value: expected ….
    """
    try:
        settings = load(config, overrides, check_files=check_files, room_checks=room_checks)
    except ConfigError as error:
        print(error, file=sys.stderr)
        count = len(error.problems)
        print(f"{config}: {count} problem{'s' if count > 1 else ''}", file=sys.stderr)
        return error.exit_code
    print(f"{config}: ok" + ("" if check_files else " (files not looked for)"))
    for line in (*_summary(settings), *(f"note: {note}" for note in notes(settings))):
        print(f"  {line}")
    return OK


def notes(settings: Settings) -> list[str]:
    """What is allowed but means that something will not work, for a person."""
    said = _unmapped(settings.vehicle.ego)
    roles = {camera.role.value for camera in settings.cameras.values()}
    if "front" not in roles:
        said.append("no camera looks to the front: no lane, no lead, no ACC, LKA or AEB")
    said += [
        f"no camera looks to the {side}: the {side} mirror stays dark"
        for side in ("left", "right")
        if side not in roles
    ]
    looked_at = {name for model in settings.models.values() for name in model.cameras or ()}
    everywhere = any(model.cameras is None for model in settings.models.values())
    idle = [] if everywhere else [name for name in settings.cameras if name not in looked_at]
    said += [f"no model looks at camera {name}" for name in idle]
    http = settings.service.http
    if http.port is not None and not ip_address(http.listen).is_loopback:
        said.append(
            f"service.http.listen is {http.listen}: whoever reaches this computer reads its health "
            "page, without a password"
        )
    if not settings.adas.actuation:
        said.append(
            "adas.actuation is off: it warns and tells what it would do, and acts on nothing"
        )
    return said


def _unmapped(ego: EgoSettings | None) -> list[str]:
    """What the vehicle does not tell, and what that costs."""
    if ego is None or ego.speed is None:
        return ["own speed is unknown (vehicle.ego.speed): ACC, LKA, AEB and BSD stay off"]
    return [
        f"vehicle.ego.{name} is not mapped: {cost}"
        for name, cost in UNMAPPED_COSTS.items()
        if getattr(ego, name) is None
    ]


def _summary(settings: Settings) -> list[str]:
    can = settings.vehicle.can
    cameras = ", ".join(f"{name} ({c.role.value})" for name, c in settings.cameras.items())
    return [
        f"cameras: {cameras}",
        f"models: {', '.join(settings.models) or 'none'}",
        f"bus: {can.interface.value} {can.channel}",
        f"actuation: {'on' if settings.adas.actuation else 'off'}",
    ]
