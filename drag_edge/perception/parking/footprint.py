"""One parked vehicle: its rectangle on the ground from bearings of its ends, seen in passing.

While the ego drives past, the direction to an end turns; with the way driven in between that is
a triangle. Straight aside the direction alone says where the end is, whatever the distance: that
is where the measure is best. Ahead of the camera the near front corner and the far rear corner make
the outline, behind it the near rear and the far front one.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.parking import ParkingSettings
from drag_edge.perception.boxes import Box
from drag_edge.perception.parking.bearings import Bearing, Span
from drag_edge.perception.scene import Pose

Floats = NDArray[np.float64]

_MOST_VIEWS = 80
_ROUNDS = 3
# What a far corner or a roof makes of the outline is modelled less well than a near corner.
_FAR_SIGMA_M = 0.15
_STEEPEST = 3.0
_SHORTEST_M = 0.3
_REACH, _REACH_MORE = 1.5, 0.1
_BORDER = 0.15
_LEAST_SCATTER, _ENOUGH_ENDS = 0.5, 12
_SPARE = 0.2
_FORWARD_RAD = 0.12


@dataclass(frozen=True, slots=True)
class Eye:
    """The camera over ground at a picture's time: place in odometry axes, heading of the ego."""

    x_m: float
    y_m: float
    yaw_rad: float


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Along the row (rear to front) and aside of its origin (near to far), metres; and σ."""

    rear_m: float
    front_m: float
    near_m: float
    far_m: float
    rear_std_m: float
    front_std_m: float
    misfit: float

    @property
    def length_m(self) -> float:
        """Along the row."""
        return self.front_m - self.rear_m


@dataclass(frozen=True, slots=True)
class _End:
    """One sighting of an end from a place: forward is 1 for the front end."""

    eye: Eye
    tangent: float
    sigma: float
    forward: bool


class ParkedBody:
    """Collects sightings of one vehicle and fits its rectangle. side: 1 left, −1 right."""

    def __init__(self, side: int, is_vehicle: bool, settings: ParkingSettings) -> None:
        self.side, self.is_vehicle, self._settings = side, is_vehicle, settings
        self.frames = 0
        self.feet: deque[float] = deque(maxlen=_MOST_VIEWS)
        self.yaw_rad = 0.0
        self.rectangle: Rectangle | None = None
        self.last_eye: Eye | None = None
        self._last_span: Span | None = None
        self._ends: deque[_End] = deque(maxlen=_MOST_VIEWS)
        self._yaw_sum = 0.0
        self._near_m = 1.0

    def see(self, span: Span, eye: Eye, near_guess_m: float) -> None:
        """One more picture of it. near_guess_m: distance of its flank from the camera, at first."""
        self.frames += 1
        self._yaw_sum += eye.yaw_rad
        self.yaw_rad = self._yaw_sum / self.frames
        self.last_eye, self._last_span = eye, span
        if span.foot_m is not None:
            self.feet.append(span.foot_m)
        for bearing, forward in ((span.rear, False), (span.front, True)):
            if bearing.seen and abs(bearing.tangent) < _STEEPEST:
                self._ends.append(self._end(bearing, eye, forward, span.box.box_px))
        self._near_m = self.feet[-1] if self.feet else near_guess_m
        self._fit(self._near_m)

    def corner(self, along_m: float, aside_m: float) -> Pose:
        """A point of the row's axes in odometry axes, with the row's heading."""
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        y = self.side * aside_m
        return Pose(along_m * cos - y * sin, along_m * sin + y * cos, self.yaw_rad)

    def along_aside(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Odometry axes to the row's."""
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        return x_m * cos + y_m * sin, self.side * (y_m * cos - x_m * sin)

    def expected(self, span: Span, eye: Eye, low: float, high: float) -> tuple[float, float]:
        """Rear and front bearing from another place: those last seen, moved by the way driven.

        low, high: the picture's ends. Of an end that was cut it is only known that it lay beyond:
        where the span has it, as far as the way driven allows.
        """
        before, last, box = self._last_span, self.last_eye, self.rectangle
        if before is None or last is None:
            return low, high
        shift = self._shift(last, eye)
        rear, front = before.rear.tangent - shift, before.front.tangent - shift
        if box is not None:
            rear_then, front_then = self._bearings(box, last)
            rear_now, front_now = self._bearings(box, eye)
            rear = before.rear.tangent + rear_now - rear_then
            front = before.front.tangent + front_now - front_then
        reach = _REACH * abs(shift) + _REACH_MORE
        if not before.rear.seen and before.rear.tangent < low + _BORDER:
            rear = min(span.rear.tangent, low + reach)
        if not before.front.seen and before.front.tangent > high - _BORDER:
            front = max(span.front.tangent, high - reach)
        return min(max(rear, low), high), max(min(front, high), low)

    def passes(self, span: Span, eye: Eye) -> bool:
        """Whether a box can be this vehicle by the one thing that is sure: whoever drives forward
        sees what stands move back, and never forward."""
        before, last = self._last_span, self.last_eye
        if before is None or last is None:
            return True
        way = self.along_aside(eye.x_m, eye.y_m)[0] - self.along_aside(last.x_m, last.y_m)[0]
        sign = 1.0 if way >= 0 else -1.0
        return all(
            sign * (math.atan(now.tangent) - math.atan(then.tangent)) < _FORWARD_RAD
            for now, then in ((span.rear, before.rear), (span.front, before.front))
        )

    def way_m(self, eye: Eye) -> float:
        """How far away it was last seen from."""
        last = self.last_eye
        return 0.0 if last is None else math.hypot(eye.x_m - last.x_m, eye.y_m - last.y_m)

    def explains(self, rear: float, front: float, eye: Eye) -> bool:
        """Whether a box seen from there is this vehicle and nothing more."""
        box = self.rectangle
        assert box is not None
        expected_rear, expected_front = self._bearings(box, eye)
        return rear > expected_rear - _SPARE and front < expected_front + _SPARE

    def _bearings(self, box: Rectangle, eye: Eye) -> tuple[float, float]:
        along, aside = self.along_aside(eye.x_m, eye.y_m)
        near, far = max(box.near_m - aside, 0.3), max(box.far_m - aside, 0.6)
        rear, front = box.rear_m - along, box.front_m - along
        return min(rear / near, rear / far), max(front / near, front / far)

    def _shift(self, before: Eye, now: Eye) -> float:
        """How much a bearing of the near flank turns back between two places."""
        along, aside = self.along_aside(now.x_m, now.y_m)
        way = along - self.along_aside(before.x_m, before.y_m)[0]
        distance = self._near_m if self.rectangle is None else self.rectangle.near_m - aside
        return way / max(distance, 0.3)

    def hides(self, eyes: Floats, points_m: Floats) -> NDArray[np.bool_]:
        """N×3 eyes, M×2 points (odometry axes): N×M, whose line of sight it crosses."""
        box = self.rectangle
        assert box is not None
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        along_eye, aside_eye = _along_aside(eyes[:, :2], cos, sin, self.side)
        along, aside = _along_aside(points_m, cos, sin, self.side)
        depth = np.maximum(aside[None] - aside_eye[:, None], 1e-3)
        slope = (along[None] - along_eye[:, None]) / depth
        enters = along_eye[:, None] + slope * (box.near_m - aside_eye[:, None])
        last = np.minimum(box.far_m, aside)[None] - aside_eye[:, None]
        leaves = along_eye[:, None] + slope * last
        low, high = np.minimum(enters, leaves), np.maximum(enters, leaves)
        crosses = np.maximum(low, box.rear_m) < np.minimum(high, box.front_m)
        return np.asarray(crosses & (aside > box.near_m)[None])

    def stands(self) -> bool:
        """Whether it is a standing thing: the triangles agree, with the foot as well."""
        box, settings = self.rectangle, self._settings
        if box is None or self.frames < settings.confirm_frames or self.last_eye is None:
            return False
        if box.misfit > settings.misfit or box.length_m < _SHORTEST_M:
            return False
        distance = box.near_m - self.along_aside(self.last_eye.x_m, self.last_eye.y_m)[1]
        if distance < 0.2:
            return False
        if not self.feet:
            return True
        # Of a vehicle that stands across, the wheels are well behind the bumper, and the bumper is
        # above the ground: the foot seems further away.
        across = self.is_vehicle and box.length_m < settings.turned_below_m
        most = 1 + (2 if across else 1) * settings.foot_tolerance
        foot = float(np.median(self.feet))
        return (1 - settings.foot_tolerance) * distance <= foot <= most * distance

    def _end(self, bearing: Bearing, eye: Eye, forward: bool, box_px: Box) -> _End:
        settings = self._settings
        share_px = settings.edge_sigma_share * (box_px[2] - box_px[0])
        sigma = bearing.sigma * math.hypot(settings.edge_sigma_px, share_px)
        return _End(eye, bearing.tangent, sigma, forward)

    def _fit(self, guess_m: float) -> None:
        """Weighted least squares of [rear, front, near, far] over all sightings."""
        if not self._ends:
            return
        rows = self._rows()
        eye_aside = float(rows[-1, 1])
        state = self._first(rows, eye_aside + guess_m)
        information = np.eye(4)
        misfit = 0.0
        for _ in range(_ROUNDS):
            design, wanted, sigma = self._equations(rows, state)
            prior, prior_wanted, prior_sigma = self._prior(state, eye_aside + guess_m)
            residual = (wanted - design @ state) / sigma
            trust = np.minimum(1.0, 3.0 / np.maximum(np.abs(residual), 1e-9))
            weight = np.sqrt(trust) / sigma
            a = np.vstack((design * weight[:, None], prior / prior_sigma[:, None]))
            b = np.concatenate((wanted * weight, prior_wanted / prior_sigma))
            information = a.T @ a
            state = np.asarray(np.linalg.solve(information, a.T @ b), float)
            misfit = float(np.sqrt(np.mean(((wanted - design @ state) / sigma) ** 2)))
        # How well the sightings agree tells how good this detector's edges are.
        scatter = max(_LEAST_SCATTER if len(rows) >= _ENOUGH_ENDS else 1.0, misfit)
        spread = np.sqrt(np.diag(np.linalg.inv(information))) * scatter
        rear, front, near, far = state.tolist()
        self.rectangle = Rectangle(
            rear, front, near, far, float(spread[0]), float(spread[1]), misfit
        )

    def _rows(self) -> Floats:
        """N×5: the eye along and aside, tangent in the row's axes, its σ, 1 for the front end."""
        table = np.array(
            [(e.eye.x_m, e.eye.y_m, e.eye.yaw_rad, e.tangent, e.sigma, e.forward)
             for e in self._ends], float,
        )  # fmt: skip
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        x, y, yaw, tangent, sigma, forward = table.T
        turn = np.tan(self.side * (yaw - self.yaw_rad))
        level = (tangent - turn) / (1 + tangent * turn)
        return np.column_stack(
            (x * cos + y * sin, self.side * (y * cos - x * sin), level, sigma, forward)
        )

    def _first(self, rows: Floats, near_m: float) -> Floats:
        box = self.rectangle
        if box is not None:
            return np.array([box.rear_m, box.front_m, box.near_m, box.far_m])
        along, aside, tangent, _, forward = rows[-1]
        end = along + tangent * (near_m - aside)
        length = 4.4 if self.is_vehicle else 0.8
        rear, front = (end - length, end) if forward else (end, end + length)
        return np.array([rear, front, near_m, near_m + self._depth(rear, front)[0]])

    def _depth(self, rear: float, front: float) -> tuple[float, float]:
        """How deep it is across the row, and σ."""
        if not self.is_vehicle:
            return 0.6, 0.2
        return (4.4, 0.5) if front - rear < self._settings.turned_below_m else (1.8, 0.15)

    def _equations(self, rows: Floats, state: Floats) -> tuple[Floats, Floats, Floats]:
        """end − tangent·(flank − eye aside) = eye along, with the corner that makes the outline."""
        along, aside, tangent, sigma_t, forward = rows.T
        front = forward > 0.5
        end = np.where(front, state[1], state[0])
        near = np.where(front, end >= along, end <= along)
        design = np.zeros((len(rows), 4))
        design[:, 0], design[:, 1] = ~front, front
        design[:, 2], design[:, 3] = np.where(near, -tangent, 0.0), np.where(near, 0.0, -tangent)
        wanted = along - tangent * aside
        distance = np.where(near, state[2], state[3]) - aside
        sigma = np.hypot(sigma_t * distance, self._settings.odometry_noise_m)
        slant = self._settings.slant_sigma * distance + np.where(near, 0.0, _FAR_SIGMA_M)
        sigma = np.hypot(sigma, slant * np.abs(tangent))
        return design, wanted, sigma

    def _prior(self, state: Floats, near_m: float) -> tuple[Floats, Floats, Floats]:
        """What is assumed: depth of its kind, some length, and the first guess of its distance."""
        depth, depth_sigma = self._depth(float(state[0]), float(state[1]))
        length, length_sigma = (4.4, 3.0) if self.is_vehicle else (0.8, 0.5)
        design = np.array([[0, 0, -1, 1], [-1, 1, 0, 0], [0, 0, 1, 0]], float)
        near_sigma = 0.5 if self.feet else 1.5
        return (
            design,
            np.array([depth, length, near_m]),
            np.array([depth_sigma, length_sigma, near_sigma]),
        )


def _along_aside(points_m: Floats, cos: float, sin: float, side: int) -> tuple[Floats, Floats]:
    """N×2 in odometry axes to the row's."""
    x, y = points_m.T
    return x * cos + y * sin, side * (y * cos - x * sin)
