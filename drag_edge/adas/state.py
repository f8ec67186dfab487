"""The mode machine: INIT → STANDBY → ACTIVE → DEGRADED → FALLBACK; worse at once, better slowly."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.adas.decision import Mode
from drag_edge.adas.monitor import Health, worse
from drag_edge.config.monitor import MonitorSettings


@dataclass(frozen=True, slots=True)
class ModeState:
    """mode: INIT, STANDBY, DEGRADED or FALLBACK; whether STANDBY shows as ACTIVE is `shown`'s.

    bad_s: when `mode` was last justified by a fault. started_s: the first step. reason: the faults
    that the mode rests on.
    """

    mode: Mode = Mode.INIT
    bad_s: float = 0.0
    started_s: float | None = None
    reason: str = ""


def next_mode(
    health: Health, settings: MonitorSettings, state: ModeState, time_s: float
) -> ModeState:
    """The mode after one step."""
    started_s = time_s if state.started_s is None else min(state.started_s, time_s)
    if state.mode is Mode.INIT and not health.ready:
        waiting = time_s - started_s < settings.init_timeout_s
        mode = Mode.INIT if waiting else worse(Mode.DEGRADED, health.mode)
        return ModeState(mode, time_s, started_s, health.reason or "inputs missing")
    current = Mode.STANDBY if state.mode is Mode.INIT else state.mode
    if worse(current, health.mode) is health.mode:  # as bad or worse: at once
        return ModeState(health.mode, time_s, started_s, health.reason)
    recovering = 0 <= time_s - state.bad_s < settings.recover_s
    if recovering:
        return ModeState(current, state.bad_s, started_s, health.reason or state.reason)
    return ModeState(health.mode, time_s, started_s, health.reason)


def shown(mode: Mode, controlling: bool) -> Mode:
    """The mode that is published: a STANDBY in which a feature controls the vehicle is ACTIVE."""
    return Mode.ACTIVE if mode is Mode.STANDBY and controlling else mode
