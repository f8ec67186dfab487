"""The own lane, frame by frame: find it, follow it, say how well each side is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drag_edge.config.lanes import LaneSettings
from drag_edge.inference.results import ClassMap
from drag_edge.perception.ground import GroundTable
from drag_edge.perception.lane_filter import LaneFilter, implausible
from drag_edge.perception.lane_fit import (
    CURVATURE,
    CURVATURE_RATE,
    OFFSET,
    PITCH,
    SLOPE,
    WIDTH,
    LaneFit,
    SideSupport,
    fit_lane,
)
from drag_edge.perception.lane_points import LanePoints, lane_points
from drag_edge.perception.lane_search import best_pair, search_lane
from drag_edge.perception.pitch import PitchEstimator, information_of_points
from drag_edge.perception.scene import LaneLine, Lanes

_CROSSED_M = 0.1
_SECOND_LOOK_RAD = 0.002


@dataclass(slots=True)
class _Side:
    """What is known of one line besides its shape."""

    age_s: float = math.inf
    confidence: float = 0.0
    view_range_m: float = 0.0

    def step(self, dt_s: float, travelled_m: float, settings: LaneSettings) -> None:
        self.age_s += dt_s
        self.view_range_m = max(0.0, self.view_range_m - travelled_m)
        if self.age_s > settings.max_age_s:
            self.age_s, self.confidence = math.inf, 0.0

    def measure(self, support: SideSupport | None, dt_s: float, settings: LaneSettings) -> None:
        follow = 1 - math.exp(-max(dt_s, 0.02) / settings.confirm_s)
        target = 0.0
        if support is not None:
            self.age_s = 0.0
            self.view_range_m = max(support.view_range_m, self.view_range_m)
            enough = min(1.0, support.points / settings.full_confidence_points)
            tidy = math.exp(-((support.rms_m / settings.untidy_m) ** 2) / 2)
            target = math.sqrt(enough) * tidy
        self.confidence += follow * (target - self.confidence)


class LaneTracker:
    """Own lane over time. One instance a camera; step it with every frame's class map or None."""

    def __init__(self, settings: LaneSettings) -> None:
        self._settings = settings
        self.reset()

    def tune(self, settings: LaneSettings) -> None:
        """Changed settings, from the next step on."""
        self._settings = settings

    def reset(self) -> None:
        """Forget everything."""
        self._filter: LaneFilter | None = None
        self._left, self._right = _Side(), _Side()
        self._rival_frames = 0
        self.refused: str | None = None
        self.lost = False
        self.found = False

    def step(
        self,
        class_map: ClassMap | None,
        table: GroundTable | None,
        pitch: PitchEstimator,
        dt_s: float,
        speed_mps: float | None,
        yaw_rate_radps: float | None,
    ) -> Lanes | None:
        """The own lane now; None when neither line is known. Updates `pitch` by what it sees.

        After the step, `refused` says why this frame's fit was not believed (else None), `found`
        whether a lane is known, and `lost` whether one that was known is gone since this step.
        """
        self.refused, self.lost, self.found = None, False, False
        known = self._filter is not None
        travelled_m = (speed_mps or 0.0) * dt_s
        for side in (self._left, self._right):
            side.step(dt_s, travelled_m, self._settings)
        if self._filter is not None:
            self._filter.predict(dt_s, speed_mps, yaw_rate_radps, self._settings)
        if class_map is not None and table is not None:
            self._look(class_map, table, pitch, dt_s)
        self._left_or_right_of_line()
        if math.isinf(self._left.age_s) and math.isinf(self._right.age_s):
            self._filter = None
        self.lost = known and self._filter is None
        self.found = self._filter is not None
        return self._lanes()

    def _look(
        self, class_map: ClassMap, table: GroundTable, pitch: PitchEstimator, dt_s: float
    ) -> None:
        if self._filter is None:
            fit = self._find(class_map, table, pitch)
        else:
            points = lane_points(class_map.classes, table, pitch.pitch_rad, self._settings)
            fit = self._filter.fit(points, pitch.sigma_rad, table.camera.z_m, self._settings)
            learn_pitch(fit, pitch)
            if self._doubtful(points, fit):
                self._filter = None
                fit = self._find(class_map, table, pitch)
        if fit is None or (self._filter is None and fit.left is None and fit.right is None):
            return
        self.refused = implausible(fit.mean, self._settings)
        if self.refused is not None:
            return
        if self._filter is None:
            self._filter = LaneFilter(fit.mean, fit.covariance)
        else:
            self._filter.accept(fit)
        self._left.measure(fit.left, dt_s, self._settings)
        self._right.measure(fit.right, dt_s, self._settings)

    def _doubtful(self, points: LanePoints, fit: LaneFit) -> bool:
        """For some frames now another pair of lines is likelier to be the own lane."""
        rival = best_pair(points, fit.mean, self._settings)
        far_m = self._settings.rival_m
        differs = rival is not None and (
            abs(rival[0]) > far_m or abs(rival[1] - float(fit.mean[WIDTH])) > far_m
        )
        self._rival_frames = self._rival_frames + 1 if differs else 0
        if self._rival_frames < self._settings.rival_frames:
            return False
        self._rival_frames = 0
        return True

    def _find(
        self, class_map: ClassMap, table: GroundTable, pitch: PitchEstimator
    ) -> LaneFit | None:
        """Search, then fit twice: a pitch that is far off bends the ground the first time."""
        settings = self._settings
        sigma_rad = pitch.sigma_rad
        points = lane_points(class_map.classes, table, pitch.pitch_rad, settings)
        guess = search_lane(points, sigma_rad, table.camera.z_m, settings)
        if guess is None:
            return None
        mean, error_rad = guess.mean, float(guess.mean[PITCH])
        fit = None
        for _ in range(3):
            points = lane_points(class_map.classes, table, pitch.pitch_rad + error_rad, settings)
            mean = mean.copy()
            mean[PITCH] = 0.0
            fit = fit_lane(
                points, mean, guess.covariance, table.camera.z_m, settings, settings.search_gate_m
            )
            mean = fit.mean
            error_rad += float(mean[PITCH])
            if abs(mean[PITCH]) < _SECOND_LOOK_RAD:
                break
        if fit is not None and fit.left is not None and fit.right is not None:
            seen_sigma_rad = math.sqrt(fit.covariance[PITCH, PITCH])
            pitch.update(error_rad, seen_sigma_rad)
        return fit

    def _left_or_right_of_line(self) -> None:
        """When the ego has crossed a line, the neighbouring lane becomes its own."""
        if self._filter is None:
            return
        offset, half = float(self._filter.mean[OFFSET]), float(self._filter.mean[WIDTH]) / 2
        if offset + half < -_CROSSED_M:
            self._filter.change_lane(1)
            self._left, self._right = _Side(), self._left
        elif offset - half > _CROSSED_M:
            self._filter.change_lane(-1)
            self._left, self._right = self._right, _Side()

    def _line(self, side: _Side, sign: float) -> LaneLine | None:
        if self._filter is None or math.isinf(side.age_s):
            return None
        mean: list[float] = self._filter.mean.tolist()
        return LaneLine(
            offset_m=mean[OFFSET] + sign * mean[WIDTH] / 2,
            heading_rad=mean[SLOPE],
            curvature_1pm=mean[CURVATURE],
            curvature_rate_1pm2=mean[CURVATURE_RATE],
            view_range_m=side.view_range_m,
            confidence=min(1.0, side.confidence),
            age_s=side.age_s,
        )

    def _lanes(self) -> Lanes | None:
        if self._filter is None:
            return None
        mean = self._filter.mean
        left, right = self._line(self._left, 1.0), self._line(self._right, -1.0)
        sides = [line for line in (left, right) if line is not None]
        if not sides:
            return None
        # One line alone leaves the width to memory: half as sure as two.
        confidence = sum(line.confidence for line in sides) / 2
        return Lanes(
            left=left,
            right=right,
            offset_m=-float(mean[OFFSET]),
            heading_rad=-float(mean[SLOPE]),
            curvature_1pm=float(mean[CURVATURE]),
            width_m=float(mean[WIDTH]),
            confidence=confidence,
            age_s=min(line.age_s for line in sides),
        )


def learn_pitch(fit: LaneFit, pitch: PitchEstimator) -> None:
    """Hand what both lines said of the pitch error to its estimator; one line cannot say."""
    if fit.left is None or fit.right is None:
        return
    sigma_rad = math.sqrt(fit.covariance[PITCH, PITCH])
    said = information_of_points(pitch.sigma_rad, float(fit.mean[PITCH]), sigma_rad)
    if said is not None:
        pitch.update(*said)
