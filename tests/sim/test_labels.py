"""Labels agree with the geometry that the picture is painted from."""

from __future__ import annotations

import numpy as np
import pytest

from drag_edge.sim.camera import Projector, front_camera, left_camera
from drag_edge.sim.labels import (
    BACKGROUND,
    DRIVABLE,
    LANE_LINE,
    object_labels,
    road_map,
    signal_labels,
    split_labels,
)
from drag_edge.sim.render import render
from drag_edge.sim.render_look import Look
from drag_edge.sim.road import Lane, RoadMark, TrafficLight, build_road
from drag_edge.sim.scene_sampler import sample_scene
from drag_edge.sim.world import EgoPose, Weather, actor_on_road, world_at

EGO = EgoPose(50.0, 0.0, 0.0)
PLAIN = Look(seed=3, noise_level=0.0, blur_px=0.0, texture_gain=0.0)
ROI = (0.0, 0.444444, 1.0, 1.0)


def road_of(**changes):
    return build_road([(0.0, 0.0)], 300.0, [Lane(), Lane()], reference_lane=1, **changes)


def labels_of(*actors, weather=None):
    world = world_at(road_of(), 1.0, actors, weather)
    return object_labels(world, EGO, front_camera(), PLAIN)


@pytest.mark.parametrize("kind", ["car", "truck", "pedestrian", "cyclist"])
def test_a_box_holds_the_projected_centre(kind):
    actor = actor_on_road(road_of(), 1, kind, 75.0, -1.0)
    (label,) = labels_of(actor)
    projector = Projector(front_camera(), EGO)
    centre = np.array([actor.x_m, actor.y_m, 0.5 * actor.height_m])
    u, v = projector.to_pixels(projector.to_optical(centre))
    assert label.x0 < u < label.x1
    assert label.y0 < v < label.y1
    assert label.name == {"cyclist": "bicycle"}.get(kind, kind)


def test_the_box_of_a_lead_stands_on_its_rear_edge():
    (label,) = labels_of(actor_on_road(road_of(), 1, "car", 81.9, 0.0))
    rear_m = 81.9 - 2.2 - 51.9
    assert label.y1 == pytest.approx(360.0 + 1300.0 / rear_m, abs=4.0)
    assert label.x1 - label.x0 == pytest.approx(1.8 * 1000.0 / rear_m, rel=0.04)


@pytest.mark.parametrize("seed", range(6))
def test_boxes_cover_the_pixels_that_actors_change(seed):
    car = actor_on_road(road_of(), 1, "car", 70.0 + 5 * seed, 0.6 * seed - 1.5, seed=seed)
    camera = front_camera()
    weather = Weather("overcast")
    empty = render(world_at(road_of(), 1.0, (), weather), EGO, camera, PLAIN)
    full = render(world_at(road_of(), 1.0, (car,), weather), EGO, camera, PLAIN)
    (label,) = labels_of(car, weather=weather)
    changed = np.abs(full.astype(int) - empty).max(axis=2) > 12
    rows, columns = np.nonzero(changed)
    # The shadow reaches 0.12 m beyond the body.
    assert columns.min() >= label.x0 - 13
    assert columns.max() <= label.x1 + 13
    assert rows.min() >= label.y0 - 2
    inside = changed[round(label.y0) : round(label.y1), round(label.x0) : round(label.x1)]
    assert inside.mean() > 0.7


def test_a_car_behind_a_lorry_has_no_label():
    lorry = actor_on_road(road_of(), 1, "truck", 70.0, 0.0)
    car = actor_on_road(road_of(), 2, "car", 90.0, 0.0)
    assert [label.name for label in labels_of(lorry, car)] == ["truck"]


def test_what_fog_hides_has_no_label():
    car = actor_on_road(road_of(), 1, "car", 150.0, 0.0)
    assert labels_of(car) != []
    assert labels_of(car, weather=Weather("day", "fog", 90.0)) == []


def test_actors_behind_the_camera_have_no_label():
    assert labels_of(actor_on_road(road_of(), 1, "car", 40.0, 3.5)) == []


def test_a_mirror_camera_labels_the_overtaking_car():
    car = actor_on_road(road_of(), 1, "car", 38.0, 3.5)
    world = world_at(road_of(), 1.0, (car,))
    (label,) = object_labels(world, EGO, left_camera(), PLAIN)
    assert label.name == "car"


@pytest.mark.parametrize("state", ["red", "yellow", "green", "off"])
def test_a_signal_label_names_its_state_and_surrounds_the_head(state):
    light = TrafficLight(80.0, -4.0, -4.0, 3.2, ((9.0, state),))
    world = world_at(road_of(traffic_lights=[light]), 1.0)
    (label,) = signal_labels(world, EGO, front_camera())
    assert label.name == f"traffic_light_{state}"
    assert label.y0 < 360 - 1000 * 1.9 / 28.1 < label.y1


def test_a_signal_seen_from_behind_has_no_label():
    light = TrafficLight(80.0, -4.0, -4.0, 3.2)
    world = world_at(road_of(traffic_lights=[light]), 1.0)
    assert signal_labels(world, EgoPose(110.0, 0.0, np.pi), front_camera()) == []


def test_marks_have_boxes_where_they_lie():
    marks = [RoadMark("stop_line", 70.0, 1), RoadMark("arrow_left", 62.0, 0)]
    world = world_at(road_of(marks=marks), 1.0)
    boxes = {x.name: x for x in split_labels(world, EGO, front_camera(), PLAIN)}
    assert boxes["stop_line"].y1 == pytest.approx(360 + 1300 / 18.1, abs=2.0)
    assert boxes["arrow_left"].x1 < boxes["stop_line"].x1


def test_the_class_map_agrees_with_the_road():
    world = world_at(road_of(), 1.0, (actor_on_road(road_of(), 1, "car", 75.0, 0.0),))
    size = (512, 160)
    classes = road_map(world, EGO, front_camera(), PLAIN, ROI, size)
    projector = Projector(front_camera().cropped(ROI, *size), EGO)

    def class_at(x_m: float, y_m: float, z_m: float = 0.0) -> int:
        u, v = projector.to_pixels(projector.to_optical(np.array([x_m, y_m, z_m])))
        return int(classes[round(v), round(u)])

    for x_m in (64.0, 67.0, 71.0):
        assert class_at(x_m, 0.0) == DRIVABLE
        assert class_at(x_m, -3.0) == BACKGROUND
        for boundary in range(3):
            assert class_at(x_m, world.road.boundary_d_m(boundary)) == LANE_LINE
    assert class_at(72.9, 0.0, 0.7) == BACKGROUND
    assert classes[:2].max() == BACKGROUND


@pytest.mark.parametrize("focus", ["objects", "signal", "split"])
def test_boxes_of_random_scenes_stay_inside_the_picture(focus):
    for seed in range(12):
        scene = sample_scene(seed, focus)
        arguments = (scene.world, scene.ego, scene.camera)
        boxes = object_labels(*arguments, scene.look) + signal_labels(*arguments)
        for box in boxes + split_labels(*arguments, scene.look):
            assert 0 <= box.x0 < box.x1 <= scene.camera.width
            assert 0 <= box.y0 < box.y1 <= scene.camera.height
            assert 0.0 < box.visible <= 1.0
