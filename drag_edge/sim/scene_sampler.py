"""Random scenes for training: roads, traffic, signals, marks, weather and ego poses by seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from drag_edge.sim.camera import Camera, front_camera, left_camera, right_camera
from drag_edge.sim.render_look import Look, look_from_seed
from drag_edge.sim.road import (
    Decoration,
    DecorationKind,
    Junction,
    Lane,
    LaneLine,
    LightState,
    MarkKind,
    OverheadSign,
    Road,
    RoadMark,
    SceneryKind,
    TrafficLight,
    build_road,
    standard_lines,
)
from drag_edge.sim.scene_traffic import EgoPlace, sample_traffic
from drag_edge.sim.world import Daylight, EgoPose, Precipitation, Weather, World, world_at

Focus = Literal["road", "objects", "people", "signal", "split"]

EGO_S_M = 150.0
ROAD_LENGTH_M = 320.0
DAYLIGHTS: tuple[Daylight, ...] = get_args(Daylight)
PRECIPITATIONS: tuple[Precipitation, ...] = get_args(Precipitation)


@dataclass(frozen=True, slots=True)
class Emphasis:
    """How often scenes of one focus show things; shares 0–1.

    ``stream`` keeps the foci's random numbers apart; ``people``: on foot and on bicycles, the
    mean number in a town; ``far_stop_m``: farthest stop line.
    """

    stream: int
    town: float
    junction: float
    signals: float = 0.6
    free_arrows: float = 0.25
    empty: float = 0.06
    side_view: float = 0.0
    people: float = 3.5
    far_stop_m: float = 45.0
    near_stop_m: float = 5.0


EMPHASIS: dict[Focus, Emphasis] = {
    "road": Emphasis(1, town=0.35, junction=0.5),
    "objects": Emphasis(2, town=0.5, junction=0.5, side_view=0.2),
    "people": Emphasis(5, town=0.75, junction=0.6, side_view=0.08, people=8.0),
    "signal": Emphasis(3, 0.9, 0.92, signals=0.96, far_stop_m=95.0, near_stop_m=7.0),
    "split": Emphasis(4, 0.85, 0.85, free_arrows=0.6, empty=0.4),
}


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a picture and its labels are made from."""

    world: World
    ego: EgoPose
    camera: Camera
    look: Look


def sample_scene(seed: int, focus: Focus) -> Scene:
    """The scene of one seed, with what ``focus`` trains on in view more often than in life."""
    emphasis = EMPHASIS[focus]
    rng = np.random.default_rng([seed, emphasis.stream])
    side_view = emphasis.side_view > 0.0 and rng.random() < emphasis.side_view
    road = _sample_road(rng, emphasis)
    same = [index for index, lane in enumerate(road.lanes) if lane.direction == "same"]
    lane = int(rng.choice(same))
    offset_m = float(np.clip(rng.normal(0.0, 0.35), -1.3, 1.3))
    if rng.random() < 0.06:
        offset_m = float(rng.uniform(-1.8, 1.8))
    d = road.lane_center_d_m(lane) + offset_m
    x, y, heading = road.pose(EGO_S_M, d)
    ego = EgoPose(
        float(x),
        float(y),
        float(heading) + float(np.deg2rad(rng.normal(0.0, 1.6))),
        float(np.deg2rad(rng.normal(0.0, 0.45))),
        float(np.deg2rad(rng.normal(0.0, 0.5))),
    )
    camera = _sample_camera(rng, side_view)
    empty = rng.random() < emphasis.empty
    place = EgoPlace(EGO_S_M, d, lane)
    actors = () if empty else sample_traffic(rng, road, place, side_view, emphasis.people)
    weather = sample_weather(rng)
    time_s = float(rng.uniform(0.0, 100.0))
    look = look_from_seed(int(rng.integers(1 << 30)))
    return Scene(world_at(road, time_s, tuple(actors), weather), ego, camera, look)


def _sample_camera(rng: np.random.Generator, side_view: bool) -> Camera:
    if side_view:
        camera = left_camera() if rng.random() < 0.5 else right_camera()
    else:
        camera = front_camera()
    mount = replace(
        camera.mount,
        z_m=camera.mount.z_m + float(rng.normal(0.0, 0.04)),
        pitch_deg=camera.mount.pitch_deg + float(rng.normal(0.0, 0.3)),
        yaw_deg=camera.mount.yaw_deg + float(rng.normal(0.0, 0.4)),
    )
    return replace(camera, mount=mount)


