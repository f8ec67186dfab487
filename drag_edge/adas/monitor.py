"""The safety monitor: events and freshness in; faults, and who may still act, out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from drag_edge.adas.decision import Mode
from drag_edge.adas.ego_check import EgoMemory, check_ego
from drag_edge.adas.events import EVENTS, UNKNOWN_EVENT, Right, policy_of
from drag_edge.config.body import BodySettings
from drag_edge.config.monitor import MonitorSettings
from drag_edge.events import Event
from drag_edge.perception.scene import Scene

_SEVERITY = (Mode.STANDBY, Mode.DEGRADED, Mode.FALLBACK)


@dataclass(frozen=True, slots=True)
class Fault:
    """An event that holds: reported since `since_s`, last at `last_s`."""

    name: str
    source: str
    since_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class MonitorState:
    """The faults that hold, and what the next step is compared with.

    late: one bit a scene, 1 for those that came late, the newest lowest; scenes: how many bits.
    """

    faults: tuple[Fault, ...] = ()
    time_s: float | None = None
    scene_time_s: float | None = None
    late: int = 0
    scenes: int = 0
    ego: EgoMemory = field(default_factory=EgoMemory)


@dataclass(frozen=True, slots=True)
class Health:
    """What the faults amount to.

    mode: best mode allowed (STANDBY when nothing is wrong). forbids: rights taken away.
    alerts: names of alerts.ALERTS. reason: the faults behind it, for a person.
    events: all of this step, with those that the monitor raised itself. ready: every input that
    driving needs is there and fresh.
    """

    mode: Mode
    forbids: Right
    alerts: tuple[str, ...]
    reason: str
    events: tuple[Event, ...]
    ready: bool


def watch(
    scene: Scene,
    events: Sequence[Event],
    settings: MonitorSettings,
    state: MonitorState,
    time_s: float,
    body: BodySettings | None = None,
) -> tuple[Health, MonitorState]:
    """One step: note the new events, let the old ones end, say what remains allowed.

    body: the own vehicle's; None leaves out what needs it.
    """
    late, scenes = _lateness(scene, settings, state, time_s)
    implausible, ego = check_ego(scene.ego, body, settings.ego, state.ego, time_s)
    known = [_known(event) for event in (*events, *scene.events)]
    known += _own_events(scene, settings, state, time_s)
    known += [Event(name, "ego", detail, time_s) for name, detail in implausible.items()]
    if scenes == settings.late_window and late.bit_count() > settings.late_share * scenes:
        detail = f"{late.bit_count()} of {scenes} scenes later than {settings.late_s:g} s"
        known.append(Event("latency_high", "monitor", detail, time_s))
    faults = _update(state.faults, known, time_s)
    counting = [fault for fault in faults if _counts(fault, time_s)]
    health = Health(
        mode=_worst(policy_of(fault.name).mode for fault in counting),
        forbids=_forbidden(counting, settings),
        alerts=tuple(
            dict.fromkeys(
                alert for fault in counting if (alert := policy_of(fault.name).alert) is not None
            )
        ),
        reason=", ".join(f"{fault.name} ({fault.source})" for fault in counting),
        events=tuple(known),
        ready=_is_ready(scene, settings, time_s),
    )
    return health, MonitorState(faults, time_s, scene.time_s, late, scenes, ego)


def worse(first: Mode, second: Mode) -> Mode:
    """The more severe of STANDBY, DEGRADED and FALLBACK."""
    return max(first, second, key=_SEVERITY.index)


def _lateness(
    scene: Scene, settings: MonitorSettings, state: MonitorState, time_s: float
) -> tuple[int, int]:
    """The last scenes' lateness with this one's, where it is a new one."""
    if scene.time_s == state.scene_time_s:
        return state.late, state.scenes
    window = settings.late_window
    is_late = time_s - scene.time_s > settings.late_s
    late = (state.late << 1 | is_late) & ((1 << window) - 1)
    return late, min(state.scenes + 1, window)


def _known(event: Event) -> Event:
    """The event itself, or `unknown_event` naming the one that the table does not have."""
    if event.name in EVENTS:
        return event
    detail = f"from {event.source}: not in the table of adas/events.py; {event.detail}"
    return Event(UNKNOWN_EVENT, event.name, detail, event.time_s)


def _own_events(
    scene: Scene, settings: MonitorSettings, state: MonitorState, time_s: float
) -> list[Event]:
    """What the monitor sees for itself: time, freshness, the ego's speed."""
    found: list[Event] = []

    def report(name: str, source: str, detail: str) -> None:
        found.append(Event(name, source, detail, time_s))

    step_s = 0.0 if state.time_s is None else time_s - state.time_s
    scene_step_s = 0.0 if state.scene_time_s is None else scene.time_s - state.scene_time_s
    age_s = time_s - scene.time_s
    if step_s < 0 or scene_step_s < 0 or age_s < -settings.future_s:
        report("clock_jump", "monitor", f"step {step_s:.3f} s, scene age {age_s:.3f} s")
    elif step_s > settings.max_step_s:
        report("loop_stalled", "monitor", f"{step_s:.2f} s between two decisions")
    if age_s > settings.stale_s:
        report("scene_stale", "monitor", f"scene is {age_s:.2f} s old")
    elif age_s > settings.late_s:
        report("scene_late", "monitor", f"scene is {age_s:.2f} s old")
    if scene.ego.speed_mps is None:
        report("ego_speed_lost", "ego", "the vehicle's speed is unknown")
    return found


