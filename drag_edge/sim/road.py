"""The road: lanes along a reference line, what is painted on it and what stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy.typing as npt

from drag_edge.sim.reference_line import FloatArray, ReferenceLine, build_reference_line

LineStyle = Literal["solid", "dashed", "none"]
LineColour = Literal["white", "yellow"]
LaneDirection = Literal["same", "opposite"]
MarkKind = Literal["stop_line", "crosswalk", "arrow_straight", "arrow_left", "arrow_right"]
LightState = Literal["red", "yellow", "green", "off"]
DecorationKind = Literal["steel_plate", "asphalt_patch", "shadow", "manhole", "crack"]
SceneryKind = Literal["rural", "suburb", "city"]


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane; ``direction`` is relative to increasing station."""

    width_m: float = 3.5
    direction: LaneDirection = "same"


@dataclass(frozen=True, slots=True)
class LaneLine:
    """Paint on one lane boundary; ``dash_m``/``gap_m`` count for dashed lines only."""

    style: LineStyle = "solid"
    colour: LineColour = "white"
    width_m: float = 0.15
    dash_m: float = 6.0
    gap_m: float = 9.0


@dataclass(frozen=True, slots=True)
class RoadMark:
    """Paint inside a lane. ``s_m`` is its near edge; ``lane`` an index from the left.

    A stop line spans its lane, a crosswalk the whole carriageway (``lane`` is then unused).
    """

    kind: MarkKind
    s_m: float
    lane: int = 0


@dataclass(frozen=True, slots=True)
class TrafficLight:
    """A signal head facing traffic of increasing station, with a repeating programme.

    ``d_m`` is the head's lateral position, ``pole_d_m`` the pole's (an arm joins them when
    they differ); ``height_m`` is the head's centre above the road.
    """

    s_m: float
    d_m: float
    pole_d_m: float
    height_m: float = 3.2
    programme: tuple[tuple[float, LightState], ...] = ((30.0, "green"),)
    offset_s: float = 0.0

    def state_at(self, time_s: float) -> LightState:
        """The lamp that is lit at ``time_s``; the programme repeats for ever."""
        cycle_s = sum(duration_s for duration_s, _ in self.programme)
        remaining_s = (time_s + self.offset_s) % cycle_s
        for duration_s, state in self.programme:
            if remaining_s < duration_s:
                return state
            remaining_s -= duration_s
        return self.programme[-1][1]