def sample_weather(rng: np.random.Generator) -> Weather:
    """Mostly clear days; dusk, rain and fog often enough to be learnt."""
    daylight = DAYLIGHTS[int(rng.choice(len(DAYLIGHTS), p=[0.42, 0.25, 0.15, 0.18]))]
    precipitation = PRECIPITATIONS[int(rng.choice(len(PRECIPITATIONS), p=[0.74, 0.15, 0.11]))]
    visibility_m = {
        "clear": float(rng.uniform(800.0, 4000.0)),
        "rain": float(rng.uniform(250.0, 800.0)),
        "fog": float(rng.uniform(90.0, 300.0)),
    }[precipitation]
    return Weather(daylight, precipitation, visibility_m, float(rng.uniform(-np.pi, np.pi)))


def _sample_road(rng: np.random.Generator, emphasis: Emphasis) -> Road:
    town = bool(rng.random() < emphasis.town)
    if town:
        lanes = _lanes(rng, int(rng.integers(1, 4)), int(rng.integers(0, 3)), (3.0, 3.6))
    else:
        oncoming = int(rng.integers(1, 2)) if rng.random() < 0.3 else 0
        count = 1 if oncoming and rng.random() < 0.7 else int(rng.integers(2, 4))
        lanes = _lanes(rng, count, oncoming, (3.3, 3.8))
    tightest_m = 120.0 if town else 250.0
    knots = _sample_curvature(rng, tightest_m)
    lines = _sample_lines(rng, lanes, town)
    scenery: SceneryKind = "rural"
    if town:
        scenery = "city" if rng.random() < 0.65 else "suburb"
    road = build_road(
        knots,
        ROAD_LENGTH_M,
        lanes,
        lines=lines,
        reference_lane=len(lanes) - 1,
        left_shoulder_m=float(rng.uniform(0.3, 1.2)),
        right_shoulder_m=float(rng.uniform(0.3, 0.8) if town else rng.uniform(0.4, 3.0)),
        left_guardrail=bool(not town and rng.random() < 0.5),
        right_guardrail=bool(not town and rng.random() < 0.35),
        scenery=scenery,
        scenery_seed=int(rng.integers(1 << 30)),
    )
    return _furnish(rng, road, town, emphasis)


def _lanes(
    rng: np.random.Generator, same: int, opposite: int, width: tuple[float, float]
) -> list[Lane]:
    width_m = float(rng.uniform(*width))
    return [Lane(width_m, "opposite")] * opposite + [Lane(width_m, "same")] * same


def _sample_curvature(rng: np.random.Generator, tightest_m: float) -> list[tuple[float, float]]:
    if rng.random() < 0.3:
        return [(0.0, 0.0)]
    stations = [EGO_S_M - 80.0, EGO_S_M, EGO_S_M + 60.0, EGO_S_M + 130.0]
    strength = rng.uniform(0.1, 1.0) / tightest_m
    values = np.clip(rng.normal(0.0, 0.5, 4), -1.0, 1.0) * strength
    return [(s, float(v)) for s, v in zip(stations, values, strict=True)]


def _sample_lines(rng: np.random.Generator, lanes: list[Lane], town: bool) -> list[LaneLine]:
    width_m = float(rng.uniform(0.11, 0.22))
    dash_m, gap_m = ((6.0, 9.0), (3.0, 6.0), (4.0, 8.0), (3.0, 3.0))[int(rng.integers(4))]
    yellow_edge = rng.random() < 0.25 and lanes[0].direction == "same"
    lines = standard_lines(lanes, "yellow" if yellow_edge else "white")
    middle_white = rng.random() < 0.4
    result = []
    for index, line in enumerate(lines):
        style, colour = line.style, line.colour
        inner = 0 < index < len(lines) - 1
        if inner and colour == "yellow":
            style = "dashed" if rng.random() < 0.45 else "solid"
            colour = "white" if middle_white else "yellow"
        if inner and line.style == "dashed" and rng.random() < 0.12:
            style = "solid"
        if not inner and town and rng.random() < 0.1:
            style = "dashed"
        result.append(LaneLine(style, colour, width_m, dash_m, gap_m))
    return result


