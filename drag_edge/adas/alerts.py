"""What the driver is told: ONE table, alert → priority, text, sound, least duration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drag_edge.adas.decision import Alert


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """priority: higher wins. sound: name of a sound, "" for none. duration_s: shown at least."""

    priority: int
    text: str
    sound: str
    duration_s: float


ALERTS: Mapping[str, AlertPolicy] = MappingProxyType(
    {
        "aeb_braking": AlertPolicy(100, "EMERGENCY BRAKING", "emergency", 1.0),
        "forward_collision": AlertPolicy(90, "BRAKE!", "collision", 1.0),
        "system_fallback": AlertPolicy(85, "Assistance off: take over", "fault", 3.0),
        "acc_takeover": AlertPolicy(80, "Brake: cruise control is at its limit", "takeover", 1.0),
        "blind_spot_left": AlertPolicy(70, "Vehicle on the left", "blind_spot", 0.5),
        "blind_spot_right": AlertPolicy(70, "Vehicle on the right", "blind_spot", 0.5),
        "lane_departure_left": AlertPolicy(65, "Leaving the lane to the left", "lane", 1.0),
        "lane_departure_right": AlertPolicy(65, "Leaving the lane to the right", "lane", 1.0),
        "hands_off_end": AlertPolicy(64, "Steering ends: take the wheel", "takeover", 3.0),
        "hands_off_sound": AlertPolicy(63, "Hands on the wheel", "hands_on", 1.0),
        "hands_off": AlertPolicy(50, "Hands on the wheel", "", 1.0),
        "camera_fault": AlertPolicy(45, "Camera fault", "fault", 3.0),
        "bus_fault": AlertPolicy(44, "Vehicle bus fault", "fault", 3.0),
        "ego_fault": AlertPolicy(43, "Vehicle signals missing", "fault", 3.0),
        "model_fault": AlertPolicy(42, "Perception fault", "fault", 3.0),
        "system_fault": AlertPolicy(41, "Assistance fault", "fault", 3.0),
        "system_degraded": AlertPolicy(40, "Assistance limited", "", 3.0),
        "acc_confirm_go": AlertPolicy(30, "Press the accelerator to go", "", 0.5),
        "acc_ended": AlertPolicy(25, "Cruise control ended", "ended", 2.0),
        "lka_ended": AlertPolicy(24, "Lane keeping ended", "ended", 2.0),
        "log_fault": AlertPolicy(10, "Log is not written", "", 3.0),
        "settings_refused": AlertPolicy(5, "New settings refused: the old ones hold", "", 5.0),
    }
)


@dataclass(frozen=True, slots=True)
class AlertState:
    """Until when each alert that was raised stays on: (name, time_s), no name twice."""

    until_s: tuple[tuple[str, float], ...] = ()


def alert_of(name: str) -> Alert:
    """The entry of this name. Raises KeyError when there is none."""
    policy = ALERTS[name]
    return Alert(name, policy.text, policy.sound, policy.priority, policy.duration_s)


def raise_alerts(
    names: Iterable[str], state: AlertState, time_s: float
) -> tuple[tuple[Alert, ...], AlertState]:
    """The alerts on now, highest priority first: those named, and those whose time is not over.

    Raises KeyError for a name that is not in the table: only our own code names alerts.
    """
    raised = {name: time_s + ALERTS[name].duration_s for name in names}
    kept = {
        name: until_s
        for name, until_s in state.until_s
        # A clock that went back must not keep an alert on for long.
        if name not in raised and time_s < until_s <= time_s + ALERTS[name].duration_s
    }
    on = {**kept, **raised}
    alerts = sorted(
        (alert_of(name) for name in on),
        key=lambda alert: (-alert.priority, alert.name),
    )
    return tuple(alerts), AlertState(tuple(on.items()))