@dataclass(frozen=True, slots=True)
class OverheadSign:
    """A gantry across the carriageway with one panel; ``height_m`` is the panel's lower edge."""

    s_m: float
    d_m: float = 0.0
    width_m: float = 5.0
    height_m: float = 5.2
    panel_height_m: float = 1.8
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Decoration:
    """Something flat on the road that is no road user; centre (s, d), size along and across."""

    kind: DecorationKind
    s_m: float
    d_m: float
    length_m: float
    width_m: float
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Junction:
    """A street that crosses from ``s_m`` on, ``length_m`` wide; lane lines pause there."""

    s_m: float
    length_m: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """Lanes from left to right along a reference line; all positions are (s, d) in metres.

    ``left_edge_d_m`` is the lateral position of the leftmost boundary; ``lines`` has one entry
    more than ``lanes`` (boundaries from left to right). Shoulders are asphalt outside the
    outermost lines.
    """

    reference: ReferenceLine
    length_m: float
    lanes: tuple[Lane, ...]
    lines: tuple[LaneLine, ...]
    left_edge_d_m: float
    left_shoulder_m: float = 0.6
    right_shoulder_m: float = 1.5
    left_guardrail: bool = False
    right_guardrail: bool = False
    marks: tuple[RoadMark, ...] = ()
    traffic_lights: tuple[TrafficLight, ...] = ()
    overhead_signs: tuple[OverheadSign, ...] = ()
    decorations: tuple[Decoration, ...] = ()
    junctions: tuple[Junction, ...] = ()
    scenery: SceneryKind = "rural"
    scenery_seed: int = 0

    def __post_init__(self) -> None:
        if not self.lanes:
            raise ValueError("a road needs at least one lane")
        if len(self.lines) != len(self.lanes) + 1:
            raise ValueError("a road needs one lane line more than it has lanes")

    def boundary_d_m(self, boundary: int) -> float:
        """Lateral position of boundary 0 (leftmost) … len(lanes) (rightmost)."""
        return self.left_edge_d_m - sum(lane.width_m for lane in self.lanes[:boundary])

    def lane_center_d_m(self, lane: int) -> float:
        """Lateral position of a lane's centre."""
        return self.boundary_d_m(lane) - 0.5 * self.lanes[lane].width_m

    def lane_at(self, d_m: float) -> int | None:
        """Index of the lane that holds lateral position d, or None off the lanes."""
        for lane in range(len(self.lanes)):
            if self.boundary_d_m(lane + 1) <= d_m < self.boundary_d_m(lane):
                return lane
        return None

    def pose(
        self, s_m: npt.ArrayLike, d_m: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """World x, y (m) and road heading (rad) at (s, d); scalars or arrays."""
        return self.reference.pose(s_m, d_m)

    def locate(self, x_m: float, y_m: float, hint_s_m: float | None = None) -> tuple[float, float]:
        """(s, d) of a world point; see ``ReferenceLine.locate``."""
        return self.reference.locate(x_m, y_m, hint_s_m)

    def curvature_at(self, s_m: npt.ArrayLike) -> FloatArray:
        """Reference-line curvature in 1/m at station s."""
        return self.reference.curvature_at(s_m)


def standard_lines(lanes: Sequence[Lane], edge_colour: LineColour = "white") -> list[LaneLine]:
    """Solid edges, dashed lines between same-direction lanes, solid yellow between opposite ones.

    The left edge takes ``edge_colour``.
    """
    lines = [LaneLine("solid", edge_colour)]
    for left, right in pairwise(lanes):
        opposed = left.direction != right.direction
        lines.append(LaneLine("solid", "yellow") if opposed else LaneLine("dashed", "white"))
    lines.append(LaneLine("solid", "white"))
    return lines


def build_road(
    curvature_knots: Sequence[tuple[float, float]],
    length_m: float,
    lanes: Sequence[Lane],
    *,
    lines: Sequence[LaneLine] | None = None,
    reference_lane: int = 0,
    left_shoulder_m: float = 0.6,
    right_shoulder_m: float = 1.5,
    left_guardrail: bool = False,
    right_guardrail: bool = False,
    marks: Sequence[RoadMark] = (),
    traffic_lights: Sequence[TrafficLight] = (),
    overhead_signs: Sequence[OverheadSign] = (),
    decorations: Sequence[Decoration] = (),
    junctions: Sequence[Junction] = (),
    scenery: SceneryKind = "rural",
    scenery_seed: int = 0,
) -> Road:
    """A road whose reference line (d = 0) is the centre of ``reference_lane``.

    Station 0 is the world's origin and the road starts along x. Raises ValueError for knots,
    lanes or lines that do not fit together.
    """
    lane_tuple = tuple(lanes)
    width_left_m = sum(lane.width_m for lane in lane_tuple[:reference_lane])
    return Road(
        reference=build_reference_line(curvature_knots, length_m),
        length_m=length_m,
        lanes=lane_tuple,
        lines=tuple(lines if lines is not None else standard_lines(lane_tuple)),
        left_edge_d_m=width_left_m + 0.5 * lane_tuple[reference_lane].width_m,
        left_shoulder_m=left_shoulder_m,
        right_shoulder_m=right_shoulder_m,
        left_guardrail=left_guardrail,
        right_guardrail=right_guardrail,
        marks=tuple(marks),
        traffic_lights=tuple(traffic_lights),
        overhead_signs=tuple(overhead_signs),
        decorations=tuple(decorations),
        junctions=tuple(junctions),
        scenery=scenery,
        scenery_seed=scenery_seed,
    )
