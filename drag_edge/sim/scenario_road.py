"""The road of a scenario as it is written in YAML."""

from __future__ import annotations

from itertools import pairwise

from pydantic import Field, model_validator

from drag_edge.config.base import Section, quantity
from drag_edge.sim.road import (
    Decoration,
    DecorationKind,
    Junction,
    Lane,
    LaneDirection,
    LaneLine,
    LightState,
    LineColour,
    LineStyle,
    MarkKind,
    OverheadSign,
    Road,
    RoadMark,
    SceneryKind,
    TrafficLight,
    build_road,
)


class LaneSettings(Section):
    """One lane."""

    width_m: float = quantity(3.5, "m", "Between the middles of its lines", ge=2.0, le=6.0)
    direction: LaneDirection = Field("same", description="As the ego drives, or opposite")


class LineSettings(Section):
    """Paint between two lanes or at an edge."""

    style: LineStyle = Field("solid", description="solid, dashed or none")
    colour: LineColour = Field("white", description="white or yellow")
    width_m: float = quantity(0.15, "m", "Width of the paint", gt=0, le=1)
    dash_m: float = quantity(6.0, "m", "Length of a dash", gt=0, le=50)
    gap_m: float = quantity(9.0, "m", "Between two dashes", gt=0, le=50)


class MarkSettings(Section):
    """Paint inside a lane; a crosswalk spans the whole carriageway."""

    kind: MarkKind = Field(..., description="stop_line, crosswalk or arrow_…")
    s_m: float = quantity(..., "m", "Station of its near edge")
    lane: int = quantity(0, "1", "Lane, counted from the left, from 0", ge=0)


class TrafficLightSettings(Section):
    """A signal head that faces the ego's direction."""

    s_m: float = quantity(..., "m", "Station of the head")
    d_m: float = quantity(..., "m", "Lateral position of the head, left positive")
    pole_d_m: float = quantity(..., "m", "Lateral position of its pole, left positive")
    height_m: float = quantity(3.2, "m", "Of the head's centre", gt=0, le=12)
    programme: tuple[tuple[float, LightState], ...] = Field(
        ..., description="[seconds, state] after each other, repeated", min_length=1
    )
    offset_s: float = quantity(0.0, "s", "The programme starts this far into itself", ge=0)

    @model_validator(mode="after")
    def _phases_last(self) -> TrafficLightSettings:
        if any(duration_s <= 0 for duration_s, _ in self.programme):
            raise ValueError("every phase of a programme must last longer than 0 s")
        return self


class OverheadSignSettings(Section):
    """A gantry across the road."""

    s_m: float = quantity(..., "m", "Station")
    d_m: float = quantity(0.0, "m", "Lateral position of the panel's middle, left positive")
    width_m: float = quantity(5.0, "m", "Of the panel", gt=0, le=30)
    height_m: float = quantity(5.2, "m", "Of the panel's lower edge", gt=2, le=12)
    panel_height_m: float = quantity(1.8, "m", "Of the panel", gt=0, le=6)
    seed: int = quantity(0, "1", "What is on it", ge=0)


class DecorationSettings(Section):
    """Something flat on the road that is no road user."""

    kind: DecorationKind = Field(..., description="steel_plate, asphalt_patch, shadow, …")
    s_m: float = quantity(..., "m", "Station of its centre")
    d_m: float = quantity(0.0, "m", "Lateral position of its centre, left positive")
    length_m: float = quantity(..., "m", "Along the road", gt=0, le=100)
    width_m: float = quantity(..., "m", "Across the road", gt=0, le=30)
    seed: int = quantity(0, "1", "Its look", ge=0)


class JunctionSettings(Section):
    """A street that crosses; lane lines pause there."""

    s_m: float = quantity(..., "m", "Station of its near edge")
    length_m: float = quantity(10.0, "m", "Width of the crossing street", gt=0, le=60)


class RoadSettings(Section):
    """The road: stations s along the reference line, lateral positions d, left positive."""

    length_m: float = quantity(..., "m", "Length", gt=0, le=100_000)
    curvature: tuple[tuple[float, float], ...] = Field(
        ((0.0, 0.0),),
        description="[station m, curvature 1/m] knots, linear between them, left positive",
        min_length=1,
    )
    lanes: tuple[LaneSettings, ...] = Field(..., description="From left to right", min_length=1)
    lines: tuple[LineSettings, ...] | None = Field(
        None, description="One more than lanes, from left to right; none: the usual ones"
    )
    reference_lane: int = quantity(0, "1", "Lane whose middle is d = 0", ge=0)
    left_shoulder_m: float = quantity(0.6, "m", "Asphalt outside the left edge", ge=0, le=10)
    right_shoulder_m: float = quantity(1.5, "m", "Asphalt outside the right edge", ge=0, le=10)
    left_guardrail: bool = Field(False, description="A guardrail on the left")
    right_guardrail: bool = Field(False, description="A guardrail on the right")
    marks: tuple[MarkSettings, ...] = Field((), description="Paint inside lanes")
    traffic_lights: tuple[TrafficLightSettings, ...] = Field((), description="Signal heads")
    overhead_signs: tuple[OverheadSignSettings, ...] = Field((), description="Gantries")
    decorations: tuple[DecorationSettings, ...] = Field((), description="Flat distractions")
    junctions: tuple[JunctionSettings, ...] = Field((), description="Crossing streets")
    bumps_pitch_deg: float = quantity(
        0.0, "deg", "Bumps rock the car: spread of its pitch at 72 km/h and above", ge=0, le=2
    )
    scenery: SceneryKind = Field("rural", description="rural, suburb or city")

    @model_validator(mode="after")
    def _parts_fit(self) -> RoadSettings:
        if self.reference_lane >= len(self.lanes):
            raise ValueError(f"reference_lane must be below the {len(self.lanes)} lanes")
        if self.lines is not None and len(self.lines) != len(self.lanes) + 1:
            raise ValueError(f"{len(self.lanes)} lanes need {len(self.lanes) + 1} lines")
        stations = [s_m for s_m, _ in self.curvature]
        if any(b <= a for a, b in pairwise(stations)):
            raise ValueError("curvature stations must increase")
        if any(mark.lane >= len(self.lanes) for mark in self.marks):
            raise ValueError(f"a mark's lane must be below the {len(self.lanes)} lanes")
        return self

    def build(self, scenery_seed: int) -> Road:
        """The road in metres."""
        return build_road(
            self.curvature,
            self.length_m,
            [Lane(**lane.model_dump()) for lane in self.lanes],
            lines=None
            if self.lines is None
            else [LaneLine(**line.model_dump()) for line in self.lines],
            reference_lane=self.reference_lane,
            left_shoulder_m=self.left_shoulder_m,
            right_shoulder_m=self.right_shoulder_m,
            left_guardrail=self.left_guardrail,
            right_guardrail=self.right_guardrail,
            marks=[RoadMark(**mark.model_dump()) for mark in self.marks],
            traffic_lights=[TrafficLight(**light.model_dump()) for light in self.traffic_lights],
            overhead_signs=[OverheadSign(**sign.model_dump()) for sign in self.overhead_signs],
            decorations=[Decoration(**item.model_dump()) for item in self.decorations],
            junctions=[Junction(**junction.model_dump()) for junction in self.junctions],
            scenery=self.scenery,
            scenery_seed=scenery_seed,
        )
