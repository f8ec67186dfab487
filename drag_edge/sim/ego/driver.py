"""The person in the ego: a script, eyes for traffic and lights, hands and feet."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from drag_edge.sim.ego.plant import Car, steering_for_curvature
from drag_edge.sim.scenario import DriverAct, DriverSettings
from drag_edge.sim.traffic.following import FollowingStyle, following_accel

KMH = 1.0 / 3.6
NEXT_LANE_M = 1.2
"""A wish further away than this is another lane, no correction within the own one."""


@dataclass(frozen=True, slots=True)
class DriverHabits:
    """How this person drives; a scenario does not usually change it.

    ``acc_back_s``: after braking ACC is switched on again this late. ``trust_acc_s``: how long
    the feet rest while ACC is on but does not act. ``go_tap``: the pedal that tells a stopped
    ACC to go when the way is free. ``startled_s``: feet off this long after emergency braking.
    Steering is a critically damped return to the wanted line with ``steering_rad_per_s``,
    looking ``preview_s`` ahead for curves. A person who only fills in holds the wheel lightly
    (guiding torque), so that the assistance may take it; one who wants elsewhere overrides.
    ``wander_accel_mps2``: how an inattentive person turns off the lane before letting it roll.
    """

    steering_rad_per_s: float = 0.9
    damping: float = 1.0
    preview_s: float = 0.25
    lane_change_mps: float = 1.1
    max_lateral_mps2: float = 3.5
    override_torque_nm: float = 4.0
    guiding_torque_nm: float = 1.0
    resting_torque_nm: float = 0.2
    red_decel_mps2: float = 2.0
    red_decel_behind_mps2: float = 3.0
    stop_before_line_m: float = 1.5
    resume_acc_mps: float = 5.0
    acc_back_s: float = 1.0
    trust_acc_s: float = 0.7
    go_tap: float = 0.2
    startled_s: float = 3.0
    wander_accel_mps2: float = 2.0
    hardest_accelerator: float = 0.8
    style: FollowingStyle = field(default_factory=FollowingStyle)


@dataclass(frozen=True, slots=True)
class DriverView:
    """What the person perceives, exactly.

    ``d_m`` and its rate: from the road's reference line; ``lane_d_m`` gives the middle of each
    lane. ``gap_m``: to whoever is ahead in the path. ``stop_m``: from the front bumper to
    where a light demands a stop. ``steered``: the assistance steers now. ``driven``: ACC drives
    now, or says on the bus that it would if the pedals were let go. ``braked``: AEB brakes now.
    """

    time_s: float
    speed_mps: float
    d_m: float
    d_rate_mps: float
    preview_curvature_1pm: float
    lane_d_m: tuple[float, ...]
    gap_m: float | None
    lead_speed_mps: float
    stop_m: float | None
    steered: bool
    driven: bool
    braked: bool


@dataclass(frozen=True, slots=True)
class DriverInputs:
    """What hands and feet do. ``steering_rad``: road wheels, None while the hands only rest."""

    steering_rad: float | None = None
    torque_nm: float = 0.0
    accelerator: float = 0.0
    brake_mps2: float = 0.0
    indicator_left: bool = False
    indicator_right: bool = False
    hands_on: bool = True
    acc_on: bool = False
    set_speed_mps: float = 0.0
    gap_setting: int = 2

    @property
    def brake_pressed(self) -> bool:
        """The foot is on the brake."""
        return self.brake_mps2 > 0.0


class Driver:
    """Steps through the script and reacts; own state is small."""

    def __init__(
        self,
        settings: DriverSettings,
        car: Car,
        start_lane: int,
        habits: DriverHabits | None = None,
    ) -> None:
        self._settings = settings
        self._car = car
        self.habits = habits if habits is not None else DriverHabits()
        self._acts = tuple(sorted(settings.acts, key=lambda act: act.at_s))
        self._now = DriverAct(
            at_s=0.0,
            set_speed_kmh=settings.set_speed_kmh,
            gap_setting=settings.gap_setting,
            acc=settings.acc,
            indicator="off",
            hands_on=settings.hands_on,
            lane=start_lane,
        )
        self._line_d_m: float | None = None
        self._stopping = False
        self._resuming = False
        self._left_alone_s = 0.0
        self._go_s = 0.0
        self._brake_free_s = math.inf
        self._since_aeb_s = math.inf
        self._drift_to_come_mps: float | None = None

    def resting(self) -> DriverInputs:
        """Before the first step: buttons as the scenario sets them, feet off the pedals."""
        return DriverInputs(
            hands_on=bool(self._now.hands_on),
            acc_on=bool(self._now.acc),
            set_speed_mps=(self._now.set_speed_kmh or 0.0) * KMH,
            gap_setting=self._now.gap_setting or self._settings.gap_setting,
        )

    def step(self, view: DriverView, dt_s: float) -> DriverInputs:
        """What the person does now."""
        while self._acts and self._acts[0].at_s <= view.time_s + 1e-9:
            given = self._acts[0].model_dump(exclude_none=True)
            self._now = self._now.model_copy(update=given)
            self._acts = self._acts[1:]
        self._left_alone_s = 0.0 if view.driven else self._left_alone_s + dt_s
        self._since_aeb_s = 0.0 if view.braked else self._since_aeb_s + dt_s
        free = view.stop_m is None and (view.gap_m is None or view.lead_speed_mps > 1.0)
        self._go_s = self._go_s + dt_s if free and view.speed_mps < 0.1 else 0.0
        wanted_d_m = self._wanted_line(view, dt_s)
        mode = self._settings.steering
        elsewhere = abs(self._lane_d_m(view) - view.d_m) > NEXT_LANE_M
        willing = bool(self._now.lateral_mps) or mode == "always"
        willing = willing or (mode == "when_needed" and elsewhere)
        filling_in = mode == "when_needed" and not view.steered
        steering = self._steer(view, wanted_d_m) if willing or filling_in else None
        if self._now.wanders_off_mps:
            steering, willing = self._wander_off(view, self._now.wanders_off_mps, dt_s), False
        now = self._now
        inputs = DriverInputs(
            steering_rad=steering,
            torque_nm=self._torque(steering, willing),
            indicator_left=now.indicator == "left",
            indicator_right=now.indicator == "right",
            hands_on=bool(now.hands_on) or steering is not None,
            acc_on=bool(now.acc) and self._brake_free_s >= self.habits.acc_back_s,
            set_speed_mps=(now.set_speed_kmh or 0.0) * KMH,
            gap_setting=now.gap_setting or self._settings.gap_setting,
        )
        inputs = self._press_pedals(view, inputs)
        pressed = inputs.brake_pressed
        self._brake_free_s = 0.0 if pressed else self._brake_free_s + dt_s
        # The brake switches ACC off, as in any car; the switch comes back after it is let go.
        return replace(inputs, acc_on=False) if pressed and inputs.acc_on else inputs

    def _lane_d_m(self, view: DriverView) -> float:
        return view.lane_d_m[self._now.lane or 0]

    def _wanted_line(self, view: DriverView, dt_s: float) -> float:
        """Lateral position the person aims at now; moves over when the lane changes or drifts."""
        if self._line_d_m is None:
            self._line_d_m = view.d_m
        if self._now.lateral_mps:
            self._line_d_m += self._now.lateral_mps * dt_s
        else:
            largest = self.habits.lane_change_mps * dt_s
            self._line_d_m += min(max(self._lane_d_m(view) - self._line_d_m, -largest), largest)
        return self._line_d_m

    def _steer(self, view: DriverView, wanted_d_m: float) -> float:
        """Road wheel angle that returns to the wanted line along the road's curve."""
        habits = self.habits
        speed = max(view.speed_mps, 3.0)
        error_m = view.d_m - wanted_d_m
        rate_mps = view.d_rate_mps - (self._now.lateral_mps or 0.0)
        stiffness = habits.steering_rad_per_s**2
        lateral = -stiffness * error_m - 2.0 * habits.damping * habits.steering_rad_per_s * rate_mps
        limit = habits.max_lateral_mps2
        curvature = view.preview_curvature_1pm + min(max(lateral, -limit), limit) / speed**2
        return steering_for_curvature(curvature, view.speed_mps, self._car)

    def _wander_off(self, view: DriverView, wanted_mps: float, dt_s: float) -> float | None:
        """Steering until the car drifts as fast as wanted; then none, for good."""
        if self._drift_to_come_mps is None:
            self._drift_to_come_mps = wanted_mps - view.d_rate_mps
        if self._drift_to_come_mps == 0.0:
            return None
        # A push of constant lateral acceleration ends in the drift, whatever the steering's lag.
        most = self.habits.wander_accel_mps2 * dt_s
        push_mps = min(max(self._drift_to_come_mps, -most), most)
        self._drift_to_come_mps -= push_mps
        lateral = push_mps / dt_s
        curvature = view.preview_curvature_1pm + lateral / max(view.speed_mps, 3.0) ** 2
        return steering_for_curvature(curvature, view.speed_mps, self._car)

    def _torque(self, steering_rad: float | None, willing: bool) -> float:
        habits = self.habits
        if steering_rad is None:
            return habits.resting_torque_nm if self._now.hands_on else 0.0
        torque = habits.override_torque_nm if willing else habits.guiding_torque_nm
        if willing and self._settings.torque_nm is not None:
            torque = self._settings.torque_nm
        return math.copysign(torque, steering_rad)

    def _press_pedals(self, view: DriverView, inputs: DriverInputs) -> DriverInputs:
        """Scripted pedals first, then the red light, then driving where ACC does not."""
        if self._now.brake_mps2:
            return replace(inputs, brake_mps2=self._now.brake_mps2)
        if self._now.accelerator:
            return replace(inputs, accelerator=self._now.accelerator)
        inputs, red_brake = self._mind_the_light(view, inputs)
        if red_brake > 0.0:
            behind = -self._following(view, inputs.set_speed_mps)
            return replace(inputs, brake_mps2=max(red_brake, behind))
        if inputs.acc_on and self._left_alone_s < self.habits.trust_acc_s:
            return replace(inputs, accelerator=self.habits.go_tap) if self._go_s > 1.0 else inputs
        if self._since_aeb_s < self.habits.startled_s:
            return inputs
        wanted = self._wanted_accel(view, inputs.set_speed_mps)
        return inputs if wanted is None else self._foot_for(view, inputs, wanted)

    def _mind_the_light(self, view: DriverView, inputs: DriverInputs) -> tuple[DriverInputs, float]:
        """Braking for a stop (0: none); pressing the brake switches ACC off, later on again."""
        habits = self.habits
        if not self._settings.stops_at_red or view.stop_m is None:
            if self._stopping:
                self._stopping, self._resuming = False, True
            if self._resuming and view.speed_mps >= habits.resume_acc_mps:
                self._resuming = False
            return (replace(inputs, acc_on=False) if self._resuming else inputs), 0.0
        left_m = max(view.stop_m - habits.stop_before_line_m, 0.05)
        needed = view.speed_mps**2 / (2.0 * left_m)
        # Behind somebody who will stop there first, the light is not urgent.
        behind = view.gap_m is not None and view.gap_m < view.stop_m
        least = habits.red_decel_behind_mps2 if behind else habits.red_decel_mps2
        if self._stopping or needed >= least:
            self._stopping = True
            held = 1.5 if view.speed_mps < 0.1 else 0.0
            return inputs, max(needed, held, 0.3)
        return inputs, 0.0

    def _wanted_accel(self, view: DriverView, set_speed_mps: float) -> float | None:
        if self._settings.pedals == "never":
            return None
        if self._settings.pedals == "holds_speed":
            return 0.8 * (set_speed_mps - view.speed_mps)
        return self._following(view, set_speed_mps)

    def _following(self, view: DriverView, set_speed_mps: float) -> float:
        return following_accel(
            view.speed_mps, set_speed_mps, view.gap_m, view.lead_speed_mps, self.habits.style
        )

    def _foot_for(self, view: DriverView, inputs: DriverInputs, accel: float) -> DriverInputs:
        """Pedal position for a wanted acceleration (the plant's own drag and power)."""
        car = self._car
        coasting = car.rolling_decel_mps2 + car.drag_1pm * view.speed_mps**2
        power_limit = car.max_power_w / (car.mass_kg * max(view.speed_mps, 1.0))
        available = min(car.max_accel_mps2, power_limit)
        if accel >= -coasting:
            pedal = min((accel + coasting) / available, self.habits.hardest_accelerator)
            return replace(inputs, accelerator=pedal)
        return replace(inputs, brake_mps2=-accel)
