"""Gaps between parked vehicles, measured by labelled cameras in passing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drag_edge.adas.apa import needed_m, suffices
from drag_edge.config.apa import ApaSettings
from drag_edge.config.parking import ParkingSettings
from drag_edge.perception.boxes import Cut, SeenBox
from drag_edge.perception.parking.row import Row
from drag_edge.perception.scene import Parking, ParkingGap, Pose
from drag_edge.sim.camera import Camera
from drag_edge.sim.scenario import Scenario
from tests.parking.drives import (
    BODY,
    Parked,
    mirror_camera,
    model_of,
    parking_camera,
    row_with_gap,
    scenario,
    scenes,
)

APA = ApaSettings()


def after(drive: Scenario, camera: Camera, way_m: float, seed: int = 1) -> Parking:
    """What is known after so many metres."""
    seconds = way_m / (drive.ego.speed_kmh / 3.6)
    *_, (_, scene) = scenes(drive, [camera], seed, seconds=seconds)
    assert scene.parking is not None
    return scene.parking


def past(
    vehicles: list[Parked], side: int, speed_kmh: float = 20.0, aside_m: float = 1.1
) -> Parking:
    way_m = max(vehicle.rear_m + vehicle.along_m for vehicle in vehicles) - 30 + 3
    return after(scenario(vehicles, side, speed_kmh, 1.1, 60), parking_camera(side), way_m)


def offered(parking: Parking) -> list[ParkingGap]:
    return [gap for gap in parking.gaps if suffices(gap, APA, BODY)]


@pytest.mark.parametrize(("crosswise", "limit_m"), [(False, 5.6), (True, 3.05)])
@pytest.mark.parametrize(("side", "speed_kmh"), [(-1, 28.0), (1, 12.0)])
def test_a_gap_is_measured_to_a_few_centimetres(
    crosswise: bool, limit_m: float, side: int, speed_kmh: float
) -> None:
    parking = past(row_with_gap(limit_m + 0.1, crosswise), side, speed_kmh)
    (gap,) = offered(parking)
    assert gap.length_m == pytest.approx(limit_m + 0.1, abs=0.04)
    assert gap.length_std_m < 0.05
    assert gap.crosswise is crosswise
    assert gap.side == side
    assert len(parking.vehicles) == 4


@pytest.mark.parametrize(("crosswise", "limit_m"), [(False, 5.6), (True, 3.05)])
def test_a_gap_that_is_too_short_by_a_hand_is_not_offered(crosswise: bool, limit_m: float) -> None:
    assert not offered(past(row_with_gap(limit_m - 0.1, crosswise), -1))


def test_the_limits_are_those_of_the_standard() -> None:
    assert needed_m(False, APA, BODY) == pytest.approx((5.6, 2.05))
    assert needed_m(True, APA, BODY)[0] == pytest.approx(3.05)


def test_a_gap_with_a_car_deep_in_it_is_not_offered() -> None:
    # 12 m between two cars, and a third that stands there two metres further from the road.
    vehicles = [Parked(45.0), Parked(61.4), Parked(52.0, deeper_m=2.2)]
    parking = past(vehicles, -1)
    assert not [gap for gap in offered(parking) if gap.length_m > 7]


def test_a_bicycle_in_a_gap_takes_it() -> None:
    drive = scenario(row_with_gap(6.2), -1, 15.0, 1.1, 60)
    cyclist = {"name": "bicycle", "kind": "cyclist", "s_m": 57.6, "d_m": -3.2}
    actors = (*drive.actors, type(drive.actors[0]).model_validate(cyclist))
    drive = drive.model_copy(update={"actors": actors})
    assert not offered(after(drive, parking_camera(-1), 45))


def test_oncoming_cars_are_not_parked() -> None:
    drive = scenario([], 1, 20.0, 1.1, 60)
    data = drive.model_dump()
    data["road"]["lanes"] = [{"width_m": 3.5, "direction": "opposite"}, {"width_m": 3.5}]
    data["road"]["lines"] = None
    data["ego"]["lane"] = 1
    data["actors"] = [
        {"name": f"oncoming {n}", "s_m": 90.0 + 12 * n, "lane": 0, "speed_kmh": 20}
        for n in range(4)
    ]
    parking = after(Scenario.model_validate(data), parking_camera(1), 45)
    assert parking.vehicles == ()
    assert parking.gaps == ()


def test_a_mirror_that_looks_back_never_sees_all_of_a_gap() -> None:
    drive = scenario(row_with_gap(8.0), -1, 15.0, 1.1, 60)
    *_, (_, scene) = scenes(drive, [mirror_camera(-1)], 1, seconds=4)
    assert scene.parking is None


def test_nothing_new_is_measured_above_the_speed() -> None:
    drive = scenario(row_with_gap(6.0), -1, 40.0, 1.1, 60)
    assert after(drive, parking_camera(-1), 50).vehicles == ()


@st.composite
def streets(draw: st.DrawFn) -> list[Parked]:
    """Vehicles along the road with gaps of any length between them."""
    at_m, vehicles = 4.0, []
    for _ in range(draw(st.integers(2, 4))):
        crosswise = draw(st.booleans())
        vehicle = Parked(
            at_m,
            draw(st.floats(3.6, 5.2)),
            draw(st.floats(1.6, 2.0)),
            draw(st.floats(0.0, 0.4)),
            crosswise,
        )
        vehicles.append(vehicle)
        at_m += vehicle.along_m + draw(st.floats(0.3, 8.0))
    return vehicles


@settings(max_examples=12, deadline=None)
@given(street=streets(), aside_m=st.floats(0.6, 1.8), side=st.sampled_from((-1, 1)))
def test_no_gap_is_offered_where_a_vehicle_stands(
    street: list[Parked], aside_m: float, side: int
) -> None:
    near_m = BODY.width_m / 2 + aside_m
    for gap in _seen_in_passing(street, side, near_m):
        if not suffices(gap, APA, BODY):
            continue
        _, depth_m = needed_m(gap.crosswise, APA, BODY)
        near = side * gap.corner.y_m
        for vehicle in street:
            apart_along = max(
                gap.corner.x_m - vehicle.rear_m - vehicle.along_m,
                vehicle.rear_m - gap.corner.x_m - gap.length_m,
            )
            apart_across = near_m + vehicle.deeper_m - near - depth_m
            assert max(apart_along, apart_across) > -max(0.05, 3 * gap.length_std_m)


def test_a_gap_that_no_picture_showed_is_not_free() -> None:
    street = [Parked(4.0), Parked(15.0)]
    near_m = BODY.width_m / 2 + 1.0
    (seen,) = _seen_in_passing(street, -1, near_m)
    # The camera is 2 m ahead of the axle: blind while it passes the middle of the gap.
    (unseen,) = _seen_in_passing(street, -1, near_m, blind=(7.6, 11.8))
    assert unseen.length_m == pytest.approx(seen.length_m, abs=0.05)
    assert suffices(seen, APA, BODY)
    assert not suffices(unseen, APA, BODY)


def test_a_vehicle_that_turns_into_the_gap_forgets_nothing() -> None:
    camera = model_of(parking_camera(-1))
    row = Row(camera, -1, ParkingSettings(), BODY)
    street, near_m = [Parked(4.0), Parked(15.0)], BODY.width_m / 2 + 1.0
    _carry(row, street, -1, near_m)
    before = row.gaps()
    for tick in range(40):
        box = SeenBox((100.0 + 5 * tick, 80.0, 400.0, 300.0), 0.9, "car", Cut(*[False] * 4))
        row.step([box], Pose(16.0 - 0.1 * tick, -0.02 * tick, 0.25 + 0.01 * tick))
    assert row.gaps() == before


def test_what_flickers_in_a_gap_keeps_it_from_being_free() -> None:
    street = [Parked(4.0), Parked(15.0)]
    ghost = Parked(10.0, length_m=2.0)
    near_m = BODY.width_m / 2 + 1.0
    gaps = _seen_in_passing(street, -1, near_m, flicker=ghost)
    assert not [gap for gap in gaps if suffices(gap, APA, BODY)]


def _seen_in_passing(
    street: list[Parked],
    side: int,
    near_m: float,
    blind: tuple[float, float] = (0.0, 0.0),
    flicker: Parked | None = None,
) -> tuple[ParkingGap, ...]:
    """Exact boxes of cuboids from a camera that is carried past them, blind along some of the way.

    flicker: a vehicle that the detector sees half of the time, and each time elsewhere.
    """
    row = Row(model_of(parking_camera(side)), side, ParkingSettings(), BODY)
    _carry(row, street, side, near_m, blind, flicker)
    return row.gaps()


def _carry(
    row: Row,
    street: list[Parked],
    side: int,
    near_m: float,
    blind: tuple[float, float] = (0.0, 0.0),
    flicker: Parked | None = None,
) -> None:
    """Past the street, a picture every 0.3 m."""
    camera = model_of(parking_camera(side))
    end_m = max(vehicle.rear_m + vehicle.along_m for vehicle in street)
    x_m = -4.0
    while x_m < end_m:
        x_m += 0.3
        if blind[0] < x_m < blind[1]:
            continue
        boxes = []
        there = list(street)
        step = round(x_m / 0.3)
        if flicker is not None and step % 2:
            there.append(replace(flicker, rear_m=flicker.rear_m + (step % 4 - 2) * 0.8))
        for vehicle in there:
            corners = [
                (vehicle.rear_m + along - x_m, side * (near_m + vehicle.deeper_m + across), up)
                for along in (0.0, vehicle.along_m)
                for across in (0.0, vehicle.across_m)
                for up in (0.0, 0.8)
            ]
            box = _box(camera.project(corners).tolist(), camera.width_px, camera.height_px)
            if box is not None:
                boxes.append(box)
        row.step(boxes, Pose(x_m, 0.0, 0.0))


def _box(pixels: list[list[float]], width: int, height: int) -> SeenBox | None:
    u, v = zip(*pixels, strict=True)
    x0, x1 = max(min(u), 0.0), min(max(u), width - 1.0)
    y0, y1 = max(min(v), 0.0), min(max(v), height - 1.0)
    if x1 - x0 < 8 or y1 - y0 < 8:
        return None
    cut = Cut(x0 <= 8, y0 <= 8, x1 >= width - 9, y1 >= height - 9)
    return SeenBox((x0, y0, x1, y1), 0.9, "car", cut)
