"""A scenario: road, weather, the ego's start and driver, everybody else; a strict YAML."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from drag_edge.config.base import Section, quantity
from drag_edge.sim.scenario_road import RoadSettings
from drag_edge.sim.world import ActorKind, Daylight, Indicator, Precipitation, Weather

CameraName = Literal["front", "left", "right"]
Steering = Literal["when_needed", "always", "never"]
Pedals = Literal["drives", "holds_speed", "never"]


class WeatherSettings(Section):
    """Light and precipitation."""

    daylight: Daylight = Field("day", description="day, overcast, low_sun or dusk")
    precipitation: Precipitation = Field("clear", description="clear, rain or fog")
    visibility_m: float = quantity(2000.0, "m", "Where contrast falls to 5 %", gt=10, le=10_000)
    sun_azimuth_rad: float = quantity(0.8, "rad", "Towards the sun, from world x to the left")

    def build(self) -> Weather:
        """As the renderer wants it."""
        return Weather(**self.model_dump())


class EgoStart(Section):
    """Where and how the ego starts."""

    s_m: float = quantity(30.0, "m", "Station of its rear axle")
    lane: int = quantity(0, "1", "Lane, counted from the left, from 0", ge=0)
    offset_m: float = quantity(0.0, "m", "From the lane's middle, left positive", ge=-5, le=5)
    heading_deg: float = quantity(0.0, "deg", "Against the road, left positive", ge=-90, le=90)
    speed_kmh: float = quantity(..., "km/h", "Speed", ge=0, le=250)


class DriverAct(Section):
    """Something the driver does from `at_s` on; what is not given stays as it was."""

    at_s: float = quantity(..., "s", "When, from the scenario's start", ge=0)
    set_speed_kmh: float | None = quantity(None, "km/h", "Turns the set speed", gt=0, le=250)
    gap_setting: int | None = quantity(None, "1", "Chooses the gap, 1 short to 3 long", ge=1, le=3)
    acc: bool | None = Field(None, description="Switches ACC on or off")
    indicator: Literal["off", "left", "right"] | None = Field(None, description="Uses the stalk")
    hands_on: bool | None = Field(None, description="Takes hold of the wheel, or lets go")
    brake_mps2: float | None = quantity(None, "m/s^2", "Brakes this hard; 0 lets go", ge=0, le=10)
    accelerator: float | None = quantity(None, "1", "Presses the pedal; 0 lets go", ge=0, le=1)
    lane: int | None = quantity(None, "1", "Steers to this lane", ge=0)
    lateral_mps: float | None = quantity(
        None, "m/s", "Lets the car drift at this speed, left positive; 0 stops", ge=-3, le=3
    )
    wanders_off_mps: float | None = quantity(
        None,
        "m/s",
        "Inattentive: turns the car until it leaves its lane at this speed, left positive, then "
        "only rests the hands on the wheel",
        ge=-3,
        le=3,
    )


class DriverSettings(Section):
    """The person at the wheel.

    The driver takes what the assistance leaves: steers while it does not steer, drives while it
    does not drive, and stops at red lights, for which the assistance is not responsible.
    """

    set_speed_kmh: float = quantity(..., "km/h", "Wanted and set speed", gt=0, le=250)
    gap_setting: int = quantity(2, "1", "Gap choice, 1 short to 3 long", ge=1, le=3)
    acc: bool = Field(True, description="ACC is switched on")
    hands_on: bool = Field(True, description="Hands on the wheel")
    steering: Steering = Field(
        "when_needed", description="when_needed (while nobody else steers), always or never"
    )
    pedals: Pedals = Field(
        "drives",
        description="While ACC does not control: drives, holds_speed (blind to traffic) or never",
    )
    stops_at_red: bool = Field(True, description="Brakes for red and yellow lights")
    torque_nm: float | None = quantity(
        None, "Nm", "At the wheel while steering on purpose; none: clearly overriding", ge=0, le=9
    )
    acts: tuple[DriverAct, ...] = Field((), description="What happens when")


class ActorAct(Section):
    """Something an actor does once its one trigger (`at_…`) is met."""

    at_s: float | None = quantity(None, "s", "This long after the start", ge=0)
    at_gap_m: float | None = quantity(
        None, "m", "When its tail passes this distance ahead of the ego's front bumper"
    )
    at_station_m: float | None = quantity(None, "m", "When its middle passes this station")
    at_ttc_s: float | None = quantity(
        None, "s", "When the ego, at its speed, reaches its station in this time", gt=0, le=60
    )
    speed_kmh: float | None = quantity(None, "km/h", "New speed along the road", ge=0, le=250)
    accel_mps2: float = quantity(1.5, "m/s^2", "How hard it gets to that speed", gt=0, le=12)
    lane: int | None = quantity(None, "1", "Moves to this lane", ge=0)
    d_m: float | None = quantity(None, "m", "Moves to this lateral position, left positive")
    over_s: float | None = quantity(None, "s", "Moves smoothly in this time", gt=0, le=60)
    lateral_kmh: float | None = quantity(None, "km/h", "Moves at this speed", gt=0, le=60)
    indicator: Indicator | None = Field(None, description="off, left, right or hazard")

    @model_validator(mode="after")
    def _one_trigger_one_way(self) -> ActorAct:
        triggers = (self.at_s, self.at_gap_m, self.at_station_m, self.at_ttc_s)
        if sum(trigger is not None for trigger in triggers) != 1:
            raise ValueError("an act needs exactly one of at_s, at_gap_m, at_station_m, at_ttc_s")
        moves = self.lane is not None or self.d_m is not None
        if self.lane is not None and self.d_m is not None:
            raise ValueError("give lane or d_m, not both")
        if moves != ((self.over_s is None) != (self.lateral_kmh is None)):
            raise ValueError("lane or d_m goes with exactly one of over_s, lateral_kmh")
        return self


class ActorSettings(Section):
    """A road user."""

    name: str = Field(..., description="For reports; unique", min_length=1)
    kind: ActorKind = Field("car", description="car, truck, pedestrian or cyclist")
    gap_m: float | None = quantity(
        None,
        "m",
        "Bumper to bumper: ahead of the ego's front; negative: its front behind the ego's rear",
    )
    s_m: float | None = quantity(None, "m", "Station of its centre, instead of gap_m")
    lane: int | None = quantity(None, "1", "Lane, counted from the left, from 0", ge=0)
    d_m: float | None = quantity(None, "m", "Lateral position, left positive, instead of lane")
    heading_deg: float = quantity(
        0.0,
        "deg",
        "Turned against its lane, left positive: for what stands across",
        ge=-180,
        le=180,
    )
    speed_kmh: float = quantity(0.0, "km/h", "Speed along its lane's direction", ge=0, le=250)
    follows: bool = Field(False, description="Keeps its distance from whoever is ahead")
    time_gap_s: float = quantity(1.5, "s", "Its distance when it follows", gt=0, le=10)
    length_m: float | None = quantity(None, "m", "Instead of its kind's length", gt=0, le=30)
    width_m: float | None = quantity(None, "m", "Instead of its kind's width", gt=0, le=5)
    height_m: float | None = quantity(None, "m", "Instead of its kind's height", gt=0, le=5)
    speed_spread_kmh: float = quantity(0.0, "km/h", "The seed varies its speed by ±", ge=0, le=30)
    gap_spread_m: float = quantity(0.0, "m", "The seed varies its place by ±", ge=0, le=50)
    acts: tuple[ActorAct, ...] = Field((), description="What it does when")
    motion: tuple[tuple[float, float], ...] = Field(
        (),
        description="[seconds, km/h] knots, linear between them: drives exactly like this",
    )

    @model_validator(mode="after")
    def _one_place(self) -> ActorSettings:
        if (self.gap_m is None) == (self.s_m is None):
            raise ValueError("an actor needs exactly one of gap_m, s_m")
        if (self.lane is None) == (self.d_m is None):
            raise ValueError("an actor needs exactly one of lane, d_m")
        if any(later[0] <= sooner[0] for sooner, later in pairwise(self.motion)):
            raise ValueError("motion: the seconds must increase")
        return self


class Scenario(Section):
    """Everything that is fixed before the drive starts."""

    title: str = Field(..., description="One line for a person", min_length=1)
    description: str = Field("", description="What it shows")
    duration_s: float = quantity(..., "s", "The drive ends after this", gt=0, le=7200)
    road: RoadSettings = Field(..., description="The road")
    weather: WeatherSettings = Field(WeatherSettings(), description="Light and precipitation")
    ego: EgoStart = Field(..., description="How the own vehicle starts")
    driver: DriverSettings = Field(..., description="The person in it")
    actors: tuple[ActorSettings, ...] = Field((), description="Everybody else")
    cameras: tuple[CameraName, ...] = Field(
        ("front",), description="Cameras the scenario is made for", min_length=1
    )

    @model_validator(mode="after")
    def _lanes_and_names_exist(self) -> Scenario:
        lanes = [self.ego.lane, *(act.lane or 0 for act in self.driver.acts)]
        for actor in self.actors:
            lanes += [actor.lane or 0, *(act.lane or 0 for act in actor.acts)]
        if max(lanes) >= len(self.road.lanes):
            raise ValueError(
                f"lane {max(lanes)}: the road has lanes 0 to {len(self.road.lanes) - 1}"
            )
        names = [actor.name for actor in self.actors]
        if len(set(names)) != len(names):
            raise ValueError("every actor needs a name of its own")
        return self
