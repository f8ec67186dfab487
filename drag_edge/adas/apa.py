"""Parking assistance: which gaps are offered, and guidance into one. Source: ISO 16787.

Warn-only: it tells the driver what to do and demands nothing of any actuator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from drag_edge.adas.decision import ApaDecision, ApaState, OfferedSlot, Side
from drag_edge.adas.events import Right
from drag_edge.adas.parking.axes import GapAxes
from drag_edge.adas.parking.follow import Advice, Progress, follow
from drag_edge.adas.parking.plan import GapShape, Plan, plan_into
from drag_edge.adas.parking.tell import guidance
from drag_edge.config.apa import ApaSettings
from drag_edge.config.body import BodySettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Parking, ParkingGap, Scene

_STANDS_MPS = 0.1
_LEAVES_MPS = 0.5
_OLDEST_S = 0.5


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """A plan being driven: into which gap, and how far. start_s: the odometry's."""

    gap: ParkingGap
    start_s: float
    plan: Plan
    progress: Progress


@dataclass(frozen=True, slots=True)
class ApaMemory:
    """stood_since_s: standing since then. tried: gaps for which no path was found from here.
    ended: why guidance ended, until the vehicle drives on."""

    stood_since_s: float | None = None
    tried: frozenset[int] = frozenset()
    manoeuvre: Manoeuvre | None = None
    ended: str = ""


def apa_step(
    scene: Scene,
    settings: ApaSettings,
    body: BodySettings,
    memory: ApaMemory,
    time_s: float,
    rights: Right,
) -> tuple[ApaDecision, ApaMemory]:
    """One step. A path is looked for once when the vehicle has come to stand beside a gap."""
    blocked = _blocked(scene, settings, rights, time_s)
    parking, ego = scene.parking, scene.ego
    if blocked is not None or parking is None or ego.speed_mps is None:
        state, reason = blocked or (ApaState.UNAVAILABLE, "no camera looks to the side")
        return ApaDecision(state, reason=reason), ApaMemory()
    memory = _standing(memory, ego.speed_mps, time_s)
    slots = tuple(_offered(parking, settings, body))
    if memory.manoeuvre is not None:
        return _guide(memory.manoeuvre, slots, parking, ego, settings, body, memory)
    chosen, why = _chosen(slots, parking, ego, settings, memory, time_s)
    if chosen is None:
        state = ApaState.OFFERING if slots else ApaState.SEARCHING
        state = ApaState.ENDED if memory.ended else state
        return ApaDecision(state, slots, reason=memory.ended or why), memory
    place = GapAxes.of(chosen).place(parking.pose)
    plan = plan_into(shape_of(chosen, settings, body), place, body, settings)
    if plan is None:
        memory = replace(memory, tried=memory.tried | {chosen.id})
        return ApaDecision(ApaState.OFFERING, slots, reason="no path from here"), memory
    begun = Manoeuvre(chosen, parking.start_s, plan, Progress())
    return _guide(begun, slots, parking, ego, settings, body, memory)


def needed_m(crosswise: bool, settings: ApaSettings, body: BodySettings) -> tuple[float, float]:
    """Length along the row and depth that a gap must have."""
    if crosswise:
        return body.width_m + settings.crosswise_spare_m, body.length_m + settings.inset_m
    return body.length_m + settings.parallel_spare_m, body.width_m + settings.depth_spare_m


def suffices(gap: ParkingGap, settings: ApaSettings, body: BodySettings) -> bool:
    """Long enough even if it is some σ shorter than measured, and seen to be free to its depth."""
    length_m, depth_m = needed_m(gap.crosswise, settings, body)
    least_m = gap.length_m - settings.sigmas * gap.length_std_m
    return least_m >= length_m and gap.free_depth_m >= depth_m


def shape_of(gap: ParkingGap, settings: ApaSettings, body: BodySettings) -> GapShape:
    """What a plan may use of a gap: a kerb is assumed at the least depth, as none is seen."""
    _, depth_m = needed_m(gap.crosswise, settings, body)
    return GapShape(gap.length_m, depth_m, gap.crosswise, gap.rear_flank_m, gap.front_flank_m)


def _blocked(
    scene: Scene, settings: ApaSettings, rights: Right, time_s: float
) -> tuple[ApaState, str] | None:
    if settings.mode == "off":
        return ApaState.OFF, "switched off in the configuration"
    if Right.APA not in rights:
        return ApaState.UNAVAILABLE, "not allowed by the safety monitor"
    if scene.ego.speed_mps is None:
        return ApaState.UNAVAILABLE, "ego speed unknown"
    if scene.parking is None:
        return ApaState.UNAVAILABLE, "no camera looks to the side, or yaw rate unknown"
    if not 0.0 <= time_s - scene.parking.time_s <= _OLDEST_S:
        return ApaState.UNAVAILABLE, "scene too old"
    if scene.ego.speed_mps > settings.max_speed_mps:
        return ApaState.OFF, "too fast"
    return None


