"""One instant of the small world: the road, everyone on it, the lights and the weather."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drag_edge.sim.road import LightState, Road

ActorKind = Literal["car", "truck", "pedestrian", "cyclist"]
Indicator = Literal["off", "left", "right", "hazard"]
Daylight = Literal["day", "overcast", "low_sun", "dusk"]
Precipitation = Literal["clear", "rain", "fog"]

ACTOR_SIZE_M: dict[ActorKind, tuple[float, float, float]] = {
    "car": (4.4, 1.8, 1.48),
    "truck": (9.0, 2.5, 3.4),
    "pedestrian": (0.5, 0.6, 1.75),
    "cyclist": (1.8, 0.6, 1.75),
}
"""Usual length, width and height per kind; a scenario may give its own."""


@dataclass(frozen=True, slots=True)
class EgoPose:
    """The ego vehicle's body: rear axle centre on the ground in world metres, ISO 8855 angles.

    Positive pitch is nose down, positive roll is right side down (both about the ground point).
    """

    x_m: float
    y_m: float
    yaw_rad: float
    pitch_rad: float = 0.0
    roll_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class Actor:
    """A road user. (x, y) is the centre of its footprint, yaw its heading in the world."""

    actor_id: int
    kind: ActorKind
    x_m: float
    y_m: float
    yaw_rad: float
    length_m: float
    width_m: float
    height_m: float
    speed_mps: float = 0.0
    brake_lights: bool = False
    indicator: Indicator = "off"
    seed: int = 0
    """Chooses colour, body and clothes; keep it constant for one actor."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Light and precipitation; ``visibility_m`` is where contrast falls to 5 %."""

    daylight: Daylight = "day"
    precipitation: Precipitation = "clear"
    visibility_m: float = 2000.0
    sun_azimuth_rad: float = 0.8
    """Direction towards the sun, counter-clockwise from world x."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Everything a camera could see at ``time_s``. ``light_states`` follows road.traffic_lights."""

    road: Road
    time_s: float
    actors: tuple[Actor, ...] = ()
    light_states: tuple[LightState, ...] = ()
    weather: Weather = Weather()

    def __post_init__(self) -> None:
        if len(self.light_states) != len(self.road.traffic_lights):
            raise ValueError("one light state per traffic light of the road is needed")


def world_at(
    road: Road,
    time_s: float,
    actors: tuple[Actor, ...] = (),
    weather: Weather | None = None,
) -> World:
    """A snapshot whose lights follow their own programmes at ``time_s``."""
    return World(
        road=road,
        time_s=time_s,
        actors=actors,
        light_states=tuple(light.state_at(time_s) for light in road.traffic_lights),
        weather=weather if weather is not None else Weather(),
    )


def actor_on_road(
    road: Road,
    actor_id: int,
    kind: ActorKind,
    s_m: float,
    d_m: float,
    *,
    yaw_offset_rad: float = 0.0,
    speed_mps: float = 0.0,
    brake_lights: bool = False,
    indicator: Indicator = "off",
    size_m: tuple[float, float, float] | None = None,
    seed: int = 0,
) -> Actor:
    """An actor whose centre is at (s, d), heading along the road plus ``yaw_offset_rad``."""
    x, y, heading = road.pose(s_m, d_m)
    length_m, width_m, height_m = size_m if size_m is not None else ACTOR_SIZE_M[kind]
    return Actor(
        actor_id=actor_id,
        kind=kind,
        x_m=float(x),
        y_m=float(y),
        yaw_rad=float(heading) + yaw_offset_rad,
        length_m=length_m,
        width_m=width_m,
        height_m=height_m,
        speed_mps=speed_mps,
        brake_lights=brake_lights,
        indicator=indicator,
        seed=seed,
    )
