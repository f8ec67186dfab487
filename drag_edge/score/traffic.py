"""Ordinary traffic around the ego, made up from a seed: nobody in it gives reason to brake hard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from drag_edge.sim.scenario import Scenario

Rng = np.random.Generator
Actors = list[dict[str, Any]]


def with_traffic(scenario: Scenario, kind: str, seed: int) -> Scenario:
    """The scenario with everybody else in it. Raises ValueError for a kind that there is not."""
    if kind not in MAKERS:
        raise ValueError(f"traffic {kind}: no such kind; there are: {', '.join(MAKERS)}")
    rng = np.random.default_rng([seed, 23])
    actors = MAKERS[kind](rng, scenario)
    content = scenario.model_dump() | {"actors": actors}
    road = dict(content["road"]) | {"curvature": _bends(rng, scenario, BENDS[kind])}
    return Scenario.model_validate(content | {"road": road})


def _bends(rng: Rng, scenario: Scenario, sharpest_1pm: float) -> list[list[float]]:
    """Gentle bends with transitions, both ways, along the whole road."""
    knots, s_m = [[0.0, 0.0], [120.0, 0.0]], 120.0
    while s_m < scenario.road.length_m - 300.0:
        bend = float(rng.uniform(-1.0, 1.0)) * sharpest_1pm
        length_m, ramp_m = float(rng.uniform(80.0, 250.0)), float(rng.uniform(60.0, 120.0))
        knots += [[s_m + ramp_m, bend], [s_m + ramp_m + length_m, bend]]
        s_m += 2.0 * ramp_m + length_m
        knots.append([s_m, 0.0])
        s_m += float(rng.uniform(20.0, 150.0))
        knots.append([s_m, 0.0])
    return knots


def _moods(rng: Rng, scenario: Scenario, speed_kmh: float, spread_kmh: float) -> Actors:
    """Changes of speed, as people do."""
    acts: Actors = []
    at_s = float(rng.uniform(4.0, 10.0))
    while at_s < scenario.duration_s:
        wanted = max(0.0, speed_kmh + float(rng.uniform(-1.0, 0.4)) * spread_kmh)
        accel = float(rng.uniform(0.6, 1.8))
        acts.append({"at_s": at_s, "speed_kmh": wanted, "accel_mps2": accel})
        at_s += float(rng.uniform(7.0, 14.0))
    return acts


def _lead(rng: Rng, scenario: Scenario, spread_kmh: float) -> dict[str, Any]:
    speed_kmh = scenario.ego.speed_kmh * float(rng.uniform(0.85, 1.0))
    kind = "truck" if rng.random() < 0.2 else "car"
    return {
        "name": "lead",
        "kind": kind,
        "lane": scenario.ego.lane,
        "gap_m": scenario.ego.speed_kmh / 3.6 * float(rng.uniform(1.8, 3.0)) + 5.0,
        "speed_kmh": speed_kmh,
        "acts": _moods(rng, scenario, speed_kmh, spread_kmh),
    }


def _highway(rng: Rng, scenario: Scenario) -> Actors:
    """Both neighbours full, one of them moves in with room."""
    actors = [_lead(rng, scenario, 25.0)]
    for lane, relative_kmh in ((0, 14.0), (2, -14.0)):
        place_m = float(rng.uniform(-120.0, -60.0))
        for number in range(6):
            speed_kmh = scenario.ego.speed_kmh + relative_kmh + float(rng.uniform(-5.0, 5.0))
            actors.append(
                {
                    "name": f"lane {lane} no. {number}",
                    "kind": "truck" if lane == 2 and rng.random() < 0.5 else "car",
                    "lane": lane,
                    "gap_m": place_m,
                    "speed_kmh": speed_kmh,
                    "follows": True,
                }
            )
            place_m += float(rng.uniform(45.0, 110.0))
            place_m += 25.0 if -12.0 < place_m < 6.0 else 0.0
    at_s = float(rng.uniform(15.0, 35.0))
    actors.append(
        {
            "name": "moves in",
            "lane": 0,
            "gap_m": -150.0,
            "speed_kmh": scenario.ego.speed_kmh + 30.0,
            "acts": [
                {"at_gap_m": 14.0, "indicator": "right", "speed_kmh": scenario.ego.speed_kmh + 6.0},
                {"at_gap_m": 24.0, "lane": 1, "over_s": 3.5},
                {"at_s": at_s + 40.0, "indicator": "off"},
            ],
        }
    )
    actors += [
        {"name": f"on the shoulder {number}", "s_m": s_m, "d_m": -6.9}
        for number, s_m in enumerate((400.0, 1100.0, 1500.0))
    ]
    return actors


def _rural(rng: Rng, scenario: Scenario) -> Actors:
    """Oncoming cars, parked ones beside the road, a lead."""
    actors = [_lead(rng, scenario, 30.0)]
    s_m = 150.0
    number = 0
    while s_m < 2600.0:
        actors.append(
            {
                "name": f"oncoming {number}",
                "kind": "truck" if rng.random() < 0.3 else "car",
                "lane": 0,
                "s_m": s_m,
                "speed_kmh": float(rng.uniform(65.0, 95.0)),
                "follows": True,
            }
        )
        number += 1
        s_m += float(rng.uniform(80.0, 260.0))
    for number in range(4):
        place_m = 200.0 + 280.0 * number + float(rng.uniform(0.0, 120.0))
        actors.append({"name": f"parked {number}", "s_m": place_m, "d_m": -4.2})
    return actors


def _city(rng: Rng, scenario: Scenario) -> Actors:
    """Parked cars along both sides, people on the pavements, oncoming cars, stop and go."""
    actors = [_lead(rng, scenario, 35.0)]
    s_m = 60.0
    number = 0
    while s_m < 650.0:
        if rng.random() < 0.75:
            actors.append({"name": f"parked {number}", "s_m": s_m, "d_m": -3.1})
        if rng.random() < 0.5:
            actors.append({"name": f"parked left {number}", "s_m": s_m, "d_m": 6.4})
        number += 1
        s_m += float(rng.uniform(9.0, 22.0))
    walkers = [
        {
            "name": f"walker {walker}",
            "kind": "pedestrian",
            "s_m": float(rng.uniform(60.0, 600.0)),
            "d_m": float(rng.uniform(-6.5, -5.2)),
            "speed_kmh": float(rng.uniform(2.0, 6.0)),
        }
        for walker in range(8)
    ]
    oncoming_kmh = float(rng.uniform(35.0, 50.0))
    oncoming = [
        {
            "name": f"oncoming {number}",
            "lane": 0,
            "s_m": 120.0 + 90.0 * number + float(rng.uniform(0.0, 40.0)),
            "speed_kmh": oncoming_kmh,
        }
        for number in range(8)
    ]
    return [*actors, *walkers, *oncoming]


MAKERS: Mapping[str, Callable[[Rng, Scenario], Actors]] = {
    "highway": _highway,
    "rural": _rural,
    "city": _city,
}
BENDS: Mapping[str, float] = {"highway": 0.0012, "rural": 0.004, "city": 0.004}