def _furnish(rng: np.random.Generator, road: Road, town: bool, emphasis: Emphasis) -> Road:
    """Adds a junction with signals and marks, gantries, and flat distractors."""
    marks: list[RoadMark] = []
    lights: list[TrafficLight] = []
    junctions: list[Junction] = []
    if town and rng.random() < emphasis.junction:
        ahead = rng.uniform(emphasis.near_stop_m, emphasis.far_stop_m)
        s = EGO_S_M + 1.9 + float(ahead)
        marks += _junction_marks(rng, road, s)
        if rng.random() < 0.85:
            junctions.append(Junction(s + 5.0, float(rng.uniform(8.0, 16.0))))
        if rng.random() < emphasis.signals:
            lights += _signals(rng, road, s)
    if rng.random() < emphasis.free_arrows:
        marks += _free_arrows(rng, road)
    signs: tuple[OverheadSign, ...] = ()
    if rng.random() < 0.25:
        signs = (
            OverheadSign(
                EGO_S_M + float(rng.uniform(15.0, 110.0)),
                float(rng.uniform(-3.0, 4.0)),
                float(rng.uniform(3.0, 7.0)),
                float(rng.uniform(4.8, 5.8)),
                float(rng.uniform(1.2, 2.4)),
                int(rng.integers(100)),
            ),
        )
    return replace(
        road,
        marks=tuple(marks),
        traffic_lights=tuple(lights),
        junctions=tuple(junctions),
        overhead_signs=signs,
        decorations=_decorations(rng, road),
    )


def _junction_marks(rng: np.random.Generator, road: Road, s_m: float) -> list[RoadMark]:
    marks: list[RoadMark] = []
    has_line = rng.random() < 0.85
    has_crossing = rng.random() < 0.55
    if has_crossing:
        marks.append(RoadMark("crosswalk", s_m + 1.2))
    same = [index for index, lane in enumerate(road.lanes) if lane.direction == "same"]
    arrows = rng.random() < 0.6
    for lane in same:
        if has_line:
            marks.append(RoadMark("stop_line", s_m, lane))
        if arrows:
            marks.append(RoadMark(_arrow(rng), s_m - float(rng.uniform(8.0, 13.0)), lane))
    return marks


def _free_arrows(rng: np.random.Generator, road: Road) -> list[RoadMark]:
    same = [index for index, lane in enumerate(road.lanes) if lane.direction == "same"]
    s = EGO_S_M + 1.9 + float(rng.uniform(2.0, 32.0))
    return [RoadMark(_arrow(rng), s, lane) for lane in same if rng.random() < 0.8]


def _arrow(rng: np.random.Generator) -> MarkKind:
    kinds: tuple[MarkKind, ...] = ("arrow_straight", "arrow_left", "arrow_right")
    return kinds[int(rng.integers(3))]


def _signals(rng: np.random.Generator, road: Road, stop_s_m: float) -> list[TrafficLight]:
    states: tuple[LightState, ...] = ("red", "yellow", "green", "off")
    state = states[int(rng.choice(4, p=[0.32, 0.21, 0.3, 0.17]))]
    second = states[int(rng.integers(4))] if rng.random() < 0.25 else state
    right = road.boundary_d_m(len(road.lanes)) - road.right_shoulder_m - 0.5
    left = road.boundary_d_m(0) + road.left_shoulder_m + 0.5
    s = stop_s_m + float(rng.uniform(0.5, 18.0))
    low = float(rng.uniform(2.7, 3.6))
    lights: list[TrafficLight] = []
    if rng.random() < 0.75:
        lights.append(TrafficLight(s, right, right, low, ((10.0, state),)))
    if rng.random() < 0.4:
        lights.append(TrafficLight(s, left, left, low, ((10.0, second),)))
    if rng.random() < 0.55 or not lights:
        for lane in range(len(road.lanes)):
            if road.lanes[lane].direction == "same" and rng.random() < 0.8:
                d = road.lane_center_d_m(lane)
                high = float(rng.uniform(5.0, 5.9))
                lights.append(TrafficLight(s, d, right, high, ((10.0, state),)))
    return lights


def _decorations(rng: np.random.Generator, road: Road) -> tuple[Decoration, ...]:
    kinds: tuple[DecorationKind, ...] = (
        "steel_plate",
        "asphalt_patch",
        "asphalt_patch",
        "shadow",
        "shadow",
        "manhole",
        "crack",
    )
    result = []
    for _ in range(int(rng.poisson(2.2))):
        kind = kinds[int(rng.integers(len(kinds)))]
        length, width = {
            "steel_plate": (rng.uniform(2.0, 4.0), rng.uniform(2.0, 3.0)),
            "asphalt_patch": (rng.uniform(1.0, 12.0), rng.uniform(0.8, 3.4)),
            "shadow": (rng.uniform(1.5, 14.0), rng.uniform(2.0, 12.0)),
            "manhole": (0.7, 0.7),
            "crack": (rng.uniform(1.0, 6.0), 0.08),
        }[kind]
        left, right = road.boundary_d_m(0), road.boundary_d_m(len(road.lanes))
        result.append(
            Decoration(
                kind,
                EGO_S_M + float(rng.uniform(4.0, 70.0)),
                float(rng.uniform(right, left)),
                float(length),
                float(width),
                int(rng.integers(1 << 20)),
            )
        )
    return tuple(result)