def _update(faults: tuple[Fault, ...], events: Iterable[Event], time_s: float) -> tuple[Fault, ...]:
    """Faults that still hold plus those reported now; recoveries end theirs."""
    present = (_not_from_later(fault, time_s) for fault in faults)
    holding = {(one.name, one.source): one for one in present if _still_holds(one, time_s)}
    for event in events:
        for key in [key for key in holding if _ends(event, *key)]:
            del holding[key]
        policy = policy_of(event.name)
        if policy.hold_s <= 0 and policy.until is None:
            continue
        before = holding.get((event.name, event.source))
        fault = Fault(event.name, event.source, time_s, time_s)
        holding[event.name, event.source] = (
            fault if before is None else replace(before, last_s=time_s)
        )
    return tuple(holding.values())


def _not_from_later(fault: Fault, time_s: float) -> Fault:
    """A clock that went back ends no fault: it was last reported now, and holds from now on."""
    back_s = max(0.0, fault.last_s - time_s)
    if back_s == 0.0:
        return fault
    return replace(fault, since_s=fault.since_s - back_s, last_s=fault.last_s - back_s)


def _still_holds(fault: Fault, time_s: float) -> bool:
    policy = policy_of(fault.name)
    return policy.until is not None or time_s - fault.last_s <= policy.hold_s


def _ends(event: Event, name: str, source: str) -> bool:
    return policy_of(name).until == event.name and source == event.source


def _counts(fault: Fault, time_s: float) -> bool:
    policy = policy_of(fault.name)
    reported_s = (time_s if policy.until is not None else fault.last_s) - fault.since_s
    return reported_s >= policy.persist_s


def _worst(modes: Iterable[Mode | None]) -> Mode:
    worst = Mode.STANDBY
    for mode in modes:
        if mode is not None:
            worst = worse(worst, mode)
    return worst


def _forbidden(faults: Iterable[Fault], settings: MonitorSettings) -> Right:
    forbidden = Right.NONE
    for fault in faults:
        policy = policy_of(fault.name)
        side = policy.camera and fault.source in settings.blind_spot_sources
        forbidden |= Right.BSD if side and policy.forbids else policy.forbids
    return forbidden


def _is_ready(scene: Scene, settings: MonitorSettings, time_s: float) -> bool:
    fresh = -settings.future_s <= time_s - scene.time_s <= settings.stale_s
    seen = scene.tracks is not None or scene.lanes is not None
    return fresh and seen and scene.ego.speed_mps is not None
