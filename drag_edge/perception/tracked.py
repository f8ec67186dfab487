"""One road user as it is followed: filters, votes, evidence; and the Track it shows to others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drag_edge.config.tracking import RangeSettings, SizePrior, TrackSettings
from drag_edge.perception.box_motion import BoxMotion
from drag_edge.perception.boxes import VEHICLES
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.lateral_filter import LateralFilter
from drag_edge.perception.range_filter import RangeFilter
from drag_edge.perception.scale_ttc import ScaleTtc
from drag_edge.perception.sightings import Sighting

_MOST_LOG_ODDS = 4.0
_FIRST_LOG_ODDS = -0.85
_USUAL_STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class Moment:
    """What all tracks of a camera share in one step."""

    time_s: float
    dt_s: float
    pitch_sigma_rad: float
    ego_speed_mps: float | None
    ego_accel_mps2: float
    yaw_rate_radps: float


class TrackedObject:
    """Mutable state of one track. Stepped by its Tracker: predict, then measure or miss."""

    def __init__(
        self,
        identity: int,
        seen: Sighting,
        camera: CameraModel,
        tracks: TrackSettings,
        ranging: RangeSettings,
        now: Moment,
    ) -> None:
        self.id = identity
        self._camera = camera
        self._tracks, self._ranging = tracks, ranging
        self.direction = 1.0 if camera.heading[0] >= 0 else -1.0
        self.label = seen.box.label
        self._votes: dict[str, float] = {}
        self.motion = BoxMotion(seen.box.box_px)
        self.lateral = LateralFilter(ranging.lateral_accel_sigma_mps2)
        self.scale = ScaleTtc(
            ranging.ttc_short_s,
            ranging.ttc_long_s,
            ranging.ttc_agreement,
            ranging.ttc_uncertainty,
        )
        self.born_s = self.seen_s = now.time_s
        self.frames = 0
        self._log_odds = _FIRST_LOG_ODDS
        self.road_share: float | None = None
        self.jumped = False
        self.jumped_s = -math.inf
        self.side_cut_s = -math.inf
        self.odd_in_row = 0
        self._start_range(seen, now)
        self._note(seen, now.time_s)
        self._apply(seen, now, gate=False)
        self._grow(seen, now.time_s)
        self.lateral.start(*self._lateral_measurement(seen), 2.0)

    @property
    def prior(self) -> SizePrior:
        """Usual size of its kind."""
        return self._tracks.sizes[self.label]

    @property
    def is_vehicle(self) -> bool:
        """A car, truck, bus or train."""
        return self.label in VEHICLES

    @property
    def x_m(self) -> float:
        """Nearest face, vehicle axes."""
        return self._camera.x_m + self.direction * self.range.range_m

    @property
    def y_m(self) -> float:
        """Centre of the face, vehicle axes, left positive."""
        return self._camera.y_m + self.lateral.y_m

    @property
    def confidence(self) -> float:
        """That it exists and that its range is known, 0–1."""
        exists = 1 / (1 + math.exp(-self._log_odds))
        doubt = self.range.range_std_m / max(1.0, self.range.range_m)
        return exists * min(1.0, 0.35 / max(doubt, 1e-6))

    def predict(self, now: Moment) -> None:
        """Let the step's time pass."""
        self.range.predict(now.dt_s, now.ego_accel_mps2)
        # The ego turns about its rear axle, not about the camera.
        self.lateral.predict(now.dt_s, self.x_m, now.yaw_rate_radps)
        self.motion.predict(now.dt_s)

    def miss(self, now: Moment) -> None:
        """No box in this frame."""
        self._log_odds = max(-_MOST_LOG_ODDS, self._log_odds - 0.5 * now.dt_s / 0.05)
        self.motion.rest(now.dt_s)

    def measure(self, seen: Sighting, now: Moment) -> None:
        """A box was associated."""
        self.motion.measure(seen.box.box_px, now.time_s - self.seen_s)
        self._note(seen, now.time_s)
        if self._vote(seen.box.label, seen.box.score):
            self._start_range(seen, now)
        accepted = self._apply(seen, now, gate=True)
        if accepted is not None:
            self.range.refused_in_row = 0 if accepted else self.range.refused_in_row + 1
        if self.range.refused_in_row >= self._ranging.jump_frames:
            self.jumped = True
            self.jumped_s = now.time_s
            self._start_range(seen, now)
            self._apply(seen, now, gate=False)
        self._grow(seen, now.time_s)
        if not (self._outer_cut(seen) and seen.box.cut.bottom):
            self.lateral.measure(*self._lateral_measurement(seen))

    def remember_road(self, share: float | None, dt_s: float, memory_s: float) -> None:
        """Drivable share at its foot, smoothed."""
        if share is None:
            return
        if self.road_share is None:
            self.road_share = share
        follow = 1 - math.exp(-dt_s / memory_s)
        self.road_share += follow * (share - self.road_share)

    def _vote(self, label: str, score: float) -> bool:
        """Count a vote; True when the label changed to one of another usual size."""
        for known in self._votes:
            self._votes[known] *= 0.98
        self._votes[label] = self._votes.get(label, 0.0) + score
        best = max(self._votes, key=lambda name: self._votes[name])
        if best == self.label or self._votes[best] < 1.5 * self._votes.get(self.label, 0.0):
            return False
        changed = self._tracks.sizes[best] != self.prior
        self.label = best
        return changed

    def _start_range(self, seen: Sighting, now: Moment) -> None:
        """A new range filter at the most certain of the distances by foot, width and height."""
        prior, height_m = self.prior, self._camera.z_m
        self.range = RangeFilter(prior, height_m, self.direction, self._ranging)
        foot = max(seen.foot, 1e-6)
        width = max(seen.wide, 1e-6)
        tall = max(seen.tall, 1e-6)
        guesses = [(prior.width_m / width, 1.0)]
        if seen.foot_seen:
            foot_sigma = math.hypot(seen.sigma_v, now.pitch_sigma_rad)
            guesses.append((height_m / foot, (foot_sigma + self._ranging.foot_sigma_rad) / foot))
        stretch = None
        if seen.width_seen and seen.height_seen and self.is_vehicle:
            stretch = width / tall * prior.height_m / prior.width_m
        turned = stretch is not None and stretch > self._ranging.turned_stretch
        if seen.width_seen and self.is_vehicle and not turned:
            guesses.append((prior.width_m / width, 0.05 + prior.width_sigma_m / prior.width_m))
        if seen.height_seen:
            guesses.append((prior.height_m / tall, prior.height_sigma_m / prior.height_m))
        distance, _ = min(guesses, key=lambda guess: guess[1])
        if self._outer_cut(seen) and seen.outer_foot > 0.05:
            # Beside us and running out of the picture: no further than its flank at the edge.
            distance = min(distance, height_m / seen.outer_foot)
        self.range.start(distance - prior.rounding_m, now.ego_speed_mps, stretch)

    def _note(self, seen: Sighting, time_s: float) -> None:
        """It was seen: count it, and believe in it more or less by the detector's score."""
        score = seen.box.score
        if seen.box.cut.left or seen.box.cut.right:
            self.side_cut_s = time_s
        self.frames += 1
        self.seen_s = time_s
        self._log_odds += math.log(min(3.0, max(0.5, (score + 0.05) / 0.3)))
        self._log_odds = min(_MOST_LOG_ODDS, self._log_odds)

    def _apply(self, seen: Sighting, now: Moment, gate: bool) -> bool | None:
        """Measure the range by size and foot; None if neither is seen, False if refused.

        The size decides while it is seen: the foot alone fits almost any distance far away.
        """
        sigma_u, sigma_v = seen.sigma_u, seen.sigma_v
        wide, tall = seen.wide, seen.tall
        finest = self._ranging.noise_least_px
        sizes: list[bool] = []
        if seen.height_seen and tall > 0:
            sigma, least = math.sqrt(2) * sigma_v, finest / self._camera.fy
            sizes.append(self.range.measure_height(tall, sigma, least, gate))
        flank = self._flank(wide)
        if self._width_seen(seen) and wide - flank > 0.3 * wide:
            sigma = math.sqrt(2) * sigma_u + 0.4 * flank
            least = finest / self._camera.fx
            sizes.append(self.range.measure_width(wide - flank, sigma, least, gate))
        foot = None
        if seen.foot_seen:
            lasting = 1 + self._ranging.foot_correlation_s / (now.dt_s or _USUAL_STEP_S)
            common = now.pitch_sigma_rad**2 + self._ranging.foot_sigma_rad**2
            sigma = math.sqrt(sigma_v**2 + common * lasting)
            foot = self.range.measure_foot(seen.foot, sigma, gate)
        return any(sizes) if sizes else foot

    def _grow(self, seen: Sighting, time_s: float) -> None:
        """Hand the face's angular width to the TTC from scale; the height where a flank shows."""
        wide, tall = seen.wide, seen.tall
        if self._width_seen(seen) and self._flank(wide) < 0.1 * wide:
            self.scale.add(time_s, "width", wide)
        elif seen.height_seen and tall > 0:
            self.scale.add(time_s, "height", tall)

    def _width_seen(self, seen: Sighting) -> bool:
        """A vehicle's width tells its range; a walker's changes with every step."""
        return self.is_vehicle and seen.width_seen and seen.wide > 0

    def _flank(self, wide: float) -> float:
        """How much of the angular width is the object's side rather than its face.

        A vehicle beside the own path shows its flank between the face's inner corner and the far
        one, a vehicle's length further.
        """
        if self.frames <= 1:
            return 0.0
        distance = self.range.range_m
        inner = abs(self.lateral.y_m) - self.range.width_m / 2
        if inner <= 0:
            return 0.0
        return min(wide, inner / distance - inner / (distance + self.prior.length_m))

    def _lateral_measurement(self, seen: Sighting) -> tuple[float, float]:
        """Lateral position of the face's middle relative to the camera, and its σ.

        From the outer edge, which is a corner of the face; where the picture's edge has cut it,
        from where the flank meets the ground at that edge.
        """
        left, right = seen.left, seen.right
        # What makes the outline is the widest part, a little behind the nearest face.
        distance = self.range.range_m + self.prior.rounding_m
        wide_m = (left - right) * distance
        half = min(wide_m, self.range.width_m) / 2
        on_left = left + right >= 0
        sigma = distance * seen.sigma_u + 0.05
        sign = 1.0 if on_left else -1.0
        outer = left if on_left else right
        if self._outer_cut(seen):
            return sign * self._beside_m(abs(outer), seen.outer_foot), sigma + 0.5
        return outer * distance - sign * half, sigma

    def _outer_cut(self, seen: Sighting) -> bool:
        """The picture's edge hides the side of it that is further from our path."""
        on_left = seen.left + seen.right >= 0
        # A camera that looks back has the vehicle's left on the picture's right.
        return seen.box.cut.left if on_left == (self.direction > 0) else seen.box.cut.right

    def _beside_m(self, outer: float, outer_foot: float) -> float:
        """How far aside the middle of a road user is whose flank runs out of the picture.

        Its near flank touches the ground where the picture's edge meets the box' lower edge; if
        the lower edge is cut as well, that is an upper bound of the distance, and taken as such.
        """
        if outer_foot <= 1e-3:
            return outer * self.range.range_m
        return outer * self._camera.z_m / outer_foot + self.range.width_m / 2
