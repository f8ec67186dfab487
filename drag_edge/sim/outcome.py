"""What came of a drive, from its truth: for summaries, tests and scoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drag_edge.sim.ego.commands import Control
from drag_edge.sim.truth import Collision, Truth

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A drive in a few numbers.

    ``min_gap_m``, ``min_ttc_s``: to whoever was ahead, None when nobody was (or nobody closed
    in). ``max_lane_offset_m``: from the middle of the lane the ego was in. ``lanes``: every lane
    it was in, in order; -1 is off the road. ``driven_share``, ``steered_share``: of the time,
    under the assistance's control. ``hardest_brake_mps2`` ≥ 0.
    """

    duration_s: float
    distance_m: float
    collisions: tuple[Collision, ...]
    min_gap_m: float | None
    min_ttc_s: float | None
    max_lane_offset_m: float
    lanes: tuple[int, ...]
    driven_share: float
    steered_share: float
    hardest_brake_mps2: float


def outcome_of(
    record: Sequence[Truth], collisions: Sequence[Collision], min_gap_m: float | None
) -> Outcome:
    """The outcome of a recorded drive; ``record`` must not be empty."""
    lanes = [-1 if truth.road.lane is None else truth.road.lane for truth in record]
    ttcs = [t.lead.ttc_s for t in record if t.lead is not None and t.lead.ttc_s is not None]
    controlled = Control.CONTROLLED
    return Outcome(
        duration_s=record[-1].time_s,
        distance_m=record[-1].road.s_m - record[0].road.s_m,
        collisions=tuple(collisions),
        min_gap_m=min_gap_m,
        min_ttc_s=min(ttcs, default=None),
        max_lane_offset_m=max(abs(truth.road.lane_offset_m or 0.0) for truth in record),
        lanes=tuple(lane for i, lane in enumerate(lanes) if i == 0 or lane != lanes[i - 1]),
        driven_share=float(np.mean([t.controls.drive is controlled for t in record])),
        steered_share=float(np.mean([t.controls.steering is controlled for t in record])),
        hardest_brake_mps2=max(0.0, *(-truth.ego.accel_mps2 for truth in record)),
    )


def columns(record: Sequence[Truth]) -> dict[str, FloatArray]:
    """The record as arrays over time for plots; NaN where there is no lead or no lane."""
    nan = float("nan")
    rows = [
        (
            truth.time_s,
            truth.road.s_m,
            truth.ego.speed_mps,
            truth.ego.accel_mps2,
            truth.ego.yaw_rate_radps,
            nan if truth.road.lane_offset_m is None else truth.road.lane_offset_m,
            nan if truth.lead is None else truth.lead.gap_m,
            nan if truth.lead is None else truth.lead.speed_mps,
            nan if truth.lead is None or truth.lead.ttc_s is None else truth.lead.ttc_s,
            nan if truth.demands.accel.value is None else truth.demands.accel.value,
            nan if truth.demands.brake.value is None else truth.demands.brake.value,
            nan if truth.demands.curvature.value is None else truth.demands.curvature.value,
        )
        for truth in record
    ]
    names = (
        "time_s",
        "s_m",
        "speed_mps",
        "accel_mps2",
        "yaw_rate_radps",
        "lane_offset_m",
        "gap_m",
        "lead_speed_mps",
        "ttc_s",
        "accel_demand_mps2",
        "brake_demand_mps2",
        "curvature_demand_1pm",
    )
    table = np.array(rows, float).reshape(len(rows), len(names))
    return {name: table[:, i] for i, name in enumerate(names)}