def _standing(memory: ApaMemory, speed_mps: float, time_s: float) -> ApaMemory:
    if speed_mps >= _LEAVES_MPS and memory.manoeuvre is None:
        return ApaMemory()
    if speed_mps >= _STANDS_MPS:
        return replace(memory, stood_since_s=None)
    since_s = memory.stood_since_s
    if since_s is None or since_s > time_s:
        since_s = time_s
    return replace(memory, stood_since_s=since_s)


def _offered(parking: Parking, settings: ApaSettings, body: BodySettings) -> list[OfferedSlot]:
    """Those that suffice and are within reach, nearest first."""
    slots = [
        _slot(gap, parking, settings, body) for gap in parking.gaps if suffices(gap, settings, body)
    ]
    near = [slot for slot in slots if abs(slot.x_m) <= settings.reach_m]
    return sorted(near, key=lambda slot: (abs(slot.x_m), slot.id))


def _slot(
    gap: ParkingGap, parking: Parking, settings: ApaSettings, body: BodySettings
) -> OfferedSlot:
    """A gap as seen from where the vehicle is now."""
    axes = GapAxes.of(gap)
    _, depth_m = needed_m(gap.crosswise, settings, body)
    outline = ((0.0, 0.0), (gap.length_m, 0.0), (gap.length_m, -depth_m), (0.0, -depth_m))
    corners = tuple(axes.to_vehicle(x, y, parking.pose) for x, y in outline)
    middle_m, _ = axes.to_vehicle(gap.length_m / 2, 0.0, parking.pose)
    side = Side.LEFT if gap.side > 0 else Side.RIGHT
    return OfferedSlot(gap.id, side, gap.crosswise, gap.length_m, middle_m, corners)


def _chosen(
    slots: tuple[OfferedSlot, ...],
    parking: Parking,
    ego: EgoState,
    settings: ApaSettings,
    memory: ApaMemory,
    time_s: float,
) -> tuple[ParkingGap | None, str]:
    """The gap that the driver has chosen by standing with the indicator on, or in reverse gear."""
    if not slots:
        return None, "no gap that suffices"
    if ego.reverse is None:
        return None, "reverse gear unknown: gaps are shown, nobody is guided"
    since_s = memory.stood_since_s
    if memory.ended or since_s is None or time_s - since_s < settings.standstill_s:
        return None, "stop beside a gap"
    indicated = {Side.LEFT: ego.indicator_left, Side.RIGHT: ego.indicator_right}
    for slot in slots:
        if slot.id in memory.tried:
            continue
        if indicated[slot.side] or (ego.reverse and not any(indicated.values())):
            return next(gap for gap in parking.gaps if gap.id == slot.id), ""
    return None, "indicate, or engage reverse" if not memory.tried else "no path from here"


def _guide(
    manoeuvre: Manoeuvre,
    slots: tuple[OfferedSlot, ...],
    parking: Parking,
    ego: EgoState,
    settings: ApaSettings,
    body: BodySettings,
    memory: ApaMemory,
) -> tuple[ApaDecision, ApaMemory]:
    """One step along the plan, or why guidance ends."""
    speed_mps = ego.speed_mps or 0.0
    axes = GapAxes.of(manoeuvre.gap)
    limit_1pm = math.tan(math.radians(settings.max_steer_deg + 1.5)) / body.wheelbase_m
    advice, progress = follow(
        manoeuvre.plan, manoeuvre.progress, axes.place(parking.pose), speed_mps,
        bool(ego.reverse), limit_1pm,
    )  # fmt: skip
    told = guidance(manoeuvre.gap, manoeuvre.plan, advice, progress, axes, parking.pose, body)
    ended = _ended(manoeuvre, parking, ego, advice, settings)
    if ended:
        return (
            ApaDecision(ApaState.ENDED, slots, reason=ended),
            replace(memory, manoeuvre=None, ended=ended),
        )
    after = replace(memory, manoeuvre=replace(manoeuvre, progress=progress))
    into = (_slot(manoeuvre.gap, parking, settings, body),)
    if progress.done:
        return ApaDecision(ApaState.DONE, into, told, "parked"), after
    state = ApaState.STOP if progress.waiting else ApaState.GUIDING
    return ApaDecision(state, into, told, "following the path"), after


def _ended(
    manoeuvre: Manoeuvre,
    parking: Parking,
    ego: EgoState,
    advice: Advice,
    settings: ApaSettings,
) -> str:
    speed_mps = ego.speed_mps or 0.0
    table = (
        (parking.start_s != manoeuvre.start_s, "odometry began anew"),
        (ego.reverse is None, "reverse gear unknown"),
        (speed_mps > settings.guide_speed_mps, "too fast"),
        (manoeuvre.progress.done and speed_mps >= _LEAVES_MPS, "parked"),
        (abs(advice.off_m) > settings.off_path_m, "off the path"),
        (abs(advice.off_rad) > math.radians(settings.off_path_deg), "off the path"),
    )
    return next((reason for applies, reason in table if applies), "")
