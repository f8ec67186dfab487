"""From a scene to a decision: monitor, features, mode, alerts, on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from drag_edge.adas.acc import AccMemory, acc_step
from drag_edge.adas.aeb import AebState, aeb_step
from drag_edge.adas.alerts import AlertState, raise_alerts
from drag_edge.adas.apa import ApaMemory, apa_step
from drag_edge.adas.bsd import BsdState, bsd_step
from drag_edge.adas.decision import (
    AccDecision,
    AccState,
    AebDecision,
    AebStage,
    BsdDecision,
    BsdLevel,
    Decision,
    LkaDecision,
    LkaState,
    Mode,
    Side,
)
from drag_edge.adas.events import ALL, Right
from drag_edge.adas.inputs import without_invalid
from drag_edge.adas.lka import CENTRING, HANDS_OFF, LkaMemory, lka_step
from drag_edge.adas.monitor import MonitorState, watch
from drag_edge.adas.state import ModeState, next_mode, shown
from drag_edge.config.adas import AdasSettings
from drag_edge.config.body import BodySettings
from drag_edge.config.lka import LkaSettings
from drag_edge.events import Event
from drag_edge.perception.scene import Scene

_NOBODY = (Mode.INIT, Mode.FALLBACK)
_ACC_ENGAGED = (AccState.SPEED, AccState.FOLLOW, AccState.STOPPED, AccState.OVERRIDE)
_ACC_CONTROLS = (AccState.SPEED, AccState.FOLLOW, AccState.STOPPED)


@dataclass(frozen=True, slots=True)
class AdasState:
    """Everything that driver assistance remembers; AdasState() is the start."""

    monitor: MonitorState = field(default_factory=MonitorState)
    mode: ModeState = field(default_factory=ModeState)
    acc: AccMemory = field(default_factory=AccMemory)
    lka: LkaMemory = field(default_factory=LkaMemory)
    aeb: AebState = field(default_factory=AebState)
    bsd: BsdState = field(default_factory=BsdState)
    alerts: AlertState = field(default_factory=AlertState)
    acc_state: AccState = AccState.OFF
    lka_state: LkaState = LkaState.OFF
    centring: bool = False
    apa: ApaMemory = field(default_factory=ApaMemory)


def decide(
    scene: Scene,
    events: Sequence[Event],
    settings: AdasSettings,
    body: BodySettings,
    state: AdasState,
    time_s: float,
) -> tuple[Decision, AdasState]:
    """What the features want at `time_s` (now) of a scene that may be older.

    events: those since the last call; the scene's own are added here. A feature whose input is
    missing says UNAVAILABLE and why.
    """
    scene, invalid = without_invalid(scene, time_s)
    health, monitor = watch(
        scene, (*events, *invalid), settings.monitor, state.monitor, time_s, body
    )
    mode = next_mode(health, settings.monitor, state.mode, time_s)
    rights = Right.NONE if mode.mode in _NOBODY else ALL & ~health.forbids

    acc, acc_memory = acc_step(scene, settings.acc, settings.limits, state.acc, time_s, rights)
    lka, lka_memory = lka_step(
        scene, settings.lka, body, state.lka, time_s, rights, acc.state in _ACC_ENGAGED
    )
    follows = settings.actuation and acc.lead_id is not None
    acc_decel_mps2 = -acc.accel_mps2 if follows and acc.accel_mps2 is not None else None
    aeb, aeb_state = aeb_step(scene, settings.aeb, body, state.aeb, time_s, rights, acc_decel_mps2)
    bsd, bsd_state = bsd_step(scene, settings.bsd, state.bsd, time_s, rights)
    apa, apa_memory = apa_step(scene, settings.apa, body, state.apa, time_s, rights)

    faults = health.alerts if mode.mode is not Mode.INIT else ()
    names = (*faults, *_feature_alerts(acc, lka, aeb, bsd, settings.lka, state))
    alerts, alert_state = raise_alerts(names, state.alerts, time_s)
    controlling = (
        acc.state in _ACC_CONTROLS or lka.state is LkaState.ACTIVE or aeb.decel_mps2 is not None
    )
    decision = Decision(
        time_s=scene.time_s,
        mode=shown(mode.mode, controlling),
        acc=acc,
        lka=lka,
        aeb=aeb,
        bsd=bsd,
        alerts=alerts,
        events=health.events,
        mode_reason=mode.reason,
        apa=apa,
    )
    after = AdasState(
        monitor, mode, acc_memory, lka_memory, aeb_state, bsd_state, alert_state,
        acc.state, lka.state, _centres(lka), apa_memory,
    )  # fmt: skip
    return decision, after


def _feature_alerts(
    acc: AccDecision,
    lka: LkaDecision,
    aeb: AebDecision,
    bsd: BsdDecision,
    settings: LkaSettings,
    before: AdasState,
) -> Iterator[str]:
    """Names of the alerts that the features call for."""
    table = (
        (aeb.stage in (AebStage.PARTIAL, AebStage.FULL), "aeb_braking"),
        (aeb.warning and aeb.stage is AebStage.WARN, "forward_collision"),
        (acc.takeover, "acc_takeover"),
        (acc.reason == "confirm to go", "acc_confirm_go"),
        (_ended(before.acc_state in _ACC_CONTROLS, acc.state is AccState.UNAVAILABLE), "acc_ended"),
        (lka.departure is Side.LEFT, "lane_departure_left"),
        (lka.departure is Side.RIGHT, "lane_departure_right"),
        (_ended(before.lka_state is LkaState.ACTIVE, lka.state is LkaState.UNAVAILABLE)
         or _ended(before.centring, _gave_up(lka, acc)), "lka_ended"),
        (lka.reason == HANDS_OFF, "hands_off_end"),
        (lka.hands_off_s >= settings.hands_off_sound_s, "hands_off_sound"),
        (lka.hands_off_s >= settings.hands_off_warn_s, "hands_off"),
        (bsd.left is BsdLevel.WARN, "blind_spot_left"),
        (bsd.right is BsdLevel.WARN, "blind_spot_right"),
    )  # fmt: skip
    return (name for applies, name in table if applies)


def _ended(controlled: bool, unavailable: bool) -> bool:
    return controlled and unavailable


def _centres(lka: LkaDecision) -> bool:
    return lka.state is LkaState.ACTIVE and lka.reason == CENTRING


def _gave_up(lka: LkaDecision, acc: AccDecision) -> bool:
    """Whether it no longer centres for a reason that is not the driver's: one who ends cruise
    control ends centring, and of hands off the wheel another alert tells."""
    by_driver = acc.state not in (*_ACC_ENGAGED, AccState.UNAVAILABLE)
    return lka.state is LkaState.STANDBY and lka.reason != HANDS_OFF and not by_driver
