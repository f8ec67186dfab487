"""A closed loop in numbers: point-mass ego, delayed and noisy scenes, decide() and gate().

The plant: 100 Hz; demands take effect after the brakes' dead time and ramp. Scenes: 20 Hz, as old
as `latency_s`; the estimated acceleration of an object lags by `accel_lag_s`.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from drag_edge.adas.decide import AdasState, decide
from drag_edge.adas.decision import AebStage, Command, Decision
from drag_edge.adas.gate import GateState, gate
from drag_edge.config.adas import AdasSettings
from drag_edge.config.body import BodySettings
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Path, PathSource, Scene, Track
from tests.adas import scenes

STEP_S = 0.01
BODY = BodySettings()


@dataclasses.dataclass(frozen=True)
class Noise:
    """Standard deviations of what a tracker says."""

    gap_share: float = 0.0
    rate_mps: float = 0.0
    accel_mps2: float = 0.0
    lateral_m: float = 0.0
    lateral_mps: float = 0.0
    lane_offset_m: float = 0.0
    lane_heading_rad: float = 0.0
    dropout: float = 0.0


QUIET = Noise()
REAL = Noise(0.02, 0.4, 0.6, 0.08, 0.2, 0.03, 0.002, 0.05)


@dataclasses.dataclass
class Actor:
    """Another road user. accel: m/s² by time; path: its lateral place is fixed unless vy is set."""

    gap_m: float
    speed_mps: float
    accel: Callable[[float], float] = lambda time_s: 0.0
    y_m: float = 0.0
    vy_mps: float = 0.0
    label: str = "car"
    width_m: float = 1.8
    length_m: float = 4.5
    appears_s: float = -math.inf
    stops_at_y_m: float | None = None
    present_accel: float = 0.0
    seen_frames: int = 0
    smooth_accel: float = 0.0

    def step(self, time_s: float) -> None:
        """Move by one plant step."""
        accel = self.accel(time_s)
        before = self.speed_mps
        self.speed_mps = max(0.0, before + accel * STEP_S) if before >= 0 else before
        self.present_accel = (self.speed_mps - before) / STEP_S
        self.gap_m += (before + self.speed_mps) / 2 * STEP_S
        if self.stops_at_y_m is not None and (self.y_m - self.stops_at_y_m) * self.vy_mps >= 0:
            self.vy_mps = 0.0
        self.y_m += self.vy_mps * STEP_S


@dataclasses.dataclass(frozen=True)
class Sample:
    """One decision and the truth at its time."""

    time_s: float
    speed_mps: float
    accel_mps2: float
    gap_m: float
    lead_mps: float
    offset_m: float
    heading_rad: float
    lateral_accel_mps2: float
    decision: Decision
    command: Command


@dataclasses.dataclass
class Run:
    """What a drive gave."""

    samples: list[Sample]
    impact_mps: float | None
    least_gap_m: float

    @property
    def impact_kph(self) -> float:
        """Relative speed of the contact, 0 when there was none."""
        return 0.0 if self.impact_mps is None else self.impact_mps * 3.6

    def first(self, wanted: Callable[[Decision], bool]) -> Sample | None:
        """The first sample whose decision is as wanted."""
        return next((sample for sample in self.samples if wanted(sample.decision)), None)

    @property
    def warned(self) -> Sample | None:
        """First collision warning."""
        return self.first(lambda decision: decision.aeb.warning)

    @property
    def braked(self) -> Sample | None:
        """First emergency braking."""
        return self.first(
            lambda decision: decision.aeb.stage in (AebStage.PARTIAL, AebStage.FULL)
        )


class Brakes:
    """Demand → deceleration: dead time, then a ramp."""

    def __init__(self, dead_time_s: float, ramp_mps3: float) -> None:
        self._queue = deque([0.0] * max(1, round(dead_time_s / STEP_S)))
        self._ramp = ramp_mps3 * STEP_S
        self.accel_mps2 = 0.0

    def step(self, demand_mps2: float) -> float:
        """One plant step; the acceleration that acts."""
        self._queue.append(demand_mps2)
        wanted = self._queue.popleft()
        change = min(max(wanted - self.accel_mps2, -self._ramp), self._ramp)
        self.accel_mps2 = max(-9.0, self.accel_mps2 + change)
        return self.accel_mps2


def drive(
    speed_mps: float,
    actors: Sequence[Actor] = (),
    seconds: float = 10.0,
    settings: AdasSettings | None = None,
    noise: Noise = QUIET,
    seed: int = 0,
    latency_s: float = 0.15,
    accel_lag_s: float = 0.3,
    driver: Callable[[float, EgoState], EgoState] | None = None,
    acc: bool = False,
    curvature: Callable[[float], float] = lambda time_s: 0.0,
    offset_m: float = 0.0,
    heading_rad: float = 0.0,
    driver_steers: bool = True,
    driver_accel: Callable[[float, float, float, float], float] | None = None,
) -> Run:
    """Drive until `seconds` are over or contact; the first actor is the one whose gap is recorded.

    driver_accel: what the driver's feet ask for, m/s², from time, gap, speed and lead speed; braking
    by more than 0.3 m/s² presses the brake pedal.
    driver_steers: whatever LKA leaves, the driver keeps the heading relative to the road
    (a departure that goes on), instead of the wheel going straight.
    """
    settings = AdasSettings(actuation=True) if settings is None else settings
    rng = np.random.default_rng(seed)
    actors = [dataclasses.replace(actor) for actor in actors]
    brakes = Brakes(0.15, 25.0)
    travelled, accel, actual_curvature = 0.0, 0.0, curvature(0.0)
    offset, heading = offset_m, heading_rad
    state, gate_state = AdasState(), GateState()
    command: Command | None = None
    queue: deque[tuple[float, Scene]] = deque()
    shown: Scene | None = None
    samples: list[Sample] = []
    least_gap, steps = math.inf, round(seconds / STEP_S)
    for step in range(steps):
        time_s = step * STEP_S
        ego = scenes.ego(
            speed_mps,
            time_s,
            accel_mps2=accel,
            yaw_rate_radps=speed_mps * actual_curvature,
            acc_enabled=acc,
        )
        feet = 0.0
        if driver_accel is not None and actors:
            feet = driver_accel(
                time_s, actors[0].gap_m - travelled, speed_mps, actors[0].speed_mps
            )
            ego = dataclasses.replace(ego, brake_pressed=feet < -0.3)
        if driver is not None:
            ego = driver(time_s, ego)
        for actor in actors:
            _smooth(actor, accel_lag_s)
        if step % 5 == 0:
            if not (noise.dropout and rng.random() < noise.dropout):
                queue.append(
                    (time_s, _see(time_s, ego, travelled, actors, curvature(time_s), offset,
                                  heading, noise, rng, settings))
                )  # fmt: skip
            while queue and queue[0][0] <= time_s - latency_s + 1e-9:
                shown = queue.popleft()[1]
            if shown is not None:
                now = dataclasses.replace(shown, ego=ego)
                decision, state = decide(now, (), settings, BODY, state, time_s)
                command, gate_state = gate(decision, ego, settings, gate_state, time_s)
                gap = actors[0].gap_m - travelled if actors else math.inf
                lead_mps = actors[0].speed_mps if actors else math.inf
                samples.append(
                    Sample(time_s, speed_mps, accel, gap, lead_mps, offset, heading,
                           speed_mps**2 * actual_curvature, decision, command)
                )  # fmt: skip
        demand = _demand(command, feet)
        acting = brakes.step(demand)
        before = speed_mps
        speed_mps = max(0.0, speed_mps + acting * STEP_S)
        accel = (speed_mps - before) / STEP_S
        travelled += (before + speed_mps) / 2 * STEP_S
        wanted_curvature = curvature(time_s) if driver_steers else actual_curvature
        if command is not None and command.curvature_1pm is not None:
            wanted_curvature = command.curvature_1pm
        actual_curvature += (wanted_curvature - actual_curvature) * STEP_S / 0.1
        offset += speed_mps * heading * STEP_S
        heading += speed_mps * (actual_curvature - curvature(time_s)) * STEP_S
        for actor in actors:
            actor.step(time_s)
            gap = actor.gap_m - travelled
            touching = abs(actor.y_m) < (BODY.width_m + actor.width_m) / 2
            # Contact is with the front: what walks into the side is not the ego's impact.
            if touching and time_s >= actor.appears_s:
                least_gap = min(least_gap, gap) if gap > -1.0 else least_gap
                if -1.0 < gap <= 0.0:
                    return Run(samples, max(0.0, speed_mps - actor.speed_mps), 0.0)
    return Run(samples, None, least_gap)


def _demand(command: Command | None, driver_mps2: float) -> float:
    if command is None:
        return driver_mps2
    demand = driver_mps2 if command.accel_mps2 is None else command.accel_mps2
    return demand if command.aeb_decel_mps2 is None else min(demand, command.aeb_decel_mps2)


def _smooth(actor: Actor, lag_s: float) -> None:
    share = STEP_S / (STEP_S + lag_s)
    actor.smooth_accel += (actor.present_accel - actor.smooth_accel) * share


def _see(
    time_s: float,
    ego: EgoState,
    travelled_m: float,
    actors: Sequence[Actor],
    curvature_1pm: float,
    offset_m: float,
    heading_rad: float,
    noise: Noise,
    rng: np.random.Generator,
    settings: AdasSettings,
) -> Scene:
    """What perception would say of this moment."""
    tracks = []
    for number, actor in enumerate(actors, start=1):
        gap = actor.gap_m - travelled_m
        if not 0.3 < gap < 150.0 or time_s < actor.appears_s:
            actor.seen_frames = 0
            continue
        actor.seen_frames += 1
        if actor.seen_frames >= 3:
            tracks.append(_track(number, actor, gap, ego, noise, rng))
    in_path = [track for track in tracks if track.path_overlap > 0.4]
    lead = min(in_path, key=lambda track: track.gap_m, default=None)
    lanes = scenes.lanes(
        offset_m + rng.normal(0, 1) * noise.lane_offset_m,
        heading_rad + rng.normal(0, 1) * noise.lane_heading_rad,
        curvature_1pm,
    )
    path = Path(-lanes.offset_m, -lanes.heading_rad, curvature_1pm, PathSource.LANES)
    return scenes.scene(
        time_s, frame_index=round(time_s * 20), ego=ego, lanes=lanes, path=path,
        tracks=tuple(tracks), lead=lead,
    )  # fmt: skip


def _track(
    number: int, actor: Actor, gap: float, ego: EgoState, noise: Noise, rng: np.random.Generator
) -> Track:
    assert ego.speed_mps is not None
    gap_seen = max(0.3, gap * (1 + rng.normal(0, 1) * noise.gap_share))
    speed = actor.speed_mps + rng.normal(0, 1) * noise.rate_mps
    rate = speed - ego.speed_mps
    y = actor.y_m + rng.normal(0, 1) * noise.lateral_m
    left, right = y + actor.width_m / 2, y - actor.width_m / 2
    half = BODY.width_m / 2 + 0.3
    overlap = max(0.0, min(left, half) - max(right, -half)) / actor.width_m
    ttc = gap_seen / -rate if rate < -0.1 else None
    return scenes.track(
        gap_seen, rate, ego.speed_mps, id=number, label=actor.label, y_m=y, width_m=actor.width_m,
        speed_mps=speed, accel_mps2=actor.smooth_accel + rng.normal(0, 1) * noise.accel_mps2,
        vy_mps=actor.vy_mps + rng.normal(0, 1) * noise.lateral_mps, path_overlap=overlap,
        frames=actor.seen_frames, scale_ttc_s=ttc, ttc_s=ttc,
    )  # fmt: skip
